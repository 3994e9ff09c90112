"""The world that closes the loop around a single agent: a model's own tables, sampled by plain NumPy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from actinf.lab.bench.models import Array, BenchModel

__all__ = ["TableWorld"]


class TableWorld:
    """A model as generative process: it has a true state, emits an observation of it and is moved by actions."""

    def __init__(self, model: BenchModel, rng: np.random.Generator):
        self._model = model
        self._rng = rng
        self.restart()

    def restart(self) -> None:
        """A new episode: the state is drawn from D."""
        self._state = [self._draw(d) for d in self._model.D]

    def observe(self) -> npt.NDArray[np.int64]:
        """An outcome for each modality."""
        model, state = self._model, self._state
        pairs = zip(model.A, model.A_dependencies, strict=True)
        return np.array([self._draw(A.reshape(A.shape[0], -1)[:, self._column(A, deps, state)]) for A, deps in pairs])

    def move(self, action: npt.NDArray[np.int64]) -> None:
        """Every factor moves by its own action (0 where it is not controlled)."""
        moves = zip(self._model.B, self._model.B_dependencies, action, strict=True)
        columns = [(B[..., u], deps) for B, deps, u in moves]
        state = self._state
        self._state = [self._draw(B.reshape(B.shape[0], -1)[:, self._column(B, deps, state)]) for B, deps in columns]

    def _draw(self, probabilities: Array) -> int:
        cumulative = probabilities.cumsum()
        return int(min(cumulative.searchsorted(self._rng.random() * cumulative[-1], "right"), len(cumulative) - 1))

    @staticmethod
    def _column(table: Array, dependencies: tuple[int, ...], state: list[int]) -> int:
        return int(np.ravel_multi_index([state[f] for f in dependencies], table.shape[1:]))
