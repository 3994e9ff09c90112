"""How the responder itself is: `/live`, `/health`, `/metrics`; asked without a key."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from actinf.responder.incident.severity import Severity
from actinf.responder.keeping.watched import AGENT, Outsider
from actinf.responder.server.context import Server, ServerParts
from actinf.responder.server.measures import ALERTS_WAITING, OPEN_INCIDENTS, OUTBOX_WAITING, REGISTRY
from actinf.responder.server.problems import KINDS
from actinf.responder.store import alerts, incidents, outbox

__all__ = ["router"]

router = APIRouter(tags=["health"])

#: The store is written every 2 s; after so many seconds without it is said to fail.
_NOT_WRITTEN = 4.5


@router.get("/live", summary="Whether the process answers")
async def live() -> dict[str, str]:
    """It does."""
    return {"status": "ok"}


@router.get("/health", summary="Whether it can do what it is for")
async def health(request: Request, server: ServerParts) -> JSONResponse:
    """503 where the store cannot be written or work stands still; else 200, `degraded` where something is amiss.

    A channel is degraded from its first attempt that fails until a message arrives.
    """
    if request.headers.get("user-agent", "").startswith(AGENT):
        server.machinery.outsiders.heard(Outsider.WATCHER)
    document = _health(server)
    return JSONResponse(document, status_code=503 if document["status"] == "failing" else 200)


def _health(server: Server) -> dict[str, Any]:
    machinery, step = server.machinery, server.parts.clock.step.total_seconds()
    wrong, written = machinery.wrong(), machinery.store_written
    channels = {
        name: {
            "succeeded_at": seen.succeeded_at.isoformat(timespec="seconds") if seen.succeeded_at else None,
            "failed_since": seen.failed,
        }
        for name, seen in machinery.channels.items()
    }
    watchdog = machinery.watchdog
    is_silent = watchdog is not None and watchdog.is_silent
    page = machinery.status_page
    is_degraded = (
        step != 0
        or is_silent
        or bool(page and page.trouble)
        or bool(machinery.page_trouble)
        or any(seen.failed for seen in machinery.channels.values())
    )
    fails = bool(wrong) or written > _NOT_WRITTEN
    return {
        "status": "failing" if fails else "degraded" if is_degraded else "ok",
        "store": {"written_seconds_ago": round(written, 1)},
        "work": {"stands_still": wrong, "seconds_since": machinery.workers.seconds_since()},
        "clock": {"step_seconds": round(step, 1)},
        "watchdog": None
        if watchdog is None
        else {"is_silent": is_silent, "seconds_silent": round(watchdog.seconds_silent, 1)},
        "channels": channels,
        "status_page": {
            "address": None if page is None else page.address,
            "trouble": machinery.page_trouble or (page.trouble if page is not None else ""),
        },
    }


@router.get("/metrics", summary="What is counted, for Prometheus", response_class=Response)
async def metrics(server: ServerParts) -> Response:
    """In Prometheus' text format."""

    def work() -> bytes:
        with server.parts.store.reading() as connection:
            by_severity = incidents.open_by_severity(connection)
            waiting = {channel: count for channel, count, _ in outbox.waiting(connection)}
            ALERTS_WAITING.set(alerts.waiting(connection))
        for severity in Severity:
            OPEN_INCIDENTS.labels(severity).set(by_severity.get(severity, 0))
        for channel in server.machinery.channels:
            OUTBOX_WAITING.labels(channel).set(waiting.get(channel, 0))
        return generate_latest(REGISTRY)

    return Response(await server.do(work), media_type=CONTENT_TYPE_LATEST)


@router.get("/problems", summary="The kinds of refusals")
async def problems() -> list[dict[str, Any]]:
    """All kinds of problem documents, with what each means."""
    return [kind.plain() for kind in KINDS.values()]


@router.get("/problems/{kind}", summary="What a kind of refusal means")
async def problem(kind: str) -> JSONResponse:
    """What the `type` of a problem document names."""
    known = KINDS.get(kind)
    if known is None:
        return JSONResponse({"known": sorted(KINDS)}, status_code=404)
    return JSONResponse(known.plain())
