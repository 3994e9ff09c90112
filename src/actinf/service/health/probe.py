"""Watching the database: once a second something is written to it, so that `/health` knows without asking.

The write is committed, which fails on a server that is gone or read-only; and a sort is spilt to disk, which fails on a
disk that is full, where an update might still find room on its page.
"""

import asyncio
import logging
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from actinf.runtime.database import connect_async
from actinf.runtime.logs import first_line
from actinf.service.background import begun, ended
from actinf.service.jobs.presence import ALIVE
from actinf.service.lineage import Lineage
from actinf.service.measures import HEALTHY

__all__ = ["HealthProbe"]

_LOG = logging.getLogger(__name__)

_EVERY_SECONDS = 1.0
_PATIENCE_SECONDS = 2.0
_STALE_SECONDS = 3.5
_LEAST_FREE_BYTES = 32 * 2**20


class HealthProbe:
    """What is known of the database.

    Args:
        url: of the database.
        disk: a folder on the disk that the database writes to, where it is on this machine; None elsewhere.
        lineage: is asked for again with each connection, so that a restore is noticed while nobody steps as well.
    """

    def __init__(self, url: str, disk: Path | None, lineage: Lineage):
        self._url = url
        self._lineage = lineage
        self._disk = disk
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._reason: str | None = "the database was not asked yet"
        self._checked = time.monotonic()
        #: Workers that live, as far as the database knew when it was asked last; None before that.
        self.workers: int | None = None

    @property
    def reason(self) -> str | None:
        """Why the service does not work; None while it does."""
        if time.monotonic() - self._checked > _STALE_SECONDS:
            return "the database has not answered for some seconds"
        return self._reason

    def start(self) -> None:
        """Begin to watch."""
        self._tasks.append(begun(self._run(), "health probe"))

    async def stop(self) -> None:
        """End."""
        await ended(self._tasks)
        await self._disconnect()

    async def _run(self) -> None:
        while True:
            reason = await self._failure()
            if reason != self._reason and (reason is None or self._reason is None):
                _LOG.log(
                    logging.INFO if reason is None else logging.ERROR,
                    "the database works" if reason is None else f"unhealthy: {reason}",
                )
            self._reason, self._checked = reason, time.monotonic()
            HEALTHY.set(reason is None)
            await asyncio.sleep(_EVERY_SECONDS)

    async def _failure(self) -> str | None:
        """One look at the database; the reason where it does not work."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._write()
        except TimeoutError:  # an OSError as well
            await self._disconnect()
            return f"the database did not answer within {_PATIENCE_SECONDS:g} s"
        except (psycopg.Error, OSError) as error:
            await self._disconnect()
            return f"the database cannot be written: {first_line(error)}"
        if self._disk is not None and shutil.disk_usage(self._disk).free < _LEAST_FREE_BYTES:
            return f"the disk of the database is full: less than {_LEAST_FREE_BYTES // 2**20} MiB are free"
        return None

    async def _write(self) -> None:
        if self._connection is None or self._connection.closed:
            self._connection = await connect_async(self._url, application="actinf health")
            await self._connection.execute("SET work_mem = '64kB'")
            await self._lineage.ask(self._connection)
        await self._connection.execute("SELECT count(*) FROM generate_series(1, 20000)")
        await self._connection.execute("UPDATE health_probe SET written_at = now()")
        row = await (await self._connection.execute(ALIVE)).fetchone()
        self.workers = int(row[0]) if row is not None else 0

    async def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error, OSError):
                await self._connection.close()
            self._connection = None
