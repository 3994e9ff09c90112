"""Policies that lead to the same belief share it, and nothing is changed by that."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.comparison import assert_agreement
from support.problems import Problem, columns, histories

import actinf as ai
from actinf.planning.belief_graph import grow, plant


@numba.njit
def grown(ints: np.ndarray, theta: np.ndarray, belief: np.ndarray, depth: int, wf: np.ndarray, wi: np.ndarray) -> int:
    """How many beliefs there are after so many actions."""
    plant(ints, belief, wf, wi)
    count = 1
    for d in range(1, depth + 1):
        count = grow(ints, theta, d, count, wf, wi)
    return count


def walk(size: int, slip: float) -> np.ndarray:
    """Left, stay, right on a line; left and right slip."""
    B = np.zeros((size, size, 3))
    for s in range(size):
        for action, target in enumerate((max(s - 1, 0), s, min(s + 1, size - 1))):
            B[target, s, action] += 1 - slip
            B[s, s, action] += slip
    return B


@settings(max_examples=25)
@given(st.sampled_from([0.0, 0.1, 0.25]), st.booleans(), st.integers(0, 1000), st.data())
def test_paths_that_meet_again_have_the_G_of_the_oracle(
    slip: float, given_policies: bool, seed: int, data: st.DataObject
) -> None:
    """On a line left-right and right-left end in one belief; with slips they do up to rounding, which is as good."""
    rng = np.random.default_rng(seed)
    model = ai.Model.from_arrays(
        [columns(rng, (4, 5), "sparse")], [walk(5, slip)], [rng.normal(size=4)], [columns(rng, (5,), "sparse")]
    )
    policies = rng.integers(0, 3, size=(9, 4, 1)) if given_policies else None
    agent = ai.Agent(model, planner=ai.Exhaustive(horizon=4 if given_policies else 3, policies=policies), gamma=2.0)
    assert_agreement(Problem(agent, *data.draw(histories(model, 2, surprises=False))), 1e-8)


@settings(max_examples=15)
@given(st.integers(0, 1000), st.data())
def test_factors_that_move_apart_and_together_have_the_G_of_the_oracle(seed: int, data: st.DataObject) -> None:
    """A line walked by one control, a switch that depends on the place, and a clock that nobody moves."""
    rng = np.random.default_rng(seed)
    switch = columns(rng, (2, 2, 3, 2), "sparse")
    clock = np.roll(np.eye(3), 1, axis=0)[:, :, None]
    model = ai.Model.from_arrays(
        [columns(rng, (3, 3, 2), "sparse"), columns(rng, (2, 3), "dense"), columns(rng, (4, 3, 2), "dense")],
        [walk(3, 0.1), switch, clock],
        [rng.normal(size=n) for n in (3, 2, 4)],
        A_dependencies=[[0, 1], [2], [2, 1]],
        B_dependencies=[[0], [1, 0], [2]],
    )
    agent = ai.Agent(model, inference=ai.FixedPoint(max_iterations=300), planner=ai.Exhaustive(horizon=2), gamma=1.0)
    assert_agreement(Problem(agent, *data.draw(histories(model, 2, surprises=False))), 1e-7)


def test_a_long_horizon_on_a_line_costs_no_more_than_its_places() -> None:
    """3^9 = 19,683 policies end in at most 5 beliefs: G of a policy depends on nothing but the places it visits."""
    rng = np.random.default_rng(0)
    A = np.eye(5)
    model = ai.Model.from_arrays([A], [walk(5, 0.0)], [rng.normal(size=5)], [np.eye(5)[2]])
    agent = ai.Agent(model, planner=ai.Exhaustive(horizon=9))
    step = agent.start().step([2])
    cost = np.log(np.exp(model.C[0][0]).sum()) - model.C[0][0]
    place, wanted = np.full(agent.num_policies, 2), np.zeros(agent.num_policies)
    for actions in agent.policies[:, :, 0].T:
        place = np.clip(place + actions - 1, 0, 4)
        wanted += cost[place]
    np.testing.assert_allclose(step.G, wanted, atol=1e-10)


def test_preferences_that_change_are_read_at_each_depth_though_the_beliefs_no_longer_change() -> None:
    """From the middle of three places every later depth holds the same three beliefs: only C tells them apart."""
    C = np.random.default_rng(1).normal(size=(5, 3))
    model = ai.Model.from_arrays([np.eye(3)], [walk(3, 0.0)], [C], [np.eye(3)[1]])
    agent = ai.Agent(model, planner=ai.Exhaustive(horizon=6))
    step = agent.start().step([1])
    cost = np.log(np.exp(C).sum(axis=1, keepdims=True)) - C
    place, wanted = np.full(agent.num_policies, 1), np.zeros(agent.num_policies)
    for depth, actions in enumerate(agent.policies[:, :, 0].T, start=1):
        place = np.clip(place + actions - 1, 0, 2)
        wanted += cost[min(depth, 4)][place]
    np.testing.assert_allclose(step.G, wanted, atol=1e-10)


def test_beliefs_that_swap_places_between_depths_are_not_taken_for_settled() -> None:
    """Two states that change places at every step: as many beliefs at every depth, never the same in the same order."""
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])[:, :, None]
    model = ai.Model.from_arrays([np.eye(2)], [swap], [np.array([1.0, 0.0])], [np.array([1.0, 0.0])])
    costs = np.log1p(np.exp([-1.0, 1.0]))
    np.testing.assert_allclose(
        ai.Agent(model, planner=ai.Exhaustive(horizon=5)).start().step([0]).G,
        [costs[[1, 0, 1, 0, 1]].sum()],
        atol=1e-12,
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("slip", [0.1, 0.3])
def test_the_same_moves_in_another_order_end_in_the_same_node(dtype: str, slip: float) -> None:
    """Left and right with slips, however ordered, are sums of the same products: only how often counts, 15 ways."""
    model = ai.Model.from_arrays([np.eye(15)], [walk(15, slip)], [np.arange(15.0)], [np.eye(15)[7]])
    agent = ai.Agent(model, planner=ai.Exhaustive(horizon=4), dtype=dtype)
    theta = agent.theta(agent.parameters)[0]
    belief = np.eye(15, dtype=dtype)[7]
    counts = [
        grown(agent.program.ints, theta, belief, depth, *agent.program.workspace(dtype)) for depth in (1, 2, 3, 4)
    ]
    assert counts == [3, 6, 10, 15]


@pytest.mark.parametrize("count", [3, 40])
def test_many_steps_wear_out_no_table(count: int) -> None:
    """Hash tables are emptied by a stamp, not cleared: what a step finds does not depend on how many went before."""
    model = ai.envs.random_model(num_states=(4, 3), num_obs=(5,), num_actions=(2, 2), seed=2)
    agent = ai.Agent(model, inference=ai.Exact(), planner=ai.Exhaustive(horizon=3))
    old, observation = agent.start(), [1]
    for _ in range(count):
        old.step(observation, executed=[0, 0])
    last = old.step(observation, executed=[1, 0])
    young = agent.resume(old.snapshot())
    again = young.step(observation, executed=[0, 1])
    np.testing.assert_array_equal(old.step(observation, executed=[0, 1]).G, again.G)
    assert np.isfinite(last.G).all()


def test_what_underflows_in_float32_is_not_reached() -> None:
    """1e-30 · 1e-30 is positive in double precision and zero in single.

    A state reached by nothing else was once listed again for every such product, past the end of the list.
    """
    near, still = np.array([1.0, 1e-30, 1e-30]), np.eye(3)[:, :, None]
    B = np.zeros((2, 3, 3, 2))
    B[0] = 1.0
    B[0, 1:, 1:], B[1, 1:, 1:] = 0.0, 1.0  # state 1 only where both others are in states they are hardly ever in
    B[:, 0, 0, 1] = 0.5
    model = ai.Model.from_arrays(
        [np.eye(2)],
        [B, still, still],
        [np.array([0.0, 1.0])],
        [np.full(2, 0.5), near, near],
        A_dependencies=[[0]],
        B_dependencies=[[1, 2], [1], [2]],
    )
    double, single = (
        ai.Agent(model, planner=ai.Exhaustive(horizon=3), dtype=dtype).start() for dtype in ("float64", "float32")
    )
    for _ in range(10):
        np.testing.assert_allclose(single.step([None]).G, double.step([None]).G, atol=1e-4)
