"""The API of silences and windows of maintenance."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from actinf.errors import Forbidden
from actinf.responder.access.privacy import sees_private
from actinf.responder.quiet.documents import alerts_document
from actinf.responder.quiet.requests import AnnounceMaintenance, MakeSilence
from actinf.responder.server.context import Asking, requires

__all__ = ["require_sight", "router", "sees_all", "told_of"]

router = APIRouter(prefix="/v1", tags=["silences"])
_LOG = logging.getLogger(__name__)

Document = dict[str, Any]

_Past = Annotated[bool, Query(description="Those that are over as well.")]
_DryRun = Annotated[bool, Query(description="Only say which alerts of the last seven days it would be for.")]


@router.get("/silences", summary="List silences")
async def list_silences(asking: Annotated[Asking, Depends(requires("see"))], past: _Past = False) -> Document:
    """The silences that hold, each with the alerts that it holds back now; private ones for who sees such."""
    quieting = asking.server.parts.quieting
    found = await asking.server.do(lambda: quieting.silences(past=past, sees_private=sees_all(asking)))
    return {"silences": found}


@router.post("/silences", status_code=201, summary="Make a silence")
async def make_silence(
    body: MakeSilence, asking: Annotated[Asking, Depends(requires("silence"))], dry_run: _DryRun = False
) -> Document:
    """Keep alerts from being told, from now on, for a while; an incident that is open is never hidden."""
    return await _made(asking, body, dry_run=dry_run)


@router.post("/silences/{number:path}/end", summary="End a silence")
async def end_silence(number: str, asking: Annotated[Asking, Depends(requires("end-silence"))]) -> Document:
    """End it before its time: what it held back and still fires opens its incident at once."""
    quieting = asking.server.parts.quieting
    ended = await asking.server.do(lambda: quieting.end_silence(number, by=asking.by, sees_private=sees_all(asking)))
    told_of("a silence was ended", asking.by, ended["id"])
    asking.server.machinery.something_happened()
    return ended


@router.get("/maintenance", summary="List windows of maintenance")
async def list_maintenance(asking: Annotated[Asking, Depends(requires("see"))], past: _Past = False) -> Document:
    """The windows that go on or will, each with the alerts that it holds back now; private ones for who sees such."""
    quieting = asking.server.parts.quieting
    found = await asking.server.do(lambda: quieting.maintenances(past=past, sees_private=sees_all(asking)))
    return {"maintenance": found}


@router.post("/maintenance", status_code=201, summary="Announce a window of maintenance")
async def announce(
    body: AnnounceMaintenance, asking: Annotated[Asking, Depends(requires("maintenance"))], dry_run: _DryRun = False
) -> Document:
    """Announce work during which alerts are expected: once, from `since` to `until`, or every week, on `days`."""
    return await _made(asking, body, dry_run=dry_run)


@router.post("/maintenance/{name:path}/end", summary="End a window of maintenance")
async def end_maintenance(name: str, asking: Annotated[Asking, Depends(requires("end-maintenance"))]) -> Document:
    """End it for good, one that comes every week as well: what it held back opens its incident at once."""
    quieting = asking.server.parts.quieting
    ended = await asking.server.do(lambda: quieting.end_maintenance(name, by=asking.by, sees_private=sees_all(asking)))
    told_of("a window of maintenance was ended", asking.by, ended["name"])
    asking.server.machinery.something_happened()
    return ended


def sees_all(asking: Asking) -> bool:
    """Whether who asks sees silences of private alerts."""
    return sees_private(asking.who, asking.server.parts.desk.schedule())


def require_sight(asking: Asking, *, private: bool) -> None:
    """Let only those silence what is private who see it.

    Raises:
        Forbidden: they do not.
    """
    if private and not sees_all(asking):
        raise Forbidden(
            "alerts that are private are silenced by who sees them, an account that deals with security or an admin: "
            "ask one of them"
        )


def told_of(what: str, by: str, name: str) -> None:
    """Write into the log who did something with a silence; the store keeps it, too."""
    _LOG.info(what, extra={"by": by, "silence": name})


async def _made(asking: Asking, body: MakeSilence | AnnounceMaintenance, *, dry_run: bool) -> Document:
    quieting = asking.server.parts.quieting

    def work() -> Document:
        require_sight(asking, private=body.private)
        if dry_run:
            return {"would_hold_back": alerts_document(quieting.would_hold_back(body, by=asking.by))}
        if isinstance(body, MakeSilence):
            return quieting.silence(body, by=asking.by)
        return quieting.announce(body, by=asking.by)

    document = await asking.server.do(work)
    if not dry_run:
        told_of("a silence was made", asking.by, document.get("id") or document["name"])
        asking.server.machinery.something_happened()
    return document
