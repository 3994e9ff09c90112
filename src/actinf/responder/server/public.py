"""The API of what the public is told."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from actinf.responder.publishing.page import page_document
from actinf.responder.publishing.requests import AnnounceWork, ChangeWork, WorkChange
from actinf.responder.server.context import Asking, requires

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["status page"])

Document = dict[str, Any]


@router.get("/status", summary="All that is public")
async def show_page(asking: Annotated[Asking, Depends(requires("see"))]) -> Document:
    """The status page as it is now: components, incidents that the public was told of, planned work, and uptime."""
    return page_document(await asking.server.do(asking.server.parts.page))


@router.get("/status/maintenance", summary="List planned work")
async def list_works(
    asking: Annotated[Asking, Depends(requires("see"))],
    past: Annotated[bool, Query(description="What is over as well.")] = False,
) -> Document:
    """The work that the public was told of and that is to come or goes on, the soonest first."""
    planning = asking.server.parts.planning
    return {"maintenance": await asking.server.do(lambda: planning.works(past=past))}


@router.post("/status/maintenance", status_code=201, summary="Tell the public of planned work")
async def announce_work(body: AnnounceWork, asking: Annotated[Asking, Depends(requires("planned-work"))]) -> Document:
    """It begins and ends by itself; where alerts are expected, a window of maintenance is made as well."""
    planning = asking.server.parts.planning
    made = await asking.server.do(lambda: planning.announce(body, by=asking.by))
    asking.server.machinery.something_happened()
    return made


@router.post("/status/maintenance/{number}/{change}", summary="Begin, end or cancel planned work")
async def change_work(
    number: Annotated[int, Path(ge=1, le=10**9, description="Of the work.", examples=[1])],
    change: Annotated[WorkChange, Path(description="What is done with it.", examples=["start"])],
    body: ChangeWork,
    asking: Annotated[Asking, Depends(requires("change-planned-work"))],
) -> Document:
    """Before its time; users are told at once."""
    planning = asking.server.parts.planning
    after = await asking.server.do(lambda: planning.change(number, change, body.text, by=asking.by))
    asking.server.machinery.something_happened()
    return after
