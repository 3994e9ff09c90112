"""What is expected next: the same as when it is written out with dense tables."""

import numpy as np
import pytest

import actinf as ai
from actinf.agent.prediction import Prediction


def expected_by_hand(model: ai.Model, joint: np.ndarray) -> dict[str, np.ndarray]:
    """q(o) of every modality for a belief over the joint of all factors, (*num_states)."""
    letters = "abcdefgh"[: joint.ndim]
    return {
        modality.name: np.einsum(
            f"z{''.join(letters[f] for f in parents)},{letters}->z", model.A[modality.name].dense(), joint
        )
        for modality, parents in zip(model.modalities, model.A_dependencies)
    }


@pytest.mark.parametrize("inference", [ai.Exact(), ai.FixedPoint()], ids=["exact", "fixed point"])
def test_at_the_start_of_an_episode_it_is_what_the_initial_states_show(inference: ai.Exact | ai.FixedPoint) -> None:
    model = ai.Model.load("tmaze")
    agent = ai.Agent(model, inference=inference)
    prior = np.multiply.outer(*model.D)
    found = Prediction.of(agent, agent.start().snapshot()).outcomes()
    for name, expected in expected_by_hand(model, prior).items():
        np.testing.assert_allclose(found[name], expected, atol=1e-15)


@pytest.mark.parametrize("inference", [ai.Exact(), ai.FixedPoint()], ids=["exact", "fixed point"])
def test_after_a_step_it_follows_the_action_that_was_chosen(inference: ai.Exact | ai.FixedPoint) -> None:
    model = ai.Model.load("tmaze")
    agent = ai.Agent(model, inference=inference, planner=ai.Exhaustive(horizon=2))
    session = agent.start()
    for observation in ({"where": "centre"}, {"where": "cue", "cue": "left"}):
        step = session.step(observation)
        beliefs = step.qs
        location, context = (
            np.tensordot(model.B[name].dense()[..., index], beliefs[name], 1)
            for name, index in (("location", step.action_index[0]), ("context", 0))
        )
        found = Prediction.of(agent, session.snapshot()).outcomes()
        for name, expected in expected_by_hand(model, np.multiply.outer(location, context)).items():
            np.testing.assert_allclose(found[name], expected, atol=1e-12)


def test_what_was_learned_is_expected() -> None:
    model = ai.Model(
        factors={"s": 1}, modalities={"o": ["x", "y"]}, A={"o": [[0.5], [0.5]]}, B={"s": "identity"}, pA={"o": 2.0}
    )
    session = ai.Agent(model, learning=ai.Learning(A=True)).start()
    for _ in range(2):
        session.step({"o": "x"})
    found = Prediction.of(session.agent, session.snapshot()).outcomes()["o"]
    np.testing.assert_allclose(found, [3 / 4, 1 / 4])


def test_what_is_drawn_can_always_be_observed_and_is_as_frequent_as_expected() -> None:
    agent = ai.Agent(ai.Model.load("tmaze"), inference=ai.Exact(), planner=ai.Exhaustive(horizon=2))
    session, random = agent.start(), np.random.default_rng(0)
    for _ in range(30):
        session.step(Prediction.of(agent, session.snapshot()).draw(random))
    session.next_episode()
    session.step({"where": "centre"})
    prediction = Prediction.of(agent, session.snapshot())
    cues = [prediction.draw(random)["cue"] for _ in range(400)]
    assert abs(cues.count("left") / 400 - prediction.outcomes()["cue"][1]) < 0.1
