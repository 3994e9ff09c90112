"""One agent in its course: what it carries, what an error leaves behind, and how it is put aside and taken up again."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.comparison import side_by_side
from support.oracle import Impossible, SlowAgent
from support.problems import Problem, problems

import actinf as ai
from actinf.errors import ImpossibleObservation, ObservationError, SettingError


def assert_same_step(got: ai.Step, wanted: ai.Step) -> None:
    """Bit for bit."""
    assert got.action == wanted.action
    assert (got.time, got.episode, got.F, got.iterations) == (wanted.time, wanted.episode, wanted.F, wanted.iterations)
    for name in ("G", "q_pi", "q_action", "p_action"):
        np.testing.assert_array_equal(getattr(got, name), getattr(wanted, name), err_msg=name)
    for q, q_wanted in zip(got.qs.values(), wanted.qs.values(), strict=True):
        np.testing.assert_array_equal(q, q_wanted)


def tmaze(**settings: Any) -> ai.Agent:
    return ai.Agent(ai.Model.load("tmaze"), planner=ai.Exhaustive(horizon=2), **settings)


CENTRE = {"where": "centre", "cue": "none", "outcome": "none"}


def test_a_step_reports_what_the_readme_shows() -> None:
    step = tmaze().start(seed=0).step(CENTRE)
    assert step.action == {"location": "cue"}
    assert step.action_index == (1,)
    assert (step.time, step.episode, step.converged) == (0, 0, True)
    assert step.F == pytest.approx(0.0, abs=1e-12)
    assert {name: q.shape for name, q in step.qs.items()} == {"location": (4,), "context": (2,)}
    assert step.q_pi.shape == step.G.shape == (16,)
    assert step.q_action.shape == step.p_action.shape == (4,)
    assert repr(step) == "Step(time=0, action={'location': 'cue'}, F=0)"


def test_the_results_of_a_step_belong_to_it_alone() -> None:
    session = tmaze().start()
    first = session.step(CENTRE)
    kept = {name: q.copy() for name, q in first.qs.items()}
    G = first.G.copy()
    session.step({"where": "cue", "cue": "left", "outcome": "none"})
    np.testing.assert_array_equal(first.G, G)
    for name, q in first.qs.items():
        np.testing.assert_array_equal(q, kept[name])


def test_the_chosen_action_moves_beliefs_unless_another_was_executed() -> None:
    agent = tmaze()
    chosen, same, other = agent.start(), agent.start(), agent.start()
    for session in (chosen, same, other):
        assert session.step(CENTRE).action == {"location": "cue"}
    assert_same_step(same.step({}, executed={"location": "cue"}), chosen.step({}))
    assert other.step({}, executed={"location": "left"}).qs["location"][2] == 1.0
    assert chosen.step({}, executed=["left"]).qs["location"][2] == 1.0


def test_before_the_first_observation_executed_is_checked_and_says_nothing() -> None:
    plain, told = tmaze().start(), tmaze().start()
    assert_same_step(told.step(CENTRE, executed={"location": "left"}), plain.step(CENTRE))
    with pytest.raises(ObservationError, match="'nowhere'"):
        tmaze().start().step(CENTRE, executed={"location": "nowhere"})


@settings(max_examples=60)
@given(st.booleans().flatmap(lambda learning: problems(learning=learning, steps=4)), st.integers(0, 3))
def test_a_resumed_session_goes_on_bit_for_bit(problem: Problem, cut: int) -> None:
    """With counts, with a joint model, with habits; after a copy, a pickle, and in an agent made anew."""
    agent = problem.agent
    session = agent.start(seed=11, index=4)
    taken = session.snapshot()
    try:
        for t in range(cut):
            session.step(problem.observations[t], executed=problem.executed[t] if t else None)
            taken = session.snapshot()
    except ImpossibleObservation:
        cut = t
    twin = ai.Agent(
        agent.model, inference=agent.inference, planner=agent.planner, gamma=agent.gamma, alpha=agent.alpha,
        choice=agent.choice, learning=agent.learning, dtype=agent.dtype,
    )  # fmt: skip
    others = [agent.resume(taken), agent.resume(copy.deepcopy(taken)), twin.resume(pickle.loads(pickle.dumps(taken)))]
    for t in range(cut, 4):
        executed = problem.executed[t] if t else None
        try:
            wanted = session.step(problem.observations[t], executed=executed)
        except ImpossibleObservation:
            for other in others:
                with pytest.raises(ImpossibleObservation):
                    other.step(problem.observations[t], executed=executed)
            return
        for other in others:
            assert_same_step(other.step(problem.observations[t], executed=executed), wanted)


@settings(max_examples=60)
@given(st.booleans().flatmap(lambda learning: problems(learning=learning, steps=3)))
def test_a_timed_step_is_the_same_step_bit_for_bit(problem: Problem) -> None:
    """It is taken in two halves: with counts, with a joint model, with habits."""
    whole, halved = problem.agent.start(seed=7), problem.agent.start(seed=7)
    for t in range(3):
        executed = problem.executed[t] if t else None
        try:
            wanted = whole.step(problem.observations[t], executed=executed)
        except ImpossibleObservation:
            with pytest.raises(ImpossibleObservation):
                halved.timed_step(problem.observations[t], executed=executed)
        else:
            got, seconds = halved.timed_step(problem.observations[t], executed=executed)
            assert_same_step(got, wanted)
            assert seconds > 0
        assert halved.snapshot() == whole.snapshot()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda session: pickle.loads(pickle.dumps(session))])
@pytest.mark.parametrize("learning", [None, ai.Learning(A=True)])
def test_a_copy_goes_on_by_itself(copied: Any, learning: ai.Learning | None) -> None:
    """Buffers know one another by address: those of a copy are its own."""
    agent = ai.Agent(ai.Model.load("tmaze"), planner=ai.Exhaustive(horizon=2), learning=learning)
    session, witness = agent.start(), agent.start()
    for one in (session, witness):
        one.step(["centre", "none", "none"])
    other = copied(session)
    for _ in range(3):
        other.step(["cue", "left", "none"], executed=["cue"])
    del other
    kept, wanted = session.step(["cue", "right", "none"]), witness.step(["cue", "right", "none"])
    np.testing.assert_array_equal(kept.G, wanted.G)
    np.testing.assert_array_equal(kept.qs["context"], wanted.qs["context"])


def test_a_session_resumed_in_a_later_episode_draws_the_same_numbers() -> None:
    model = ai.Model.from_arrays([np.ones((1, 2))], [np.full((2, 2, 5), 0.5)])
    session = ai.Agent(model).start(seed=3, index=2)
    for _ in range(2):
        session.step([0])
        session.next_episode()
    session.step([0])
    again = session.agent.resume(session.snapshot())
    for _ in range(20):
        assert_same_step(again.step([0]), session.step([0]))


@pytest.mark.parametrize(
    "other",
    [
        {"planner": ai.Exhaustive(horizon=3)},
        {"inference": ai.Exact()},
        {"learning": ai.Learning(A=True)},
        {"dtype": "float32"},
        {"gamma": 1.0},
        {"alpha": 2.0},
        {"choice": ai.BestPolicy()},
    ],
)
def test_a_snapshot_of_other_settings_is_refused(other: dict[str, Any]) -> None:
    snapshot = tmaze().start().snapshot()
    agent = ai.Agent(ai.Model.load("tmaze"), **{"planner": ai.Exhaustive(horizon=2), **other})
    with pytest.raises(SettingError, match=r"the snapshot is of model .* but this agent is .*: resume it with"):
        agent.resume(snapshot)


def test_a_snapshot_of_another_model_is_refused() -> None:
    other = ai.Agent(ai.envs.TMaze(cue_validity=0.6).model(), planner=ai.Exhaustive(horizon=2))
    with pytest.raises(SettingError, match="the snapshot is of model"):
        other.resume(tmaze().start().snapshot())


def wrong_observations() -> dict[str, tuple[Any, list[str]]]:
    """What can be handed in by mistake, and words that the message has to hold."""
    return {
        "unknown modality": ({"were": "centre"}, ["'were'", "'where', 'cue', 'outcome'", "did you mean 'where'?"]),
        "unknown outcome": ({"cue": "lft"}, ["'cue'", "'lft'", "'none', 'left', 'right'", "did you mean 'left'?"]),
        "index too large": ({"cue": 3}, ["'cue'", "index 3", "0 to 2"]),
        "index negative": ({"cue": -1}, ["'cue'", "index -1", "0 to 2"]),
        "a boolean": ({"cue": True}, ["'cue'", "True"]),
        "a number": ({"cue": 1.0}, ["'cue'", "1.0", "distribution"]),
        "too few": (["centre", "none"], ["2 entries", "3 modalities", "None where it is missing"]),
        "a text": ("centre", ["'centre'", "neither a mapping", "'where', 'cue', 'outcome'"]),
        "a single index": (0, ["neither a mapping"]),
        "wrong shape": ({"cue": [0.5, 0.5]}, ["'cue'", "shape (2,)", "expected (3,)"]),
        "wrong sum": ({"cue": [0.5, 0.5, 0.5]}, ["'cue'", "sum is 1.5", "sum to 1"]),
        "negative weight": ({"cue": [1.5, -0.5, 0.0]}, ["'cue'", "non-negative"]),
        "NaN": ({"cue": [float("nan"), 1.0, 0.0]}, ["'cue'", "nan"]),
        "unknown in a distribution": ({"cue": {"left": 0.5, "rigth": 0.5}}, ["'rigth'", "did you mean 'right'?"]),
        "words in a distribution": ({"cue": ["a", "b", "c"]}, ["'cue'", "expected an outcome's name"]),
        "words as weights": ({"cue": {"left": "half"}}, ["'cue'", "expected an outcome's name"]),
    }


@pytest.mark.parametrize("case", wrong_observations())
def test_an_observation_that_the_model_does_not_know_is_named(case: str) -> None:
    observation, words = wrong_observations()[case]
    with pytest.raises(ObservationError) as refused:
        tmaze().start().step(observation)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize(
    ("executed", "words"),
    [
        ({"location": "nowhere"}, ["'location'", "'nowhere'", "'centre', 'cue', 'left', 'right'"]),
        ({"locations": "left"}, ["'locations'", "expected one of 'location'", "did you mean 'location'?"]),
        ({}, ["leaves out the control 'location'"]),
        ([], ["0 entries", "1 controls"]),
        (["left", "left"], ["2 entries", "1 controls"]),
        ([4], ["'location'", "4"]),
        ([-1], ["'location'", "-1"]),
        ([None], ["'location'", "None"]),
        ([True], ["'location'", "True"]),
    ],
)
def test_an_executed_action_that_the_model_does_not_know_is_named(executed: Any, words: list[str]) -> None:
    session = tmaze().start()
    session.step(CENTRE)
    with pytest.raises(ObservationError) as refused:
        session.step({}, executed=executed)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize(
    "observation",
    [
        {"where": "centre", "cue": "none", "outcome": "none"},
        {"where": 0, "cue": np.int64(0), "outcome": np.uint8(0)},
        ["centre", "none", "none"],
        ("centre", 0, "none"),
        np.array([0, 0, 0]),
        {"where": [1, 0, 0, 0], "cue": {"none": 1.0}, "outcome": np.array([1.0, 0.0, 0.0])},
    ],
)
def test_an_observation_may_be_given_by_name_by_index_or_as_weights(observation: Any) -> None:
    step, wanted = tmaze().start().step(observation), tmaze().start().step(CENTRE)
    for name, q in wanted.qs.items():
        np.testing.assert_allclose(step.qs[name], q, atol=1e-12)
    assert step.F == pytest.approx(wanted.F, abs=1e-12)


@settings(max_examples=60)
@given(problems(learning=True, kinds=("sparse", "certain"), steps=3), st.data())
def test_an_error_leaves_the_session_where_it_was(problem: Problem, data: st.DataObject) -> None:
    """The next observation gives what it would have given without the one that was refused."""
    agent = problem.agent
    calm, shaken = agent.start(seed=1), agent.start(seed=1)
    for t, observation in enumerate(problem.observations):
        executed = problem.executed[t] if t else None
        before = shaken.snapshot()
        for wrong in [[data.draw(st.integers(0, n - 1)) for n in agent.model.num_obs], ["nonsense"], {"nothing": 0}]:
            probe = agent.resume(before)
            try:
                probe.step(wrong, executed=executed)
            except ObservationError:
                with pytest.raises(ObservationError):
                    shaken.step(wrong, executed=executed)
                assert shaken.snapshot() == before
        try:
            wanted = calm.step(observation, executed=executed)
        except ImpossibleObservation:
            return
        assert_same_step(shaken.step(observation, executed=executed), wanted)


@settings(max_examples=60)
@given(problems(steps=3, surprises=False))
def test_without_executed_the_agents_own_choice_moves_its_beliefs(problem: Problem) -> None:
    agent, session, slow = problem.agent, problem.agent.start(seed=2), SlowAgent(problem.agent)
    before = None
    for observation in problem.observations:
        try:
            wanted = slow.step(observation, before)
        except Impossible:
            with pytest.raises(ImpossibleObservation):
                session.step(observation)
            return
        got = session.step(observation)
        if not slow.exact and (wanted.damped or not wanted.converged or not got.converged):
            return
        before = got.action_index
        for q, wanted_q in zip(got.qs.values(), wanted.qs, strict=True):
            np.testing.assert_allclose(q, wanted_q, atol=1e-6)
    assert len(before or ()) == len(agent.model.controls)


@pytest.mark.parametrize(
    "wrong",
    [{"seed": -1}, {"seed": 2**63}, {"seed": 1.5}, {"seed": True}, {"seed": None}, {"index": -1}, {"index": "0"}],
)
def test_seeds_and_indices_are_whole_numbers(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(SettingError, match=rf"start\({name}=.*: expected a whole number from 0 to 2\*\*63 - 1"):
        tmaze().start(**wrong)


def test_the_largest_seed_is_a_seed() -> None:
    assert tmaze().start(seed=2**63 - 1, index=2**63 - 1).step(CENTRE).action == {"location": "cue"}


def test_a_next_episode_begins_from_the_initial_state() -> None:
    session = tmaze().start()
    first = session.step(CENTRE)
    session.step({"where": "cue", "cue": "left", "outcome": "none"})
    session.next_episode()
    again = session.step(CENTRE)
    assert (again.episode, again.time) == (1, 0)
    np.testing.assert_array_equal(again.G, first.G)
    np.testing.assert_array_equal(again.qs["context"], first.qs["context"])


@settings(max_examples=30)
@given(problems(learning=True, kinds=("dense",), steps=3))
def test_a_next_episode_may_begin_with_the_counts_of_the_first(problem: Problem) -> None:
    agent = problem.agent
    session, fresh = agent.start(seed=1), agent.start(seed=1)
    for t, observation in enumerate(problem.observations):
        session.step(observation, executed=problem.executed[t] if t else None)
    session.next_episode(carry_counts=False)
    fresh.next_episode()
    for t, observation in enumerate(problem.observations):
        executed = problem.executed[t] if t else None
        assert_same_step(session.step(observation, executed=executed), fresh.step(observation, executed=executed))


@settings(max_examples=40)
@given(problems(learning=True, steps=2, dtype="float32"))
def test_results_have_the_type_that_was_asked_for(problem: Problem) -> None:
    for _, got in side_by_side(problem):
        assert {got.G.dtype, got.q_pi.dtype, *(q.dtype for q in got.qs.values())} == {np.dtype("float32")}
