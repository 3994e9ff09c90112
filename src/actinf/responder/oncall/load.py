"""How the work of being on call is spread: shifts, hours and events for each person.

The mark is two events in a shift at most, as in "Being On-Call" of Site Reliability Engineering (Beyer et al., 2016,
chapter 11): more leave no time to find out why.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from actinf.responder.oncall.local_time import utc
from actinf.responder.oncall.rotation import Duty, Schedule

#: The most events that one shift should have.
MOST_EVENTS_IN_A_SHIFT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Somebody was paged.

    Attributes:
        at: when, in UTC.
        handle: who.
        level: the level at which they were, from 1, or the name of a duty.
        incident: for which incident; more pages for it in the same shift are the same event.
    """

    at: datetime
    handle: str
    level: int | str
    incident: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftLoad:
    """One shift within the time looked at, and the incidents for which its person was paged in it."""

    duty: Duty
    incidents: tuple[str, ...]

    @property
    def is_over_the_mark(self) -> bool:
        """Whether it had more events than a shift should have."""
        return len(self.incidents) > MOST_EVENTS_IN_A_SHIFT


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLoad:
    """What one person had.

    Attributes:
        handle: who.
        shifts: the number of their shifts, at all levels.
        hours: how long they were on call, in hours; at two levels at a time counts twice.
        pages: how often they were paged, also outside their shifts.
        events: the number of incidents for which they were paged, each counted once in a shift.
        shifts_over_the_mark: how many of their shifts had more events than a shift should have.
    """

    handle: str
    shifts: int
    hours: float
    pages: int
    events: int
    shifts_over_the_mark: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How the work was spread.

    Attributes:
        people: what each person had, the most hours first; everybody in the schedule, also who had nothing.
        shifts: each shift, by level and time.
        fairness: for each level, how evenly its members shared the hours: Jain's index (sum x)^2 / (n sum x^2), which
            is 1 where all had the same and 1/n where one of n had all; 1 where there were no hours.
    """

    people: tuple[PersonLoad, ...]
    shifts: tuple[ShiftLoad, ...]
    fairness: dict[int, float]


def load(schedule: Schedule, since: datetime, until: datetime, pages: Iterable[Page]) -> Load:
    """The load in [since, until).

    Args:
        schedule: who was on call.
        since: the start; a shift that had begun before counts from here.
        until: the end, not included; likewise.
        pages: all pages; those at other times are passed over.
    """
    since, until = utc(since), utc(until)
    counted = sorted((page for page in pages if since <= utc(page.at) < until), key=lambda page: page.at)
    shifts = tuple(
        ShiftLoad(duty=found, incidents=_incidents(found, [page for page in counted if page.level == level]))
        for level in schedule.posts
        for found in schedule.timeline(level, since, until)
        if isinstance(found, Duty)
    )
    people = sorted((_of(handle, shifts, counted) for handle in schedule.people), key=lambda one: -one.hours)
    return Load(people=tuple(people), shifts=shifts, fairness=_fairness(schedule, shifts))


def jain(shares: Collection[float]) -> float:
    """Jain's index of fairness, from 1/n to 1; 1 where there is nothing to share.

    Source: Jain, Chiu and Hawe (1984), A quantitative measure of fairness and discrimination.
    """
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def _incidents(duty: Duty, pages: Iterable[Page]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            page.incident for page in pages if page.handle == duty.person.handle and duty.since <= page.at < duty.until
        )
    )


def _of(handle: str, shifts: Iterable[ShiftLoad], pages: Iterable[Page]) -> PersonLoad:
    theirs = [shift for shift in shifts if shift.duty.person.handle == handle]
    return PersonLoad(
        handle=handle,
        shifts=len(theirs),
        hours=sum(_hours(shift.duty) for shift in theirs),
        pages=sum(page.handle == handle for page in pages),
        events=sum(len(shift.incidents) for shift in theirs),
        shifts_over_the_mark=sum(shift.is_over_the_mark for shift in theirs),
    )


def _hours(duty: Duty) -> float:
    return (duty.until - duty.since).total_seconds() / 3600


def _fairness(schedule: Schedule, shifts: Iterable[ShiftLoad]) -> dict[int, float]:
    hours: dict[int, dict[str, float]] = {
        number: dict.fromkeys(post.members, 0.0) for number, post in enumerate(schedule.levels, start=1)
    }
    for shift in shifts:
        members = hours.get(shift.duty.level, {})
        # Whoever stands in from outside is no member among whom the hours are shared.
        if shift.duty.person.handle in members:
            members[shift.duty.person.handle] += _hours(shift.duty)
    return {number: jain(shares.values()) for number, shares in hours.items()}
