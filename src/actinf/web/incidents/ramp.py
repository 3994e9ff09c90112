"""The way back on pages: how far a ramp is, what is said to it, and what one would do before it begins."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from actinf.errors import ClusterTrouble, NotFound, OutOfTurn, ResponderError, SettingError
from actinf.responder.ramp.requests import Direction, DirectRamp, StartRamp
from actinf.responder.ramp.state import State
from actinf.responder.server.context import Asking, Server, ServerParts
from actinf.responder.server.incidents import require_visible
from actinf.web.incidents.filled import BLANK, Filled, SentBefore, asked_for, mistakes_of
from actinf.web.incidents.pages import page
from actinf.web.incidents.times import with_moments
from actinf.web.incidents.visitors import Actor, Filing, Looker, Visitor

__all__ = ["ramp_shown", "router"]

router = APIRouter()
_SENT = SentBefore()
_OVER = frozenset(state.value for state in State if state.is_over)


@router.get("/incidents/{name}/ramp")
async def show_ramp(name: str, server: ServerParts, visitor: Looker) -> Response:
    """The ramp of an incident; where none goes on, what one would do."""
    visitor.require("see")
    return await _page(name, server, visitor)


@router.post("/incidents/{name}/ramp/{said}")
async def direct_ramp(name: str, said: str, server: ServerParts, filing: Actor) -> Response:
    """Begin a ramp, or say what it is to do; where that is refused, show the page with the reason."""
    visitor = filing.visitor
    if said not in ("start", *Direction):
        raise NotFound(f"nothing is called {said[:40]!r} that can be said to a ramp")
    visitor.require(f"ramp-{said}")
    once = (visitor.handle, name, said, filing.text("shown"))
    if not _SENT.is_new(*once):
        return RedirectResponse(f"/incidents/{name}#ramp", 303)
    try:
        # Beside the threads that everybody waits for: the cluster may be as ill as what runs in it.
        await asyncio.to_thread(_done, server, name, said, filing)
    except (ValidationError, ResponderError, SettingError) as error:
        _SENT.forget(*once)
        status = 409 if isinstance(error, OutOfTurn) else 503 if isinstance(error, ClusterTrouble) else 422
        values = {"reason": filing.text("reason")}
        return await _page(name, server, visitor, Filled(said, values, mistakes_of(error)), status)
    server.machinery.something_happened()
    return RedirectResponse(f"/incidents/{name}#ramp", 303)


def ramp_shown(server: Server, name: str) -> dict[str, Any] | None:
    """The latest ramp of an incident, as its page shows it; None: it has none."""
    found = server.parts.ramping.ramp(name)
    return None if found is None else _with_times(found)


def _done(server: Server, name: str, said: str, filing: Filing) -> None:
    require_visible(Asking(server, filing.visitor.who), name)
    ramping, by = server.parts.ramping, filing.visitor.handle
    if said == "start":
        ramping.start(name, asked_for(StartRamp, filing), by=by)
    else:
        ramping.direct(name, Direction(said), asked_for(DirectRamp, filing), by=by)


async def _page(name: str, server: Server, visitor: Visitor, filled: Filled = BLANK, status: int = 200) -> Response:
    values = await asyncio.to_thread(_looked_at, server, visitor, name)
    return page("ramp.html", status, visitor=visitor, filled=filled, **values)


def _looked_at(server: Server, visitor: Visitor, name: str) -> dict[str, Any]:
    incident = require_visible(Asking(server, visitor.who), name)
    ramp, preview, trouble = ramp_shown(server, name), None, ""
    goes_on = ramp is not None and ramp["state"] not in _OVER
    if not goes_on and incident.is_open and visitor.may("ramp-start"):
        try:
            preview = server.parts.ramping.preview(name, StartRamp.model_validate({}))
        except ClusterTrouble as error:
            trouble = str(error)
    return {
        "incident": incident,
        "ramp": ramp,
        "goes_on": goes_on,
        "preview": preview,
        "trouble": trouble,
        "now": server.parts.clock(),
    }


def _with_times(document: Mapping[str, Any]) -> dict[str, Any]:
    """A ramp whose moments are such, and those of its steps."""
    read = with_moments(document)
    if read.get("trouble"):
        read["trouble"] = _with_times(read["trouble"])
    if "steps" in read:
        read["steps"] = [_with_times(one) for one in read["steps"]]
    return read
