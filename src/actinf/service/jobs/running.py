"""Computing a simulation: chunk after chunk in threads, each kept with its progress in one transaction.

A chunk that is there is never computed again, so that a run goes on where the last attempt ended, on whichever worker.
Meanwhile the database is asked twice a second whether the run is still this attempt's: it is not where it was
cancelled, deleted, or taken over by another worker because this one seemed to be dead.
"""

import asyncio
import logging
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import procrastinate
import psycopg
from procrastinate.jobs import Job
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

import actinf
from actinf.errors import ActinfError, Stopped
from actinf.lab.chunks import ChunkedRun
from actinf.lab.trace import open_trace
from actinf.runtime.logs import first_line
from actinf.service.measures import CHUNK_SECONDS
from actinf.service.simulations import repository
from actinf.service.simulations.planning import planned_run
from actinf.service.simulations.result import chunks_of
from actinf.service.tables import AnyRow

__all__ = ["MOST_TROUBLES", "Retries", "Simulator"]

_LOG = logging.getLogger(__name__)

WATCH_SECONDS = 0.5
TELL_SECONDS = 1.0

#: How often in a row, without a chunk in between, a worker leaves a run for a trouble of its machine (a full disk).
MOST_TROUBLES = 5

_LONGEST_PAUSE = 30  # seconds

# What the database says while it starts, ends, is full of connections, or has us yield to another transaction.
_AWAY = ("08", "40", "57", "53300", "25006")
_GAVE_UP = "57014"  # a statement took too long, which may well be the statement's own fault

_Made = TypeVar("_Made")


class _GivenBack(Exception):
    """A run was left between two chunks, and goes back to the queue."""


