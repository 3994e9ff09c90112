"""What may be said of an incident's way to its cause, and the events that come of it."""

from __future__ import annotations

from actinf.errors import OutOfTurn, SettingError
from actinf.responder.advising.page import the_page
from actinf.responder.incident.advice_events import CauseNamed, LookedAt
from actinf.responder.incident.decisions import LONGEST_TEXT
from actinf.responder.incident.event import Event
from actinf.responder.incident.state import Incident

__all__ = ["look", "name_cause"]


def look(incident: Incident, step: str, outcome: str, note: str = "") -> tuple[Event, ...]:
    """Say what a step of the runbook showed; said again, the last word counts.

    Args:
        incident: as it stands.
        step, outcome: by the names of the page for its type.
        note: what else was seen.

    Raises:
        SettingError: its type has no such step, or the step no such outcome.
        OutOfTurn: it goes on as another, or was nothing.
    """
    if incident.is_over:
        raise OutOfTurn(f"{incident.id} is over ({incident.status}): nothing is looked at for it any more")
    known = the_page(incident.incident_type).step(step).outcomes
    if outcome not in known:
        raise SettingError(
            f"outcome is {outcome[:60]!r}, which the step {step!r} does not show: expected one of {', '.join(known)}"
        )
    said = note.strip()
    if len(said) > LONGEST_TEXT:
        raise SettingError(f"note has {len(said):,} characters, of which {LONGEST_TEXT:,} are taken")
    return (LookedAt(step=step, outcome=outcome, note=said),)


def name_cause(incident: Incident, cause: str) -> tuple[Event, ...]:
    """Say what it was; nothing comes of an empty name, or of the one that is known.

    Raises:
        SettingError: its type has no such cause.
    """
    if not cause or cause == incident.cause:
        return ()
    known = the_page(incident.incident_type).causes
    if cause not in known:
        raise SettingError(
            f"cause is {cause[:60]!r}, which an incident of type {incident.incident_type} does not have: expected one "
            f"of {', '.join(known)}"
        )
    return (CauseNamed(cause=cause),)
