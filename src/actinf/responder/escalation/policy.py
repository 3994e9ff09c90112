"""Whom to page next, and when: a pure function of the incident, the calendar and the time.

P0 and P1 page at once, P2 in business hours, P3 waits in the queue.  Each level is asked a number of times; then it is
the next level's turn, and after the last one the first's again, for as long as nobody attends to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from actinf.responder.incident.severity import Severity
from actinf.responder.incident.state import Incident
from actinf.responder.oncall.calendar import Calendar

__all__ = ["IN_THE_QUEUE", "NO_SCHEDULE", "Policy", "Standing", "after", "standing_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How long an answer is waited for.

    Attributes:
        patience: from one page to the next, by severity; a severity that is not named never pages.
        attempts: pages to one level before it is the next one's turn.
    """

    patience: Mapping[Severity, timedelta] = field(
        default_factory=lambda: {
            # All four levels were asked before the time to respond has run out: after 12, 30 and 90 minutes.
            Severity.P0: timedelta(minutes=2),
            Severity.P1: timedelta(minutes=5),
            Severity.P2: timedelta(minutes=15),
        }
    )
    attempts: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the escalation of an incident stands.

    Attributes:
        level: that is asked next, from 1.
        attempt: the how-manieth page to it this will be, from 1.
        next_at: when; None: nobody is paged for it, it lies in the queue.
        why: in plain words.
    """

    level: int
    attempt: int
    next_at: datetime | None
    why: str


IN_THE_QUEUE = "P3 waits in the queue: nobody is paged"
NO_SCHEDULE = "no schedule is set, so that nobody can be paged: actinf oncall schedule --set FILE"


def standing_for(
    incident: Incident, standing: Standing | None, *, policy: Policy, hours: Calendar, now: datetime
) -> Standing | None:
    """Where the escalation stands after something has happened to the incident.

    Args:
        incident: as it stands.
        standing: where its escalation stood; None: nowhere yet.
        policy: how long an answer is waited for.
        hours: when a P2 may page.
        now: the time.

    Returns:
        None: somebody attends to it, or it is over.
    """
    if incident.attended or not incident.is_open:
        return None
    if incident.severity not in policy.patience:
        return Standing(level=1, attempt=1, next_at=None, why=IN_THE_QUEUE)
    if standing is not None and standing.why == NO_SCHEDULE:
        return standing
    if standing is None or standing.next_at is None:
        at, why = _allowed(incident.severity, hours, now)
        return Standing(level=1, attempt=1, next_at=at, why=why or f"{incident.severity} pages at once")
    # It goes on where it was, but no later than its severity says now, and not before it is allowed.
    is_first = (standing.level, standing.attempt) == (1, 1)
    latest = now if is_first else now + policy.patience[incident.severity]
    at, why = _allowed(incident.severity, hours, min(standing.next_at, latest))
    return (
        standing
        if at == standing.next_at
        else replace(standing, next_at=at, why=why or f"it is {incident.severity} now")
    )


def after(
    standing: Standing, severity: Severity, *, levels: int, policy: Policy, hours: Calendar, now: datetime
) -> Standing:
    """What comes when the page that was due has gone out and nobody answers.

    Args:
        standing: the step that was done.
        severity: of the incident.
        levels: how many there are.
        policy: how long an answer is waited for.
        hours: when a P2 may page.
        now: the time.
    """
    level, attempt = standing.level, standing.attempt + 1
    why = "no answer yet"
    if attempt > policy.attempts:
        level, attempt = level % levels + 1, 1
        why = f"level {standing.level} does not answer"
    at, waits = _allowed(severity, hours, now + policy.patience[severity])
    return Standing(level=level, attempt=attempt, next_at=at, why=f"{why}; {waits}" if waits else why)


def _allowed(severity: Severity, hours: Calendar, at: datetime) -> tuple[datetime, str]:
    """When somebody may be paged, from a moment on, and why not at once."""
    if severity in (Severity.P0, Severity.P1):
        return at, ""
    opens = hours.next_opening(at)
    return opens, "" if opens == at else f"{severity} waits for business hours"
