"""The machinery of benchmarks/advise.py on few incidents: that it is fair, not what the figure is."""

import numpy as np
import pytest
from support.simulated_incidents import (
    ADVICE,
    BLIND,
    KNOWS_CAUSE,
    KNOWS_CHECKS,
    ORDERS,
    RUNBOOK,
    STOPS,
    WORLDS,
    Thinking,
    Thought,
    campaign,
    interval,
    minutes_to_end,
    simulated,
)

from actinf.advise.knowledge import CAUSE, knowledge
from actinf.advise.ranking import led

WAYS = {ADVICE, RUNBOOK, ("one step", "pays"), BLIND, KNOWS_CAUSE, KNOWS_CHECKS}


def test_a_campaign_tells_minutes_for_every_way_and_is_the_same_again() -> None:
    first, second = (campaign(Thinking(knowledge("security")), 12, seed=3, ways=WAYS) for _ in range(2))
    assert set(first) == WAYS
    for way, minutes in first.items():
        assert minutes.shape == (12,)
        assert (minutes > 0).all()
        assert (minutes == second[way]).all()
    assert len({minutes.sum() for minutes in first.values()}) == len(WAYS), "the ways differ"
    assert first[KNOWS_CAUSE].mean() < first[ADVICE].mean()


def test_some_incidents_have_a_cause_that_the_model_does_not_know() -> None:
    random = np.random.default_rng(5)
    causes = [simulated(knowledge("api_down"), random).cause for _ in range(120)]
    assert 4 <= causes.count(None) <= 30


def test_all_orders_share_the_rest() -> None:
    """With a single check left there is only one order: then nothing may differ."""
    known, random = knowledge("security"), np.random.default_rng(8)
    thinking = Thinking(known)
    for stop in STOPS.values():
        one = simulated(known, random)

        def first(thinking, incident, seen, left):
            return ORDERS["most probable"](thinking, incident, seen, left[:1])

        assert minutes_to_end(thinking, one, first, stop) == minutes_to_end(thinking, one, ORDERS["runbook"], stop)


def test_beliefs_are_those_of_the_engine() -> None:
    known, seen = knowledge("security"), frozenset({("proxy-log", "answered"), ("revoke-key", "unchanged")})
    assert Thought(known, seen).belief == pytest.approx(led(known, sorted(seen)).qs[CAUSE], abs=1e-12)


def test_a_world_that_is_wrong_on_average_is_so() -> None:
    known = knowledge("api_down")

    def helped(world: str) -> float:
        random = np.random.default_rng(6)
        return float(
            np.mean([simulated(known, random, WORLDS[world]).outcome["rollback"] == "better" for _ in range(80)])
        )

    assert helped("what is done helps 0.6 times as often") < helped("as the model says")


def test_an_interval_holds_the_mean_and_narrows_with_what_is_seen() -> None:
    saved = np.random.default_rng(1).normal(2.0, 5.0, 400)
    low, high = interval(saved, seed=2, resamples=500)
    assert low < saved.mean() < high
    wide = interval(saved[:50], seed=2, resamples=500)
    assert wide[1] - wide[0] > high - low
    assert high - low == pytest.approx(2 * 1.96 * 5.0 / 20, rel=0.25)
