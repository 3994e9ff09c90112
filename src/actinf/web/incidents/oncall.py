"""The page of who is on call: now, the next 14 days, what is wrong with them, and exceptions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from actinf.errors import NotFound, ResponderError, SettingError
from actinf.responder.duties import DUTY_CHANGES
from actinf.responder.oncall.gaps import findings
from actinf.responder.oncall.overrides import Override
from actinf.responder.oncall.rotation import Duty, Schedule, Unfilled
from actinf.responder.server.context import Server, ServerParts
from actinf.web.incidents.filled import BLANK, Filled, asked_for, mistakes_of
from actinf.web.incidents.pages import page
from actinf.web.incidents.visitors import Actor, Looker, Visitor

__all__ = ["router"]

router = APIRouter()

_AHEAD = timedelta(days=14)
_MOST_SHIFTS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSeen:
    """A post as it is shown.

    Attributes:
        level: the level, from 1, or the name of a duty.
        title: what it is called.
        now: who has it, or that nobody has.
        shifts: from now on, whole ones.
    """

    level: int | str
    title: str
    now: Duty | Unfilled
    shifts: list[Duty | Unfilled]


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
    values = _looked_at(schedule, server.parts.clock())
    return page("oncall.html", status, visitor=visitor, filled=filled, schedule=schedule, **values)


def _looked_at(schedule: Schedule | None, now: datetime) -> dict[str, Any]:
    if schedule is None:
        return {"now": now, "posts": [], "wrong": (), "exceptions": [], "people": []}
    return {
        "now": now,
        "posts": [_post(schedule, level, now) for level in schedule.posts],
        "wrong": findings(schedule, now, now + _AHEAD),
        "exceptions": _exceptions(schedule, now),
        "people": sorted(schedule.people.values(), key=lambda one: one.name),
    }


def _post(schedule: Schedule, level: int | str, now: datetime) -> PostSeen:
    current = schedule.coverage(level, now)
    shifts: list[Duty | Unfilled] = []
    for one in schedule.timeline(level, now, now + _AHEAD):
        if shifts and _continues(shifts[-1], one):
            shifts[-1] = replace(shifts[-1], until=one.until)
        elif len(shifts) < _MOST_SHIFTS:
            shifts.append(one)
    name = level.capitalize() if isinstance(level, str) else f"Level {level}"
    said = current.name if isinstance(level, int) and current.name.lower() != name.lower() else ""
    return PostSeen(level=level, title=f"{name}: {said}" if said else name, now=current, shifts=shifts)


def _continues(before: Duty | Unfilled, one: Duty | Unfilled) -> bool:
    if isinstance(before, Duty) and isinstance(one, Duty):
        return before.person.handle == one.person.handle and before.why == one.why
    return isinstance(before, Unfilled) and isinstance(one, Unfilled)


def _exceptions(schedule: Schedule, now: datetime) -> list[Override]:
    return sorted((one for one in schedule.overrides if one.until > now), key=lambda one: (one.since, one.number))
