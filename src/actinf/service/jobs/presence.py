"""What a serving process knows of the jobs: how many workers live, and how many simulations have which status."""

import asyncio
from contextlib import suppress
from typing import get_args

import psycopg
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actinf.service.jobs.rescue import STALLED_SECONDS
from actinf.service.measures import OLDEST_QUEUED, WORKERS
from actinf.service.measures import SIMULATIONS as COUNTED
from actinf.service.simulations.schemas import Status
from actinf.service.tables import SIMULATIONS

__all__ = ["ALIVE", "watch_jobs", "workers_alive"]

_EVERY_SECONDS = 5.0
#: How many workers have said within the last ten seconds that they live.
ALIVE = f"SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '{STALLED_SECONDS} s'"
# A run that was given back waits anew: what counts is when its job was last put on the queue.
_LONGEST = text("""
SELECT coalesce(max(extract(epoch FROM now() - waiting.since)), 0) FROM (
    SELECT max(e.at) AS since FROM simulations s JOIN procrastinate_events e ON e.job_id = s.job_id
    WHERE s.status = 'queued' GROUP BY s.id
) waiting
""")


async def workers_alive(connection: AsyncConnection) -> int:
    """How many workers have said within the last ten seconds that they live."""
    return int((await connection.execute(text(ALIVE))).scalar_one())


async def watch_jobs(engine: AsyncEngine) -> None:
    """Keep the metrics of the jobs up to date, until cancelled."""
    while True:
        with suppress(SQLAlchemyError, psycopg.Error, OSError):
            async with engine.connect() as connection:
                WORKERS.set(await workers_alive(connection))
                query = select(SIMULATIONS.c.status, func.count()).group_by(SIMULATIONS.c.status)
                OLDEST_QUEUED.set(max(0.0, float((await connection.execute(_LONGEST)).scalar_one())))
                counts = {row[0]: row[1] for row in await connection.execute(query)}
            for status in get_args(Status):
                COUNTED.labels(status).set(counts.get(status, 0))
        await asyncio.sleep(_EVERY_SECONDS)
