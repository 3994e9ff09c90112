"""Files of evidence from the page of an incident: to be saved, and never shown as if they were pages of this site."""

from __future__ import annotations

from fastapi import APIRouter, Response

from actinf.responder.server.context import Asking, ServerParts
from actinf.responder.server.records import evidence_reply
from actinf.web.incidents.visitors import Looker

__all__ = ["router"]

router = APIRouter()


@router.get("/incidents/{name}/evidence/{evidence}")
async def download_evidence(name: str, evidence: str, server: ServerParts, visitor: Looker) -> Response:
    """A file, once it was found to be what was taken, for somebody who may see the incident."""
    visitor.require("see")
    return await evidence_reply(Asking(server, visitor.who), name, evidence)
