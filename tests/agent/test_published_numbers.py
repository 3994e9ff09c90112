"""Numbers that others have printed.

Smith, Friston and Whyte (2022), "A step-by-step tutorial on active inference and its application to empirical data",
Journal of Mathematical Psychology 107, 102632, and the scripts that come with it.  Each model is stated here from its
description.
"""

import math

import numpy as np
import pytest
from support.oracle import MeanField, Tables

import actinf as ai

BOTH = pytest.mark.parametrize("inference", [ai.FixedPoint(), ai.Exact()])
DIGITS = 5e-7  # six decimals are printed


def still(num_states: int) -> np.ndarray:
    return np.eye(num_states)[:, :, None]


@BOTH
def test_static_perception(inference: ai.FixedPoint | ai.Exact) -> None:
    """Prior (.75, .25); the likelihood tells the states apart four to one; outcome 0 is seen."""
    A = np.array([[0.8, 0.2], [0.2, 0.8]])
    model = ai.Model.from_arrays([A], [still(2)], D=[np.array([0.75, 0.25])])
    q = ai.Agent(model, inference=inference).start().step([0]).qs["factor_0"]
    np.testing.assert_allclose(q, [0.923077, 0.076923], atol=DIGITS)


@BOTH
def test_message_passing_over_two_time_steps(inference: ai.FixedPoint | ai.Exact) -> None:
    """A state that stays, seen twice through a likelihood of nine to one: .9² / (.9² + .1²) after the second time."""
    A = np.array([[0.9, 0.1], [0.1, 0.9]])
    session = ai.Agent(ai.Model.from_arrays([A], [still(2)]), inference=inference).start()
    session.step([0])
    assert session.step([0]).qs["factor_0"][0] == pytest.approx(0.987805, abs=DIGITS)


def test_free_energy_falls_to_the_surprise() -> None:
    """Even prior, likelihood of the outcome (.8, .2).

    F is .916291 at even beliefs, where the iteration starts, and .693147 = ln 2 at the posterior: −ln p(o).
    """
    A = np.array([[0.8, 0.2], [0.2, 0.8]])
    model = ai.Model.from_arrays([A], [still(2)])
    before = MeanField(Tables.of(model), [np.full(2, 0.5)], [0], 1e-16).free_energy([np.full(2, 0.5)])
    assert before == pytest.approx(0.916291, abs=DIGITS)
    for inference in (ai.FixedPoint(), ai.Exact()):
        assert ai.Agent(model, inference=inference).start().step([0]).F == pytest.approx(0.693147, abs=DIGITS)


def two_policies(A: np.ndarray, states: list[list[float]], C: list[float]) -> ai.Explanation:
    """Two actions that lead to these beliefs, whatever was before, explained."""
    B = np.stack([np.repeat(np.array(belief)[:, None], 2, axis=1) for belief in states], axis=2)
    agent = ai.Agent(ai.Model.from_arrays([A], [B], [np.array(C)]), planner=ai.Exhaustive(horizon=1))
    return agent.start().step([None]).explain()


def test_risk_of_two_policies() -> None:
    """Preferences (1, 0) with e^-16 in the place of zero, that is, log-preferences (0, −16) up to a constant."""
    A = np.array([[0.9, 0.1], [0.1, 0.9]])
    z = math.exp(-16)
    why = two_policies(A, [[0.9, 0.1], [0.5, 0.5]], [math.log(1 + z), math.log(z)])
    np.testing.assert_allclose(why.risk[:, 0, 0], [2.408606, 7.306853], atol=DIGITS)
    assert why.action == {"factor_0": "0"}


def test_ambiguity_of_two_policies() -> None:
    A = np.array([[0.4, 0.2], [0.6, 0.8]])
    why = two_policies(A, [[0.9, 0.1], [0.1, 0.9]], [0.0, 0.0])
    np.testing.assert_allclose(why.ambiguity[:, 0, 0], [0.655751, 0.517663], atol=DIGITS)
