"""A worker process: it takes simulations from the queue and computes them, until it is told to end.

Told to end, it finishes the chunk that it is at where that takes a few seconds, gives its runs back to the queue, and
goes.  Where the database goes away, it waits for it.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import procrastinate
import psycopg
from procrastinate.exceptions import ProcrastinateException
from prometheus_client import start_http_server
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from actinf.errors import DatabaseError, ServiceUnavailable, SettingError
from actinf.lab.blocks import cores
from actinf.runtime.database import make_engine, session_options
from actinf.runtime.logs import first_line
from actinf.runtime.sentry import report_errors
from actinf.runtime.settings import Settings
from actinf.service import schema_version
from actinf.service.jobs.periodic import maintenance, run_periodically
from actinf.service.jobs.queue import SIMULATE, SIMULATIONS_QUEUE
from actinf.service.jobs.rescue import HEARTBEAT_SECONDS, STALLED_SECONDS
from actinf.service.jobs.running import Retries, Simulator
from actinf.service.measures import REGISTRY

__all__ = ["open_queue", "work"]

_LOG = logging.getLogger(__name__)

POLL_SECONDS = 1.0
GRACEFUL_SECONDS = 5.0
WAIT_SECONDS = 2.0


@asynccontextmanager
async def open_queue(database_url: str, simulator: Simulator) -> AsyncIterator[procrastinate.App]:
    """The queue as a worker sees it, with what it does, for as long as the block lasts."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector())

    @app.task(name=SIMULATE, queue=SIMULATIONS_QUEUE, retry=Retries())
    async def simulate(simulation: str) -> None:
        await simulator.run(UUID(simulation))

    pool = AsyncConnectionPool(
        database_url,
        kwargs=session_options(application="actinf worker queue", statement_seconds=15.0),
        min_size=1,
        max_size=4,
        open=False,
        check=AsyncConnectionPool.check_connection,
    )
    # A pool of our own, because it has to be closed as well where it is left while it opens.
    try:
        await pool.open(wait=True)
        async with app.open_async(pool):
            yield app
    finally:
        await pool.close()


Watch = Callable[[Callable[[], object]], None]


def work(settings: Settings, database_url: str, *, concurrency: int = 1, watch: Watch | None = None) -> None:
    """Be a worker until told to end.

    Args:
        settings: of the process.
        database_url: postgresql://… of the database.
        concurrency: simulations at once; they share the processors.
        watch: is given a function that ends the worker, for whoever has other reasons than a signal to call it; it
            may be called from any thread.

    Raises:
        SettingError: the port of /metrics cannot be listened on.
    """
    report_errors(settings, process="worker")
    asyncio.run(_work(settings, database_url, concurrency, watch))


async def _work(settings: Settings, database_url: str, concurrency: int, watch: Watch | None) -> None:
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()

    def end() -> None:
        _LOG.info("ending: what is not finished within %g s goes back to the queue", GRACEFUL_SECONDS)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    if watch is not None:
        watch(lambda: loop.call_soon_threadsafe(stopping.set))
    if settings.metrics_port is not None:
        _serve_metrics(settings.host, settings.metrics_port)
    engine = make_engine(database_url, pool_size=concurrency * 2 + 3, application="actinf worker")
    simulator = Simulator(engine, max(1, cores() // concurrency), stopping)
    try:
        if await _tables_are_there(database_url, stopping):
            _LOG.info("the worker waits for jobs")
            await _take_jobs(stopping, lambda: _take_jobs_while_connected(database_url, engine, simulator, concurrency))
    finally:
        await engine.dispose()
    _LOG.info("the worker has ended")


def _serve_metrics(host: str, port: int) -> None:
    try:
        start_http_server(port, addr=host, registry=REGISTRY)
    except OSError as error:
        raise SettingError(
            f"cannot serve /metrics on {host}:{port}: {error.strerror}; give another port with --metrics-port"
        ) from None


async def _tables_are_there(database_url: str, stopping: asyncio.Event) -> bool:
    """Wait for a database of this release; False where the process is to end before that."""
    while not stopping.is_set():
        try:
            why = await asyncio.to_thread(schema_version.shortfall, database_url)
        except (ServiceUnavailable, DatabaseError) as error:
            why = str(error)
        if why is None:
            return True
        _LOG.warning("waiting: %s", why)
        await _pause(stopping)
    return False


async def _take_jobs(stopping: asyncio.Event, take: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Take jobs until told to end, whatever becomes of the database meanwhile."""
    end = asyncio.create_task(stopping.wait())
    while not stopping.is_set():
        session = asyncio.create_task(take())
        await asyncio.wait({session, end}, return_when=asyncio.FIRST_COMPLETED)
        if stopping.is_set():
            session.cancel()
        try:
            await session
        except asyncio.CancelledError:
            return
        except (ProcrastinateException, SQLAlchemyError, psycopg.Error, OSError) as error:
            _LOG.warning("the worker lost the database: %s", first_line(error))
        await _pause(stopping)


async def _take_jobs_while_connected(
    database_url: str, engine: AsyncEngine, simulator: Simulator, concurrency: int
) -> None:
    async with open_queue(database_url, simulator) as app:
        upkeep = asyncio.create_task(run_periodically(engine, maintenance(app)), name="upkeep")
        try:
            await app.run_worker_async(
                queues=[SIMULATIONS_QUEUE],
                concurrency=concurrency,
                install_signal_handlers=False,
                fetch_job_polling_interval=POLL_SECONDS,
                shutdown_graceful_timeout=GRACEFUL_SECONDS,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
            )
        finally:
            upkeep.cancel()
            with suppress(asyncio.CancelledError):
                await upkeep


async def _pause(stopping: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), WAIT_SECONDS)
