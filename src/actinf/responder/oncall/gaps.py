"""What is wrong with a schedule within a time ahead: to be shown before it is saved, and by whoever checks it later.

A gap is never silent: each instant of the horizon at each level is either somebody's duty or in a gap found here.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from actinf.responder.oncall.document import DUTIES
from actinf.responder.oncall.local_time import utc
from actinf.responder.oncall.people import Person
from actinf.responder.oncall.rotation import CTO_LEVEL, Duty, Schedule, Unfilled


class Kind(StrEnum):
    """What a finding is about."""

    GAP = "gap"
    UNREACHABLE = "unreachable"
    NO_ESCALATION = "no_escalation"
    TWO_LEVELS = "two_levels"
    UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that ought to be mended.

    Attributes:
        kind: what it is about.
        is_grave: whether a page could reach nobody because of it; else it is a warning.
        sentence: what is wrong, when, and how to mend it, in one sentence with times in UTC.
        since: from when, in UTC.
        until: until when, in UTC, not looked at beyond the horizon.
        levels: the levels or duties that it concerns.
        who: the handle of the person whom it concerns, or None.
    """

    kind: Kind
    is_grave: bool
    sentence: str
    since: datetime
    until: datetime
    levels: tuple[int | str, ...]
    who: str | None = None

    def is_part_of(self, other: "Finding") -> bool:
        """Whether `other` says the same of at least the same time."""
        return (
            self.kind is other.kind
            and self.who == other.who
            and set(self.levels) <= set(other.levels)
            and other.since <= self.since
            and self.until <= other.until
        )


def gaps(schedule: Schedule, since: datetime, until: datetime) -> tuple[Unfilled, ...]:
    """The times in [since, until) at which nobody is on call at a level, by level and time, whole and not in pieces."""
    return tuple(
        gap for number in range(1, len(schedule.levels) + 1) for gap in _gaps_of(schedule, number, since, until)
    )


