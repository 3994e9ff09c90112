"""The plain calculation that judges both sides of the benchmark, held against one that is plainer still."""

import itertools

import numpy as np
import pytest

from actinf.lab.bench.models import BenchModel, build, tmaze
from actinf.lab.bench.reference import infer, plan, predict, record


def expected_free_energy(model: BenchModel, q: list[np.ndarray], policy: tuple[tuple[int, ...], ...]) -> float:
    """G of one policy by the definition: sums over every joint state and every outcome."""
    total = 0.0
    for action in policy:
        q = [B[..., u] @ belief for B, u, belief in zip(model.B, action, q, strict=True)]
        for A, C, factors in zip(model.A, model.C, model.A_dependencies, strict=True):
            log_c = C - np.log(np.exp(C).sum())
            qo = np.zeros(len(C))
            for joint in itertools.product(*(range(model.num_states[f]) for f in factors)):
                weight = np.prod([q[f][s] for f, s in zip(factors, joint, strict=True)])
                column = A[(slice(None), *joint)]
                qo += weight * column
                total -= weight * sum(p * np.log(p) for p in column if p > 0)
            total += sum(p * (np.log(p) - c) for p, c in zip(qo, log_c, strict=True) if p > 0)
    return total


@pytest.mark.parametrize("key", ["tmaze25", "random"])
def test_the_policy_tree_gives_what_every_policy_by_itself_gives(key: str) -> None:
    model = build(key)
    rng = np.random.default_rng(0)
    q = [rng.dirichlet(np.ones(n)) for n in model.num_states]
    joint_actions = list(itertools.product(*(range(n) for n in model.num_actions)))
    G = np.array([expected_free_energy(model, q, p) for p in itertools.product(joint_actions, repeat=model.horizon)])
    weights = np.exp(-model.gamma * (G - G.min()))
    assert np.allclose(plan(model, q), weights / weights.sum(), atol=1e-10)


def test_a_cue_that_is_right_in_95_of_100_cases_leaves_95_percent() -> None:
    model = tmaze(1)
    at_the_cue = predict(model, list(model.D), np.array([3, 0]))
    where, context = infer(model, at_the_cue, np.array([3, 0, 1]))
    assert where[3] == pytest.approx(1.0)
    assert context.tolist() == pytest.approx([0.95, 0.05])


def test_a_recorded_episode_is_possible_under_its_own_actions() -> None:
    model = build("chain4")
    episode, posteriors = record(model, steps=6, seed=0)
    assert episode.observations.shape == (6, 5)
    assert episode.actions.shape == (6, 4)
    assert posteriors.q_pi.shape == (6, 256)
    assert np.allclose(posteriors.q_pi.sum(axis=1), 1.0)
    assert (posteriors.qs[0].argmax(axis=1) == episode.observations[:, 0]).all()
