"""The first page: what is burning, most severe first, and whether the responder can do what it is for."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from actinf.responder.access.privacy import may_see
from actinf.responder.clocks.timers import clocks_of
from actinf.responder.incident.severity import Severity
from actinf.responder.incident.state import Incident
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.server.context import Server, ServerParts
from actinf.responder.store import escalations, incidents, rosters
from actinf.web.incidents.escalating import NextStep, next_step
from actinf.web.incidents.health import health_of
from actinf.web.incidents.live import shown
from actinf.web.incidents.times import ClockSeen, seen
from actinf.web.incidents.visitors import Looker, Visitor

__all__ = ["router"]

router = APIRouter()

_LATELY, _MOST = timedelta(days=7), 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Burning:
    """An incident of the list.

    Attributes:
        incident: as it stands.
        clocks: those of it that are to be watched.
        step: who is paged next.
    """

    incident: Incident
    clocks: list[ClockSeen]
    step: NextStep


@router.get("/")
async def show_home(request: Request, server: ServerParts, visitor: Looker) -> Response:
    """What is burning."""
    visitor.require("see")
    values = await server.do(lambda: _looked_at(server, visitor))
    return shown(request, "home", visitor=visitor, **values)


def _looked_at(server: Server, visitor: Visitor) -> dict[str, Any]:
    with server.parts.store.reading() as connection:
        now, schedule = server.parts.clock(), rosters.schedule(connection)

        def visible(found: list[Incident]) -> list[Incident]:
            return [one for one in found if may_see(connection, visitor.who, one, schedule)]

        burning = [_burning(connection, one, schedule, now) for one in visible(incidents.listed(connection))]
        return {
            "now": now,
            "burning": [one for one in burning if one.incident.severity is not Severity.P3],
            "queue": [one for one in burning if one.incident.severity is Severity.P3],
            "resolved": visible(incidents.lately_resolved(connection, now - _LATELY, _MOST)),
            "duties": {} if schedule is None else schedule.now(now),
            "schedule": schedule,
            "health": health_of(server, connection, schedule),
        }


def _burning(connection: sqlite3.Connection, incident: Incident, schedule: Schedule | None, now: datetime) -> Burning:
    return Burning(
        incident=incident,
        clocks=[one for one in seen(clocks_of(incident), now) if one.runs and not one.key.startswith("action")],
        step=next_step(incident, escalations.standing(connection, incident.id), schedule, now),
    )
