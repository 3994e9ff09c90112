"""What agents do in the bundled worlds: the behaviour for which each of them is known."""

import numpy as np
import pytest

import actinf as ai
from actinf.envs import Bandit, CueChain, GridWorld, TMaze

CENTRE, CUE, LEFT, RIGHT = range(4)


def places(world: TMaze, num_agents: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Location (agent, time) and context (agent,) of agents that know the maze, at horizon 2."""
    agent = ai.Agent(world.model(), planner=ai.Exhaustive(horizon=2), gamma=16.0)
    trace = ai.simulate(agent, world, num_agents=num_agents, num_steps=4, seed=0)
    return trace["state_location"].values[0], trace["state_context"].values[0, :, 0]


def test_in_the_tmaze_an_agent_asks_the_cue_and_then_goes_to_the_arm_it_names() -> None:
    location, context = places(TMaze(cue_validity=1.0))
    assert (location[:, 1] == CUE).all()
    assert (location[:, 2] == np.where(context == 0, LEFT, RIGHT)).all()
    assert (location[:, 3] == location[:, 2]).all()


def test_a_cue_that_errs_at_times_is_still_asked_first() -> None:
    location, context = places(TMaze())
    assert (location[:, 1] == CUE).all()
    assert np.mean(location[:, 2] == context + LEFT) == pytest.approx(0.95, abs=0.05)


def test_a_cue_that_knows_nothing_is_not_asked() -> None:
    location, context = places(TMaze(cue_validity=0.5))
    assert not (location[:, 1] == CUE).any()
    assert np.mean(location[:, 1] == context + LEFT) == pytest.approx(0.5, abs=0.12)


def test_on_a_grid_an_agent_walks_around_the_wall_to_the_goal() -> None:
    world = GridWorld(map=["S..#G", ".#.#.", ".#...", "....."])
    agent = ai.Agent(world.model(), planner=ai.Exhaustive(horizon=3))
    trace = ai.simulate(agent, world, num_agents=2, num_steps=12, seed=0)
    assert (trace["state_location"].values[0, :, -1] == world.goal).all()


def test_along_a_chain_of_cues_an_agent_finds_the_reward() -> None:
    world = CueChain(map=["..S..", "2.1.2", ".....", "R...R"])
    agent = ai.Agent(world.model(), planner=ai.Exhaustive(horizon=5))
    trace = ai.simulate(agent, world, num_agents=40, num_steps=14, seed=0)
    met = trace["obs_outcome"].values[0]
    first = np.argmax(met > 0, axis=1)
    assert (met[np.arange(40), first] == 1).mean() > 0.8


def test_at_the_bandit_an_agent_asks_for_the_hint_and_then_plays_what_it_named() -> None:
    world = Bandit(hint_validity=1.0)
    agent = ai.Agent(world.model(), planner=ai.Exhaustive(horizon=2))
    trace = ai.simulate(agent, world, num_agents=100, num_steps=3, seed=0)
    choice, better = trace["state_choice"].values[0], trace["state_better"].values[0]
    assert (choice[:, 1] == 1).all()
    assert (choice[:, 2] == 2 + better[:, 2]).all()


def test_after_a_reversal_a_learner_that_forgets_recovers_sooner() -> None:
    before = Bandit(better=1)
    schedule = {episode: before.reversed() for episode in range(3, 6)}
    share = {}
    for forgetting in (0.0, 0.1):
        agent = ai.Agent(
            before.learning_model(), alpha=4.0, learning=ai.Learning(A=True, forgetting=forgetting),
            planner=ai.Exhaustive(horizon=1),
        )  # fmt: skip
        trace = ai.simulate(
            agent, before, num_agents=50, num_steps=20, num_episodes=6, schedule=schedule, seed=0, record=["state"]
        )
        share[forgetting] = (trace["state_choice"].values == 3).mean(axis=(1, 2))
    assert share[0.1][:3].max() < 0.1
    assert share[0.1][5] > 0.4
    assert share[0.1][5] > share[0.0][5] + 0.3
