"""Experiment files: read with every mistake named by its line, and written so that the same experiment is read again.

    actinf: 1
    kind: experiment
    model: tmaze               # a bundled model, a file beside this one, or {bundled: bandit, settings: {...},
                               # make: learning_model, with: {...}}: a model that a bundled world makes; or a model
                               # itself, {actinf: 1, kind: model, ...}, as a file of its own would hold it
    world: {bundled: tmaze, settings: {cue_validity: 0.9}}     # left out: the model is its own world
    agent: {inference: exact, planner: {exhaustive: {horizon: 2}}, gamma: 16, learning: {A: true}}
    agents: 1000
    steps: 20

A model file is read as the experiment of agents in a world that is just as they believe; a world file is an error.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from actinf.envs.by_name import BUNDLED, bundled_model, bundled_world, world_from_statement
from actinf.envs.world import World
from actinf.errors import ActinfError, FileError, ModelError, SettingError
from actinf.inference.exact import Exact
from actinf.inference.fixed_point import FixedPoint
from actinf.lab.experiment import AgentSettings, Experiment, Source
from actinf.lab.trace_layout import RECORDABLE, Extent
from actinf.learning.dirichlet import Learning
from actinf.model import Model
from actinf.model.document import Document
from actinf.model.files import BUNDLED as MODEL_FILES
from actinf.model.files import (
    PROCESS_SECTIONS,
    bundled_files,
    header_problems,
    kind_of,
    model_of_document,
    model_of_plain,
    open_file,
    read_world,
)
from actinf.model.plain import SECTIONS
from actinf.model.problems import listed, shown, suggestion
from actinf.planning.choice import BestPolicy, MarginalAction
from actinf.planning.exhaustive import Exhaustive

__all__ = [
    "agent_to_plain",
    "experiment_of_document",
    "read_agent",
    "read_experiment",
    "setting_to_plain",
    "to_plain",
    "write_experiment",
]

_KEYS = (
    "actinf", "kind", "name", "description", "model", "world", "agent", "agents", "steps", "episodes", "seed",
    "carry_counts", "record", "schedule",
)  # fmt: skip
_CHOICES: dict[str, dict[str, type[Any]]] = {
    "inference": {"fixed_point": FixedPoint, "exact": Exact},
    "planner": {"exhaustive": Exhaustive},
    "choice": {"marginal_action": MarginalAction, "best_policy": BestPolicy},
}
_MOST = {"agents": 100_000_000, "steps": 10_000_000, "episodes": 10_000_000, "seed": 2**63 - 1}
_LEAST = {"agents": 1, "steps": 1, "episodes": 1, "seed": 0}
_MOST_VALUES = 10**12
_REFERENCE = (
    "expected a bundled name, the name of a file, {bundled: ..., settings: {...}}, or what such a file holds, "
    "{actinf: 1, kind: model, ...}"
)
_INLINE = "stated in the experiment"
_DEFAULTS = {"agents": 100, "steps": 20, "episodes": 1, "seed": 0}

Pointer = tuple[str | int, ...]


def _is_stated(value: object) -> bool:
    """Whether a model stands in the place of a reference to one."""
    return isinstance(value, dict) and ("actinf" in value or "kind" in value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e300 < value < 1e300


_PLAIN: dict[str, tuple[Callable[[Any], bool], str]] = {
    "gamma": (lambda value: _is_number(value) and 0 <= value <= 1e9, "a number from 0 to 1e9"),
    "alpha": (
        lambda value: value is None or (_is_number(value) and 0 < value <= 1e9),
        "a number above 0, up to 1e9, or null for the most probable action",
    ),
    "dtype": (lambda value: value in ("float64", "float32"), "'float64' or 'float32'"),
}
"""The settings of an agent that are plain values: what is accepted, and how that is said."""


def read_experiment(path: str | os.PathLike[str]) -> Experiment:
    """The experiment in a file; a model file is an experiment with that model as its own world.

    Raises:
        FileError: every mistake of the file as `file:line: message`.
    """
    where = Path(path)
    document, kind = open_file(where, "experiment", "model")
    if kind == "model":
        model = Model.load(where)
        source = Source(path=str(where))
        return Experiment(
            name=model.name or where.stem, model=model, description=model.description, model_source=source
        )
    return _Reader(document, where.stem, where.parent).experiment()


def experiment_of_document(document: Document) -> Experiment:
    """The experiment that a document states without naming any file but bundled ones: nothing else is read or run.

    Args:
        document: an experiment, or a model, which is an experiment with that model as its own world.

    Raises:
        FileError: every mistake, as the document names its places; a file that is named is one.
    """
    if kind_of(document, "experiment", "model") == "model":
        model = model_of_document(document, Model)
        source = Source(label=_INLINE)
        return Experiment(
            name=model.name or document.path, model=model, description=model.description, model_source=source
        )
    return _Reader(document, document.path, None).experiment()


def read_agent(data: Mapping[str, Any]) -> AgentSettings:
    """The settings of agents from plain values, as under `agent:` of an experiment file.

    Raises:
        SettingError: every mistake, one a line.
    """
    reader = _Reader(Document("agent", {"agent": dict(data)}, None, ""), "agent", None)
    settings = reader.agent()
    if reader.problems:
        raise SettingError("\n".join(what for _, what in reader.problems))
    return settings


class _Reader:
    """Reads one document; mistakes are gathered and raised together at the end.

    Files are looked for in `folder`, and among the bundled ones; without a folder, among these alone.
    """

    def __init__(self, document: Document, name: str, folder: Path | None):
        self.document = document
        self.name = name
        self.folder = folder
        self.data: dict[str, Any] = document.data
        self.problems: list[tuple[Pointer, str]] = []
        self.foreign: list[str] = []

    def experiment(self) -> Experiment:
        self.unknown_keys(self.data, (), _KEYS)
        name, description = self.text("name", self.name), self.text("description", "")
        model_source, model = self.model()
        world_source, world = self.world(("world",), self.data.get("world"))
        agent = self.agent()
        numbers = {key: self.whole_number(key, default) for key, default in _DEFAULTS.items()}
        carry = self.data.get("carry_counts", True)
        if not isinstance(carry, bool):
            self.add(("carry_counts",), f"carry_counts is {shown(carry)}: expected true or false")
        record = self.record()
        schedule = self.schedule(numbers["episodes"])
        self.size(numbers)
        if self.problems or self.foreign:
            own = self.document.error(self.problems).problems if self.problems else []
            raise FileError([*own, *self.foreign])
        return Experiment(
            name=name,
            description=description,
            model=model,
            world=world,
            agent=agent,
            extent=Extent(num_agents=numbers["agents"], num_steps=numbers["steps"], num_episodes=numbers["episodes"]),
            seed=numbers["seed"],
            carry_counts=carry,
            record=record,
            schedule={episode: made for episode, (_, made) in schedule.items()},
            model_source=model_source,
            world_source=world_source,
            schedule_sources={episode: source for episode, (source, _) in schedule.items()},
        )

    def add(self, where: Pointer, what: str) -> None:
        self.problems.append((where, what))

    def unknown_keys(self, data: Mapping[Any, Any], where: Pointer, known: tuple[str, ...]) -> None:
        expected = listed(known) or "none"
        for key in data:
            if key not in known:
                self.add(
                    (*where, key),
                    f"the key {shown(key)} is not known here: expected {expected}{suggestion(key, known)}",
                )

    def text(self, key: str, default: str) -> str:
        value = self.data.get(key, default)
        if not isinstance(value, str):
            self.add((key,), f"{key} is {shown(value)}: expected a text")
            return default
        return value

    def whole_number(self, key: str, default: int) -> int:
        value = self.data.get(key, default)
        low, high = _LEAST[key], _MOST[key]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.add((key,), f"{key} is {shown(value)}: expected a whole number from {low} to {high:,}")
            return default
        return value

    def size(self, numbers: Mapping[str, int]) -> None:
        """Refuse what no machine will finish, before anything is built for it."""
        total = numbers["agents"] * numbers["steps"] * numbers["episodes"]
        if total > _MOST_VALUES:
            self.add(("agents",), f"agents × steps × episodes is {total:,}: expected at most {_MOST_VALUES:,}")

    def model(self) -> tuple[Source, Any]:
        """The model, and where it came from; nothing and a problem when it cannot be made."""
        if "model" not in self.data:
            self.add(
                (),
                f"the experiment has no `model`: {_REFERENCE}",
            )
            return Source(), None
        value = self.data["model"]
        if _is_stated(value):
            return Source(label=_INLINE), self.stated(("model",), value, "model")
        source = self.source(("model",), value)
        if source is None:
            return Source(), None
        if source.path is not None:
            return source, self.attempt(("model",), lambda: Model.load(str(source.path)))
        world = self.attempt(("model",), lambda: bundled_world(str(source.bundled), source.settings))
        if world is None:
            return source, None
        return source, self.attempt(("model",), lambda: bundled_model(world, source.make, source.arguments))

    def world(self, where: Pointer, value: Any) -> tuple[Source, World | None]:
        """A world, and where it came from; `None` where the file names none or it cannot be made."""
        if value is None:
            return Source(), None
        if _is_stated(value):
            process = self.stated(where, value, "model", "world")
            return Source(label=_INLINE), None if process is None else World(process)
        source = self.source(where, value)
        if source is None:
            return Source(), None
        if source.path is not None:
            path = source.path
            return source, self.attempt(where, lambda: world_from_statement(read_world(path, Model)))
        return source, self.attempt(where, lambda: bundled_world(str(source.bundled), source.settings))

    def source(self, where: Pointer, value: Any) -> Source | None:
        """What a reference refers to: a bundled name, a bundled name with settings, or a file beside this one."""
        if isinstance(value, str):
            if value.lower().endswith((".yaml", ".yml", ".json")):
                found = self.file(where, value)
                return None if found is None else Source(path=str(found), label=value)
            if value not in BUNDLED and f"{value}.yaml" in bundled_files():
                return Source(path=str(MODEL_FILES / f"{value}.yaml"), label=f"{value} (bundled)")
            return Source(bundled=value)
        if not isinstance(value, dict) or not isinstance(value.get("bundled"), str):
            self.add(
                where,
                f"{where[0]} is {shown(value)}: {_REFERENCE}",
            )
            return None
        of_model = ("make", "with") if where == ("model",) else ()
        self.unknown_keys(value, where, ("bundled", "settings", *of_model))
        told = {}
        for key in ("settings", "with"):
            told[key] = value.get(key) or {}
            if not isinstance(told[key], dict):
                self.add((*where, key), f"{key} is {shown(told[key])}: expected a mapping by name")
                told[key] = {}
        make = value.get("make", "model")
        if not isinstance(make, str):
            self.add((*where, "make"), f"make is {shown(make)}: expected the name of a model that the world makes")
            make = "model"
        return Source(bundled=value["bundled"], settings=told["settings"], make=make, arguments=told["with"])

    def file(self, where: Pointer, name: str) -> Path | None:
        """The file of this name beside the experiment, else the bundled one; nothing and a problem without either."""
        known = bundled_files()
        if self.folder is None:
            if name in known:
                return MODEL_FILES / name
            self.add(
                where,
                f"{where[0]} is {shown(name)}: an experiment that is no file itself names no files but the bundled "
                f"ones, {listed(known)}{suggestion(name, known)}; or state the model here, "
                "{actinf: 1, kind: model, ...}",
            )
            return None
        beside = self.folder / name
        found = beside if beside.exists() or name not in known else MODEL_FILES / name
        if found.is_file():
            return found
        self.add(
            where,
            f"{where[0]} is {shown(name)}, but there is no such file in {self.folder}, and none of "
            f"that name is bundled: bundled are {listed(known)}{suggestion(name, known)}",
        )
        return None

    def stated(self, where: Pointer, data: dict[str, Any], *kinds: str) -> Model | None:
        """The model, or the process of a world, that stands in the experiment itself."""
        problems: Sequence[tuple[Pointer, str]] = header_problems(data, *kinds)
        if not problems:
            try:
                return model_of_plain(data, Model, PROCESS_SECTIONS if data["kind"] == "world" else SECTIONS)
            except ModelError as error:
                problems = error.problems
        for inside, what in problems:
            self.add((*where, *inside), what)
        return None

    def attempt(self, where: Pointer, make: Callable[[], Any]) -> Any:
        """What `make` makes; its mistakes are gathered: those of another file as they are, the rest at `where`."""
        try:
            return make()
        except FileError as error:
            self.foreign.extend(error.problems)
        except ActinfError as error:
            self.add(where, str(error))
        except (TypeError, ValueError, OverflowError) as error:
            self.add(where, f"{where[-1]} has a setting of the wrong kind: {error}")
        return None

    def agent(self) -> AgentSettings:
        """The settings of the agents."""
        data = self.data.get("agent", {})
        names = tuple(one.name for one in dataclasses.fields(AgentSettings))
        if not isinstance(data, dict):
            self.add(("agent",), f"agent is {shown(data)}: expected a mapping with {listed(names)}")
            return AgentSettings()
        self.unknown_keys(data, ("agent",), names)
        given: dict[str, Any] = {}
        for name, (fits, expected) in _PLAIN.items():
            if name in data and fits(data[name]):
                given[name] = data[name]
            elif name in data:
                self.add(("agent", name), f"{name} is {shown(data[name])}: expected {expected}")
        for name, options in _CHOICES.items():
            if name in data:
                made = self.choice(("agent", name), data[name], options)
                if made is not None:
                    given[name] = made
        if data.get("learning") is not None:
            given["learning"] = self.settings(("agent", "learning"), data["learning"], Learning)
        return AgentSettings(**given)

    def choice(self, where: Pointer, value: Any, options: Mapping[str, type[Any]]) -> Any:
        """One of several ways of doing something: its name, or a mapping from its name to its settings."""
        name: Any = value
        settings: Any = None
        if isinstance(value, dict) and len(value) == 1:
            name, settings = next(iter(value.items()))
        if not isinstance(name, str) or name not in options:
            self.add(
                where,
                f"{where[-1]} is {shown(name)}: expected one of {listed(options)}, or one with its settings, as in "
                f"{{{next(iter(options))}: {{...}}}}{suggestion(name, list(options))}",
            )
            return None
        return self.settings((*where, name) if isinstance(value, dict) else where, settings or {}, options[name])

    def settings(self, where: Pointer, value: Any, kind: type[Any]) -> Any:
        """A settings object made of a mapping."""
        known = tuple(one.name for one in dataclasses.fields(kind))
        if not isinstance(value, dict):
            self.add(where, f"{where[-1]} is {shown(value)}: expected a mapping with {listed(known)}")
            return None
        before = len(self.problems)
        self.unknown_keys(value, where, known)
        return self.attempt(where, lambda: kind(**value)) if len(self.problems) == before else None

    def record(self) -> tuple[str, ...] | None:
        """What to record, by name."""
        names = self.data.get("record")
        if names is None:
            return None
        if not isinstance(names, list):
            self.add(("record",), f"record is {shown(names)}: expected a list of {listed(RECORDABLE)}")
            return None
        for at, name in enumerate(names):
            if name not in RECORDABLE:
                self.add(
                    ("record", at),
                    f"record has {shown(name)}: expected {listed(RECORDABLE)}{suggestion(name, RECORDABLE)}",
                )
        return tuple(name for name in RECORDABLE if name in names)

    def schedule(self, num_episodes: int) -> dict[int, tuple[Source, World]]:
        """The worlds that take over at an episode."""
        data = self.data.get("schedule") or {}
        if not isinstance(data, dict):
            self.add(("schedule",), f"schedule is {shown(data)}: expected a mapping from episode to world")
            return {}
        found = {}
        for key, value in data.items():
            episode = (
                int(key) if isinstance(key, int) or (isinstance(key, str) and key.isdecimal() and len(key) < 10) else -1
            )
            if isinstance(key, bool) or not 0 < episode < num_episodes:
                self.add(("schedule", key), f"schedule has the episode {key}: expected 1 to {num_episodes - 1}")
                continue
            if value is None:
                self.add(("schedule", key), f"schedule names no world for episode {episode}: {_REFERENCE}")
                continue
            source, world = self.world(("schedule", key), value)
            if world is not None:
                found[episode] = (source, world)
        return dict(sorted(found.items()))


def write_experiment(experiment: Experiment, folder: Path) -> Path:
    """Write an experiment, its model and its worlds into a folder, so that the same experiment is read again.

    Args:
        experiment: with what is to be recorded decided.
        folder: an existing folder; files `experiment.json`, `model.*` and `world*.json` are written.

    Returns:
        The path of `experiment.json`.
    """
    target = folder / "experiment.json"

    def keep(model: Model, source: Source, stem: str) -> str:
        return _write_model(model, source, folder / stem)

    target.write_text(json.dumps(to_plain(experiment, keep), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return target


def to_plain(experiment: Experiment, keep: Callable[[Model, Source, str], Any]) -> dict[str, Any]:
    """An experiment as the plain values of its file.

    Args:
        experiment: what to state.
        keep: what stands for a model, or for a world that is not bundled, given it, where it came from, and what it is
            to the experiment: `"model"`, `"world"`, `"world-20"`.
    """

    def reference(world: World, source: Source, stem: str) -> Any:
        if source.bundled is not None:
            return {"bundled": source.bundled, "settings": dict(source.settings)} if source.settings else source.bundled
        return keep(world.process, source, stem)

    extent = experiment.extent
    plain: dict[str, Any] = {"actinf": 1, "kind": "experiment", "name": experiment.name}
    if experiment.description:
        plain["description"] = experiment.description
    plain["model"] = keep(experiment.model, experiment.model_source, "model")
    if experiment.world is not None:
        plain["world"] = reference(experiment.world, experiment.world_source, "world")
    plain["agent"] = agent_to_plain(experiment.agent)
    plain |= {"agents": extent.num_agents, "steps": extent.num_steps, "episodes": extent.num_episodes}
    plain |= {"seed": experiment.seed, "carry_counts": experiment.carry_counts}
    if experiment.record is not None:
        plain["record"] = list(experiment.record)
    if experiment.schedule:
        plain["schedule"] = {
            str(episode): reference(world, experiment.schedule_sources.get(episode, Source()), f"world-{episode}")
            for episode, world in experiment.schedule.items()
        }
    return plain


def _write_model(model: Model, source: Source, target: Path) -> str:
    """Copy the file that a model came from, or write the model; the name of the file."""
    if source.path is not None:
        suffix = Path(source.path).suffix.lower()
        copy = target.with_suffix(suffix)
        copy.write_bytes(Path(source.path).read_bytes())
        return copy.name
    model.save(target.with_suffix(".json"))
    return f"{target.name}.json"


def agent_to_plain(agent: AgentSettings) -> dict[str, Any]:
    """The settings of the agents as plain values; what has its default is left out."""
    plain: dict[str, Any] = {"gamma": agent.gamma, "alpha": agent.alpha, "dtype": agent.dtype}
    for name in _CHOICES:
        plain[name] = setting_to_plain(name, getattr(agent, name))
    if agent.learning is not None:
        plain["learning"] = setting_to_plain("learning", agent.learning)
    return plain


def setting_to_plain(name: str, made: Any) -> Any:
    """One setting of an agent, an object such as `Exhaustive(horizon=2)`, as plain values; those stay what they are.

    Args:
        name: inference, planner, choice or learning.
        made: the object, or its plain values.

    Raises:
        SettingError: the object is none that this setting takes.
    """
    if made is None or isinstance(made, str | Mapping):
        return made
    if name == "learning" and isinstance(made, Learning):
        return _changed(made)
    for word, kind in _CHOICES.get(name, {}).items():
        if isinstance(made, kind):
            settings = _changed(made)
            return {word: settings} if settings else word
    known = [kind.__name__ for kind in _CHOICES.get(name, {"learning": Learning}).values()]
    raise SettingError(f"{name} is {shown(made)}: expected {listed(known)}, or its plain values")


def _changed(made: Any) -> dict[str, Any]:
    """The fields of a settings object that do not have their defaults."""
    found = {}
    for one in dataclasses.fields(made):
        value = getattr(made, one.name)
        value = value.tolist() if hasattr(value, "tolist") else value
        if value != one.default:
            found[one.name] = value
    return found
