"""The API of scans: what scanners found."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from actinf.errors import Forbidden
from actinf.responder.server.context import Asking, requires
from actinf.responder.server.quiet import sees_all

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["scans"])

Document = dict[str, Any]

_Target = Annotated[
    str, Query(max_length=200, description="What was scanned; else what the report says.", examples=["shop"])
]
_Component = Annotated[
    str, Query(max_length=200, description="The part of the system that it is, by any name.", examples=["api"])
]
_REPORT = {
    "requestBody": {
        "required": True,
        "content": {
            "application/sarif+json": {
                "schema": {"type": "object"},
                "example": {
                    "version": "2.1.0",
                    "runs": [{"tool": {"driver": {"name": "Trivy"}}, "results": []}],
                },
            }
        },
    }
}


@router.post("/scans", summary="Take the report of a scanner", openapi_extra=_REPORT)
async def take_scan(
    request: Request,
    asking: Annotated[Asking, Depends(requires("scan"))],
    target: _Target = "",
    component: _Component = "",
) -> Document:
    """A report in SARIF 2.1.0, 10 MiB at most: what is bad enough opens an incident, what is gone ends its alert."""
    server, body = asking.server, await request.body()
    async with server.one_large_body:
        taken = await server.do(lambda: server.parts.scanning.take(body, target=target, component=component))
    server.machinery.something_happened()
    return taken


@router.get("/findings", summary="List what scanners found")
async def list_findings(
    asking: Annotated[Asking, Depends(requires("see"))],
    component: Annotated[str | None, Query(max_length=200, description="Only of this part.", examples=["api"])] = None,
    past: Annotated[bool, Query(description="What was accepted in the scanner, or is gone, as well.")] = False,
) -> Document:
    """What the last scan of each target found, and what became of it, the worst first.

    It is for those who deal with security.
    """

    def work() -> list[Document]:
        if not sees_all(asking):
            raise Forbidden(
                "what scanners found is private, for an account that deals with security or an admin: ask one of them"
            )
        return asking.server.parts.scanning.findings(component, past=past)

    return {"findings": await asking.server.do(work)}
