"""The API of changes: what was done to the system of late."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from actinf.responder.changing import TellChange, change_document
from actinf.responder.server.context import Asking, requires

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["incidents"])

Document = dict[str, Any]


@router.get("/changes", summary="List changes to the system")
async def list_changes(asking: Annotated[Asking, Depends(requires("see"))]) -> Document:
    """The changes of the last seven days, a hundred at most, the newest first."""
    found = await asking.server.do(asking.server.parts.desk.changes)
    return {"changes": [change_document(one) for one in found]}


@router.post("/changes", status_code=201, summary="Tell of a change")
async def tell_change(body: TellChange, asking: Annotated[Asking, Depends(requires("change"))]) -> Document:
    """A deploy, a migration, a flag, a scaling: incidents that open afterwards show the last five."""
    told = await asking.server.do(lambda: asking.server.parts.desk.tell_change(body, by=asking.by))
    return change_document(told)