class Retries(procrastinate.BaseRetryStrategy):
    """A job that ends with an exception was left half-way: it goes on, at once where its worker ends, else later."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> procrastinate.RetryDecision:
        """When the job is taken up again."""
        at_once = isinstance(exception, _GivenBack | asyncio.CancelledError)
        pause = 0 if at_once else min(2 ** min(job.attempts, 10), _LONGEST_PAUSE)
        return procrastinate.RetryDecision(retry_in={"seconds": pause})


class Simulator:
    """What a worker process needs to compute simulations.

    Args:
        engine: the database.
        threads: that one simulation may use.
        stopping: set when the process is to end: runs are given back after the chunk that they are at.
    """

    def __init__(self, engine: AsyncEngine, threads: int, stopping: asyncio.Event):
        self._engine = engine
        self._threads = threads
        self._stopping = stopping
        self._troubles: dict[UUID, tuple[int, int]] = {}  # how often, and how many chunks were there

    async def run(self, simulation: UUID) -> None:
        """Compute a simulation as far as it is not computed yet, and say how it ended.

        Whatever this raises, the run was left, and has to be taken up again.
        """
        async with self._engine.begin() as connection:
            row = await repository.begin_attempt(connection, simulation, actinf.__version__)
        if row is None:
            _LOG.info("a simulation was cancelled or deleted before it began", extra={"job": simulation})
            return
        _LOG.info("a simulation begins", extra={"job": simulation, "attempts": row.attempts})
        attempt = _Attempt(self._engine, row, self._threads, self._stopping)
        try:
            await attempt.carry_out()
        except (_GivenBack, asyncio.CancelledError):
            await asyncio.shield(attempt.give_back())
            raise
        except (SQLAlchemyError, psycopg.Error, OSError) as error:
            _LOG.warning("a simulation was left: %s", first_line(error), extra={"job": simulation})
            if _is_away(error) or (_may_pass(error) and self._bears(row)):
                await asyncio.shield(attempt.give_back())
                raise
            await attempt.fail(f"the worker could not keep what it computed: {_reason(error)}")
        except (ActinfError, MemoryError) as error:
            await attempt.fail(str(error) or type(error).__name__)
        except Exception:  # noqa: BLE001 -- the edge of a worker: whatever a run does ends that run alone
            _LOG.exception("a simulation failed", extra={"job": simulation})
            await attempt.fail("the service made a mistake: the worker's log holds it under the id of the simulation")
        self._troubles.pop(simulation, None)

    def _bears(self, row: AnyRow) -> bool:
        """Count a trouble of this machine; False where a run had too many of them since its last chunk."""
        times, chunks = self._troubles.get(row.id, (0, row.chunks_done))
        times = times + 1 if chunks == row.chunks_done else 1
        self._troubles[row.id] = times, row.chunks_done
        return times < MOST_TROUBLES


class _Attempt:
    """One attempt at a run, for as long as the run is this attempt's."""

    def __init__(self, engine: AsyncEngine, row: AnyRow, threads: int, stopping: asyncio.Event):
        self._engine, self._row, self._threads, self._stopping = engine, row, threads, stopping
        self._held = True
        self._halt = threading.Event()
        self._steps = 0  # in the chunks that are there
        self._partial = 0  # in the one that is being computed

    async def carry_out(self) -> None:
        """Compute what is missing, and end the run."""
        watch = asyncio.create_task(self._watch(), name=f"watch {self._row.id}")
        try:
            run = await self._beside(
                lambda: planned_run(self._row.document, self._row.chunk_agents, actinf.__version__)
            )
            if await self._compute(run):
                await self._succeed(run)
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
        if not self._held:
            _LOG.info("a simulation was cancelled, deleted, or taken over", extra={"job": self._row.id})

    async def give_back(self) -> None:
        """Leave the run to another worker."""
        with suppress(SQLAlchemyError, psycopg.Error, OSError):
            async with self._engine.begin() as connection:
                await repository.give_back(connection, self._row.id, self._row.attempts)
        _LOG.info("a simulation goes back to the queue", extra={"job": self._row.id})

    async def fail(self, error: str) -> None:
        """Say why the run cannot be completed."""
        _LOG.info("a simulation failed: %s", error, extra={"job": self._row.id})
        async with self._engine.begin() as connection:
            await repository.fail(connection, self._row.id, self._row.attempts, error)

    async def _compute(self, run: ChunkedRun) -> bool:
        """All chunks that are missing; False where the run was lost on the way."""
        extent = run.experiment.extent
        per_agent = extent.num_steps * extent.num_episodes
        async with self._engine.connect() as connection:
            done = await repository.chunks_present(connection, self._row.id)
        for chunk, (first, last) in enumerate(run.ranges):
            if chunk in done:
                self._steps += (last - first) * per_agent
        for chunk, agents in enumerate(run.ranges):
            if chunk in done:
                continue
            if self._stopping.is_set():
                raise _GivenBack
            began = time.perf_counter()
            try:
                data = await self._beside(partial(self._chunk, run, agents))
            except Stopped:
                return False
            seconds = time.perf_counter() - began
            CHUNK_SECONDS.observe(seconds)
            done.add(chunk)
            self._steps, self._partial = self._steps + (agents[1] - agents[0]) * per_agent, 0
            async with self._engine.begin() as connection:
                self._held = self._held and await repository.save_chunk(
                    connection,
                    self._row.id,
                    self._row.attempts,
                    chunk,
                    data,
                    done=done,
                    num_chunks=len(run.ranges),
                    work_done=self._steps,
                    seconds=seconds,
                )
            if not self._held:
                return False
        return True

    def _chunk(self, run: ChunkedRun, agents: tuple[int, int]) -> bytes:
        def tell(done: int, _: int) -> None:
            self._partial = done

        return run.compute(agents, threads=self._threads, progress=tell, should_stop=self._halt.is_set)

    async def _succeed(self, run: ChunkedRun) -> None:
        async with self._engine.connect() as connection:
            row = await repository.find_simulation(connection, self._row.workspace_id, self._row.id)
        if row is None:
            return
        loop = asyncio.get_running_loop()

        def summary() -> dict[str, Any]:
            with tempfile.TemporaryDirectory(prefix="actinf-trace-") as folder:
                path = Path(folder) / "trace.nc"
                run.write(chunks_of(self._engine, row.id, len(run.ranges), loop), path)
                with open_trace(path) as trace:
                    return run.summary(trace, seconds=row.seconds)

        said = await self._beside(summary)
        async with self._engine.begin() as connection:
            self._held = await repository.succeed(connection, row.id, self._row.attempts, said)
        if self._held:
            _LOG.info("a simulation succeeded", extra={"job": row.id, "seconds": round(row.seconds, 3)})

    async def _beside(self, work: Callable[[], _Made]) -> _Made:
        """Work in a thread; where this is cancelled, the thread is told, and waited for."""
        future = asyncio.get_running_loop().run_in_executor(None, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            self._halt.set()
            with suppress(ActinfError):
                await future
            raise

    async def _watch(self) -> None:
        """Tell the database how far the run is, and learn from it whether it is still ours."""
        told, told_at = -1, 0.0
        while self._held:
            await asyncio.sleep(WATCH_SECONDS)
            steps, now = self._steps + self._partial, time.monotonic()
            news = steps if self._partial and steps != told and now - told_at >= TELL_SECONDS else None
            with suppress(SQLAlchemyError, psycopg.Error, OSError):
                async with self._engine.begin() as connection:
                    held = await repository.note_progress(connection, self._row.id, self._row.attempts, news)
                if news is not None:
                    told, told_at = news, now
                self._held = self._held and held
        self._halt.set()


def _is_away(error: BaseException) -> bool:
    """Whether it is the connection that failed, and not what was said over it."""
    cause = _cause(error)
    state: str | None = getattr(cause, "sqlstate", None)
    if state is not None:
        return state.startswith(_AWAY) and state != _GAVE_UP
    return isinstance(
        cause, PoolTimeout | psycopg.OperationalError | psycopg.InterfaceError | ConnectionError | TimeoutError
    ) or bool(getattr(error, "connection_invalidated", False))


def _may_pass(error: BaseException) -> bool:
    """Whether the same may succeed later: a disk is full, a statement took too long."""
    return isinstance(_cause(error), psycopg.OperationalError | OSError)


def _reason(error: BaseException) -> str:
    """What happened, without what it happened to: that is for the log."""
    cause = _cause(error)
    name = type(cause).__name__
    return (
        f"{cause.strerror} ({name})" if isinstance(cause, OSError) and cause.strerror else f"the database says {name}"
    )


def _cause(error: BaseException) -> BaseException:
    """The driver's own error, where SQLAlchemy passed it on."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
