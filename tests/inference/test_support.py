"""What is possible is decided on zeros, never on small numbers."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.oracle import Tables, evidence, marginals, product
from support.problems import models

import actinf as ai
from actinf.errors import ImpossibleObservation

BOTH = pytest.mark.parametrize("inference", [ai.FixedPoint(), ai.Exact()])


@given(models(kinds=("sparse", "certain")))
def test_an_observation_is_refused_exactly_when_no_joint_state_allows_it(model: ai.Model) -> None:
    tables = Tables.of(model)
    agents = [ai.Agent(model, inference=inference) for inference in (ai.FixedPoint(), ai.Exact())]
    for observation in itertools.product(*([None, *range(n)] for n in model.num_obs)):
        possible = product(tables.D) * evidence(tables, list(observation)) > 0
        for agent in agents:
            if not possible.any():
                with pytest.raises(ImpossibleObservation):
                    agent.start().step(observation)
                continue
            step = agent.start().step(observation)
            assert step.impossibility_tested
            for q, allowed in zip(step.qs.values(), marginals(possible.astype(float)), strict=True):
                np.testing.assert_array_equal(q > 0, allowed > 0)


@BOTH
def test_every_weighted_outcome_of_a_soft_observation_has_to_be_possible(inference: ai.FixedPoint | ai.Exact) -> None:
    A = np.array([[0.5, 0.0], [0.5, 0.5], [0.0, 0.5]])
    agent = ai.Agent(ai.Model.from_arrays([A], [np.eye(2)[:, :, None]]), inference=inference)
    np.testing.assert_allclose(agent.start().step([[0.5, 0.5, 0.0]]).qs["factor_0"], [1.0, 0.0], rtol=1e-12)
    np.testing.assert_allclose(agent.start().step([[0.0, 0.01, 0.99]]).qs["factor_0"], [0.0, 1.0], rtol=1e-12)
    with pytest.raises(ImpossibleObservation):
        agent.start().step([[0.01, 0.0, 0.99]])


def test_a_contradiction_between_modalities_is_found_over_the_joint() -> None:
    """Each of the three comparisons is possible; a, b and c cannot all differ when each has two states."""
    differ = np.stack([np.eye(2), 1 - np.eye(2)])
    model = ai.Model.from_arrays([differ] * 3, [np.eye(2)[:, :, None]] * 3, A_dependencies=[[0, 1], [1, 2], [0, 2]])
    for inference in (ai.FixedPoint(), ai.Exact()):
        agent = ai.Agent(model, inference=inference)
        agent.start().step([1, 1, 0])
        agent.start().step([1, 1, None])
        with pytest.raises(
            ImpossibleObservation, match=r"\[1, 1, 1\] at step 0 is impossible: no joint state that the init"
        ):
            agent.start().step([1, 1, 1])


@BOTH
def test_a_state_that_was_excluded_stays_excluded(inference: ai.FixedPoint | ai.Exact) -> None:
    model = ai.Model.from_arrays([np.eye(3)], [np.eye(3)[:, :, None]], A_dependencies=[[0]])
    session = ai.Agent(model, inference=inference).start()
    session.step([1])
    with pytest.raises(
        ImpossibleObservation, match="at step 1 is impossible: no joint state that the beliefs of the step"
    ):
        session.step([2])


def test_where_the_joint_is_beyond_the_budget_the_step_says_that_it_was_not_tested() -> None:
    size = 260  # 260 · 260 joint states are more than the 65,536 that are tested
    A = np.zeros((2, size, size))
    A[0], A[1] = 1.0, 0.0
    A[:, 0, 0] = 0.0, 1.0
    still = np.eye(size)[:, :, None]
    agent = ai.Agent(ai.Model.from_arrays([A], [still, still], A_dependencies=[[0, 1]]), inference=ai.FixedPoint())
    step = agent.start().step([1])
    assert not step.impossibility_tested
    assert repr(step).endswith(", not tested to be possible)")
    small = ai.Model.from_arrays([A[:, :9, :9]], [still[:9, :9]] * 2, A_dependencies=[[0, 1]])
    assert ai.Agent(small).start().step([1]).impossibility_tested


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-12, 1e-30, 1e-200]))
def test_a_state_of_tiny_probability_is_not_an_impossible_one(seed: int, tiny: float) -> None:
    """The prior says "all but never", the observation says "now": that is surprising, and it is what happened."""
    rng = np.random.default_rng(seed)
    A = np.zeros((3, 3))
    A[0, :2], A[1, 2] = 1.0, 1.0
    A[2, 0], A[0, 0] = 0.25, 0.75
    D = np.array([rng.random(), rng.random(), 0.0])
    D = D / D.sum() * (1 - tiny) + np.array([0, 0, tiny])
    for inference in (ai.FixedPoint(), ai.Exact()):
        step = (
            ai.Agent(ai.Model.from_arrays([A], [np.eye(3)[:, :, None]], D=[D]), inference=inference).start().step([1])
        )
        np.testing.assert_allclose(step.qs["factor_0"], [0, 0, 1], atol=1e-12)
