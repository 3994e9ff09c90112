"""What has to be done regularly, by whichever worker comes first.

It is not queued as jobs are: a worker whose places are all taken by long simulations still does it.  All of it may be
done twice without harm; that two workers do the same at once is kept apart by a lock.  Partitions are looked after by
the processes that write to them, see `actinf.service.maintenance`.
"""

import asyncio
import logging
import random
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import procrastinate
import psycopg
from procrastinate.exceptions import ProcrastinateException
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actinf.runtime.logs import first_line
from actinf.service.jobs.rescue import rescue_jobs, rescue_orphans

__all__ = ["Periodic", "maintenance", "run_periodically"]

_LOG = logging.getLogger(__name__)

HOUR = 3600.0
RESCUE_SECONDS = 2.0

_IDEMPOTENCY = "DELETE FROM idempotency_keys WHERE created_at < now() - interval '36 hours'"
_JOBS = """
DELETE FROM procrastinate_jobs j WHERE j.status NOT IN ('todo', 'doing')
    AND NOT EXISTS (SELECT FROM procrastinate_events e WHERE e.job_id = j.id AND e.at > now() - interval '7 days')
"""


@dataclass(frozen=True, kw_only=True)
class Periodic:
    """Something that is done again and again.

    Attributes:
        name: what it is called in logs, and the lock that keeps workers apart.
        seconds: between two times.
        work: does it, in a transaction of its own.
    """

    name: str
    seconds: float
    work: Callable[[AsyncConnection], Awaitable[None]]


def maintenance(app: procrastinate.App) -> tuple[Periodic, ...]:
    """All that workers do regularly."""
    return (
        Periodic(name="rescue jobs", seconds=RESCUE_SECONDS, work=lambda connection: rescue_jobs(app, connection)),
        Periodic(name="rescue simulations", seconds=5 * RESCUE_SECONDS, work=rescue_orphans),
        Periodic(name="forget idempotency keys", seconds=HOUR, work=_statement(_IDEMPOTENCY)),
        Periodic(name="forget finished jobs", seconds=HOUR, work=_statement(_JOBS)),
    )


async def run_periodically(engine: AsyncEngine, tasks: Sequence[Periodic]) -> None:
    """Do each of them now, and then in its intervals, until cancelled."""
    async with asyncio.TaskGroup() as group:
        for task in tasks:
            group.create_task(_repeat(engine, task), name=task.name)


async def _repeat(engine: AsyncEngine, task: Periodic) -> None:
    number = zlib.crc32(f"actinf {task.name}".encode())
    while True:
        try:
            async with engine.begin() as connection:
                lock = text("SELECT pg_try_advisory_xact_lock(:number)")
                if (await connection.execute(lock, {"number": number})).scalar_one():
                    await task.work(connection)
        except (SQLAlchemyError, ProcrastinateException, psycopg.Error, OSError) as error:
            _LOG.warning("%s: %s", task.name, first_line(error))
        # Workers that were started together drift apart.
        await asyncio.sleep(task.seconds * random.uniform(0.8, 1.2))


def _statement(statement: str) -> Callable[[AsyncConnection], Awaitable[None]]:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(text(statement))

    return work
