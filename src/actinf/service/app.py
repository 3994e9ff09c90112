"""The application: its parts are made when it starts and ended when it stops."""

import asyncio
import gc
import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.middleware.cors import CORSMiddleware

import actinf
from actinf.agent import Agent
from actinf.runtime.at_hand import data_directory
from actinf.runtime.database import make_engine
from actinf.runtime.logs import first_line
from actinf.runtime.problems import install_problems
from actinf.runtime.settings import Settings
from actinf.service import schema_version
from actinf.service.access import endpoints as access
from actinf.service.access.keyring import Keyring
from actinf.service.agents import endpoints as agents
from actinf.service.agents.cache import AgentCache, NoCache
from actinf.service.agents.hot import HotAgents
from actinf.service.agents.redis_cache import RedisCache
from actinf.service.audit import endpoints as audit
from actinf.service.audit.anchoring import Anchoring, anchor_path
from actinf.service.audit.log import AuditLog
from actinf.service.audit.refusals import Refusals, install_refusals
from actinf.service.background import begun, ended
from actinf.service.context import Parts
from actinf.service.edge import Edge
from actinf.service.events import Streams
from actinf.service.health import endpoints as health
from actinf.service.health.probe import HealthProbe
from actinf.service.inference import endpoints as inference
from actinf.service.inference.service import Observers
from actinf.service.jobs.presence import watch_jobs
from actinf.service.lineage import Lineage
from actinf.service.maintenance import keep_partitions
from actinf.service.manual import endpoints as manual
from actinf.service.models import endpoints as models
from actinf.service.models.library import ModelLibrary
from actinf.service.openapi import describe, operation_id
from actinf.service.protection.breaker import Breaker
from actinf.service.protection.gate import Gate
from actinf.service.protection.guarded_engine import GuardedEngine
from actinf.service.protection.make import make_admission, make_breakers, make_crew, make_limits
from actinf.service.protection.switchboard import SwitchBoard
from actinf.service.simulations import endpoints as simulations
from actinf.service.simulations.stream import versions_in
from actinf.service.steps import endpoints as steps
from actinf.service.steps.committer import Committer
from actinf.service.steps.stream import newest_of
from actinf.service.switches import endpoints as switches

__all__ = ["create_app"]

_LOG = logging.getLogger(__name__)

_DESCRIPTION = """
Agents that perceive, plan and learn by minimising free energy.

Make an agent, then give it one observation after another: it answers with its action and the beliefs behind it, and
what it answered is durable.  Every error is a problem document (RFC 9457) that says what was wrong and how to mend it.
"""

