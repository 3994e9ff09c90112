"""The page of who is on call: now, the next 14 days, what is wrong with them, and exceptions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from actinf.errors import NotFound, ResponderError, SettingError
from actinf.responder.duties import DUTY_CHANGES
from actinf.responder.oncall.gaps import findings
from actinf.responder.oncall.overrides import Override
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.server.context import Server, ServerParts
from actinf.web.incidents.filled import BLANK, Filled, asked_for, mistakes_of
from actinf.web.incidents.pages import page
from actinf.web.incidents.posts import AHEAD, posts_of
from actinf.web.incidents.visitors import Actor, Looker, Visitor

__all__ = ["router"]

router = APIRouter()


@router.get("/oncall")
async def show_oncall(server: ServerParts, visitor: Looker) -> Response:
    """Who is on call."""
    visitor.require("see")
    return await _shown(server, visitor)


@router.post("/oncall/{change}")
async def change_duties(change: str, server: ServerParts, filing: Actor) -> Response:
    """Make an exception to the rotation, or end one; where that is refused, show the form again."""
    kind, visitor = DUTY_CHANGES.get(change), filing.visitor
    if kind is None:
        raise NotFound(f"nothing is called {change[:40]!r} that can be done with the schedule")
    visitor.require(change)
    form = filing.text("form") or change
    values = {key: value for key, value in filing.fields.items() if isinstance(value, str) and key != "token"}
    try:
        wanted = asked_for(kind, filing)
        await server.do(lambda: server.parts.desk.change_duties(wanted, by=visitor.handle))
    except (ValidationError, ResponderError, SettingError) as error:
        return await _shown(server, visitor, Filled(form, values, mistakes_of(error)), 422)
    server.machinery.something_happened()
    return RedirectResponse("/oncall", 303)


async def _shown(server: Server, visitor: Visitor, filled: Filled = BLANK, status: int = 200) -> Response:
    schedule = await server.do(server.parts.desk.schedule)
    values = _looked_at(schedule, server.parts.clock(), await server.do(server.parts.directory.handles))
    return page("oncall.html", status, visitor=visitor, filled=filled, schedule=schedule, **values)


def _looked_at(schedule: Schedule | None, now: datetime, contacts: list[str]) -> dict[str, Any]:
    if schedule is None:
        return {"now": now, "posts": [], "wrong": (), "exceptions": [], "people": []}
    return {
        "now": now,
        "posts": posts_of(schedule, now, now + AHEAD),
        "wrong": findings(schedule, now, now + AHEAD, contacts=contacts),
        "exceptions": _exceptions(schedule, now),
        "people": sorted(schedule.people.values(), key=lambda one: one.name),
    }


def _exceptions(schedule: Schedule, now: datetime) -> list[Override]:
    return sorted((one for one in schedule.overrides if one.until > now), key=lambda one: (one.since, one.number))
