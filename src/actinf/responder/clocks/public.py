"""The clock of what the public is told: what was promised, and what somebody has to decide.

What is P0 or P1 needs none: it is told in the transaction that opens it.  A P2 is told within two hours, and shortly
before they are over by itself.  What is private is never told by itself: there the clock is that of a decision.
"""

from __future__ import annotations

from datetime import timedelta

from actinf.responder.clocks.clock import Clock
from actinf.responder.incident.severity import Severity
from actinf.responder.incident.state import Incident

__all__ = ["STATUS_PAGE", "TELLS_BY_ITSELF", "public_clock", "public_marks"]

#: Its key.
STATUS_PAGE = "status page"
#: In which a P2 is told, and in which somebody decides whether what is private and grave is told.
_WITHIN, _DECIDED_WITHIN = timedelta(hours=2), timedelta(hours=1)
#: The share of the time at which a P2 is told by itself: two minutes before its end.
TELLS_BY_ITSELF = 59 / 60


def public_clock(incident: Incident) -> Clock | None:
    """The clock of an incident that is not over; None: nothing has to be decided or told."""
    if incident.private:
        return _decision(incident)
    if incident.severity is not Severity.P2:
        return None
    return _until_told(incident, _WITHIN)


def public_marks(incident: Incident) -> tuple[float, ...]:
    """The marks of the clock; who decides of what is private is reminded at once."""
    return (0.0, 0.5, 1.0) if incident.private else (0.5, 0.8, TELLS_BY_ITSELF, 1.0)


def _decision(incident: Incident) -> Clock | None:
    notice = incident.notice
    if notice is not None and notice.is_out and incident.resolved_at is not None:
        # The public still waits for its end, which nothing but a person may tell.
        since = incident.resolved_at
        return Clock(key=STATUS_PAGE, starts=since, due=since + _DECIDED_WITHIN)
    if incident.severity is Severity.P3:
        return None
    return _until_told(incident, _WITHIN if incident.severity is Severity.P2 else _DECIDED_WITHIN)


def _until_told(incident: Incident, limit: timedelta) -> Clock:
    start = incident.detected_at
    ends = (
        incident.notice.updates[0].at if incident.notice is not None else None,
        incident.withheld.at if incident.withheld is not None else None,
        incident.resolved_at,
    )
    stopped_at = min((one for one in ends if one is not None), default=None)
    return Clock(key=STATUS_PAGE, starts=start, due=start + limit, stopped_at=stopped_at)
