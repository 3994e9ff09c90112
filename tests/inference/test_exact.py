"""Exact filtering against the enumeration of everything that can have happened."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.comparison import assert_agreement
from support.oracle import Tables, joint_of_trajectory, marginals
from support.problems import Problem, problems

import actinf as ai

EXACT = st.just(ai.Exact())


@settings(max_examples=60)
@given(problems(inference=EXACT, factors=2, surprises=False))
def test_beliefs_and_evidence_are_those_of_all_trajectories_added_up(problem: Problem) -> None:
    tables, session = Tables.of(problem.agent.model), problem.agent.start()
    before = 1.0
    for t, observation in enumerate(problem.observations):
        step = session.step(observation, executed=problem.executed[t])
        joint = joint_of_trajectory(tables, problem.observations[: t + 1], problem.executed[1 : t + 1])
        belief = joint.sum(axis=tuple(range(t))).reshape(tables.num_states) / joint.sum()
        for q, wanted in zip(step.qs.values(), marginals(belief), strict=True):
            np.testing.assert_allclose(q, wanted, atol=1e-10)
        assert step.F == pytest.approx(-math.log(joint.sum() / before), abs=1e-9)
        before = joint.sum()


@given(problems(inference=EXACT))
def test_everything_agrees_with_the_oracle(problem: Problem) -> None:
    assert_agreement(problem, 1e-10)


@given(problems(inference=EXACT, dtype="float32"))
def test_float32_agrees_with_the_oracle_to_its_own_precision(problem: Problem) -> None:
    assert_agreement(problem, 2e-5)


def two_coins_and_their_difference() -> ai.Model:
    """Two fair coins are seen only through whether they agree; the first can be turned; disagreement is preferred."""
    same = np.array([[[0.9, 0.1], [0.1, 0.9]], [[0.1, 0.9], [0.9, 0.1]]])
    turn = np.stack([np.eye(2), np.eye(2)[::-1]], axis=2)
    return ai.Model.from_arrays(
        [same],
        [turn, np.eye(2)[:, :, None]],
        C=[np.array([0.0, 3.0])],
        A_dependencies=[[0, 1]],
    )


def test_exact_inference_plans_otherwise_than_mean_field_where_factors_are_entangled() -> None:
    """The observation makes the coins agree or not, which no product of marginals can say.

    An exact agent that has seen "same" turns its coin, to see "different", which it prefers.  Under mean field both
    coins are still fair, and turning one of them makes no difference.
    """
    model = two_coins_and_their_difference()
    exact = ai.Agent(model, inference=ai.Exact()).start().step([0])
    mean_field = ai.Agent(model, inference=ai.FixedPoint()).start().step([0])
    for step in (exact, mean_field):
        for q in step.qs.values():
            np.testing.assert_allclose(q, [0.5, 0.5], atol=1e-12)
    assert exact.q_pi[1] > 0.99
    np.testing.assert_allclose(mean_field.q_pi, [0.5, 0.5], atol=1e-12)
    assert exact.F == pytest.approx(math.log(2))
    assert mean_field.F > exact.F + 0.1


def test_exact_filtering_follows_beliefs_that_no_marginals_hold() -> None:
    session = ai.Agent(two_coins_and_their_difference(), inference=ai.Exact()).start()
    session.step([0])
    surprise = session.step([1], executed=[0])
    assert surprise.F == pytest.approx(-math.log(0.9 * 0.1 + 0.1 * 0.9))


def test_a_joint_beyond_the_budget_is_refused_with_the_numbers() -> None:
    model = two_coins_and_their_difference()
    with pytest.raises(
        ai.errors.BudgetError, match=r"2 × 2 = 4 states, but max_joint_states is 3: raise it, or use Fixed"
    ):
        ai.Agent(model, inference=ai.Exact(max_joint_states=3))
    ai.Agent(model, inference=ai.Exact(max_joint_states=4))


@pytest.mark.parametrize("value", [0, 1.5, True, "many"])
def test_a_budget_that_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(
        ai.errors.SettingError, match=rf"max_joint_states={value!r}\): expected a whole number of at least 1"
    ):
        ai.Exact(max_joint_states=value)  # type: ignore[arg-type]


def test_the_budget_of_joint_states_holds_for_a_single_factor_too() -> None:
    model = ai.Model.from_arrays([np.eye(5)], [np.eye(5)[:, :, None]])
    with pytest.raises(ai.errors.BudgetError, match="5 = 5 states, but max_joint_states is 4"):
        ai.Agent(model, inference=ai.Exact(max_joint_states=4))


def test_a_state_that_is_all_but_impossible_stays_possible() -> None:
    """Evidence of e^-391 at each of four steps underflows; then comes an observation that only that state explains."""
    tiny = 1e-170
    A = np.array([[1.0 - tiny, tiny, 0.0], [tiny, 1.0 - tiny, 0.0], [0.0, 0.0, 1.0]])
    A = np.stack([A[0], A[1], A[2]])
    B = np.eye(3)[:, :, None]
    session = ai.Agent(ai.Model.from_arrays([A], [B], D=[np.array([0.5, 0.5, 0.0])]), inference=ai.Exact()).start()
    for _ in range(4):
        step = session.step([0])
    assert step.qs["factor_0"][1] > 0
    step = session.step([1])
    assert np.isfinite(step.F)
    assert step.qs["factor_0"].sum() == pytest.approx(1.0)
