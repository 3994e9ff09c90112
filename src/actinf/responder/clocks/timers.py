"""Which timers an incident has: computed from what it is, never remembered.

A clock counts from a moment to a limit, and has three marks: half of the limit, four fifths, and all of it.  A timer is
one mark of one clock.  Its key holds the severity, so that a new severity brings new marks while the start stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from actinf.responder.clocks.clock import Clock
from actinf.responder.clocks.public import STATUS_PAGE, public_clock, public_marks
from actinf.responder.incident.severity import LIMITS
from actinf.responder.incident.state import Incident
from actinf.responder.incident.tasks import TASKS, TaskGroup

__all__ = [
    "ASSESSMENT",
    "LEGAL_NOTICE",
    "LEGAL_TIME",
    "MARKS",
    "VENDOR_CASE",
    "Clock",
    "Timer",
    "clocks_of",
    "timers_of",
]

#: In which the initial assessment is to be written down.
ASSESSMENT = timedelta(minutes=5)

#: The clock of what the law wants when data of people may have got into wrong hands.
LEGAL_NOTICE = "legal notice"
#: The clock of an answer that a vendor owes, before the number of the case.
VENDOR_CASE = "case"
#: In which an authority has to be told, once it is known: article 33 of the GDPR.
LEGAL_TIME = timedelta(hours=72)

#: Shares of the limit at which something happens: two warnings and the breach.
MARKS = (0.5, 0.8, 1.0)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """One mark of one clock.

    Attributes:
        key: the same timer has the same key for ever; it fires once.
        clock: its clock's key.
        share: the mark.
        at: when it fires.
        due: when its clock has run out.
    """

    key: str
    clock: str
    share: float
    at: datetime
    due: datetime

    @property
    def is_breach(self) -> bool:
        """Whether it says that time ran out."""
        return self.share >= 1


def clocks_of(incident: Incident) -> Iterator[Clock]:
    """The clocks of an incident, those that were met as well; none where it was nothing or goes on as another."""
    if incident.is_over:
        return
    limits = LIMITS[incident.severity]
    start = incident.detected_at
    yield Clock(
        key="response",
        starts=start,
        due=start + limits.response,
        stopped_at=_first(incident.acknowledged_at, incident.resolved_at),
    )
    # What lay resolved between does not count, so that a reopened incident has what was left of its limit.
    yield Clock(
        key="resolution",
        starts=start + incident.rested,
        due=start + incident.rested + limits.resolution,
        stopped_at=incident.resolved_at,
    )
    yield Clock(
        key="assessment",
        starts=start,
        due=start + ASSESSMENT,
        stopped_at=_first(incident.assessed_at, incident.resolved_at),
    )
    public = public_clock(incident)
    if public is not None:
        yield public
    if incident.breach_known_at is not None:
        yield Clock(
            key=LEGAL_NOTICE,
            starts=incident.breach_known_at,
            due=incident.breach_known_at + LEGAL_TIME,
            stopped_at=incident.legal_settled_at,
        )
    if incident.resolved_at is not None:
        for group in dict.fromkeys(task.group for task in TASKS.values()):
            yield _tasks(incident, group, incident.resolved_at)
    for action in incident.actions.values():
        # Reminded a day before, and again when it is overdue.
        yield Clock(key=f"action {action.number}", starts=action.due - _DAY, due=action.due, stopped_at=action.done_at)

    for case in incident.cases.values():
        if case.is_open and case.answer_by is not None:
            yield Clock(key=f"{VENDOR_CASE} {case.number}", starts=case.said_at, due=case.answer_by)


def _first(*moments: datetime | None) -> datetime | None:
    return min((one for one in moments if one is not None), default=None)


def _tasks(incident: Incident, group: TaskGroup, resolved_at: datetime) -> Clock:
    of_group = [task.key for task in TASKS.values() if task.group is group]
    done = [incident.tasks[key][0] for key in of_group if key in incident.tasks]
    return Clock(
        key=f"tasks {group.key}",
        starts=resolved_at,
        due=resolved_at + group.limit,
        stopped_at=max(done) if len(done) == len(of_group) else None,
    )


def timers_of(incident: Incident) -> Iterator[Timer]:
    """The timers of all clocks that run; which of them have fired is for the store to know."""
    for clock in clocks_of(incident):
        if clock.stopped_at is not None:
            continue
        for share in public_marks(incident) if clock.key == STATUS_PAGE else _marks(clock.key):
            run = f"{incident.severity} " if clock.key in ("response", "resolution") else ""
            spell = f" {clock.starts.isoformat()}" if clock.key not in ("response", "assessment") else ""
            yield Timer(
                key=f"{run}{clock.key} {share:g}{spell}",
                clock=clock.key,
                share=share,
                at=clock.at(share),
                due=clock.due,
            )


def _marks(clock: str) -> tuple[float, ...]:
    """An action's clock counts its last day, a vendor's its end; whoever has the duty of legal is told at once."""
    if clock.startswith(VENDOR_CASE):
        return (1.0,)
    return (0.0, 1.0) if clock.startswith("action") else (0.0, *MARKS) if clock == LEGAL_NOTICE else MARKS
