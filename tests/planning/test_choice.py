"""From the posterior over policies to an action."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.problems import with_habits

import actinf as ai


def model_of(utilities: list[float], num_actions: int | None = None) -> ai.Model:
    """One control; action a leads to outcome a for certain, which is worth utilities[a] nats."""
    n = len(utilities)
    B = np.repeat(np.eye(n)[:, None, :], n, axis=1)
    return ai.Model.from_arrays([np.eye(n)], [B], [np.array(utilities)])


def chosen(agent: ai.Agent, count: int, seed: int = 0) -> np.ndarray:
    """The first action of `count` agents of a run."""
    return np.array([agent.start(seed=seed, index=i).step([0]).action_index[0] for i in range(count)])


def within(frequency: float, p: float, count: int) -> bool:
    """Four standard errors."""
    return abs(frequency - p) <= 4 * np.sqrt(p * (1 - p) / count) + 1e-9


def test_without_alpha_the_most_probable_action_is_taken() -> None:
    agent = ai.Agent(model_of([0.0, 1.0, 0.5]), gamma=1.0)
    assert (chosen(agent, 50) == 1).all()
    np.testing.assert_array_equal(agent.start().step([0]).p_action, [0, 1, 0])


def test_ties_are_drawn_evenly_from_the_agents_own_stream() -> None:
    agent = ai.Agent(model_of([1.0, 0.0, 1.0]))
    drawn = chosen(agent, 1000)
    np.testing.assert_array_equal(agent.start().step([0]).p_action, [0.5, 0, 0.5])
    assert set(drawn) == {0, 2}
    assert within(np.mean(drawn == 0), 0.5, 1000)
    np.testing.assert_array_equal(chosen(agent, 1000), drawn)
    assert (chosen(agent, 1000, seed=1) != drawn).any()


def test_the_draw_changes_from_step_to_step_and_from_episode_to_episode() -> None:
    agent = ai.Agent(model_of([0.0, 0.0]))
    session = agent.start(seed=5)
    drawn = []
    for _ in range(30):
        drawn.append([session.step([None]).action_index[0] for _ in range(30)])
        session.next_episode()
    columns = np.array(drawn)
    assert within(columns.mean(), 0.5, columns.size)
    assert len({tuple(row) for row in columns}) == 30
    assert len({tuple(row) for row in columns.T}) == 30


@pytest.mark.parametrize(("gap", "tied"), [(0.0, True), (4e-10, True), (5e-9, False)])
def test_ties_are_values_within_a_billionth_of_a_nat(gap: float, tied: bool) -> None:
    p_action = ai.Agent(model_of([0.0, gap]), gamma=1.0).start().step([0]).p_action
    np.testing.assert_array_equal(p_action, [0.5, 0.5] if tied else [0, 1])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("gamma", [1.0, 16.0])
def test_what_is_the_same_from_left_and_right_is_a_tie(dtype: str, gamma: float) -> None:
    """Both arms of a maze whose cue tells nothing: rounding, which gamma multiplies, must not decide for one."""
    model = ai.envs.TMaze(cue_validity=0.5).model()
    for horizon in (1, 2, 3):
        agent = ai.Agent(model, planner=ai.Exhaustive(horizon=horizon), gamma=gamma, dtype=dtype)
        step = agent.start().step({"where": "centre", "cue": "none", "outcome": "none"})
        assert step.p_action[2] == step.p_action[3]


@pytest.mark.parametrize("alpha", [0.5, 1.0, 3.0])
def test_with_alpha_actions_are_sampled_in_proportion_to_the_power(alpha: float) -> None:
    agent = ai.Agent(model_of([0.0, 1.0, 0.4]), gamma=1.0, alpha=alpha)
    step = agent.start().step([0])
    wanted = step.q_action**alpha / (step.q_action**alpha).sum()
    np.testing.assert_allclose(step.p_action, wanted, rtol=1e-12)
    drawn = chosen(agent, 2000)
    for action in range(3):
        assert within(np.mean(drawn == action), wanted[action], 2000)


def test_the_marginal_is_over_the_joint_next_action() -> None:
    """Two controls whose actions have to match: factor by factor each is undecided, together two of four are right."""
    match = np.zeros((2, 2, 2))
    match[1] = np.eye(2)
    match[0] = 1 - np.eye(2)
    B = np.repeat(np.eye(2)[:, None, :], 2, axis=1)
    model = ai.Model.from_arrays([match], [B, B], [np.array([0.0, 3.0])], A_dependencies=[[0, 1]])
    agent = ai.Agent(model)
    np.testing.assert_allclose(agent.start().step([None]).p_action, [0.5, 0, 0, 0.5])
    for index in range(20):
        first, second = agent.start(index=index).step([None]).action_index
        assert first == second


def crowded() -> ai.Model:
    """Action 0 begins one very good policy and bad ones; action 1 begins only decent ones."""
    return with_habits(model_of([0.0, 0.0]), np.array([0.4, 0.0, 0.35, 0.25]))


def test_the_best_policy_may_begin_otherwise_than_the_best_action() -> None:
    planner = ai.Exhaustive(horizon=2)
    marginal = ai.Agent(crowded(), planner=planner).start().step([0])
    best = ai.Agent(crowded(), planner=planner, choice=ai.BestPolicy()).start().step([0])
    np.testing.assert_allclose(marginal.q_action, [0.4, 0.6])
    assert marginal.action_index == (1,)
    assert best.action_index == (0,)
    np.testing.assert_array_equal(best.p_action, [1.0, 0.0])


def test_policies_are_sampled_in_proportion_to_their_power() -> None:
    agent = ai.Agent(crowded(), planner=ai.Exhaustive(horizon=2), choice=ai.BestPolicy(), alpha=2.0)
    step = agent.start().step([0])
    weights = step.q_pi**2 / (step.q_pi**2).sum()
    wanted = [weights[:2].sum(), weights[2:].sum()]
    np.testing.assert_allclose(step.p_action, wanted, rtol=1e-12)
    assert within(np.mean(chosen(agent, 2000) == 0), wanted[0], 2000)


def test_best_policies_that_tie_are_drawn_by_policy_not_by_action() -> None:
    model = with_habits(model_of([0.0, 0.0]), np.array([0.3, 0.3, 0.3, 0.1]))
    agent = ai.Agent(model, planner=ai.Exhaustive(horizon=2), choice=ai.BestPolicy())
    np.testing.assert_allclose(agent.start().step([0]).p_action, [2 / 3, 1 / 3])
    assert within(np.mean(chosen(agent, 1000) == 0), 2 / 3, 1000)


@settings(max_examples=30)
@given(st.lists(st.floats(-4, 4), min_size=2, max_size=5), st.sampled_from([0.0, 0.3, 16.0]))
def test_gamma_sharpens_the_choice_between_policies(utilities: list[float], gamma: float) -> None:
    step = ai.Agent(model_of(utilities), gamma=gamma).start().step([0])
    weights = np.exp(gamma * (np.array(utilities) - max(utilities)))
    np.testing.assert_allclose(step.q_pi, weights / weights.sum(), atol=1e-9)


def test_policies_far_beyond_the_range_of_floats_are_weighed_without_overflow() -> None:
    step = ai.Agent(model_of([0.0, -5000.0, -4999.0]), gamma=16.0, alpha=0.001).start().step([0])
    np.testing.assert_allclose(step.q_pi, [1, 0, 0], atol=1e-12)
    assert np.isfinite(step.p_action).all()
