"""Files of evidence on the page of an incident: taken, and given to be saved, never shown as pages of this site."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from actinf.errors import ResponderError, SettingError
from actinf.responder.record.evidence import kept_stream, written_down
from actinf.responder.server.context import Asking, ServerParts
from actinf.responder.server.incidents import require_visible
from actinf.responder.server.records import evidence_reply
from actinf.web.incidents.filled import Filled, mistakes_of
from actinf.web.incidents.incident import incident_page
from actinf.web.incidents.visitors import Bringer, Looker

__all__ = ["router"]

router = APIRouter()

_LONGEST_SOURCE, _LONGEST_CUSTODY = 500, 2000


@router.get("/incidents/{name}/evidence/{evidence}")
async def download_evidence(name: str, evidence: str, server: ServerParts, visitor: Looker) -> Response:
    """A file, once it was found to be what was taken, for somebody who may see the incident."""
    visitor.require("see")
    return await evidence_reply(Asking(server, visitor.who), name, evidence)


@router.post("/incidents/{name}/evidence")
async def bring_evidence(name: str, request: Request, server: ServerParts, filing: Bringer) -> Response:
    """Take a file as evidence; where that is refused, show the form again."""
    visitor, file = filing.visitor, filing.fields.get("file")
    said = {field: filing.text(field).replace("\r\n", "\n").strip() for field in ("source", "custody")}
    await server.do(lambda: require_visible(Asking(server, visitor.who), name))

    def work() -> None:
        if not isinstance(file, UploadFile) or not file.filename:
            raise SettingError("no file was chosen")
        if len(said["source"]) > _LONGEST_SOURCE or len(said["custody"]) > _LONGEST_CUSTODY:
            raise SettingError(
                f"where it comes from takes {_LONGEST_SOURCE} characters, who has it {_LONGEST_CUSTODY:,}: shorten it"
            )
        desk = server.parts.desk
        kept = kept_stream(file.file, file.filename, desk.store.folder, name)
        written_down(desk, name, kept, **said, by=visitor.handle)

    try:
        await server.do(work)
    except (ResponderError, SettingError) as error:
        return await incident_page(
            name, request, server, visitor, filled=Filled("evidence", said, mistakes_of(error)), status=422
        )
    server.machinery.something_happened()
    return RedirectResponse(f"/incidents/{name}#about", 303)
