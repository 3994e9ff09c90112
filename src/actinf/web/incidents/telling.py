"""What the public is told of an incident, as its page shows it, and what would come of a form."""

from __future__ import annotations

from typing import Any

from actinf.responder.clocks.public import public_clock
from actinf.responder.incident.event import Recorded
from actinf.responder.incident.state import incident_of
from actinf.responder.publishing.deciding import STATES
from actinf.responder.publishing.documents import public_document
from actinf.responder.publishing.page import Working
from actinf.responder.publishing.verbs import Publish
from actinf.responder.server.context import Asking
from actinf.responder.server.incidents import require_visible

__all__ = ["IMPACTS", "STATES", "preview_of", "told_to_public"]

#: What may be said of how well components work.
IMPACTS = (Working.OPERATIONAL, Working.DEGRADED, Working.PARTIAL_OUTAGE, Working.MAJOR_OUTAGE)


def told_to_public(asking: Asking, name: str) -> dict[str, Any]:
    """What the public knows of an incident, and what can be said to it."""
    incident = require_visible(asking, name)
    desk = asking.server.parts.desk
    catalogue = desk.catalogue()
    public = public_document(incident, catalogue, desk.unattended.service)
    clock = public_clock(incident) if not incident.is_over else None
    return {
        "public": public,
        "public_at": None if incident.notice is None else incident.notice.last.at,
        "public_due": None if clock is None else clock.due,
        "public_parts": [(one.key, one.public.name) for one in catalogue.public_parts() if one.public is not None],
        "public_states": STATES,
        "public_impacts": IMPACTS,
    }


def preview_of(asking: Asking, name: str, wanted: Publish) -> dict[str, Any]:
    """What the public would be told, exactly as it is shown; nothing is changed.

    Raises:
        OutOfTurn, SettingError: as where it is published.
    """
    incident = require_visible(asking, name)
    desk = asking.server.parts.desk
    catalogue, now = desk.catalogue(), desk.clock()
    (event,) = wanted.events(incident, catalogue, desk.unattended.service)
    one = Recorded(incident=name, number=incident.number + 1, at=now, recorded_at=now, by=asking.by, event=event)
    shown: dict[str, Any] = public_document(incident_of([one], incident), catalogue, desk.unattended.service)["notice"]
    return shown
