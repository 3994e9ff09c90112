"""How well a component worked, day by day, from what the public was told: without a store or a clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from actinf.responder.publishing.page import Day, Working

__all__ = ["DAYS", "Spell", "days_of", "uptime_of"]

#: Of a component, so many days are shown.
DAYS = 90
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A time in which something did not work as it should, or was worked on.

    Attributes:
        since, until: from when until when, aware.
        working: how well it worked then.
        notice: the key of the notice that says so.
    """

    since: datetime
    until: datetime
    working: Working
    notice: str


def days_of(spells: Sequence[Spell], *, now: datetime, known_since: datetime, count: int = DAYS) -> tuple[Day, ...]:
    """The last days of a component, the oldest first, today last, by UTC.

    Args:
        spells: what was told of it; they may overlap, and what does counts once.
        now: the time; nothing is known of what comes after.
        known_since: from when on it was told; what was before is unknown.
        count: how many days.
    """
    today = now.astimezone(UTC).date()
    return tuple(_day(spells, today - back * _DAY, now, known_since) for back in range(count - 1, -1, -1))


def uptime_of(days: Iterable[Day], *, now: datetime, known_since: datetime) -> float | None:
    """The share of the known time of these days in which there was no outage; None: nothing is known."""
    known = down = 0.0
    for day in days:
        begins, ends = _bounds(day.day, now, known_since)
        known += max(0.0, (ends - begins).total_seconds())
        down += day.seconds_down
    return None if known <= 0 else max(0.0, 1 - down / known)


def _day(spells: Sequence[Spell], day: date, now: datetime, known_since: datetime) -> Day:
    begins, ends = _bounds(day, now, known_since)
    if begins >= ends:
        return Day(day=day, worst=None, seconds_down=0.0)
    touching = [one for one in spells if max(one.since, begins) < min(one.until, ends)]
    worst = max((one.working for one in touching), key=lambda one: one.gravity, default=Working.OPERATIONAL)
    outages = [(max(one.since, begins), min(one.until, ends)) for one in touching if one.working.is_outage]
    notices = tuple(dict.fromkeys(one.notice for one in touching))
    return Day(day=day, worst=worst, seconds_down=_covered(outages), notices=notices)


def _bounds(day: date, now: datetime, known_since: datetime) -> tuple[datetime, datetime]:
    begins = datetime.combine(day, time(0), UTC)
    return max(begins, known_since), min(begins + _DAY, now)


def _covered(spans: Iterable[tuple[datetime, datetime]]) -> float:
    """Seconds that lie in any of these times, each counted once."""
    seconds, reached = 0.0, datetime.min.replace(tzinfo=UTC)
    for since, until in sorted(spans):
        since = max(since, reached)
        if until > since:
            seconds += (until - since).total_seconds()
            reached = until
    return seconds
