"""The API of ramps: the gated way back of an incident's service."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from actinf.responder.ramp.requests import Direction, DirectRamp, StartRamp
from actinf.responder.server.context import Asking, requires
from actinf.responder.server.incidents import require_visible

__all__ = ["router"]

router = APIRouter(prefix="/v1/incidents", tags=["ramps"])
_LOG = logging.getLogger(__name__)

Document = dict[str, Any]

_DryRun = Annotated[bool, Query(description="Only say what it would do, with the cluster as it stands.")]


@router.get("/{incident}/ramp", summary="The latest ramp of an incident")
async def show_ramp(incident: str, asking: Annotated[Asking, Depends(requires("see"))]) -> Document:
    """Its steps, how far it is, and what it waits for."""

    def work() -> Document:
        require_visible(asking, incident)
        return asking.server.parts.ramping.document(incident)

    return await asking.server.do(work)


@router.post("/{incident}/ramp", summary="Begin a ramp")
async def start_ramp(
    incident: str, body: StartRamp, asking: Annotated[Asking, Depends(requires("ramp-start"))], dry_run: _DryRun = False
) -> Document:
    """Smoke test, reduced load, some replicas, a soak, all of them: each only when the one before has passed."""

    def work() -> Document:
        require_visible(asking, incident)
        ramping = asking.server.parts.ramping
        return ramping.preview(incident, body) if dry_run else ramping.start(incident, body, by=asking.by)

    # Beside the threads that everybody waits for: the cluster may be as ill as what runs in it.
    document = await asyncio.to_thread(work)
    if not dry_run:
        _begun_or_directed(asking, incident, "start")
    return document


@router.post("/{incident}/ramp/{direction}", summary="Say to a ramp what it is to do")
async def direct_ramp(
    incident: str, direction: Direction, body: DirectRamp, asking: Annotated[Asking, Depends(requires("see"))]
) -> Document:
    """Pause it, resume it, let a step pass on your word, abort it, or have it put back what it set."""
    asking.require(f"ramp-{direction}")

    def work() -> Document:
        require_visible(asking, incident)
        return asking.server.parts.ramping.direct(incident, direction, body, by=asking.by)

    document = await asyncio.to_thread(work)
    _begun_or_directed(asking, incident, direction)
    return document


def _begun_or_directed(asking: Asking, incident: str, what: str) -> None:
    _LOG.info("a ramp was directed", extra={"by": asking.by, "incident": incident, "what": what})
    asking.server.machinery.something_happened()
