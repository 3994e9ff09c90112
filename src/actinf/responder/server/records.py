"""The API of what is kept of an incident: files of evidence, and all of it to be taken elsewhere."""

from __future__ import annotations

import asyncio
import base64
import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse

from actinf.responder.incident.decisions import the_evidence
from actinf.responder.incident.event import ERASED
from actinf.responder.record.evidence import content_of, kept_stream, listed, written_down
from actinf.responder.record.export import exported
from actinf.responder.server.context import Asking, requires
from actinf.responder.server.incidents import require_visible

__all__ = ["evidence_reply", "router"]

router = APIRouter(prefix="/v1/incidents", tags=["incidents"])

Document = dict[str, Any]

#: Says nothing of what it is: no program should make anything of it by itself.
NEUTRAL = "application/octet-stream"

#: What is larger lies on the disk until all of it has arrived.
_IN_MEMORY = 2**20


@router.post(
    "/{incident}/evidence",
    status_code=201,
    summary="Keep a file as evidence",
    operation_id="incident_evidence",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def keep_evidence(
    incident: str,
    request: Request,
    asking: Annotated[Asking, Depends(requires("evidence"))],
    name: Annotated[str, Query(max_length=255, description="The name of the file.")],
    source: Annotated[str, Query(max_length=500, description="Where it comes from.")] = "",
    custody: Annotated[str, Query(max_length=2000, description="Who has it, and why.")] = "",
) -> Document:
    """Take the body as a file, as it is; the event of the timeline that says so, with its SHA-256."""
    await asking.server.do(lambda: require_visible(asking, incident))
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as content:
        async for part in request.stream():
            await asking.server.do(partial(content.write, part))
        content.seek(0)

        def work() -> Document:
            desk = asking.server.parts.desk
            kept = kept_stream(content, name, desk.store.folder, incident)
            return written_down(desk, incident, kept, source=source, custody=custody, by=asking.by)

        return await asking.server.do(work)


@router.get("/{incident}/evidence", summary="The files of evidence", operation_id="incident_evidence_list")
async def list_evidence(
    incident: str,
    asking: Annotated[Asking, Depends(requires("see"))],
    look: Annotated[bool, Query(description="Read each file and hold it against its SHA-256.")] = False,
    only: Annotated[str, Query(max_length=500, description="A name, or the beginning of a SHA-256.")] = "",
) -> Document:
    """Each file with its SHA-256, who has it, and where it was looked at whether it is intact, missing or altered."""
    folder = asking.server.parts.store.folder
    held = await asking.server.do(lambda: require_visible(asking, incident))
    # Beside the threads that everybody waits for: there may be gigabytes to read.
    return {"evidence": await asyncio.to_thread(lambda: listed(folder, held, look=look, only=only))}


@router.get(
    "/{incident}/evidence/{evidence}",
    summary="A file of evidence",
    operation_id="incident_evidence_file",
    response_class=FileResponse,
    responses={200: {"content": {NEUTRAL: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def fetch_evidence(
    incident: str, evidence: str, asking: Annotated[Asking, Depends(requires("see"))]
) -> FileResponse:
    """The file as it was taken, given by its name or the beginning of its SHA-256; else nothing of it."""
    return await evidence_reply(asking, incident, evidence)


async def evidence_reply(asking: Asking, incident: str, evidence: str) -> FileResponse:
    """A file of evidence, once it was found to be what was taken: to be saved, and never to be shown by a browser.

    Raises:
        NoSuchIncident: there is none of that id, or none for who asks.
        NoSuchEvidence: it has no such file.
        EvidenceAltered: the file is gone, or is not what was taken.
    """
    folder = asking.server.parts.store.folder
    held = the_evidence(await asking.server.do(lambda: require_visible(asking, incident)), evidence)

    def found() -> Path:
        with content_of(folder, incident, held) as content:
            return Path(content.name)

    digest = base64.b64encode(bytes.fromhex(held.sha256)).decode()
    return FileResponse(
        await asyncio.to_thread(found),
        media_type=NEUTRAL,
        filename=held.name if held.name != ERASED else f"evidence-{held.sha256[:16]}",
        headers={"Repr-Digest": f"sha-256=:{digest}:", "Content-Security-Policy": "default-src 'none'; sandbox"},
    )


@router.get("/{incident}/export", summary="All of an incident, with its chain", operation_id="incident_export")
async def export(incident: str, asking: Annotated[Asking, Depends(requires("see"))]) -> Document:
    """What is known, the list of evidence, and each event with its MAC and the one before, signed."""

    def work() -> Document:
        require_visible(asking, incident)
        return exported(asking.server.parts.desk, incident)

    return await asking.server.do(work)
