"""What the public was told, as updates on which it can rest that users were told."""

from __future__ import annotations

from actinf.responder.incident.state import Incident
from actinf.responder.publishing.reading import incident_notice
from actinf.responder.store.outbox import Update

__all__ = ["CHANNEL", "public_updates"]

#: In the place of the channel through which they went.
CHANNEL = "status page"


def public_updates(incident: Incident) -> list[Update]:
    """What the public was told of an incident, the latest first, numbered as `page-5` by the event that says so."""
    if incident.notice is None:
        return []
    shown = incident_notice(incident, incident.notice)
    return [
        Update(
            number=f"page-{one.key.rpartition('/')[2]}",
            channel=CHANNEL,
            kind="published",
            reference=one.key,
            sent_at=one.at,
            subject=shown.title,
        )
        for one in shown.updates
    ]