def findings(
    schedule: Schedule, since: datetime, until: datetime, *, contacts: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Everything that is wrong in [since, until): the grave first, then by time.

    Gaps, people on call without any means to reach them, one person at two levels at a time (the second page would
    reach nobody new), levels up to the CTO that do not exist, and named duties that nobody has.

    Args:
        schedule: what is looked at.
        since: from when.
        until: until when.
        contacts: the handles of those of whom a contact says how they are reached.
    """
    since, until = utc(since), utc(until)
    found = [
        *(_gap(gap) for gap in gaps(schedule, since, until)),
        *(one for one in _unreachable(schedule, since, until) if one.who not in contacts),
        *_two_levels(schedule, since, until),
        *_absent(schedule, since, until),
    ]
    return tuple(sorted(found, key=lambda one: (not one.is_grave, one.since, one.sentence)))


def on_call_between(schedule: Schedule, since: datetime, until: datetime) -> tuple[Person, ...]:
    """Everybody who is on call at any time in [since, until), at a level or for a duty, each once."""
    found = {
        one.person.handle: one.person
        for level in schedule.posts
        for one in schedule.timeline(level, since, until)
        if isinstance(one, Duty)
    }
    return tuple(found.values())


def new_findings(
    before: Schedule, after: Schedule, since: datetime, until: datetime, *, contacts: Collection[str] = ()
) -> tuple[Finding, ...]:
    """What a change of the schedule makes wrong that was not wrong before it, in [since, until)."""
    known = findings(before, since, until, contacts=contacts)
    found = findings(after, since, until, contacts=contacts)
    return tuple(one for one in found if not any(one.is_part_of(former) for former in known))


def _gaps_of(schedule: Schedule, number: int, since: datetime, until: datetime) -> Iterator[Unfilled]:
    gap: Unfilled | None = None
    for found in schedule.timeline(number, since, until):
        if isinstance(found, Unfilled):
            gap = found if gap is None else replace(gap, until=found.until)
        elif gap is not None:
            yield gap
            gap = None
    if gap is not None:
        yield gap


def _gap(gap: Unfilled) -> Finding:
    return Finding(
        kind=Kind.GAP,
        is_grave=True,
        sentence=f"nobody is on call as {gap.name} (level {gap.level}) {_when(gap.since, gap.until)}: add a rotation "
        "without restriction below the others, or an override",
        since=gap.since,
        until=gap.until,
        levels=(gap.level,),
    )


def _unreachable(schedule: Schedule, since: datetime, until: datetime) -> Iterator[Finding]:
    first: dict[str, tuple[datetime, list[int | str]]] = {}
    for level in schedule.posts:
        for found in schedule.timeline(level, since, until):
            if isinstance(found, Duty) and not found.person.is_reachable:
                begins, levels = first.setdefault(found.person.handle, (found.since, []))
                first[found.person.handle] = (min(begins, found.since), levels)
                if level not in levels:
                    levels.append(level)
    for handle, (begins, levels) in first.items():
        yield Finding(
            kind=Kind.UNREACHABLE,
            is_grave=True,
            sentence=f"{handle!r} is on call from {_moment(begins)} and cannot be reached: give them a chat_id, an "
            "email or a phone, here or by actinf contacts set",
            since=begins,
            until=until,
            levels=tuple(levels),
            who=handle,
        )


def _two_levels(schedule: Schedule, since: datetime, until: datetime) -> Iterator[Finding]:
    numbers = range(1, len(schedule.levels) + 1)
    timelines = {number: list(schedule.timeline(number, since, until)) for number in numbers}
    for one in numbers:
        for other in numbers[one:]:
            running: Finding | None = None
            for handle, begins, ends in _both(timelines[one], timelines[other]):
                if running is not None and running.who == handle and running.until == begins:
                    begins = running.since
                elif running is not None:
                    yield running
                running = Finding(
                    kind=Kind.TWO_LEVELS,
                    is_grave=False,
                    sentence=f"{handle!r} is on call at levels {one} and {other} {_when(begins, ends)}: escalating "
                    "from one to the other reaches nobody new; override one of them",
                    since=begins,
                    until=ends,
                    levels=(one, other),
                    who=handle,
                )
            if running is not None:
                yield running


def _both(one: list[Duty | Unfilled], other: list[Duty | Unfilled]) -> Iterator[tuple[str, datetime, datetime]]:
    """The times at which the same person stands in both timelines, by a walk along both."""
    first = second = 0
    while first < len(one) and second < len(other):
        left, right = one[first], other[second]
        since, until = max(left.since, right.since), min(left.until, right.until)
        if isinstance(left, Duty) and isinstance(right, Duty) and left.person == right.person and since < until:
            yield left.person.handle, since, until
        if left.until <= right.until:
            first += 1
        if right.until <= left.until:
            second += 1


def _absent(schedule: Schedule, since: datetime, until: datetime) -> Iterator[Finding]:
    if len(schedule.levels) < CTO_LEVEL:
        levels = tuple(range(len(schedule.levels) + 1, CTO_LEVEL + 1))
        yield Finding(
            kind=Kind.NO_ESCALATION,
            is_grave=False,
            sentence=f"there is no level {' and no level '.join(map(str, levels))}: where level {len(schedule.levels)} "
            "does not answer, nobody further is called; add the level, the CTO being level 4",
            since=since,
            until=until,
            levels=levels,
        )
    for duty in DUTIES:
        if duty not in schedule.duties:
            yield Finding(
                kind=Kind.UNNAMED,
                is_grave=False,
                sentence=f"nobody has the duty {duty!r}: name them in duties",
                since=since,
                until=until,
                levels=(duty,),
            )


def _when(since: datetime, until: datetime) -> str:
    return f"from {_moment(since)} until {_moment(until)}"


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%SZ" if at.second else "%Y-%m-%d %H:%MZ")
