"""Which policies are evaluated, in which order, and what the settings refuse."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.problems import with_habits

import actinf as ai
from actinf.errors import BudgetError, ModelError, SettingError


def two_controls(seed: int = 0) -> ai.Model:
    return ai.envs.random_model(num_states=(3, 2), num_obs=(4, 3), num_actions=(3, 2), seed=seed)


def test_policies_are_all_sequences_of_joint_actions_the_first_action_slowest() -> None:
    agent = ai.Agent(two_controls(), planner=ai.Exhaustive(horizon=2))
    joint = list(itertools.product(range(3), range(2)))
    assert agent.num_policies == 36
    assert agent.policies.tolist() == [[list(a), list(b)] for a in joint for b in joint]
    assert agent.policy_names()[1] == "0+0 > 0+1"


def test_a_model_without_controls_has_one_policy_which_does_nothing() -> None:
    model = ai.envs.random_model(num_states=(3,), num_obs=(2,), num_actions=(1,))
    agent = ai.Agent(model, planner=ai.Exhaustive(horizon=3))
    step = agent.start().step([1])
    assert agent.policies.shape == (1, 3, 0)
    assert step.action == {}
    np.testing.assert_array_equal(step.q_pi, [1.0])


@given(st.integers(0, 1000), st.integers(1, 3))
def test_given_policies_have_the_G_they_have_among_all(seed: int, horizon: int) -> None:
    """In any order, with repetitions, however few."""
    rng = np.random.default_rng(seed)
    model = two_controls(seed)
    everything = ai.Agent(model, planner=ai.Exhaustive(horizon=horizon))
    chosen = rng.integers(everything.num_policies, size=rng.integers(1, 12))
    some = ai.Agent(model, planner=ai.Exhaustive(policies=everything.policies[chosen]))
    np.testing.assert_array_equal(some.policies, everything.policies[chosen])
    wanted, got = (agent.start().step([1, 2]) for agent in (everything, some))
    np.testing.assert_allclose(got.G, wanted.G[chosen], atol=1e-12)
    weights = np.exp(-16.0 * (wanted.G[chosen] - wanted.G[chosen].min()))
    np.testing.assert_allclose(got.q_pi, weights / weights.sum(), atol=1e-10)


def test_policies_of_a_single_control_may_be_given_flat() -> None:
    model = ai.envs.random_model(num_states=(3,), num_obs=(2,), num_actions=(3,))
    flat = ai.Agent(model, planner=ai.Exhaustive(policies=[[0, 1], [2, 2]]))
    deep = ai.Agent(model, planner=ai.Exhaustive(policies=[[[0], [1]], [[2], [2]]]))
    np.testing.assert_array_equal(flat.policies, deep.policies)
    np.testing.assert_array_equal(flat.start().step([0]).G, deep.start().step([0]).G)
    assert flat.planner.horizon == 2


def test_given_policies_are_copied_and_cannot_be_changed() -> None:
    mine = np.array([[0, 1]])
    planner = ai.Exhaustive(policies=mine)
    mine[0, 0] = 5
    assert planner.policies.tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="read-only"):
        planner.policies[0, 0] = 1


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(1, 2))
def test_habits_weigh_policies_in_their_order(seed: int, horizon: int) -> None:
    model = two_controls(seed)
    plain = ai.Agent(model, planner=ai.Exhaustive(horizon=horizon), gamma=0.7)
    E = np.random.default_rng(seed).dirichlet(np.ones(plain.num_policies))
    habitual = ai.Agent(with_habits(model, E), planner=plain.planner, gamma=0.7)
    without, with_E = plain.start().step([1, 1]).q_pi, habitual.start().step([1, 1]).q_pi
    np.testing.assert_allclose(with_E, E * without / (E @ without), atol=1e-12)


def test_a_policy_whose_habit_is_zero_is_never_taken() -> None:
    model = ai.envs.random_model(num_states=(3,), num_obs=(2,), num_actions=(3,))
    step = ai.Agent(with_habits(model, np.array([0.0, 1.0, 0.0]))).start().step([0])
    np.testing.assert_array_equal(step.q_pi, [0.0, 1.0, 0.0])
    assert step.action_index == (1,)


@pytest.mark.parametrize("key", ["E", "pE"])
def test_habits_for_other_policies_are_refused(key: str) -> None:
    model = ai.envs.random_model(num_states=(2,), num_obs=(2,), num_actions=(3,))
    given_habits = ai.Model.from_arrays(list(model.A), list(model.B), **{key: np.full(4, 0.25)})
    with pytest.raises(ModelError, match=rf"{key} has 4 entries.*3 policies"):
        ai.Agent(given_habits, learning=ai.Learning(E=True))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"horizon": 0}, ["horizon=0", "at least 1"]),
        ({"horizon": 1.5}, ["horizon=1.5", "whole number"]),
        ({"horizon": True}, ["horizon=True", "whole number"]),
        (
            {"policies": [[0.5]]},
            ["policies", "float64", "expected integers of shape (num_policies, horizon, num_controls)"],
        ),
        ({"policies": [0, 1]}, ["shape (2,)", "expected integers of shape (num_policies, horizon, num_controls)"]),
        ({"policies": np.zeros((0, 2), dtype=int)}, ["shape (0, 2)"]),
        ({"policies": [[0, 1]], "horizon": 3}, ["horizon=3", "length 2"]),
        ({"policies": [[0], [1, 2]]}, ["policies", "expected integers of shape"]),
        ({"policies": [[0]], "horizon": True}, ["horizon=True"]),
        ({"max_memory": 0}, ["max_memory=0"]),
        ({"max_memory": "1 GB"}, ["max_memory='1 GB'"]),
        ({"novelty": "yes"}, ["novelty='yes'"]),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict, words: list[str]) -> None:
    with pytest.raises(SettingError) as refused:
        ai.Exhaustive(**settings)
    for word in words:
        assert word in str(refused.value)


def test_a_horizon_may_be_a_number_of_numpy() -> None:
    assert ai.Exhaustive(horizon=np.int64(2)).horizon == 2


@pytest.mark.parametrize(
    ("policies", "words"),
    [
        ([[0, 1]], ["shape (1, 2, 1)", "the model has 2 controls", "expected (1, 2, 2)"]),
        ([[[0, 0], [3, 1]]], ["holds action 3 for control 0", "which has 3 actions", "expected 0 to 2"]),
        ([[[0, 0], [0, -1]]], ["holds action -1 for control 1", "expected 0 to 1"]),
    ],
)
def test_policies_that_do_not_fit_the_model_are_refused(policies: list, words: list[str]) -> None:
    with pytest.raises(SettingError) as refused:
        ai.Agent(two_controls(), planner=ai.Exhaustive(policies=policies))
    for word in words:
        assert word in str(refused.value)


def test_a_tree_beyond_the_memory_is_refused_before_it_is_made_with_the_numbers() -> None:
    model = ai.envs.random_model(num_states=(10,), num_obs=(10,), num_actions=(6,))
    with pytest.raises(BudgetError) as refused:
        ai.Agent(model, planner=ai.Exhaustive(horizon=9))
    for word in ("horizon 9", "10,077,696 policies", "MiB", "max_memory=1,024 MiB", "shorten the horizon"):
        assert word in str(refused.value)
    with pytest.raises(BudgetError, match="max_memory=0 MiB"):
        ai.Agent(model, planner=ai.Exhaustive(horizon=2, max_memory=1000))


def test_more_policies_than_can_be_counted_are_refused_at_once() -> None:
    model = ai.envs.random_model(num_states=(2,), num_obs=(2,), num_actions=(6,))
    with pytest.raises(
        BudgetError, match=r"Exhaustive\(horizon=40\) with 6 joint actions means .* policies, more than can be"
    ):
        ai.Agent(model, planner=ai.Exhaustive(horizon=40, max_memory=2**60))
