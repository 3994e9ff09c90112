"""What is drawn of an agent's reasons: bars that stand for the numbers beside them."""

import numpy as np
import pytest

import actinf as ai
from actinf.lab.explain import Reasons
from actinf.web.lab.why import Why


@pytest.fixture(scope="module")
def why() -> Why:
    """The reasons of an agent that seeks what it can learn, so that G has parts of both signs."""
    bandit = ai.envs.BUNDLED["bandit"]().learning_model()
    planner = ai.Exhaustive(horizon=2, novelty=True)
    agent = ai.Agent(bandit, planner=planner, learning=ai.Learning(A=True), gamma=4.0)
    step = agent.start(seed=1).step([0] * len(bandit.modalities))
    reasons = Reasons.of(agent, step, {}, called="it", number=0)
    return Why.of(reasons, [(name,) for name in reasons.terms.labels])


def test_the_terms_of_a_policy_add_up_to_its_G(why: Why) -> None:
    for policy in why.policies:
        assert sum(policy.terms.values()) == pytest.approx(policy.G)


def test_bars_are_as_long_as_their_terms_and_stay_inside(why: Why) -> None:
    assert 0.0 < why.zero < 100.0
    scales = []
    for policy in why.policies:
        assert all(-1e-9 <= part.start and part.start + part.width <= 100.0 + 1e-9 for part in policy.segments)
        left = sum(part.width for part in policy.segments if part.start + part.width <= why.zero + 1e-9)
        right = sum(part.width for part in policy.segments) - left
        scales.append((right - left) / policy.G)
    np.testing.assert_allclose(scales, scales[0])


def test_the_parts_of_the_difference_add_up_to_it(why: Why) -> None:
    assert sum(cause.difference for cause in why.causes) + why.remainder == pytest.approx(why.gap)
    for cause in why.causes:
        assert (cause.segment.start >= 50.0) == (cause.difference > 0.0)
