"""A recorded subject under an agent's model."""

import numpy as np
import pytest
from hypothesis import given, settings
from support.comparison import side_by_side
from support.problems import Problem, problems

import actinf as ai
from actinf.errors import ImpossibleObservation, ObservationError


@settings(max_examples=40)
@given(problems(steps=3, surprises=False))
def test_evidence_is_what_a_session_finds_step_by_step(problem: Problem) -> None:
    agent = problem.agent
    actions = [*problem.executed[1:], problem.executed[0]]
    steps = [got for _, got in side_by_side(problem)]
    if len(steps) < 3:
        return
    evidence = agent.replay(problem.observations, actions)
    np.testing.assert_array_equal(evidence.q_pi, np.stack([step.q_pi for step in steps]))
    np.testing.assert_array_equal(evidence.G, np.stack([step.G for step in steps]))
    np.testing.assert_array_equal(evidence.F, [step.F for step in steps])
    for name, q in evidence.qs.items():
        np.testing.assert_array_equal(q, np.stack([step.qs[name] for step in steps]))
    shape = agent.model.num_controls or (1,)
    numbers = [int(np.ravel_multi_index(action or (0,), shape)) for action in actions]
    with np.errstate(divide="ignore"):
        wanted = [np.log(step.p_action[number]) for step, number in zip(steps, numbers, strict=True)]
    np.testing.assert_array_equal(evidence.log_p_action, wanted)
    assert evidence.log_likelihood == pytest.approx(np.sum(wanted), nan_ok=True)


def arms() -> ai.Agent:
    return ai.Agent(ai.envs.Bandit().model(), planner=ai.Exhaustive(horizon=2), alpha=2.0)


def test_the_likelihood_of_an_agents_own_actions_beats_that_of_others() -> None:
    agent = arms()
    trace = ai.simulate(agent, ai.envs.Bandit(), num_agents=20, num_steps=6, seed=0)
    own, other = 0.0, 0.0
    for i in range(20):
        row = trace.isel(agent=i, episode=0)
        observations = np.stack([row[f"obs_{m.name}"].values for m in agent.model.modalities], axis=1).tolist()
        actions = row["action_choice"].values[:, None].tolist()
        own += agent.replay(observations, actions).log_likelihood
        other += agent.replay(observations[:1], [[(actions[0][0] + 1) % 4]]).log_likelihood
    assert own > other
    assert np.isfinite(own)


def test_an_action_that_was_not_recorded_counts_for_nothing_and_is_the_agents_own() -> None:
    agent = arms()
    first = agent.start().step({"choice": "start", "hint": "none", "outcome": "none"})
    observations = [{"choice": "start", "hint": "none", "outcome": "none"}, {}]
    evidence = agent.replay(observations, [None, ["start"]])
    assert evidence.log_p_action[0] == 0.0
    explicit = agent.replay(observations, [first.action, ["start"]])
    np.testing.assert_array_equal(evidence.qs["choice"], explicit.qs["choice"])


def test_without_alpha_an_action_that_was_not_the_best_is_impossible() -> None:
    agent = ai.Agent(ai.envs.TMaze().model(), planner=ai.Exhaustive(horizon=2))
    start = {"where": "centre", "cue": "none", "outcome": "none"}
    assert agent.replay([start], [{"location": "cue"}]).log_likelihood == 0.0
    assert agent.replay([start], [{"location": "left"}]).log_likelihood == -np.inf


def test_recordings_that_make_no_sense_are_named() -> None:
    agent = arms()
    with pytest.raises(
        ObservationError, match="1 observations and 2 actions: expected one action after each observation"
    ):
        agent.replay([{}], [None, None])
    with pytest.raises(ObservationError, match="no observation: expected at least one step"):
        agent.replay([], [])
    with pytest.raises(ObservationError, match=r"'choice' has no 'arm_9'"):
        agent.replay([{}], [["arm_9"]])
    with pytest.raises(ImpossibleObservation, match="at step 1 is impossible"):
        agent.replay([{"choice": "start"}, {"choice": "hint"}], [["arm_1"], ["arm_1"]])
