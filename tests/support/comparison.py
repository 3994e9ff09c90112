"""An agent beside the oracle, step by step."""

from collections.abc import Iterator

import numpy as np
import pytest
from support.oracle import Impossible, SlowAgent, SlowStep
from support.problems import Problem

import actinf as ai
from actinf.errors import ImpossibleObservation


def side_by_side(problem: Problem) -> Iterator[tuple[SlowStep, ai.Step]]:
    """What the oracle and the engine find at each step, up to where they may part.

    They may part after mean-field beliefs that have not settled, or only by taking shorter steps: where such an
    iteration ends is nobody's definition.  After an impossible observation there is nothing to compare.  In float32
    what is as improbable as e^-87 underflows, and what only that could have brought about counts as impossible there.
    """
    slow, session = SlowAgent(problem.agent), problem.agent.start(seed=3)
    for observation, executed in zip(problem.observations, problem.executed, strict=True):
        try:
            wanted = slow.step(observation, executed)
        except Impossible:
            with pytest.raises(ImpossibleObservation):
                session.step(observation, executed=executed)
            return
        try:
            got = session.step(observation, executed=executed)
        except ImpossibleObservation:
            if problem.agent.dtype == "float32" and wanted.F > 30.0:
                return
            raise
        if not slow.exact and (wanted.damped or not wanted.converged or not got.converged):
            return
        yield wanted, got


def assert_agreement(problem: Problem, tolerance: float) -> None:
    """Beliefs, F, every term of G, policies and the choice agree; q_π within what γ makes of the tolerance."""
    agent = problem.agent
    of_G = 30 * tolerance
    of_policies = of_G * max(agent.gamma, 1.0)
    for wanted, got in side_by_side(problem):
        for q, wanted_q in zip(got.qs.values(), wanted.qs, strict=True):
            np.testing.assert_allclose(q, wanted_q, atol=tolerance)
        assert pytest.approx(wanted.F, abs=of_G) == got.F
        terms = got.explain()
        for name in ("risk", "ambiguity", "novelty_A", "novelty_B"):
            np.testing.assert_allclose(getattr(terms, name), getattr(wanted, name), atol=of_G, err_msg=name)
        np.testing.assert_allclose(got.G, wanted.G, atol=of_G)
        np.testing.assert_allclose(got.q_pi, wanted.q_pi, atol=of_policies)
        np.testing.assert_allclose(got.q_action, wanted.q_action, atol=of_policies)
        if not wanted.near_tie:
            np.testing.assert_allclose(got.p_action, wanted.p_action, atol=of_policies * max(agent.alpha or 1.0, 1.0))
        names = [dict(zip(agent.actions.controls, action, strict=True)) for action in agent.actions.names]
        assert got.p_action[names.index(got.action)] > 0
