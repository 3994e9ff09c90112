"""The same mathematics in plain NumPy, slow and obvious, and recorded episodes made with it.

Neither side of the benchmark is the judge of the other: both are compared with what is computed here, on the same
observations and executed actions.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from actinf.lab.bench.models import Array, BenchModel
from actinf.lab.bench.world import TableWorld

__all__ = ["Episode", "Posteriors", "infer", "plan", "predict", "record"]

Integers = npt.NDArray[np.int64]
FLOOR = np.finfo(np.float64).eps  # as the peer's: below this a probability counts as this, under the logarithm


@dataclass(frozen=True)
class Episode:
    """What one agent saw and did: observations (time, modality), actions (time, factor), both as indices."""

    observations: Integers
    actions: Integers

    def save(self, path: Path) -> None:
        """Write an .npz file."""
        np.savez(path, observations=self.observations, actions=self.actions)

    @classmethod
    def load(cls, path: Path) -> Episode:
        """Read what `save` wrote."""
        with np.load(path) as file:
            return cls(file["observations"], file["actions"])


@dataclass(frozen=True)
class Posteriors:
    """What one agent believed during an episode: qs by factor (time, states), q_pi (time, policies)."""

    qs: tuple[Array, ...]
    q_pi: Array

    def save(self, path: Path) -> None:
        """Write an .npz file."""
        arrays: dict[str, Any] = {f"qs{f}": q for f, q in enumerate(self.qs)}
        np.savez(path, q_pi=self.q_pi, **arrays)

    @classmethod
    def load(cls, path: Path) -> Posteriors:
        """Read what `save` or a worker wrote."""
        with np.load(path) as file:
            return cls(tuple(file[f"qs{f}"] for f in range(len(file.files) - 1)), file["q_pi"])

    def distance(self, other: Posteriors) -> tuple[float, float]:
        """The largest difference of any probability in q(s), and in q(pi)."""
        states = max(float(np.abs(a - b).max()) for a, b in zip(self.qs, other.qs, strict=True))
        return states, float(np.abs(self.q_pi - other.q_pi).max())


def _softmax(x: Array) -> Array:
    e = np.exp(x - x.max())
    normalised: Array = e / e.sum()
    return normalised


def _contract(table: Array, beliefs: list[Array], keep: int | None) -> Array:
    """Expectation of a table over its axes under independent beliefs, one per axis; the axis `keep` stays."""
    for axis in reversed(range(table.ndim)):
        if axis != keep:
            table = np.tensordot(table, beliefs[axis], axes=(axis, 0))
    return table


def infer(model: BenchModel, prior: list[Array], observation: Integers, iterations: int = 64) -> list[Array]:
    """Mean-field posterior: q_f = softmax(ln prior_f + E_q[ln p(o|s) | s_f]), all factors at once, from uniform."""
    logs = [np.log(np.maximum(A[o], FLOOR)) for A, o in zip(model.A, observation, strict=True)]
    log_prior = [np.log(np.maximum(p, FLOOR)) for p in prior]
    q = [np.full(n, 1 / n) for n in model.num_states]
    for _ in range(iterations):
        field = [p.copy() for p in log_prior]
        for log, factors in zip(logs, model.A_dependencies, strict=True):
            for axis, f in enumerate(factors):
                field[f] += _contract(log, [q[g] for g in factors], keep=axis)
        q = [_softmax(x) for x in field]
    return q


def predict(model: BenchModel, q: list[Array], action: Integers) -> list[Array]:
    """The prior of the next state, factor by factor, after an executed action."""
    moves = zip(model.B, action, model.B_dependencies, strict=True)
    return [_contract(B[..., u], [np.empty(0), *(q[g] for g in deps)], keep=0) for B, u, deps in moves]


def plan(model: BenchModel, q: list[Array]) -> Array:
    """q(pi) = softmax(-gamma G), the policies in lexicographic order, grown as a tree level by level.

    G of a node is the sum over modalities of KL[q(o) || softmax(C)] + E_q[H(A)].  Every factor of the benchmark's
    models depends on itself alone, which keeps this short.
    """
    joint_actions = list(itertools.product(*(range(n) for n in model.num_actions)))
    entropies = [-(A * np.log(np.maximum(A, FLOOR))).sum(axis=0) for A in model.A]
    log_preferences = [np.log(_softmax(c)) for c in model.C]
    beliefs = [b[None] for b in q]
    G = np.zeros(1)
    for _ in range(model.horizon):
        children = []
        for f, B in enumerate(model.B):
            by_action = [beliefs[f] @ B[..., u].T for u in range(B.shape[-1])]
            stacked = np.stack([by_action[joint[f]] for joint in joint_actions], axis=1)
            children.append(stacked.reshape(-1, B.shape[0]))
        beliefs = children
        G = np.repeat(G, len(joint_actions))
        for A, H, log_c, factors in zip(model.A, entropies, log_preferences, model.A_dependencies, strict=True):
            joint = beliefs[factors[0]]
            for f in factors[1:]:
                joint = (joint[:, :, None] * beliefs[f][:, None, :]).reshape(len(joint), -1)
            qo = joint @ A.reshape(A.shape[0], -1).T
            G += (qo * (np.log(np.maximum(qo, FLOOR)) - log_c)).sum(axis=1) + joint @ H.ravel()
    return _softmax(-model.gamma * G)


def record(model: BenchModel, steps: int, seed: int) -> tuple[Episode, Posteriors]:
    """An episode in the model as its own world, and the posteriors at every step of it.

    Actions alternate between the most probable one and a random one, so that beliefs are also compared off the path
    that a good agent takes.
    """
    rng = np.random.default_rng(seed)
    joint_actions = np.array(list(itertools.product(*(range(n) for n in model.num_actions))))
    world = TableWorld(model, rng)
    prior = list(model.D)
    observations, actions, qs, q_pi = [], [], [], []
    for step in range(steps):
        observation = world.observe()
        q = infer(model, prior, observation)
        policies = plan(model, q)
        best = policies.reshape(len(joint_actions), -1).sum(axis=1).argmax()
        action = joint_actions[best if step % 2 == 0 else rng.integers(len(joint_actions))]
        prior = predict(model, q, action)
        world.move(action)
        observations.append(observation)
        actions.append(action)
        qs.append(q)
        q_pi.append(policies)
    by_factor = tuple(np.stack([q[f] for q in qs]) for f in range(len(model.D)))
    return Episode(np.stack(observations), np.stack(actions)), Posteriors(by_factor, np.stack(q_pi))
