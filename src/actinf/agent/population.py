"""Many agents of one shape that differ in some of their numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actinf.agent.agent import Agent
from actinf.agent.parameters import Parameters
from actinf.errors import SettingError
from actinf.kernels.columns import Columns
from actinf.model import Model

__all__ = ["Population"]

TOLERANCE = 1e-5


class Population:
    """`size` agents that share an agent's model shape and settings, and differ in what is given here.

    Args:
        agent: whose model and settings are shared.
        size: number of agents N.
        gamma: (N,) policy precision of each.
        alpha: (N,) action precision of each.
        A: modality → (N, *shape of A[m]), probabilities, zero wherever the agent's are.
        B: factor → (N, *shape of B[f]), likewise.
        C: modality → (N, *shape of C[m]) or (N, num_obs[m]), log-preferences in nats.
        D: factor → (N, num_states[f]).
        E: (N, num_policies).
            A, B, C and D may also be lists in the model's order, None for what is shared.

    Raises:
        SettingError: when an array has another shape, is not a probability, or puts mass where the shared model has
            none.
    """

    def __init__(
        self,
        agent: Agent,
        size: int,
        *,
        gamma: Any = None,
        alpha: Any = None,
        A: Any = None,
        B: Any = None,
        C: Any = None,
        D: Any = None,
        E: Any = None,
    ):
        if not isinstance(agent, Agent):
            raise SettingError(f"Population(agent) got {type(agent).__name__}: expected an Agent")
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise SettingError(f"Population(size={size!r}): expected a whole number of at least 1")
        self.agent = agent
        self.size = int(size)
        for name, value in (("A", A), ("B", B), ("D", D), ("E", E)):
            if value is not None and agent.learning is not None and getattr(agent.learning, name):
                raise SettingError(
                    f"Population({name}=...) and Learning({name}=True) both say where {name} starts: leave one out"
                )
        given: dict[str, NDArray[np.float64]] = {}
        if gamma is not None:
            given["gamma"] = self._numbers("gamma", gamma, low=0.0)
        if alpha is not None:
            given["alpha"] = self._numbers("alpha", alpha, low=1e-300)
        if E is not None:
            if not agent.has_habits:
                raise SettingError("Population(E=...) needs a shared agent whose model has an E: give it a uniform one")
            given["E"] = self._probabilities("E", E, (agent.num_policies,))
        model, structure = agent.model, agent.own_structure
        factors, modalities = [f.name for f in model.factors], [m.name for m in model.modalities]
        if A is not None:
            given["A"] = self._tables("A", A, modalities, model.A, structure.A, agent.parameters.A)
        if B is not None:
            given["B"] = self._tables("B", B, factors, model.B, structure.B, agent.parameters.B)
        if C is not None:
            given["C"] = self._preferences(C, modalities, model)
        if D is not None:
            parts = _by_name("D", D, factors)
            shared = [np.broadcast_to(D_f, (self.size, len(D_f))) for D_f in model.D]
            for f, part in parts.items():
                shared[f] = self._probabilities(f"D[{factors[f]!r}]", part, (model.num_states[f],))
            given["D"] = np.concatenate(shared, axis=1)
        self._given = given

    @cached_property
    def parameters(self) -> Parameters:
        """The numbers of all agents; what is shared has one row."""
        return replace(self.agent.parameters, **self._given)

    def _array(self, name: str, values: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
        try:
            array = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError):
            raise SettingError(
                f"Population({name}=...) is not an array of numbers: expected shape {(self.size, *shape)}"
            ) from None
        if array.shape != (self.size, *shape):
            raise SettingError(
                f"Population({name}=...) has shape {array.shape}, but there are {self.size} agents: expected "
                f"{(self.size, *shape)}"
            )
        if not np.all(np.isfinite(array)):
            where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise SettingError(f"Population({name}=...) holds {array[where]} at {where}: expected finite numbers")
        return array

    def _numbers(self, name: str, values: Any, low: float) -> NDArray[np.float64]:
        array = self._array(name, values, ())
        if array.min() < low:
            expected = "positive numbers" if low else "no negative number"
            raise SettingError(f"Population({name}=...) holds {array.min():g}: expected {expected}")
        return array[:, None]

    def _probabilities(self, name: str, values: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
        array = self._array(name, values, shape)
        sums = array.sum(axis=1)
        if array.min() < 0.0 or np.abs(sums - 1.0).max() > TOLERANCE:
            excess = np.abs(sums - 1.0).reshape(self.size, -1).max(axis=1)
            agent = int(np.argmax(np.maximum(excess, -array.reshape(self.size, -1).min(axis=1))))
            raise SettingError(
                f"Population({name}=...) of agent {agent} is not a probability: expected non-negative numbers that "
                "sum to 1"
            )
        return array

    def _tables(
        self,
        name: str,
        values: Any,
        names: Sequence[str],
        tables: Any,
        structure: tuple[Columns, ...],
        shared: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        rows = np.repeat(shared, self.size, axis=0)
        offsets = np.concatenate(([0], np.cumsum([columns.num_entries for columns in structure])))
        for at, part in _by_name(name, values, names).items():
            table, columns = tables[at], structure[at]
            array = self._probabilities(f"{name}[{names[at]!r}]", part, table.shape).reshape(
                self.size, table.shape[0], -1
            )
            column = columns.column_source[columns.column_of_entry]
            picked = array[:, columns.row, column]
            by_column = np.add.reduceat(picked, columns.start[:-1], axis=1)
            outside = array.sum(axis=1)[:, columns.column_source] - by_column
            if outside.max() > TOLERANCE:
                agent = int(np.argmax(outside.max(axis=1)))
                raise SettingError(
                    f"Population({name}[{names[at]!r}]) of agent {agent} puts {outside.max():.3g} of a column "
                    "where the shared model has a zero: give the "
                    "shared agent a model that is positive wherever any agent's is"
                )
            rows[:, offsets[at] : offsets[at + 1]] = picked
        return rows

    def _preferences(self, values: Any, names: Sequence[str], model: Model) -> NDArray[np.float64]:
        parts = _by_name("C", values, names)
        blocks = []
        for m, C in enumerate(model.C):
            block = np.broadcast_to(C.ravel(), (self.size, C.size))
            if m in parts:
                timed = _is_timed(parts[m])
                array = self._array(f"C[{names[m]!r}]", parts[m], C.shape if timed else C.shape[1:])
                block = array.reshape(self.size, -1) if timed else np.tile(array, C.shape[0])
            blocks.append(block)
        return np.concatenate(blocks, axis=1)

    def __repr__(self) -> str:
        return f"Population({self.size} × {self.agent!r}, own {', '.join(self._given) or 'nothing'})"


def _is_timed(preferences: Any) -> bool:
    """Whether preferences are given for each agent and each time."""
    try:
        return np.ndim(preferences) == 3
    except ValueError:  # ragged: no array at all, which is said where it is made
        return False


def _by_name(part: str, values: Any, names: Sequence[str]) -> dict[int, Any]:
    """Position → array, from a mapping by name or a list in order."""
    if isinstance(values, Mapping):
        unknown = [name for name in values if name not in names]
        if unknown:
            raise SettingError(
                f"Population({part}=...) names {unknown[0]!r}: expected some of {', '.join(map(repr, names))}"
            )
        return {names.index(name): value for name, value in values.items()}
    if isinstance(values, np.ndarray) and len(names) == 1:
        return {0: values}
    if not isinstance(values, Sequence | np.ndarray) or isinstance(values, str):
        raise SettingError(
            f"Population({part}=...) is a {type(values).__name__}: expected a mapping by name, or a list with an entry "
            f"for each of {', '.join(map(repr, names))}"
        )
    if len(values) != len(names):
        raise SettingError(
            f"Population({part}=...) has {len(values)} entries: expected one for each of {', '.join(map(repr, names))}"
        )
    return {at: value for at, value in enumerate(values) if value is not None}
