"""What a trace holds: its variables, their dimensions and the names on their axes, before any number exists.

One layout serves both ways of keeping a trace, in memory (`to_dataset`) and on disk (`TraceWriter`), so that they
cannot differ.  The layout knows the model's names; the raw arrays of the simulation do not.  It leaves out how arrays
are made (`simulate`) and where they go (`actinf.lab.trace`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from actinf.errors import TraceError

if TYPE_CHECKING:
    from actinf.model import Model, Table

__all__ = ["RECORDABLE", "Extent", "TraceLayout", "Variable", "policy_labels", "trace_bytes"]

RECORDABLE = ("state", "obs", "action", "qs", "q_pi", "G", "F", "counts")
"""What can be recorded, in the order in which a trace lists it."""

_AXES = ("episode", "agent", "time")
_TAKEN = (*_AXES, "policy", "F", "G", "q_pi", "pE")
_PREFIXES = ("qs_", "obs_", "action_", "state_", "pA_", "pB_", "pD_")

Attributes = dict[str, Any]
_Given = TypeVar("_Given")


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How much is simulated.

    Attributes:
        num_agents: agents, each in a world of its own.
        num_steps: observations, and actions, of each agent in each episode.
        num_episodes: episodes, one after the other.
    """

    num_agents: int
    num_steps: int
    num_episodes: int = 1


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable of a trace, and where its numbers are found among the raw arrays of the simulation.

    Attributes:
        name: its name in the Dataset, for example `"qs_location"`.
        dims: its dimensions; `"episode"` and `"agent"` come first.
        shape: its whole shape, over all agents.
        dtype: its type on disk and in memory.
        attrs: what a reader wants to know: unit, names of the values, what it is.
        source: the name of the raw array.
        part: the part of the raw array's last axis, or `None` for the array as it is.
        cells: for counts of a sparse table: the flat positions, in the dense shape, of the stored values.
    """

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attrs: Attributes
    source: str
    part: int | slice | None = None
    cells: NDArray[np.int64] | None = None

    @property
    def nbytes(self) -> int:
        """Size in bytes of all its values."""
        return prod(self.shape) * self.dtype.itemsize

    def take(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """Cut this variable's values out of the raw arrays of a block of agents.

        Args:
            arrays: the raw arrays, each with the axes (episode, agent, ...).

        Returns:
            The values, of this variable's dtype and of its shape but for the number of agents.

        Raises:
            TraceError: the raw array is missing or has another shape.
        """
        if self.source not in arrays:
            raise TraceError(f"the trace records {self.name!r}, but the simulation gave no array {self.source!r}")
        values = arrays[self.source]
        if self.part is not None:
            values = values[..., self.part]
        expected = (self.shape[0], values.shape[1] if values.ndim > 1 else -1, *self.shape[2:])
        if self.cells is not None and values.shape[2:] == self.cells.shape:
            values = _scatter(values, self.cells, self.shape[2:])
        if values.shape != expected:
            raise TraceError(f"array {self.source!r} has shape {values.shape}: {self.name!r} expects {expected}")
        return values.astype(self.dtype, copy=False)


@dataclass(frozen=True, kw_only=True)
class TraceLayout:
    """The variables of a trace, the names along its axes, and its attributes.

    Attributes:
        sizes: the length of every dimension.
        coords: the names along the dimensions that have names.
        variables: what is recorded, in the order in which it is written.
        attrs: attributes of the whole trace.
    """

    sizes: dict[str, int]
    coords: dict[str, tuple[str, ...]]
    variables: tuple[Variable, ...]
    attrs: Attributes = field(default_factory=dict)

    @property
    def num_agents(self) -> int:
        """Number of agents in the whole trace."""
        return self.sizes["agent"]

    @property
    def nbytes(self) -> int:
        """Size in bytes of all values."""
        return sum(variable.nbytes for variable in self.variables)

    @classmethod
    def plan(
        cls,
        *,
        model: Model,
        extent: Extent,
        record: Iterable[str] = RECORDABLE,
        process: Model | None = None,
        policies: NDArray[Any] | None = None,
        dtype: str = "float64",
        learned: Iterable[str] = (),
        attrs: Attributes | None = None,
    ) -> TraceLayout:
        """Lay a trace out from the names of a model.

        Args:
            model: the agents' generative model: names of factors, modalities and controls.
            extent: how many agents, steps and episodes.
            record: what to record, names from `RECORDABLE`.
            process: the world's generative process, needed when `"state"` is recorded.
            policies: actions (policy, horizon, control), needed when `"q_pi"`, `"G"` or counts of E are recorded.
            dtype: the type of the beliefs and free energies, `"float64"` or `"float32"`.
            learned: what is learned, from `"A"`, `"B"`, `"D"`, `"E"`: what `"counts"` records.
            attrs: attributes of the trace, such as its seed; the version and the model's hash are added.

        Returns:
            The layout.

        Raises:
            TraceError: a name in `record` is not known, or what it needs is not given.
        """
        wanted = _known(record)
        sizes = {"episode": extent.num_episodes, "agent": extent.num_agents, "time": extent.num_steps}
        plan = _Plan(sizes=sizes, real=np.dtype(dtype))
        if "state" in wanted:
            plan.add_states(_given(process, "state", "process"))
        if "obs" in wanted:
            plan.add_observations(model)
        if "action" in wanted:
            plan.add_actions(model)
        if "qs" in wanted:
            plan.add_beliefs(model)
        for name in ("q_pi", "G"):
            if name in wanted:
                plan.add_per_policy(name, model, _given(policies, name, "policies"))
        if "F" in wanted:
            plan.add_free_energy()
        if "counts" in wanted:
            plan.add_counts(model, tuple(learned), policies)
        return cls(
            sizes=plan.sizes,
            coords=plan.coords,
            variables=tuple(plan.variables),
            attrs={"model": model.name, "model_hash": model.hash, **(attrs or {})},
        )


def trace_bytes(
    *,
    model: Model,
    extent: Extent,
    record: Iterable[str],
    num_policies: int,
    process: Model | None = None,
    dtype: str = "float64",
    learned: Iterable[str] = (),
) -> int:
    """How many bytes a layout's values will take (`TraceLayout.nbytes`), counted without laying anything out.

    Args:
        num_policies: how many policies there are, which need not exist; the rest is as for `TraceLayout.plan`.

    Raises:
        TraceError: a name in `record` is not known, or what it needs is not given.
    """
    wanted, real = _known(record), np.dtype(dtype).itemsize
    step = 0
    if "state" in wanted:
        step += sum(_index_type(len(factor.states)).itemsize for factor in _given(process, "state", "process").factors)
    if "obs" in wanted:
        step += sum(_index_type(len(modality.outcomes)).itemsize for modality in model.modalities)
    if "action" in wanted:
        step += sum(_index_type(len(control.actions)).itemsize for control in model.controls)
    reals = sum(model.num_states) if "qs" in wanted else 0
    reals += num_policies * len({"q_pi", "G"} & wanted) + ("F" in wanted)
    counts = {
        "A": sum(prod(table.shape) for table in model.A),
        "B": sum(prod(table.shape) for table in model.B),
        "D": sum(model.num_states),
        "E": num_policies,
    }
    episode = sum(counts[part] for part in set(learned)) if "counts" in wanted else 0
    lives = extent.num_agents * extent.num_episodes
    return lives * (extent.num_steps * (step + real * reals) + real * episode)


def policy_labels(policies: NDArray[Any], model: Model) -> tuple[str, ...]:
    """Name every policy by its actions: `"cue > left"`; several controls at once are joined by `"+"`.

    Args:
        policies: actions (policy, horizon, control), as indices.
        model: the model whose controls name the actions.

    Returns:
        One label per policy.
    """
    names = [control.actions for control in model.controls]
    joint: dict[tuple[int, ...], str] = {}

    def label(actions: tuple[int, ...]) -> str:
        if actions not in joint:
            joint[actions] = "+".join(names[control][action] for control, action in enumerate(actions))
        return joint[actions]

    return tuple(" > ".join(label(tuple(step)) for step in policy) for policy in policies.tolist())


_MEANING = {
    "q_pi": ("posterior over policies", "probability"),
    "G": ("expected free energy of each policy", "nats"),
}


class _Plan:
    """The layout while it is being made."""

    def __init__(self, *, sizes: dict[str, int], real: np.dtype[Any]):
        self.sizes = dict(sizes)
        self.coords: dict[str, tuple[str, ...]] = {}
        self.variables: list[Variable] = []
        self.real = real

    def axis(self, name: str, names: Sequence[str], *, suffix: str) -> str:
        """Name a dimension after a part of the model, evading the names that a trace uses itself."""
        if name in _TAKEN or name.startswith(_PREFIXES):
            name = f"{name}_{suffix}"
        while self.coords.get(name, tuple(names)) != tuple(names):
            name = f"{name}_{suffix}"
        self.coords[name] = tuple(names)
        self.sizes[name] = len(names)
        return name

    def add(self, name: str, dims: tuple[str, ...], source: str, attrs: Attributes, **where: Any) -> None:
        dtype = where.pop("dtype", self.real)
        shape = tuple(self.sizes[dim] for dim in dims)
        self.variables.append(
            Variable(name=name, dims=dims, shape=shape, dtype=dtype, attrs=attrs, source=source, **where)
        )

    def add_indices(self, source: str, kind: str, parts: Iterable[tuple[str, Sequence[str]]], meaning: str) -> None:
        for part, (name, names) in enumerate(parts):
            attrs = {"long_name": meaning.format(name), kind: list(names), "missing": -1}
            self.add(f"{source}_{name}", _AXES, source, attrs, dtype=_index_type(len(names)), part=part)

    def add_states(self, process: Model) -> None:
        parts = ((factor.name, factor.states) for factor in process.factors)
        self.add_indices("state", "states", parts, "true state of {}, before the action moves it")

    def add_observations(self, model: Model) -> None:
        parts = ((modality.name, modality.outcomes) for modality in model.modalities)
        self.add_indices("obs", "outcomes", parts, "observed outcome of {}")

    def add_actions(self, model: Model) -> None:
        parts = ((control.name, control.actions) for control in model.controls)
        self.add_indices("action", "actions", parts, "action taken on {} after the observation")

    def add_beliefs(self, model: Model) -> None:
        first = 0
        for factor in model.factors:
            axis = self.axis(factor.name, factor.states, suffix="state")
            part = slice(first, first + len(factor.states))
            attrs = {"long_name": f"belief about {factor.name} after the observation", "units": "probability"}
            self.add(f"qs_{factor.name}", (*_AXES, axis), "qs", attrs, part=part)
            first = part.stop

    def add_per_policy(self, name: str, model: Model, policies: NDArray[Any]) -> None:
        if "policy" not in self.coords:
            self.coords["policy"] = policy_labels(policies, model)
            self.sizes["policy"] = len(policies)
        meaning, unit = _MEANING[name]
        self.add(name, (*_AXES, "policy"), name, {"long_name": meaning, "units": unit})

    def add_free_energy(self) -> None:
        self.add("F", _AXES, "F", {"long_name": "variational free energy of each step", "units": "nats"})

    def add_counts(self, model: Model, learned: tuple[str, ...], policies: NDArray[Any] | None) -> None:
        """Counts at the end of every episode, for the parts that are learned."""
        lead = ("episode", "agent")
        unit = {"units": "counts"}
        states = [self.axis(factor.name, factor.states, suffix="state") for factor in model.factors]
        if "A" in learned:
            for m, modality in enumerate(model.modalities):
                rows = self.axis(modality.name, modality.outcomes, suffix="outcome")
                if rows in states:
                    rows = self.axis(f"{rows}_outcome", modality.outcomes, suffix="outcome")
                dims = (*lead, rows, *(states[f] for f in model.A_dependencies[m]))
                attrs = {"long_name": f"counts of {modality.name} given its parents", **unit}
                name = f"pA_{modality.name}"
                self.add(name, dims, name, attrs, cells=_cells(model.A[m]))
        if "B" in learned:
            for f, factor in enumerate(model.factors):
                rows = self.axis(f"next_{factor.name}", factor.states, suffix="state")
                u = model.control_of_factor[f]
                name = f"{factor.name}_action"
                last = self.axis(name, ("-",) if u is None else model.controls[u].actions, suffix="choice")
                dims = (*lead, rows, *(states[g] for g in model.B_dependencies[f]), last)
                attrs = {"long_name": f"counts of the next {factor.name} given its parents and the action", **unit}
                name = f"pB_{factor.name}"
                self.add(name, dims, name, attrs, cells=_cells(model.B[f]))
        if "D" in learned:
            for f, factor in enumerate(model.factors):
                name = f"pD_{factor.name}"
                self.add(name, (*lead, states[f]), name, {"long_name": f"counts of the first {factor.name}", **unit})
        if "E" in learned:
            if "policy" not in self.coords:
                self.coords["policy"] = policy_labels(_given(policies, "counts", "policies"), model)
                self.sizes["policy"] = len(self.coords["policy"])
            self.add("pE", (*lead, "policy"), "pE", {"long_name": "counts of the policies", **unit})


def _known(record: Iterable[str]) -> frozenset[str]:
    """The names to record, once each is known."""
    wanted = frozenset(record)
    unknown = sorted(wanted - frozenset(RECORDABLE))
    if unknown:
        raise TraceError(f"cannot record {unknown[0]!r}: what can be recorded is {', '.join(RECORDABLE)}")
    return wanted


def _given(value: _Given | None, record: str, argument: str) -> _Given:
    if value is None:
        raise TraceError(f"recording {record!r} needs `{argument}`, which was not given")
    return value


def _index_type(count: int) -> np.dtype[Any]:
    """The smallest signed type for the indices of `count` names and the -1 of a missing one."""
    return np.dtype(np.int8 if count <= 128 else np.int16 if count <= 32768 else np.int32)


def _cells(table: Table) -> NDArray[np.int64]:
    """Flat positions, in the dense shape, of the values of a table stored by column."""
    return table.indices * table.num_columns + table.column_of_entry()


def _scatter(stored: NDArray[Any], cells: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[Any]:
    """Put the stored values of a sparse table, (episode, agent, value), into dense arrays."""
    dense = np.zeros((*stored.shape[:2], prod(shape)), dtype=stored.dtype)
    dense[:, :, cells] = stored
    return dense.reshape(*stored.shape[:2], *shape)
