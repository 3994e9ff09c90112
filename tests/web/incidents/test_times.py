"""Clocks in words: what is left, in which state, and in which order."""

from datetime import UTC, datetime, timedelta

import pytest

from actinf.responder.clocks.timers import Clock
from actinf.web.incidents.times import seen
from actinf.web.lengths import lasting

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def clock(minutes: float, *, stopped: float | None = None, key: str = "response") -> Clock:
    """One of 100 minutes that runs out in so many from now on, and stopped so many ago."""
    due = NOW + timedelta(minutes=minutes)
    stopped_at = None if stopped is None else NOW - timedelta(minutes=stopped)
    return Clock(key=key, starts=due - timedelta(minutes=100), due=due, stopped_at=stopped_at)


@pytest.mark.parametrize(
    ("one", "state", "words"),
    [
        (clock(50), "running", "50 min left"),
        (clock(20), "soon", "20 min left"),
        (clock(0.5), "soon", "less than 1 min left"),
        (clock(0), "overdue", "overdue by less than 1 min"),
        (clock(-90), "overdue", "overdue by 1 h 30 min"),
        (clock(0, stopped=10), "met", "met with 10 min left"),
        (clock(-20, stopped=10), "late", "met 10 min late"),
    ],
)
def test_a_clock_is_said_in_words_and_with_a_state(one: Clock, state: str, words: str) -> None:
    [shown] = seen([one], NOW)
    assert (shown.state, shown.words) == (state, words)
    assert 0 <= shown.share <= 1


def test_those_that_run_come_first_and_the_most_urgent_of_them_at_the_beginning() -> None:
    clocks = [clock(5, stopped=1, key="met"), clock(50, key="later"), clock(-3, key="overdue"), clock(1, key="soon")]
    assert [one.key for one in seen(clocks, NOW)] == ["overdue", "soon", "later", "met"]


def test_a_clock_that_has_not_begun_to_count_is_not_shown() -> None:
    assert seen([clock(200)], NOW) == []


def test_a_length_has_two_units_at_most() -> None:
    lengths = (timedelta(seconds=59), timedelta(hours=1), timedelta(days=2, minutes=5), timedelta(days=9, hours=23.9))
    assert [lasting(one) for one in lengths] == ["less than 1 min", "1 h", "2 d", "9 d 23 h"]