_ABOUT: dict[str, Any] = {
    "title": "Active Inference API",
    "version": actinf.__version__,
    "description": _DESCRIPTION,
    "generate_unique_id_function": operation_id,
    "separate_input_output_schemas": False,
    "docs_url": None,  # our own: what the framework brings loads its scripts from elsewhere
    "redoc_url": None,
}
_NOTE_KEYS_SECONDS = 30.0
# Kernels that were compiled before are loaded in a second or two.
_LONGEST_DEAF_SECONDS = 10.0
_SCHEMA_SECONDS = 2.0
_MOST_PARSERS = 2  # of large bodies at once
#: What pages of the origins that are allowed may send and see; no cookie is ever sent, for none is read.
_FOR_BROWSERS: dict[str, Any] = {
    "allow_methods": ["GET", "POST", "PUT", "DELETE"],
    "allow_headers": ["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "X-Request-ID"],
    "expose_headers": ["Idempotent-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"],
}


def create_app(
    settings: Settings,
    *,
    database_url: str,
    audit_key: bytes,
    disk: Path | None = None,
    pages: Sequence[Callable[[FastAPI], None]] = (),
) -> FastAPI:
    """The application of one process.

    Args:
        settings: of the process.
        database_url: postgresql://… of a database that is there, if not yet answering.
        audit_key: continues the audit chain, 32 bytes.
        disk: a folder on the disk of the database, where that is on this machine.
        pages: what else the process serves beside the API, each added by a call with the application.
    """
    lifecycle = health.Lifecycle()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = make_engine(database_url, pool_size=settings.pool_size, application="actinf api")
        parts = _make_parts(settings, pool, database_url, audit_key, disk, lifecycle)
        app.state.parts = parts
        parts.switches.start()
        parts.probe.start()
        parts.committer.start()
        parts.cache.start()
        background = [
            begun(_load_kernels(parts.library, lifecycle), "loading the kernels"),
            begun(_watch_schema(database_url, lifecycle), "watching the tables"),
            begun(_note_keys(parts.keyring), "noting which keys are used"),
            begun(keep_partitions(parts.engine, settings.retention_days), "keeping partitions"),
            begun(parts.refusals.run(), "writing refusals"),
            begun(watch_jobs(pool), "watching jobs"),
        ]
        anchoring = Anchoring(pool, audit_key, anchor_path(settings, data_directory(settings)))
        anchoring.start()
        await _until_it_may_listen(*background[:2])
        try:
            yield
        finally:
            await ended(background)
            await parts.streams.stop()
            await parts.committer.stop()
            await parts.cache.stop()
            await parts.probe.stop()
            await parts.switches.stop()
            await parts.limits.close()
            parts.crew.stop()
            with suppress(SQLAlchemyError, OSError, actinf.errors.ServiceUnavailable):
                await parts.keyring.note_use()
            await parts.refusals.write_last()
            await anchoring.stop()
            await pool.dispose()

    app = FastAPI(lifespan=lifespan, **_ABOUT)
    app.state.lifecycle = lifecycle
    _assemble(app, settings, pages)
    return app


def _assemble(app: FastAPI, settings: Settings, pages: Sequence[Callable[[FastAPI], None]]) -> None:
    """Add the operations of the API, what else is served, and the layers around them."""
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    install_problems(app)
    install_refusals(app)
    for resource in (steps, models, agents, simulations, inference, access, audit, switches, health, manual):
        app.include_router(resource.router)
    for add in pages:
        add(app)
    app.state.parsers = asyncio.Semaphore(_MOST_PARSERS)
    app.add_middleware(Gate, most=settings.max_in_flight, max_body_bytes=settings.max_body_bytes)
    if settings.cors_origins:
        app.add_middleware(CORSMiddleware, allow_origins=settings.cors_origins, **_FOR_BROWSERS)
    app.add_middleware(Edge)


def _make_parts(
    settings: Settings,
    pool: AsyncEngine,
    database_url: str,
    audit_key: bytes,
    disk: Path | None,
    lifecycle: health.Lifecycle,
) -> Parts:
    """The parts of the process, not yet started."""
    breakers = make_breakers()
    engine = GuardedEngine(pool, breakers["database"])
    admission, crew = make_admission(settings, breakers["memory"]), make_crew(settings)
    library = ModelLibrary(admission, crew)
    cache, lineage = _cache(settings, audit_key, breakers["cache"]), Lineage()
    lineage.tells(cache.follow)
    streams = Streams(lambda: lifecycle.draining)
    return Parts(
        settings=settings,
        engine=engine,
        keyring=Keyring(engine.for_operators()),
        library=library,
        cache=cache,
        hot=HotAgents(engine, library, cache, lineage, most=settings.hot_agents, admission=admission, crew=crew),
        committer=Committer(database_url, breakers["database"], lineage),
        audit=AuditLog(audit_key),
        refusals=Refusals(pool, AuditLog(audit_key)),
        probe=HealthProbe(database_url, disk, lineage),
        observers=Observers(admission, crew),
        streams=streams,
        steps_taken=streams.feed(newest_of(engine)),
        simulation_changes=streams.feed(versions_in(engine)),
        limits=make_limits(settings, breakers["cache"]),
        admission=admission,
        crew=crew,
        switches=SwitchBoard(engine, breakers.values()),
    )


def _cache(settings: Settings, audit_key: bytes, breaker: Breaker) -> AgentCache:
    """The cache that the settings name; its entries are sealed with a key of their own, made of the audit key."""
    if settings.cache_url is None:
        return NoCache()
    key = hashlib.blake2b(b"agents in the cache", key=audit_key, digest_size=32).digest()
    return RedisCache(settings.cache_url.get_secret_value(), key, breaker)


async def _until_it_may_listen(loading: asyncio.Task[None], watching: asyncio.Task[None]) -> None:
    """Listening is what brings requests: those that come before all is there would have to wait."""
    await asyncio.wait([loading], timeout=_LONGEST_DEAF_SECONDS)
    await asyncio.wait([watching], timeout=_SCHEMA_SECONDS)


async def _load_kernels(library: ModelLibrary, lifecycle: "health.Lifecycle") -> None:
    """Have the compiled step ready, so that no model that is ever sent waits for a compiler."""

    def load() -> None:
        model = library.bundled("tmaze")
        if model is None:
            raise AssertionError
        for dtype in ("float64", "float32"):
            Agent(model, dtype=dtype).start().step({"where": "centre"})

    try:
        await asyncio.to_thread(load)
    except Exception as error:
        lifecycle.kernels_failed = first_line(error)
        raise
    # What was loaded so far stays for good: the collector of garbage need not walk through it, again and again, while
    # requests wait.
    gc.collect()
    gc.freeze()
    library.kernels.set()
    lifecycle.kernels_loaded = True
    _LOG.info("the kernels are loaded")


async def _watch_schema(url: str, lifecycle: "health.Lifecycle") -> None:
    """Wait until the database has the tables that this release needs."""
    while not lifecycle.migrated:
        try:
            why = await asyncio.to_thread(schema_version.shortfall, url)
        except (actinf.errors.ServiceUnavailable, actinf.errors.DatabaseError) as error:
            why = str(error)
        lifecycle.migrated = why is None
        if not lifecycle.migrated:
            _LOG.warning("not ready: %s", why)
            await asyncio.sleep(2.0)


async def _note_keys(keyring: Keyring) -> None:
    while True:
        await asyncio.sleep(_NOTE_KEYS_SECONDS)
        with suppress(SQLAlchemyError, OSError, actinf.errors.ServiceUnavailable):
            await keyring.note_use()
