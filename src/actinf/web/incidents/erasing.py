"""The page on which what is stored of people with an incident is erased: first it says what goes, and what stays."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from actinf.errors import OutOfTurn, SettingError
from actinf.responder.desk import BY_ITSELF
from actinf.responder.incident.event import ERASED
from actinf.responder.server.context import Asking, Server, ServerParts
from actinf.responder.server.incidents import require_visible
from actinf.responder.verbs import Erase
from actinf.web.incidents.filled import BLANK, Filled, asked_for, mistakes_of
from actinf.web.incidents.pages import page
from actinf.web.incidents.visitors import Actor, Looker, Visitor

__all__ = ["router"]

router = APIRouter()


@router.get("/incidents/{name}/erase")
async def show_erasure(name: str, server: ServerParts, visitor: Looker) -> Response:
    """What would be erased."""
    visitor.require("erase")
    return await _shown(name, server, visitor)


@router.post("/incidents/{name}/erase")
async def erase(name: str, server: ServerParts, filing: Actor) -> Response:
    """Erase it, where somebody has said why, and that they are sure."""
    visitor = filing.visitor
    visitor.require("erase")
    values = {"reason": filing.text("reason")}
    await server.do(lambda: require_visible(Asking(server, visitor.who), name))
    try:
        wanted = asked_for(Erase, filing)
        if not wanted.reason.strip():
            raise SettingError("why is empty: it is all that will tell of it")
        if not filing.text("sure"):
            raise SettingError("it cannot be taken back: say below that you know")
        await server.do(lambda: wanted.run(server.parts.desk, name, visitor.handle))
    except (ValidationError, SettingError) as error:
        return await _shown(name, server, visitor, Filled("erase", values, mistakes_of(error)), 422)
    except OutOfTurn as error:
        return await _shown(name, server, visitor, Filled("erase", values, mistakes_of(error)), 409)
    return RedirectResponse(f"/incidents/{name}", 303)


async def _shown(name: str, server: Server, visitor: Visitor, filled: Filled = BLANK, status: int = 200) -> Response:
    values = await server.do(lambda: _looked_at(server, visitor, name))
    return page("erase.html", status, visitor=visitor, filled=filled, **values)


def _looked_at(server: Server, visitor: Visitor, name: str) -> dict[str, Any]:
    incident = require_visible(Asking(server, visitor.who), name)
    events = server.parts.desk.timeline(name)
    people = sorted({one.by for one in events} - {BY_ITSELF, ERASED})
    return {
        "incident": incident,
        "events": len(events),
        "people": people,
        "alerts": len(incident.alerts),
        "evidence": [one.name for one in incident.evidence if one.removed_at is None],
    }
