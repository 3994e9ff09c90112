"""Experiments as plain data, complete in themselves: to be stored, sent, and read by whoever has nothing but them.

A document is what an experiment file holds, as mappings, lists, texts and numbers.  It names bundled models and worlds
or states its own; it refers to no other file and to no code, so that reading one from a stranger reads and runs nothing
else.  The order of its keys counts (that of the factors is the order of the model's axes): store it as text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from actinf.errors import FileError
from actinf.lab.catalogue import EXPERIMENTS
from actinf.lab.experiment import Experiment, Source
from actinf.lab.experiment_file import experiment_of_document, to_plain
from actinf.model import Model
from actinf.model.describing import describe
from actinf.model.document import parse_document, plain_document, read_document
from actinf.model.files import BUNDLED as MODEL_FILES
from actinf.model.problems import listed, suggestion

__all__ = [
    "bundled_document",
    "document_of",
    "experiment_from_document",
    "experiment_from_text",
    "overridden",
]


def experiment_from_document(document: object, *, name: str = "experiment") -> Experiment:
    """The experiment that plain values state.

    Args:
        document: an experiment, or a model, which is an experiment with that model as its own world.
        name: what the document is called in messages, and the experiment where it has no name.

    Raises:
        FileError: every mistake as `name#/key/0: sentence`, the place as a JSON Pointer.
    """
    return experiment_of_document(plain_document(document, name))


def experiment_from_text(content: str | bytes, form: str, *, name: str = "experiment") -> Experiment:
    """The experiment that a text states.

    Args:
        content: the text, UTF-8 where it is bytes.
        form: "yaml" or "json".
        name: as for `experiment_from_document`.

    Raises:
        FileError: every mistake as `name:line: sentence`.
    """
    if form not in ("yaml", "json"):
        raise FileError(f"{name}: the text is in the form {form!r}: expected 'yaml' or 'json'")
    raw = content.encode() if isinstance(content, str) else content
    return experiment_of_document(parse_document(raw, form, name))


def bundled_document(name: str) -> dict[str, Any]:
    """The document of a bundled experiment, or of agents with a bundled model in a world that is as they believe.

    Raises:
        FileError: there is none of that name.
    """
    experiments = {path.stem: path for path in EXPERIMENTS.glob("*.yaml")}
    models = {path.stem: path for path in MODEL_FILES.glob("*.yaml")}
    if name not in experiments and name not in models:
        known = sorted({*experiments, *models})
        raise FileError(
            f"{name!r} is no bundled experiment or model: there are {listed(known)}{suggestion(name, known)}"
        )
    data = read_document(experiments[name] if name in experiments else models[name]).data
    if name not in experiments:
        data = {"actinf": 1, "kind": "experiment", "name": data.get("name") or name, "model": data}
    document: dict[str, Any] = json.loads(json.dumps(data))  # parts that a file shares are apart, and keys are texts
    return document


def document_of(experiment: Experiment) -> dict[str, Any]:
    """The document of an experiment, its models stated in it, so that the same experiment is read again."""
    return to_plain(experiment, _stated)


def overridden(
    document: Mapping[str, Any],
    *,
    num_agents: int | None = None,
    num_steps: int | None = None,
    num_episodes: int | None = None,
    seed: int | None = None,
    record: Iterable[str] | None = None,
) -> dict[str, Any]:
    """The document with other sizes, another seed or another recording; what is None stays as it is.

    Whether the values are in their range is checked where the document is read.
    """
    given = {
        "agents": num_agents,
        "steps": num_steps,
        "episodes": num_episodes,
        "seed": seed,
        "record": None if record is None else list(record),
    }
    return {**document, **{key: value for key, value in given.items() if value is not None}}


def _stated(model: Model, source: Source, stem: str) -> Any:
    """A reference to a bundled world that makes the model, or the model itself."""
    if source.bundled is None or stem != "model":
        return describe(model)
    reference: dict[str, Any] = {"bundled": source.bundled, "settings": dict(source.settings), "make": source.make}
    return reference | ({"with": dict(source.arguments)} if source.arguments else {})
