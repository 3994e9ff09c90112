"""The benchmark's models: raw arrays in the convention that both sides read, made by plain NumPy from a seed.

Both workers load the same file, so that they plan with identical numbers.  Nothing here imports the engine: the peer's
interpreter has no actinf, and the engine must not be measured on models that only it can build.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

__all__ = ["BUILDERS", "BenchModel", "build"]


@dataclass(frozen=True)
class BenchModel:
    """A generative model, which is also the world that it is run in.

    Attributes:
        name: how the table calls it.
        A: by modality, (num_obs, *states of the factors it depends on); columns sum to one.
        B: by factor, (num_states, *states of the factors it depends on, num_actions), 1 action where uncontrolled.
        C: by modality, (num_obs,), log-preferences in nats.
        D: by factor, (num_states,), the prior of the first state.
        A_dependencies, B_dependencies: indices of the factors, by modality and by factor.
        horizon: the length of the policies.
        gamma: the precision of the policies.
    """

    name: str
    A: tuple[Array, ...]
    B: tuple[Array, ...]
    C: tuple[Array, ...]
    D: tuple[Array, ...]
    A_dependencies: tuple[tuple[int, ...], ...]
    B_dependencies: tuple[tuple[int, ...], ...]
    horizon: int
    gamma: float = 16.0

    @property
    def num_states(self) -> tuple[int, ...]:
        """States by factor."""
        return tuple(len(d) for d in self.D)

    @property
    def num_obs(self) -> tuple[int, ...]:
        """Outcomes by modality."""
        return tuple(a.shape[0] for a in self.A)

    @property
    def num_actions(self) -> tuple[int, ...]:
        """Actions by factor: 1 where a factor is not controlled."""
        return tuple(b.shape[-1] for b in self.B)

    @property
    def num_policies(self) -> int:
        """All sequences of `horizon` joint actions."""
        return int(prod(self.num_actions) ** self.horizon)

    def save(self, path: Path) -> None:
        """Write the arrays to an .npz file that a worker on either side loads with NumPy alone."""
        arrays: dict[str, Any] = {"name": self.name, "horizon": self.horizon, "gamma": self.gamma}
        arrays["num_modalities"], arrays["num_factors"] = len(self.A), len(self.B)
        for m in range(len(self.A)):
            arrays |= {f"A{m}": self.A[m], f"C{m}": self.C[m], f"A_dependencies{m}": self.A_dependencies[m]}
        for f in range(len(self.B)):
            arrays |= {f"B{f}": self.B[f], f"D{f}": self.D[f], f"B_dependencies{f}": self.B_dependencies[f]}
        np.savez(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> BenchModel:
        """Read what `save` wrote."""
        with np.load(path) as file:
            modalities, factors = range(int(file["num_modalities"])), range(int(file["num_factors"]))

            def integers(key: str) -> tuple[int, ...]:
                return tuple(int(i) for i in file[key])

            return cls(
                name=str(file["name"]),
                A=tuple(file[f"A{m}"] for m in modalities),
                B=tuple(file[f"B{f}"] for f in factors),
                C=tuple(file[f"C{m}"] for m in modalities),
                D=tuple(file[f"D{f}"] for f in factors),
                A_dependencies=tuple(integers(f"A_dependencies{m}") for m in modalities),
                B_dependencies=tuple(integers(f"B_dependencies{f}") for f in factors),
                horizon=int(file["horizon"]),
                gamma=float(file["gamma"]),
            )


def tmaze(horizon: int, cue_validity: float = 0.95, reward_probability: float = 0.9) -> BenchModel:
    """A T-maze with the locations centre, left, right, cue, middle, where every location is one move away.

    Modalities: where (exact), outcome (none, reward, loss; only in the arms), cue (none, left, right; only at the cue).
    """
    centre, left, right, cue, middle = range(5)
    outcome, seen = np.zeros((3, 5, 2)), np.zeros((3, 5, 2))
    outcome[0, [centre, cue, middle]] = 1.0
    seen[0, [centre, left, right, middle]] = 1.0
    for context, (good, bad) in enumerate([(left, right), (right, left)]):
        outcome[1, good, context], outcome[2, good, context] = reward_probability, 1 - reward_probability
        outcome[1, bad, context], outcome[2, bad, context] = 1 - reward_probability, reward_probability
        seen[1 + context, cue, context], seen[2 - context, cue, context] = cue_validity, 1 - cue_validity
    move = np.zeros((5, 5, 5))
    for action in range(5):
        move[action, :, action] = 1.0
    return BenchModel(
        name=f"T-maze, {5**horizon} policies",
        A=(np.eye(5), outcome, seen),
        B=(move, np.eye(2)[:, :, None]),
        C=(np.zeros(5), np.array([0.0, 2.0, -4.0]), np.zeros(3)),
        D=(np.eye(5)[centre], np.full(2, 0.5)),
        A_dependencies=((0,), (0, 1), (0, 1)),
        B_dependencies=((0,), (1,)),
        horizon=horizon,
    )


def _moves(rows: int, columns: int, directions: Sequence[tuple[int, int]], slip: float) -> Array:
    """P(cell | cell, direction) on a walled grid: the move happens, or with probability `slip` nothing does."""
    cells = rows * columns
    table = np.zeros((cells, cells, len(directions)))
    for cell in range(cells):
        row, column = divmod(cell, columns)
        for action, (down, right) in enumerate(directions):
            landing = min(max(row + down, 0), rows - 1) * columns + min(max(column + right, 0), columns - 1)
            table[landing, cell, action] += 1 - slip
            table[cell, cell, action] += slip
    return table


def grid(sensor_noise: float) -> BenchModel:
    """A 10x10 grid with 5 moves (up, right, down, left, stay), a tenth of which fail, and a far goal.

    The sensor tells the cell, or with probability `sensor_noise` one of the neighbouring cells.
    """
    directions = [(-1, 0), (0, 1), (1, 0), (0, -1), (0, 0)]
    near = _moves(10, 10, directions[:4], slip=0.0).mean(axis=2)
    goal = np.zeros(100)
    goal[77] = 3.0
    return BenchModel(
        name="10x10 grid" + (", noisy sensor" if sensor_noise else ""),
        A=((1 - sensor_noise) * np.eye(100) + sensor_noise * near,),
        B=(_moves(10, 10, directions, slip=0.1),),
        C=(goal,),
        D=(np.full(100, 0.01),),
        A_dependencies=((0,),),
        B_dependencies=((0,),),
        horizon=4,
    )


def random_dense(
    seed: int,
    *,
    name: str,
    num_states: Sequence[int],
    num_obs: Sequence[int],
    num_actions: Sequence[int],
    horizon: int,
    concentration: float,
) -> BenchModel:
    """A model whose every column is drawn from a symmetric Dirichlet; each modality depends on all factors.

    Sharp columns make mean-field inference slow to converge; at a concentration of 8 the peer's default of 16
    iterations is enough.
    """
    rng = np.random.default_rng(seed)

    def columns(rows: int, *parents: int) -> Array:
        table = rng.standard_gamma(concentration, size=(rows, *parents))
        normalised: Array = table / table.sum(axis=0)
        return normalised

    factors = tuple(range(len(num_states)))
    return BenchModel(
        name=name,
        A=tuple(columns(outcomes, *num_states) for outcomes in num_obs),
        B=tuple(columns(states, states, actions) for states, actions in zip(num_states, num_actions, strict=True)),
        C=tuple(rng.normal(size=outcomes) for outcomes in num_obs),
        D=tuple(columns(states) for states in num_states),
        A_dependencies=(factors,) * len(num_obs),
        B_dependencies=tuple((f,) for f in factors),
        horizon=horizon,
    )


def chain(horizon: int) -> BenchModel:
    """Epistemic chaining on a 10x5 grid: the first cue tells where the second is, that one where the third is,
    and the third tells which of two places holds the reward.

    Factors: cell (50), place of the second cue (4), place of the third cue (4), side of the reward (2).
    Modalities, all without noise: cell, first, second and third cue (0: nothing here), outcome (none, reward, loss).
    """
    rows, columns = 10, 5

    def at(row: int, column: int) -> int:
        return row * columns + column

    first_cue, start = at(2, 2), at(0, 2)
    second_cue = [at(2, 0), at(3, 1), at(3, 3), at(2, 4)]
    third_cue = [at(5, 0), at(6, 1), at(6, 3), at(5, 4)]
    places = [at(8, 1), at(8, 3)]

    first, second = np.zeros((5, 50, 4)), np.zeros((5, 50, 4, 4))
    third, outcome = np.zeros((3, 50, 4, 2)), np.zeros((3, 50, 2))
    first[0], second[0], third[0], outcome[0] = 1.0, 1.0, 1.0, 1.0
    for i in range(4):
        first[:, first_cue, i] = np.eye(5)[1 + i]
        for j in range(4):
            second[:, second_cue[i], i, j] = np.eye(5)[1 + j]
        for side in range(2):
            third[:, third_cue[i], i, side] = np.eye(3)[1 + side]
    for side in range(2):
        outcome[:, places[side], side] = np.eye(3)[1]
        outcome[:, places[1 - side], side] = np.eye(3)[2]
    return BenchModel(
        name=f"chain, {4**horizon} policies",
        A=(np.eye(50), first, second, third, outcome),
        B=(
            _moves(rows, columns, [(-1, 0), (1, 0), (0, -1), (0, 1)], slip=0.0),
            *(np.eye(states)[:, :, None] for states in (4, 4, 2)),
        ),
        C=(np.zeros(50), np.zeros(5), np.zeros(5), np.zeros(3), np.array([0.0, 3.0, -3.0])),
        D=(np.eye(50)[start], np.full(4, 0.25), np.full(4, 0.25), np.full(2, 0.5)),
        A_dependencies=((0,), (0, 1), (0, 1, 2), (0, 2, 3), (0, 3)),
        B_dependencies=((0,), (1,), (2,), (3,)),
        horizon=horizon,
    )


def _random_2x3() -> BenchModel:
    return random_dense(
        5,
        name="random, 2 factors",
        num_states=(5, 6),
        num_obs=(3, 4, 5),
        num_actions=(2, 3),
        horizon=3,
        concentration=8.0,
    )


def _dense_1000() -> BenchModel:
    return random_dense(
        7,
        name="1,000 dense states",
        num_states=(1000,),
        num_obs=(100,),
        num_actions=(8,),
        horizon=3,
        concentration=1.0,
    )


BUILDERS: dict[str, Callable[[], BenchModel]] = {
    "tmaze25": lambda: tmaze(2),
    "tmaze625": lambda: tmaze(4),
    "grid": lambda: grid(0.0),
    "grid_noisy": lambda: grid(0.2),
    "random": _random_2x3,
    "dense1000": _dense_1000,
    "chain4": lambda: chain(4),
    "chain5": lambda: chain(5),
    "chain6": lambda: chain(6),
    "chain7": lambda: chain(7),
}


def build(key: str) -> BenchModel:
    """The model that the benchmark knows by this key."""
    return BUILDERS[key]()
