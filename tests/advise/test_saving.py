"""The machinery of benchmarks/advise.py on few incidents: that it is fair, not what the figure is."""

import numpy as np
import pytest
from support.simulated_incidents import WAYS, Thinking, campaign, interval, minutes_to_end, simulated

from actinf.advise.knowledge import knowledge


def test_a_campaign_tells_minutes_for_every_way_and_is_the_same_again() -> None:
    first, second = (campaign(knowledge("api_down"), 12, seed=3) for _ in range(2))
    assert list(first) == list(WAYS)
    for name, minutes in first.items():
        assert minutes.shape == (12,)
        assert (minutes > 0).all()
        assert (minutes == second[name]).all()
    assert len({minutes.sum() for minutes in first.values()}) > 1, "the ways differ"


def test_some_incidents_have_a_cause_that_the_model_does_not_know() -> None:
    random = np.random.default_rng(5)
    causes = [simulated(knowledge("api_down"), random).cause for _ in range(120)]
    assert 4 <= causes.count(None) <= 30


def test_all_ways_share_the_treatment() -> None:
    """With a single check left there is only one order: then nothing may differ."""
    known, random = knowledge("api_down"), np.random.default_rng(8)
    thinking = Thinking(known)
    for _ in range(4):
        one = simulated(known, random)
        only = WAYS["advice"]

        def first(thinking, incident, seen, left, way=only):
            return way(thinking, incident, seen, left[:1])

        assert minutes_to_end(thinking, one, first) == minutes_to_end(thinking, one, WAYS["runbook"])


def test_an_interval_holds_the_mean_and_narrows_with_what_is_seen() -> None:
    saved = np.random.default_rng(1).normal(2.0, 5.0, 400)
    low, high = interval(saved, seed=2, resamples=500)
    assert low < saved.mean() < high
    wide = interval(saved[:50], seed=2, resamples=500)
    assert wide[1] - wide[0] > high - low
    assert high - low == pytest.approx(2 * 1.96 * 5.0 / 20, rel=0.25)
