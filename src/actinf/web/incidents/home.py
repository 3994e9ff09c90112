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
from actinf.responder.store.incidents import Wanted
from actinf.web.incidents.beginning import beginnings_of
from actinf.web.incidents.escalating import NextStep, next_step
from actinf.web.incidents.findings import scanners_in_short
from actinf.web.incidents.health import health_of
from actinf.web.incidents.live import shown
from actinf.web.incidents.silences import quiet_now
from actinf.web.incidents.times import ClockSeen, seen
from actinf.web.incidents.visitors import Looker, Visitor

__all__ = ["router"]

router = APIRouter()

_LATELY, _MOST = timedelta(days=7), 10
_BURNS = (Severity.P0, Severity.P1, Severity.P2)
#: What is more severe, or newer, is shown; of the rest, how much there is.
_MOST_BURNING, _MOST_IN_QUEUE = 50, 20


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

        def visible(one: Incident) -> bool:
            return may_see(connection, visitor.who, one, schedule)

        def shown_of(severities: tuple[Severity, ...], most: int) -> tuple[list[Burning], int]:
            wanted = Wanted(severities=severities)
            found, more = incidents.listed(connection, wanted, most, visible)
            left = len(incidents.names(connection, wanted, visible)) - len(found) if more else 0
            return [_burning(connection, one, schedule, now) for one in found], left

        burning, more_burning = shown_of(_BURNS, _MOST_BURNING)
        queue, more_queue = shown_of((Severity.P3,), _MOST_IN_QUEUE)
        return {
            "now": now,
            "burning": burning,
            "more_burning": more_burning,
            "queue": queue,
            "more_queue": more_queue,
            "resolved": list(filter(visible, incidents.lately_resolved(connection, now - _LATELY, _MOST))),
            "duties": {} if schedule is None else schedule.now(now),
            "schedule": schedule,
            "beginnings": beginnings_of(server, connection, schedule),
            "quiet": quiet_now(server, connection, visitor),
            "scanners": scanners_in_short(connection, visitor),
            "health": health_of(server, connection, schedule),
            "status_page": (server.parts.settings.status_url or "").rstrip("/"),
        }


def _burning(connection: sqlite3.Connection, incident: Incident, schedule: Schedule | None, now: datetime) -> Burning:
    return Burning(
        incident=incident,
        clocks=[
            one for one in seen(clocks_of(incident), now) if one.runs and not one.key.startswith(("action", "case"))
        ],
        step=next_step(incident, escalations.standing(connection, incident.id), schedule, now),
    )
