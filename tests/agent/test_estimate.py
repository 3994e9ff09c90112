"""Estimates: bytes are at least what is allocated and not many times it; and nothing is built for them."""

import dataclasses
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import actinf as ai
from actinf.agent import Agent
from actinf.agent.estimate import MOST, estimate_agent

WORLDS = ai.envs
Case = tuple[Callable[[], ai.Model], dict[str, Any]]
LEARNING = ai.Learning(A=True, B=True, D=True, E=True)


def random_model(states: tuple[int, ...], obs: tuple[int, ...], actions: tuple[int, ...], **more: Any) -> ai.Model:
    return WORLDS.random_model(num_states=states, num_obs=obs, num_actions=actions, seed=1, **more)


def grid(size: int, **settings: float) -> Callable[[], ai.Model]:
    return lambda: WORLDS.GridWorld(width=size, height=size, **settings).model()


CASES: dict[str, Case] = {
    "T-maze, exact": (WORLDS.TMaze().model, {"inference": ai.Exact(), "planner": ai.Exhaustive(horizon=2)}),
    "T-maze, far": (WORLDS.TMaze().model, {"planner": ai.Exhaustive(horizon=6)}),
    "bandit that learns": (
        WORLDS.Bandit().learning_model,
        {"planner": ai.Exhaustive(novelty=True), "learning": ai.Learning(A=True)},
    ),
    "grid": (grid(10, slip=0.1, sensor_noise=0.1), {"planner": ai.Exhaustive(horizon=4)}),
    "large grid": (grid(20, slip=0.1), {"planner": ai.Exhaustive(horizon=5), "dtype": "float32"}),
    "certain grid": (grid(10), {"planner": ai.Exhaustive(horizon=6)}),
    "cue chain": (WORLDS.CueChain().model, {"planner": ai.Exhaustive(horizon=6)}),
    "all is learned": (
        lambda: random_model((3, 2), (6, 3), (2, 2)),
        {"planner": ai.Exhaustive(horizon=3, novelty=True), "learning": LEARNING},
    ),
    "factors that meet": (lambda: random_model((20, 20), (10, 10), (3, 3)), {"planner": ai.Exhaustive(horizon=2)}),
    "joint": (lambda: random_model((12, 12), (10, 10), (3, 3), density=0.3), {"inference": ai.Exact()}),
    "joint of factors that depend": (
        lambda: random_model((8, 9), (5,), (3, 2), density=0.4, B_dependencies=[[0, 1], [1]]),
        {"inference": ai.Exact(), "planner": ai.Exhaustive(horizon=2)},
    ),
    "dense, 1000 states": (lambda: random_model((1000,), (10,), (4,)), {"planner": ai.Exhaustive(horizon=4)}),
    "dense, 1000 states, single": (lambda: random_model((1000,), (10,), (2,)), {"dtype": "float32"}),
    "sparse, 1000 states": (
        lambda: random_model((1000,), (50,), (4,), density=0.01),
        {"planner": ai.Exhaustive(horizon=3)},
    ),
    "given policies": (
        lambda: random_model((12,), (5,), (4,)),
        {"planner": ai.Exhaustive(policies=np.random.default_rng(0).integers(0, 4, (300, 6)))},
    ),
}


def allocated(model: ai.Model, settings: dict[str, Any]) -> tuple[int, Agent]:
    """The most bytes at once until an agent and the buffers of one thread stand and a step was planned."""
    tracemalloc.start()
    try:
        agent = Agent(model, **settings)
        theta = agent.theta(agent.parameters)
        kept = [agent.program.workspace(agent.dtype), agent.program.recall_buffers(agent.dtype, whole=True)]
        kept += [agent.own_program, agent.theta(agent.parameters, own=True) if agent.packed_structure.joint else theta]
        if agent.plans_densely:
            states = agent.packed_structure.num_states[0]
            belief = np.full(states, 1 / states, dtype=agent.dtype)
            agent.dense_plan(theta[0]).expected_free_energy(belief, 0)
        return tracemalloc.get_traced_memory()[1], agent
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("case", CASES)
def test_bytes_are_what_is_allocated_or_up_to_three_times_that(case: str) -> None:
    make, settings = CASES[case]
    model = make()
    estimate = estimate_agent(model, **settings)
    taken, agent = allocated(model, settings)
    assert taken <= estimate.bytes <= 3 * taken + 2**17
    assert estimate.num_policies == agent.num_policies
    itemsize = np.dtype(agent.dtype).itemsize
    assert estimate.bytes_per_step_result == itemsize * (agent.program.lengths["out"])
    buffers = itemsize * agent.program.lengths["wf"] + 8 * agent.program.lengths["wi"]
    assert estimate.bytes_per_thread >= buffers
    own = agent.program.lengths["carry"] + (2 * agent.program.lengths["theta"] if agent.learning else 0)
    assert itemsize * own <= estimate.bytes_per_agent <= 3 * itemsize * own + 64


@pytest.mark.parametrize("horizon", [40, 10**9, 2**60])
def test_a_horizon_that_nobody_can_build_is_told_in_numbers(horizon: int) -> None:
    """It is counted with whole numbers, which do not overflow, and without going through the depths one by one."""
    estimate = estimate_agent(WORLDS.TMaze().model(), planner=ai.Exhaustive(horizon=horizon))
    assert estimate.num_policies == min(4**40 if horizon == 40 else MOST, MOST)
    assert estimate.bytes > 8 * estimate.num_policies
    assert estimate.seconds_per_step > 1e12
    assert np.isfinite(estimate.seconds_per_step)


def test_one_policy_that_is_long_costs_its_length() -> None:
    watched = random_model((3,), (3,), (1,))
    short, long = (estimate_agent(watched, planner=ai.Exhaustive(horizon=h)) for h in (10, 10**12))
    assert (short.num_policies, long.num_policies) == (1, 1)
    assert long.bytes > 10**12
    assert long.seconds_per_step > 1e9 * short.seconds_per_step


def test_a_joint_that_nobody_can_build_is_told_in_numbers() -> None:
    names = [f"f{i}" for i in range(400)]
    model = ai.Model(
        factors={name: list("abcdefgh") for name in names},
        modalities={"o": ["x", "y"]},
        controls={name: ["stay", "go"] for name in names},
        A_dependencies={"o": [names[0]]},
        A={"o": np.full((2, 8), 0.5)},
        B={name: np.repeat(np.eye(8)[:, :, None], 2, axis=2) for name in names},
    )
    estimate = estimate_agent(model, inference=ai.Exact(), planner=ai.Exhaustive(horizon=3))
    assert estimate.num_policies == MOST
    assert estimate.bytes > MOST
    assert np.isfinite(estimate.seconds_per_step)


def test_more_to_do_takes_longer() -> None:
    model = WORLDS.GridWorld(slip=0.1).model()
    base = estimate_agent(model, planner=ai.Exhaustive(horizon=2))
    for more in (
        estimate_agent(model, planner=ai.Exhaustive(horizon=4)),
        estimate_agent(model, planner=ai.Exhaustive(horizon=2), learning=LEARNING),
    ):
        assert more.seconds_per_step > base.seconds_per_step
        assert more.bytes_per_agent >= base.bytes_per_agent


def test_an_estimate_is_of_the_agent_with_the_defaults_where_nothing_is_said() -> None:
    model = WORLDS.TMaze().model()
    said = estimate_agent(model, planner=ai.Exhaustive(), inference=ai.FixedPoint(), learning=None, dtype="float64")
    assert dataclasses.asdict(estimate_agent(model)) == dataclasses.asdict(said)
