"""The application: its parts are made before it, its threads begin and end with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import anyio
from fastapi import FastAPI

import actinf
from actinf.responder.access.accounts import Access
from actinf.responder.parts import Parts
from actinf.responder.server import (
    catalogue,
    changes,
    contacts,
    health,
    hooks,
    incidents,
    oncall,
    public,
    quiet,
    ramp,
    records,
    scans,
)
from actinf.responder.server.context import Server
from actinf.responder.server.edge import Edge
from actinf.responder.server.machinery import Machinery
from actinf.responder.server.page_process import PageProcess
from actinf.responder.server.problems import install_problems

__all__ = ["create_app"]

_DESCRIPTION = """
Alerts come in by webhooks and become incidents; people are paged, and what happens is written down.

Every error is a problem document (RFC 9457) that says what was wrong and how to mend it.
"""
_WATCHED_EVERY = 1.0


def create_app(
    parts: Parts, *, pages: Sequence[Callable[[FastAPI], None]] = (), status_page: PageProcess | None = None
) -> FastAPI:
    """The application of one process.

    Args:
        parts: of the responder; whoever made them closes them.
        pages: what else is served beside the API, each added by a call with the application, whose `state.server` is a
            `actinf.responder.server.context.Server`.
        status_page: the process that serves the status page, which is looked after; whoever made it ends it.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        machinery = server.machinery
        await anyio.to_thread.run_sync(machinery.start)
        try:
            async with anyio.create_task_group() as watching:
                watching.start_soon(_watch, machinery)
                try:
                    yield
                finally:
                    watching.cancel_scope.cancel()
        finally:
            server.close()
            machinery.stop()

    server = Server(parts, Machinery(parts, status_page), Access(parts.store, parts.clock))
    app = FastAPI(
        lifespan=lifespan,
        title="Incident responder",
        version=actinf.__version__,
        description=_DESCRIPTION,
        docs_url=None,  # what the framework brings loads its scripts from elsewhere
        redoc_url=None,
    )
    app.state.server = server
    install_problems(app)
    api = (hooks, incidents, ramp, records, oncall, quiet, catalogue, contacts, changes, scans, public, health)
    for router in (one.router for one in api):
        app.include_router(router)
    for add in pages:
        add(app)
    app.add_middleware(Edge)
    return app


async def _watch(machinery: Machinery) -> None:
    while True:
        await anyio.sleep(_WATCHED_EVERY)
        machinery.workers.restart_dead()
