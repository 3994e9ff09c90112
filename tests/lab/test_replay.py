"""A replayed agent is the recorded one: its beliefs, its policies and its reasons."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from actinf.agent import Agent
from actinf.errors import TraceError
from actinf.lab.experiment import Experiment
from actinf.lab.experiment_file import read_experiment
from actinf.lab.replay import explain_step, replay_episode
from actinf.lab.simulate import simulate


@pytest.fixture
def experiment(experiment_file: Path) -> Experiment:
    return read_experiment(experiment_file)


@pytest.fixture
def agent(experiment: Experiment) -> Agent:
    return experiment.agent.build(experiment.model)


@pytest.fixture
def trace(agent: Agent) -> xr.Dataset:
    return simulate(agent, num_agents=3, num_steps=4, num_episodes=2, seed=5)


@pytest.mark.parametrize("episode", [0, 1])
def test_replayed_beliefs_and_policies_are_the_recorded_ones(
    agent: Agent, experiment: Experiment, trace: xr.Dataset, episode: int
) -> None:
    one = replay_episode(agent, experiment, trace, index=2, episode=episode)
    for name in ("qs_location", "qs_context", "q_pi", "G", "F"):
        np.testing.assert_allclose(one[name][0, 0], trace[name][episode, 2], atol=1e-12, err_msg=name)
    np.testing.assert_array_equal(one["state_context"][0, 0], trace["state_context"][episode, 2])
    assert one.coords["agent"].item() == 2
    assert one.coords["episode"].item() == episode


def test_without_learning_earlier_episodes_need_not_be_lived_again(experiment: Experiment) -> None:
    import dataclasses

    forgetful = dataclasses.replace(experiment, agent=dataclasses.replace(experiment.agent, learning=None))
    agent = forgetful.agent.build(forgetful.model)
    trace = simulate(agent, num_agents=2, num_steps=4, num_episodes=3, seed=5)
    one = replay_episode(agent, forgetful, trace, index=1, episode=2)
    np.testing.assert_allclose(one["q_pi"][0, 0], trace["q_pi"][2, 1], atol=1e-12)


def test_counts_that_are_not_carried_over_start_again(experiment: Experiment, agent: Agent) -> None:
    import dataclasses

    fresh = dataclasses.replace(experiment, carry_counts=False)
    trace = simulate(agent, num_agents=2, num_steps=4, num_episodes=2, seed=5, carry_counts=False)
    one = replay_episode(agent, fresh, trace, index=1, episode=1)
    np.testing.assert_allclose(one["qs_context"][0, 0], trace["qs_context"][1, 1], atol=1e-12)


def test_the_reasons_for_a_step_are_those_of_the_recorded_step(
    agent: Agent, experiment: Experiment, trace: xr.Dataset
) -> None:
    reasons = explain_step(agent, experiment, trace, index=1, episode=1, time=2)
    np.testing.assert_allclose(reasons.terms.G, trace["G"][1, 1, 2], atol=1e-12)
    np.testing.assert_allclose(sum(reasons.terms.parts.values()), trace["G"][1, 1, 2], atol=1e-9)
    assert reasons.action_index == (int(trace["action_location"][1, 1, 2]),)
    assert sum(reasons.q_action.values()) == pytest.approx(1.0)


def test_a_missing_observation_is_replayed_as_missing(agent: Agent, experiment: Experiment, trace: xr.Dataset) -> None:
    trace["obs_hint"][:] = -1
    trace["action_location"][:] = -1
    with pytest.raises(TraceError, match="replayed, the agent does"):
        replay_episode(agent, experiment, trace, index=0, episode=0)


def test_a_trace_of_other_agents_is_noticed(agent: Agent, experiment: Experiment, trace: xr.Dataset) -> None:
    trace["action_location"][:] = (trace["action_location"] + 1) % 4
    with pytest.raises(TraceError, match="it is of another model, seed or version"):
        explain_step(agent, experiment, trace, index=0, episode=0, time=3)


@pytest.mark.parametrize(
    ("index", "episode", "time", "said"),
    [
        (3, 0, 0, "there is no agent 3: the run has 3"),
        (0, 2, 0, "there is no episode 2"),
        (0, 0, 4, "there is no step 4"),
    ],
)
def test_who_is_not_there_is_named(
    agent: Agent, experiment: Experiment, trace: xr.Dataset, index: int, episode: int, time: int, said: str
) -> None:
    with pytest.raises(TraceError, match=said):
        explain_step(agent, experiment, trace, index=index, episode=episode, time=time)


def test_what_was_not_recorded_and_is_needed_is_named(agent: Agent, experiment: Experiment, trace: xr.Dataset) -> None:
    with pytest.raises(TraceError, match="'obs_hint' was not recorded"):
        explain_step(agent, experiment, trace.drop_vars("obs_hint"), index=0, episode=0, time=0)
