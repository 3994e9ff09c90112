"""What the public is told, as documents: what the command line prints as JSON, and what the API answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.clocks.public import public_clock
from actinf.responder.incident.notices import PublicNotice
from actinf.responder.incident.state import Incident
from actinf.responder.publishing.page import NoticeUpdate
from actinf.responder.publishing.reading import incident_notice
from actinf.responder.publishing.unattended import draft

__all__ = ["public_document"]


def public_document(incident: Incident, catalogue: Catalogue, service: str) -> dict[str, Any]:
    """What the public knows of an incident, and what it would be told of it.

    Returns:
        `notice`: what it was told, the newest first, exactly as it is shown; None: nothing.
        `draft`: what the template would say now; None: it says nothing of what is private.
        `withheld`: that it is not told by itself, who said so, and why; None: nobody said so.
        `due`: until when it is to be told, or somebody to decide that it is not; None: nothing is due.
    """
    clock = public_clock(incident) if not incident.is_over else None
    said = incident.withheld
    return {
        "notice": None if incident.notice is None else _notice(incident, incident.notice),
        "draft": None if incident.private else _draft(incident, catalogue, service),
        "withheld": said and {"at": _moment(said.at), "by": said.by, "reason": said.reason},
        "due": _moment(clock.due) if clock is not None and clock.stopped_at is None else None,
    }


def _notice(incident: Incident, notice: PublicNotice) -> dict[str, Any]:
    shown = incident_notice(incident, notice)
    by_key = {f"{incident.id}/{one.number}": one for one in notice.updates}
    return {
        "title": shown.title,
        "state": shown.state,
        "impact": shown.impact,
        "components": list(shown.components),
        "began_at": _moment(shown.began_at),
        "ended_at": _moment(shown.ended_at) if shown.ended_at is not None else None,
        "updates": [
            {
                **_update(one),
                "by": by_key[one.key].by,
                "template": by_key[one.key].is_template,
                "override": by_key[one.key].override,
            }
            for one in shown.updates
        ],
    }


def _update(one: NoticeUpdate) -> dict[str, Any]:
    return {"key": one.key, "at": _moment(one.at), "state": one.state, "text": one.text}


def _draft(incident: Incident, catalogue: Catalogue, service: str) -> dict[str, Any]:
    made = draft(incident, catalogue, service)
    return {
        "title": made.title,
        "text": made.text,
        "state": made.state,
        "impact": made.impact,
        "components": list(made.components),
    }


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
