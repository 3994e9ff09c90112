"""What an agent expects to observe next: its beliefs carried one step on, before any observation.

q(s_t) = Σ p(s_t | s_{t−1}, u_{t−1}) q(s_{t−1}), or p(s_0) at the start of an episode;  q(o_t) = Σ p(o_t | s_t) q(s_t).
It is read from a snapshot, so that whoever asks needs no running session and disturbs none.
"""

from dataclasses import dataclass
from functools import reduce
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from actinf.agent.agent import Agent
from actinf.agent.session import Snapshot
from actinf.kernels import layout as L
from actinf.kernels.buffers import view
from actinf.kernels.columns import Columns

__all__ = ["Prediction"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is expected of the next observation.

    Attributes:
        agent: whose expectation it is.
        states: q(s_t) of each factor that inference works on (of the one joint factor, if inference is joint).
        likelihood: the entries of A with what was learned so far, as the kernels read them.
    """

    agent: Agent
    states: tuple[Floats, ...]
    likelihood: Floats

    @classmethod
    def of(cls, agent: Agent, snapshot: Snapshot) -> Self:
        """The expectation of an agent that stands at a snapshot."""
        carry = np.frombuffer(snapshot.carry, dtype=agent.dtype)
        parameters = agent.parameters if agent.learning is None else agent.counts_as_parameters(carry)
        theta, ints, packed = agent.theta(parameters)[0], agent.program.ints, agent.packed_structure
        likelihood = view(theta, ints, L.T_A).astype(np.float64)
        if snapshot.time == 0:
            return cls(agent, tuple(_cut(view(theta, ints, L.T_D), packed.num_states)), likelihood)
        before = _cut(view(carry, ints, L.C_BELIEF), packed.num_states)
        values = _cut(view(theta, ints, L.T_B), [table.num_entries for table in packed.B])
        states = []
        for f, (table, parents) in enumerate(zip(packed.B, packed.B_parents)):
            of_parents = _joint([before[g] for g in parents])
            columns = np.zeros(table.num_columns)
            first = int(packed.actions_of_factor[f, snapshot.action]) * len(of_parents)
            columns[first : first + len(of_parents)] = of_parents
            states.append(_rows(table, values[f], columns, packed.num_states[f]))
        return cls(agent, tuple(states), likelihood)

    def outcomes(self) -> dict[str, Floats]:
        """Modality → q(o), (num_obs[m],)."""
        return {name: _normal(q) for name, q in zip(self._modalities(), self._outcomes(self.states))}

    def draw(self, random: np.random.Generator) -> dict[str, str]:
        """An observation drawn from the expectation, all modalities from the same states: modality → outcome.

        Drawn so at every step, the observations are those of a world that is just as the model says.
        """
        drawn = []
        for q in self.states:
            certain = np.zeros(len(q))
            certain[random.choice(len(q), p=_normal(q))] = 1.0
            drawn.append(certain)
        return {
            modality.name: modality.outcomes[int(random.choice(len(q), p=_normal(q)))]
            for modality, q in zip(self.agent.model.modalities, self._outcomes(drawn))
        }

    def _modalities(self) -> list[str]:
        return [modality.name for modality in self.agent.model.modalities]

    def _outcomes(self, states: Any) -> list[Floats]:
        packed = self.agent.packed_structure
        values = _cut(self.likelihood, [table.num_entries for table in packed.A])
        return [
            _rows(table, values[m], _joint([states[f] for f in parents]), packed.num_obs[m])
            for m, (table, parents) in enumerate(zip(packed.A, packed.A_parents))
        ]


def _cut(values: NDArray[Any], lengths: Any) -> list[Floats]:
    """Stretches of these lengths that lie one behind the other."""
    ends = np.cumsum(np.asarray(list(lengths), dtype=np.int64))
    return [np.asarray(part, dtype=np.float64) for part in np.split(values, ends[:-1])]


def _joint(parts: list[Floats]) -> Floats:
    """The product of beliefs, its states counted in C order; 1 where there are none."""
    return reduce(lambda left, right: np.outer(left, right).ravel(), parts, np.ones(1))


def _rows(table: Columns, values: Floats, columns: Floats, num_rows: int) -> Floats:
    """A table, summed over its columns with these weights."""
    summed = np.bincount(table.row, weights=values * columns[table.column_of_entry], minlength=num_rows)
    return np.asarray(summed, dtype=np.float64)


def _normal(q: Floats) -> Floats:
    return np.asarray(q / q.sum(), dtype=np.float64)
