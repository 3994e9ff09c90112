"""The API of what is kept of an incident: files of evidence, and all of it to be taken elsewhere."""

from __future__ import annotations

import tempfile
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from actinf.responder.record.evidence import kept_stream, written_down
from actinf.responder.record.export import exported
from actinf.responder.server.context import Asking, requires
from actinf.responder.server.incidents import require_visible

__all__ = ["router"]

router = APIRouter(prefix="/v1/incidents", tags=["incidents"])

Document = dict[str, Any]

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


@router.get("/{incident}/export", summary="All of an incident, with its chain", operation_id="incident_export")
async def export(incident: str, asking: Annotated[Asking, Depends(requires("see"))]) -> Document:
    """What is known, the list of evidence, and each event with its MAC and the one before, signed."""

    def work() -> Document:
        require_visible(asking, incident)
        return exported(asking.server.parts.desk, incident)

    return await asking.server.do(work)
