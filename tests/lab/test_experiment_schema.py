"""The schema of experiment files: it accepts what the reader accepts and knows the settings that there are."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import actinf.lab.catalogue
import actinf.model
from actinf.envs import BUNDLED
from actinf.errors import FileError
from actinf.inference.exact import Exact
from actinf.inference.fixed_point import FixedPoint
from actinf.lab.experiment import AgentSettings
from actinf.lab.experiment_file import read_experiment, write_experiment
from actinf.lab.trace_layout import RECORDABLE
from actinf.learning.dirichlet import Learning
from actinf.model.document import read_document
from actinf.planning.exhaustive import Exhaustive

SCHEMA = json.loads((Path(actinf.model.__file__).parent / "schema" / "actinf-1.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
PAGES = [*Path(__file__).resolve().parents[2].glob("docs/**/*.md")]
BUNDLED_EXPERIMENTS = sorted((Path(actinf.lab.catalogue.__file__).parent / "bundled").glob("*.yaml"))
EXPERIMENT = next(one for one in SCHEMA["oneOf"] if one["title"] == "experiment")

STATED = "{actinf: 1, kind: %s, factors: {s: [a, b]}, modalities: {o: [x, y]}, A: {o: identity}, B: {s: identity}%s}"

RIGHT = [
    "",
    "name: mine\ndescription: for a test\n",
    "world: null\n",
    "world: {bundled: tmaze, settings: {cue_validity: 0.8}}\n",
    "world: {bundled: tmaze, settings: null}\n",
    "agents: 3\nsteps: 2\nepisodes: 5\nseed: 9223372036854775807\ncarry_counts: false\n",
    "record: null\n",
    "record: [state, obs, action, qs, q_pi, G, F, counts]\n",
    "episodes: 4\nschedule: {1: tmaze, 3: {bundled: tmaze, settings: {cue_validity: 0.5}}}\n",
    "agent: {}\n",
    "agent: {inference: exact, planner: exhaustive, choice: best_policy, dtype: float32}\n",
    "agent: {inference: {exact: null}, choice: {marginal_action: {}}}\n",
    "agent: {inference: {fixed_point: {max_iterations: 3, tolerance: 1e-3, log_floor: 1e-9}}}\n",
    "agent: {planner: {exhaustive: {horizon: 2, novelty: true, max_memory: 1000000}}, gamma: 0, alpha: 1.5}\n",
    "agent: {planner: {exhaustive: {policies: [[0, 1], [1, 1]]}}}\n",
    "agent: {planner: {exhaustive: {policies: [[[0], [1]]]}}, alpha: null, learning: null}\n",
    "agent: {learning: {A: false, B: true, rate: 0.5, forgetting: 0.1, concentration: 2}}\n",
]

WRONG = [
    "stepps: 3\n",
    "kind: model\n",
    "name: 3\n",
    "name: null\n",
    "world: no_such_world\n",
    "world: [tmaze]\n",
    "world: {bundled: tmaze, settings: [1]}\n",
    "world: {bundled: tmaze, with: {}}\n",
    "agents: 0\n",
    "agents: null\n",
    "steps: many\n",
    "episodes: 1.5\n",
    "seed: -1\n",
    "seed: 9223372036854775808\n",
    "carry_counts: 1\n",
    "record: obs\n",
    "record: [belief]\n",
    "episodes: 4\nschedule: {0: tmaze}\n",
    "episodes: 4\nschedule: {first: tmaze}\n",
    "episodes: 4\nschedule: {1: null}\n",
    "schedule: [tmaze]\n",
    "agent: null\n",
    "agent: {gama: 3}\n",
    "agent: {gamma: -1}\n",
    "agent: {gamma: true}\n",
    "agent: {alpha: 0}\n",
    "agent: {dtype: float16}\n",
    "agent: {inference: Exact}\n",
    "agent: {inference: {exact: {}, fixed_point: {}}}\n",
    "agent: {inference: {fixed_point: {tolerance: 0}}}\n",
    "agent: {planner: {exhaustive: {horizon: 0}}}\n",
    "agent: {planner: {exhaustive: {policies: []}}}\n",
    "agent: {planner: {exhaustive: {policies: [[a]]}}}\n",
    "agent: {choice: {best_policy: {most: 1}}}\n",
    "agent: {learning: {}}\n",
    "agent: {learning: {A: false}}\n",
    "agent: {learning: {A: 1}}\n",
    "agent: {learning: {A: true, forgetting: 2}}\n",
]

MODELS = {
    "model: tmaze": True,
    "model: {bundled: bandit, make: learning_model, settings: {better: 1}, with: {counts: 2}}": True,
    "name: without a model": False,
    "model: maze": False,
    f"model: {STATED % ('model', ', C: {o: {x: 1}}')}": True,
    f"model: {STATED % ('model', ', steps: 3')}": False,
    f"model: {STATED % ('world', '')}": False,
    f"model: {STATED % ('model', '')}\nworld: {STATED % ('world', '')}": True,
    f"model: {STATED % ('model', '')}\nworld: {STATED % ('model', '')}": True,
    f"model: {STATED % ('model', '')}\nworld: {STATED % ('world', ', C: {}')}": False,
    f"model: {STATED.replace('actinf: 1, ', '') % ('model', '')}": False,
    "model: 3": False,
    "model: {settings: {}}": False,
    "model: {bundled: bandit, make: map}": False,
    "model: {bundled: bandit, with: 3}": False,
}


def answers(text: str) -> tuple[bool, bool]:
    """Whether the reader takes a file, and whether the schema does."""
    path = Path("experiment.yaml")
    path.write_text(text, encoding="utf-8")
    try:
        read_experiment(path)
    except FileError:
        return False, bool(VALIDATOR.is_valid(read_document(path).data))
    return True, bool(VALIDATOR.is_valid(read_document(path).data))


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("body", RIGHT)
def test_what_the_reader_accepts_the_schema_accepts(body: str) -> None:
    assert answers(f"actinf: 1\nkind: experiment\nmodel: tmaze\n{body}") == (True, True)


@pytest.mark.parametrize("body", WRONG)
def test_a_wrong_layout_is_refused_by_both(body: str) -> None:
    text = f"actinf: 1\nkind: experiment\nmodel: tmaze\n{body}"
    assert answers(text.replace("kind: experiment\n", "") if body.startswith("kind") else text) == (False, False)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_named_in_the_same_ways(model: str) -> None:
    assert answers(f"actinf: 1\nkind: experiment\n{model}\n") == (MODELS[model], MODELS[model])


@pytest.mark.parametrize("path", BUNDLED_EXPERIMENTS, ids=lambda path: path.stem)
def test_bundled_experiments_are_valid_by_the_schema(path: Path) -> None:
    VALIDATOR.validate(read_document(path).data)


@pytest.mark.parametrize("path", BUNDLED_EXPERIMENTS, ids=lambda path: path.stem)
def test_an_experiment_that_is_written_is_valid_by_the_schema(path: Path) -> None:
    written = write_experiment(read_experiment(path), Path())
    VALIDATOR.validate(json.loads(written.read_text("utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_experiments_in_the_documentation_are_valid_by_the_schema(page: Path) -> None:
    for example in re.findall(r"^```yaml\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE):
        if "kind: experiment" in example:
            Path("example.yaml").write_text(example, encoding="utf-8")
            VALIDATOR.validate(read_document("example.yaml").data)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("agent", AgentSettings),
        ("fixed_point", FixedPoint),
        ("exact", Exact),
        ("exhaustive", Exhaustive),
        ("learning", Learning),
    ],
)
def test_the_schema_knows_the_settings_that_there_are(name: str, kind: Any) -> None:
    assert set(SCHEMA["$defs"][name]["properties"]) == {one.name for one in dataclasses.fields(kind)}


def test_the_schema_knows_the_worlds_and_the_recordings_that_there_are() -> None:
    assert SCHEMA["$defs"]["bundled_world"]["enum"] == sorted(BUNDLED)
    assert EXPERIMENT["properties"]["record"]["anyOf"][1]["items"]["enum"] == list(RECORDABLE)


def test_an_editor_is_told_of_the_schema_by_a_comment_on_top() -> None:
    hint = "# yaml-language-server: $schema=actinf-1.schema.json\n"
    assert answers(f"{hint}actinf: 1\nkind: experiment\nmodel: tmaze\n") == (True, True)
