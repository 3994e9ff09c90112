"""Perceiving without planning: the beliefs of a step, and no choice that could be mistaken for one."""

import numpy as np
import pytest

import actinf as ai

COURSE = [({"where": "centre", "cue": "none"}, None), ({"where": "cue", "cue": "left"}, {"location": "cue"})]


@pytest.mark.parametrize("inference", [ai.Exact(), ai.FixedPoint()])
@pytest.mark.parametrize("learning", [None, ai.Learning(A=True, D=True)])
def test_perceiving_gives_the_beliefs_of_a_step(
    inference: ai.Exact | ai.FixedPoint, learning: ai.Learning | None
) -> None:
    agent = ai.Agent(ai.Model.load("tmaze.yaml"), inference=inference, learning=learning)
    perceiving, stepping = agent.start(), agent.start()
    for observation, executed in COURSE:
        perceived, step = (
            perceiving.perceive(observation, executed=executed),
            stepping.step(observation, executed=executed),
        )
        assert perceived.F == step.F
        for name, q in perceived.qs.items():
            np.testing.assert_array_equal(q, step.qs[name])
    assert perceiving.snapshot().carry == stepping.snapshot().carry


@pytest.mark.parametrize("go_on", ["step", "perceive"])
def test_after_perceiving_it_has_to_be_told_what_was_executed(go_on: str) -> None:
    session = ai.Agent(ai.Model.load("tmaze.yaml")).start()
    session.perceive(COURSE[0][0])
    with pytest.raises(ai.errors.ObservationError, match="not known what was executed before step 1"):
        getattr(session, go_on)(COURSE[1][0])
    assert getattr(session, go_on)(COURSE[1][0], executed={"location": "cue"}).F >= 0.0
