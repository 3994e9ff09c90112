"""What comes with actinf: experiments, models and worlds, found by name."""

from __future__ import annotations

from pathlib import Path

from actinf.envs.by_name import BUNDLED as WORLDS
from actinf.errors import FileError
from actinf.lab.experiment import Experiment
from actinf.lab.experiment_file import read_experiment
from actinf.lab.running import EXPERIMENT_FILE, slug
from actinf.model.document import read_document
from actinf.model.files import BUNDLED as MODEL_FILES
from actinf.model.problems import listed, suggestion

__all__ = ["EXPERIMENTS", "catalogue", "find_experiment", "name_of_run"]

EXPERIMENTS = Path(__file__).resolve().parent / "bundled"
"""The folder of the bundled experiments."""


def catalogue() -> dict[str, list[tuple[str, str]]]:
    """Bundled experiments, models and worlds: pairs of name and one line on what it is."""
    return {
        "experiments": [(path.stem, _first_line(path)) for path in sorted(EXPERIMENTS.glob("*.yaml"))],
        "models": [(path.stem, _first_line(path)) for path in sorted(MODEL_FILES.glob("*.yaml"))],
        "worlds": [(name, _first_sentence(world)) for name, world in sorted(WORLDS.items())],
    }


def find_experiment(target: str) -> Experiment:
    """The experiment that a name or a path refers to.

    Args:
        target: the path of an experiment or model file or of the folder of a run, or the name of a bundled experiment
            or model.

    Raises:
        FileError: there is none, with the names that there are; or the file holds mistakes.
    """
    path = Path(target)
    if path.is_dir() and (path / EXPERIMENT_FILE).is_file():
        return read_experiment(path / EXPERIMENT_FILE)
    if path.is_file() or path.suffix.lower() in (".yaml", ".yml", ".json") or len(path.parts) > 1:
        return read_experiment(path)
    for folder in (EXPERIMENTS, MODEL_FILES):
        if (folder / f"{target}.yaml").is_file():
            return read_experiment(folder / f"{target}.yaml")
    known = sorted({path.stem for folder in (EXPERIMENTS, MODEL_FILES) for path in folder.glob("*.yaml")})
    raise FileError(
        f"{target}: no such file, and no bundled experiment or model of that name: there are {listed(known)}"
        f"{suggestion(target, known)}"
    )


def name_of_run(target: str) -> str:
    """What the folder of a run is called, after what was run."""
    path = Path(target)
    return slug(path.resolve().stem if path.exists() else path.stem)


def _first_line(path: Path) -> str:
    """The first sentence of a file's description, or its name."""
    data = read_document(path).data
    said = str(data.get("description") or data.get("name") or "") if isinstance(data, dict) else ""
    return _sentence(said)


def _first_sentence(kind: type) -> str:
    return _sentence(kind.__doc__ or "")


def _sentence(said: str) -> str:
    first = " ".join(said.strip().split("\n\n")[0].split())
    return first.split(". ")[0].rstrip(".")
