"""Changes of who is on call: what both are told before it happens."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from actinf.responder.oncall.local_time import utc
from actinf.responder.oncall.people import Person
from actinf.responder.oncall.rotation import Duty, Schedule, Unfilled


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """One person follows another at a post.

    Attributes:
        at: when, in UTC.
        level: the level, from 1; 0 for a named duty.
        name: the name of the level or duty.
        leaving: who was on call until then, or None.
        coming: who is on call from then on, or None where nobody is.
        until: until when that is so, in UTC.
        why: why it is them: "rotation" or the exception; empty where nobody comes.
    """

    at: datetime
    level: int
    name: str
    leaving: Person | None
    coming: Person | None
    until: datetime
    why: str


def hand_offs(schedule: Schedule, since: datetime, until: datetime) -> tuple[HandOff, ...]:
    """All changes of person at [since, until), at every post, by time.

    A new shift of the same person is none, and neither is the start of what is looked at.
    """
    since, until = utc(since), utc(until)
    found = [change for level in schedule.posts for change in _at_post(schedule, level, since, until)]
    return tuple(sorted(found, key=lambda one: (one.at, one.level, one.name)))


def _at_post(schedule: Schedule, level: int | str, since: datetime, until: datetime) -> Iterable[HandOff]:
    if since >= until:
        return
    # What was before the first instant decides whether that instant is a change.
    before = schedule.coverage(level, since)
    timeline = list(schedule.timeline(level, since, until))
    if before.since == since:
        timeline.insert(0, schedule.coverage(level, since - since.resolution))
    for former, latter in pairwise(timeline):
        leaving, coming = _person(former), _person(latter)
        if leaving != coming:
            yield HandOff(
                at=latter.since,
                level=latter.level,
                name=latter.name,
                leaving=leaving,
                coming=coming,
                until=schedule.coverage(level, latter.since).until,
                why=latter.why if isinstance(latter, Duty) else "",
            )


def _person(found: Duty | Unfilled) -> Person | None:
    return found.person if isinstance(found, Duty) else None
