"""What is done with the public as time runs: who decides is reminded, and a P2 is told shortly before it is due."""

from __future__ import annotations

from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.clocks.public import TELLS_BY_ITSELF
from actinf.responder.clocks.timers import Timer
from actinf.responder.incident import events as happened
from actinf.responder.incident.event import Event
from actinf.responder.incident.state import Incident
from actinf.responder.publishing.unattended import draft

__all__ = ["events_of", "reminder"]


def events_of(timer: Timer, incident: Incident, catalogue: Catalogue, service: str) -> tuple[Event, ...]:
    """What comes of a mark of the clock; nothing where the public was told meanwhile.

    Args:
        timer: the mark.
        incident: as it stands.
        catalogue: which parts the public knows.
        service: the name of the service as a whole.
    """
    if timer.is_breach:
        notice = incident.notice
        was_in_time = notice is not None and notice.updates[0].at <= timer.due and not incident.private
        is_settled = incident.withheld is not None or was_in_time or incident.is_over
        return () if is_settled else (happened.Breached(clock=timer.clock, due_at=timer.due),)
    if timer.share != TELLS_BY_ITSELF:
        return (happened.Warned(clock=timer.clock, share=timer.share, due_at=timer.due),)
    if incident.notice is not None or incident.withheld is not None or not incident.is_open or incident.private:
        return ()
    return (draft(incident, catalogue, service).event(),)


def reminder(incident: Incident) -> str:
    """What whoever decides is told."""
    name = incident.id
    if incident.private:
        if incident.notice is not None and incident.notice.is_out:
            return f"What the public was told of {name} has no end yet: actinf status update {name}"
        return (
            f"Nothing is told of {name} by itself, for it is private. Publish it, or say why not: "
            f"actinf status publish {name}, actinf status withhold {name}"
        )
    if incident.notice is not None:
        return f"{name} was put on the status page by itself. Say more when you know more: actinf status update {name}"
    return (
        f"Put {name} on the status page, or say why not: actinf status publish {name}, actinf status withhold {name}. "
        "Two minutes before the time is over it is published by itself"
    )
