"""Planning in large dense models by matrix products.

Where most transitions are possible there is nothing to leave out, and nearly all work is one product after the other:
the beliefs of all prefixes of a length, one row each, times the transitions of all actions, side by side.  The
products go to the BLAS of NumPy.  The beliefs after the last action are never formed: likelihood times transition is
multiplied once per model.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DensePlan", "one_thread", "worth_it"]

SMALLEST_STATES = 128
SMALLEST_DENSITY = 0.25


def worth_it(num_states: int, num_entries: int, num_actions: int) -> bool:
    """Whether the transitions of a single factor are large and dense enough for matrix products to win."""
    return num_states >= SMALLEST_STATES and num_entries >= SMALLEST_DENSITY * num_states**2 * num_actions


@cache
def _controller() -> Any:
    """The control of the BLAS's threads, or None where the extra `blas` is not installed."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """Products on one thread of the BLAS, where that can be asked for.

    Several threads wait for one another: with a core taken by somebody else a step takes ten times as long.  On one
    thread the bits do not depend on the number of cores either.  The threads are the process's: while one thread is
    inside, what others ask for here has no effect.  Whoever starts threads enters before them and leaves after them.
    """
    controller = _controller()
    return nullcontext() if controller is None else controller.limit(limits=1, user_api="blas")


@dataclass(frozen=True, slots=True)
class DensePlan:
    """What is multiplied, for one factor of N states, U actions, R outcomes of all modalities.

    Attributes:
        transition: (N, U · N) the next states' probabilities, all actions side by side.
        outcome: (N, R + 1) likelihoods of all modalities side by side, then the sum of their ambiguities.
        last: (N, U · (R + 1)) transition and outcome in one.
        log_c: a list by modality of (rows, outcomes) log-probabilities.
        horizon: actions in a policy.
    """

    transition: NDArray[Any]
    outcome: NDArray[Any]
    last: NDArray[Any]
    log_c: list[NDArray[Any]]
    horizon: int

    @classmethod
    def of(
        cls, transition: NDArray[Any], outcome: NDArray[Any], log_c: list[NDArray[Any]], horizon: int
    ) -> "DensePlan":
        """From the transition (U, N before, N after) and the outcomes (N, R + 1)."""
        actions, states, _ = transition.shape
        last = np.stack([transition[u] @ outcome for u in range(actions)], axis=1)
        side_by_side = np.ascontiguousarray(transition.transpose(1, 0, 2)).reshape(states, -1)
        return cls(side_by_side, outcome, np.ascontiguousarray(last).reshape(states, -1), log_c, horizon)

    def expected_free_energy(self, belief: NDArray[Any], time: int) -> NDArray[Any]:
        """G of every sequence of actions, (Uᴴ,) in lexicographic order, from a belief (N,) at session time `time`."""
        with one_thread():
            return self._expected_free_energy(belief, time)

    def _expected_free_energy(self, belief: NDArray[Any], time: int) -> NDArray[Any]:
        width = self.outcome.shape[1]
        beliefs = belief[None, :]
        g: NDArray[Any] = np.zeros(1, dtype=belief.dtype)
        for depth in range(1, self.horizon + 1):
            if depth < self.horizon:
                beliefs = (beliefs @ self.transition).reshape(-1, self.transition.shape[0])
                predicted = beliefs @ self.outcome
            else:
                predicted = (beliefs @ self.last).reshape(-1, width)
            g = np.repeat(g, len(predicted) // len(g)) + self._of_nodes(predicted, time + depth)
        return g

    def _of_nodes(self, predicted: NDArray[Any], time: int) -> NDArray[Any]:
        """Risk and ambiguity of predicted outcomes (nodes, R + 1)."""
        outcomes = predicted[:, :-1]
        preference = np.concatenate([log_c[min(time, len(log_c) - 1)] for log_c in self.log_c])
        surprise = np.log(np.maximum(outcomes, np.finfo(outcomes.dtype).tiny)) - preference
        total: NDArray[Any] = np.einsum("no,no->n", outcomes, surprise) + predicted[:, -1]
        return total
