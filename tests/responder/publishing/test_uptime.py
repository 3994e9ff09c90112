"""Days of a component, against a count of every second."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actinf.responder.publishing.page import Working
from actinf.responder.publishing.uptime import Spell, days_of, uptime_of

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
OUTAGES = (Working.PARTIAL_OUTAGE, Working.MAJOR_OUTAGE)


def spell(since: int, until: int, working: Working = Working.MAJOR_OUTAGE, notice: str = "a") -> Spell:
    """In whole hours, counted back from now."""
    return Spell(since=NOW - since * HOUR, until=NOW - until * HOUR, working=working, notice=notice)


HOURS = st.integers(0, 80)
SPELLS = st.lists(
    st.builds(
        lambda one, other, working, notice: spell(max(one, other), min(one, other), working, notice),
        HOURS,
        HOURS,
        st.sampled_from(list(Working)),
        st.sampled_from("abc"),
    ),
    max_size=6,
)


@given(spells=SPELLS, known=st.integers(0, 90))
def test_days_are_what_a_count_of_hours_says(spells: list[Spell], known: int) -> None:
    known_since = NOW - known * HOUR
    days = days_of(spells, now=NOW, known_since=known_since, count=4)
    assert [one.day for one in days] == [(NOW - back * 24 * HOUR).date() for back in (3, 2, 1, 0)]
    all_known = all_down = 0
    for day in days:
        begins = datetime.combine(day.day, time(0), UTC)
        hours = [begins + one * HOUR for one in range(24) if known_since <= begins + one * HOUR < NOW]
        in_it = [[one for one in spells if one.since <= hour < one.until] for hour in hours]
        down = sum(any(one.working in OUTAGES for one in found) for found in in_it)
        assert day.seconds_down == down * 3600
        flat = [one for found in in_it for one in found]
        worst = max((one.working for one in flat), key=lambda one: one.gravity, default=Working.OPERATIONAL)
        assert day.worst == (worst if hours else None)
        assert set(day.notices) == {one.notice for one in flat}
        all_known, all_down = all_known + len(hours), all_down + down
    share = uptime_of(days, now=NOW, known_since=known_since)
    assert share == (pytest.approx(1 - all_down / all_known) if all_known else None)


def test_what_overlaps_counts_once_and_midnight_parts_it() -> None:
    spells = [spell(4, 1), spell(3, 0, Working.PARTIAL_OUTAGE, "b"), spell(28, 27, Working.DEGRADED, "c")]
    before, today = days_of(spells, now=NOW, known_since=NOW - 100 * HOUR, count=2)
    assert (before.seconds_down, today.seconds_down) == (2 * 3600, 2 * 3600)
    assert (before.worst, set(before.notices)) == (Working.MAJOR_OUTAGE, {"a", "b"}), "c was the day before"


def test_there_are_ninety_days_and_those_before_the_page_are_unknown() -> None:
    days = days_of([spell(3000, 0)], now=NOW, known_since=NOW - 49 * HOUR)
    assert len(days) == 90
    assert [one.worst for one in days[-4:]] == [None, *[Working.MAJOR_OUTAGE] * 3]
    assert uptime_of(days, now=NOW, known_since=NOW - 49 * HOUR) == 0
    assert uptime_of(days_of([], now=NOW, known_since=NOW), now=NOW, known_since=NOW) is None
