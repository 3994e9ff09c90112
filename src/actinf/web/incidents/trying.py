"""A test page to oneself, and what becomes of it in each channel, seen as it happens."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from actinf.errors import SettingError
from actinf.responder.contacts.trial_page import ask_for_contact_test, fates_of
from actinf.responder.server.context import Server, ServerParts
from actinf.web.incidents.live import shown
from actinf.web.incidents.pages import page
from actinf.web.incidents.visitors import Actor, Looker

__all__ = ["router"]

router = APIRouter()


@router.post("/oncall/test-page")
async def send_test_page(server: ServerParts, filing: Actor) -> Response:
    """Send a test page to who asks."""
    visitor = filing.visitor
    visitor.require("test-page")
    try:
        name = await server.do(lambda: ask_for_contact_test(server.parts.desk, visitor.handle))
    except SettingError as error:
        return page("test_page_refused.html", 422, visitor=visitor, why=str(error))
    server.machinery.something_happened()
    return RedirectResponse(f"/oncall/test-page/{name}", 303)


@router.get("/oncall/test-page/{name}")
async def show_test_page(name: str, request: Request, server: ServerParts, visitor: Looker) -> Response:
    """What became of one."""
    visitor.require("see")
    values = await server.do(lambda: _looked_at(server, name))
    return shown(request, "test_page", visitor=visitor, **values)


def _looked_at(server: Server, name: str) -> dict[str, Any]:
    return {
        "test": name,
        "who": name.partition("@")[0],
        "fates": fates_of(server.parts.desk, name),
        "now": server.parts.clock(),
    }
