"""The page that opens an incident by hand."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from actinf.errors import SettingError
from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.incident.severity import Severity
from actinf.responder.runbooks import INCIDENT_TYPES
from actinf.responder.server.context import ServerParts
from actinf.responder.verbs import OpenIncident
from actinf.web.incidents.filled import BLANK, Filled, SentBefore, asked_for, mistakes_of
from actinf.web.incidents.pages import page
from actinf.web.incidents.visitors import Actor, Looker, Visitor
from actinf.web.markup import new_form_key

__all__ = ["router"]

router = APIRouter()
_SENT = SentBefore()

_TYPES = {
    "api_down": "The API is down",
    "database_performance": "The database is slow",
    "high_memory": "Memory runs out",
    "security": "Security: somebody may have got in",
    "other": "Something else",
}


@router.get("/incidents/new")
async def show_new(server: ServerParts, visitor: Looker) -> Response:
    """The form."""
    return _form(visitor, await server.do(server.parts.desk.catalogue), BLANK)


@router.post("/incidents")
async def open_incident(server: ServerParts, filing: Actor) -> Response:
    """Open the incident that the form describes; where that is refused, show the form again."""
    visitor = filing.visitor
    visitor.require("open")
    values = {key: value for key, value in filing.fields.items() if isinstance(value, str) and key != "token"}
    key = filing.text("key")
    if not _SENT.is_new(visitor.handle, key):
        return RedirectResponse("/", 303)
    try:
        wanted = asked_for(OpenIncident, filing)
        opened = await server.do(lambda: wanted.run(server.parts.desk, visitor.handle))
    except (ValidationError, SettingError) as error:
        catalogue = await server.do(server.parts.desk.catalogue)
        return _form(visitor, catalogue, Filled("new", values, mistakes_of(error)), 422)
    server.machinery.something_happened()
    return RedirectResponse(f"/incidents/{opened.id}", 303)


def _form(visitor: Visitor, catalogue: Catalogue, filled: Filled, status: int = 200) -> Response:
    values: dict[str, Any] = {
        "types": [("", "That of the component"), *((name, _TYPES.get(name, name)) for name in INCIDENT_TYPES)],
        "catalogue": catalogue.components.values(),
        "severities": [("", "Judge it from the rest"), *((one, f"{one} {one.word}") for one in Severity)],
    }
    return page("new.html", status, visitor=visitor, filled=filled, key=new_form_key(), **values)
