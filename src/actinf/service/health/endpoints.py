"""`/health`, `/ready`, `/live` and `/metrics`."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict, Field

import actinf
from actinf.service.context import Parts, parts_of
from actinf.service.measures import BACKLOG, CONNECTIONS, DEGRADED, HOT_AGENTS, REGISTRY

__all__ = ["Lifecycle", "router"]

router = APIRouter(tags=["health"])

METRICS = {"schema": {"type": "string"}, "example": "actinf_healthy 1.0\n"}


class Lifecycle:
    """How far this process is in its life; `ready` needs no other process."""

    def __init__(self) -> None:
        self.kernels_loaded = False
        self.kernels_failed: str | None = None
        self.migrated = False
        self.draining = False

    @property
    def missing(self) -> list[str]:
        """What keeps it from being ready."""
        failed = self.kernels_failed
        reasons = {
            "the kernels are being loaded": not self.kernels_loaded and failed is None,
            f"the kernels could not be loaded: {failed}": failed is not None,
            "the database does not answer, or was not migrated": not self.migrated,
            "draining: it is about to stop": self.draining,
        }
        return [reason for reason, holds in reasons.items() if holds]


class Health(BaseModel):
    """Whether the service works."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok", "degraded": [], "version": "0.1.0"}]})

    status: Literal["ok", "failing"]
    reason: str | None = Field(None, description="Why it fails.")
    degraded: list[str] = Field(default_factory=list, description="Parts that it does without for now.")
    version: str


class Readiness(BaseModel):
    """Whether this process takes requests."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ready": True, "missing": []}]})

    ready: bool
    missing: list[str] = Field(default_factory=list, description="What is missing.")


class Liveness(BaseModel):
    """That this process answers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"live": True}]})

    live: bool = True


@router.get("/health", responses={503: {"model": Health, "description": "A part that it cannot do without is away."}})
async def health(request: Request, response: Response) -> Health:
    """200 while the service works, 503 while it cannot keep what it is sent.  Answered from what is known, at once."""
    parts = parts_of(request)
    reason = parts.probe.reason
    response.status_code = 200 if reason is None else 503
    return Health(
        status="ok" if reason is None else "failing",
        reason=reason,
        degraded=[part for part, away in _done_without(parts).items() if away],
        version=actinf.__version__,
    )


def _done_without(parts: Parts) -> dict[str, bool]:
    """The parts that the service can do without, and whether it has to for now."""
    return {"cache": parts.cache.away, "worker": parts.probe.workers == 0}


@router.get("/ready", responses={503: {"model": Readiness, "description": "Not yet, or not any more."}})
async def ready(request: Request, response: Response) -> Readiness:
    """200 while this process takes requests; it says nothing of what all processes share."""
    missing = request.app.state.lifecycle.missing
    response.status_code = 503 if missing else 200
    return Readiness(ready=not missing, missing=missing)


@router.get("/live")
async def live() -> Liveness:
    """200 as long as this process answers at all."""
    return Liveness()


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": METRICS}}})
async def metrics(request: Request) -> Response:
    """The metrics of this process, for Prometheus."""
    parts = parts_of(request)
    BACKLOG.set(parts.committer.backlog)
    HOT_AGENTS.set(len(parts.hot))
    CONNECTIONS.set(parts.engine.pool.checkedout())  # type: ignore[attr-defined]
    for part, away in _done_without(parts).items():
        DEGRADED.labels(part).set(away)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
