"""How the database is: a write succeeds, archiving is not behind, no disk is full; and what it counts.

It connects as `actinf_health`, over the socket that only the pod has.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from prometheus_client import Metric

from actinf.runtime.logs import first_line
from actinf.upkeep.adapters.postgres_statistics import Archiving, archiving_of, statistics_of
from actinf.upkeep.adapters.seen import Disk, Seen, disk_metrics, gauge, metrics_of_file

__all__ = ["PostgresLimits", "PostgresSubject"]

_PARAMETERS: dict[str, Any] = {
    "connect_timeout": 2,
    "application_name": "actinf adapter",
    # Little memory, so that the sort of each look is spilt to the disk, which fails on one that is full.
    "options": "-c statement_timeout=1500 -c lock_timeout=1000 -c work_mem=64kB",
}
_STATISTICS_EVERY_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class PostgresLimits:
    """From when on a database is called ill.

    Attributes:
        archive_seconds: for which a finished segment may wait for the archive.
        free_bytes: that each disk has to have left.
    """

    archive_seconds: float = 120.0
    free_bytes: int = 256 * 2**20


class PostgresSubject:
    """A PostgreSQL and its volumes.

    Args:
        conninfo: how to connect, in libpq's words; what it leaves out libpq takes from PGHOST, PGDATABASE ….
        disks: folders whose disks must not be full.
        metrics_file: metrics that another program leaves there are told as well.
        limits: from when on it is ill.
    """

    name = "the database"
    up = "pg_up"

    def __init__(
        self, conninfo: str, *, disks: Sequence[Path], metrics_file: Path, limits: PostgresLimits | None = None
    ):
        self._conninfo = conninfo
        self._disks = disks
        self._metrics_file = metrics_file
        self._limits = limits or PostgresLimits()
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._statistics: tuple[float, list[Metric]] = (float("-inf"), [])

    async def look(self) -> Seen:
        """Write, look at the archiving and at the disks; every few seconds read the statistics."""
        disks, metrics = await asyncio.to_thread(self._look_around)
        try:
            connection = await self._connected()
            refused = await self._refusal(connection)
            archiving = await archiving_of(connection)
            metrics = [*metrics, *archiving.metrics(), *await self._recent_statistics(connection)]
        except (psycopg.Error, OSError) as error:
            await self.leave()
            said = f"the database does not answer: {first_line(error)}"
            reasons = [said, self._full(disks)]
            return Seen(reason=_joined(reasons), facts=_told(disks, None), metrics=metrics)
        reasons = [refused, self._full(disks), self._behind(archiving)]
        return Seen(
            answers=True,
            reason=_joined(reasons),
            degraded=[] if archiving.on else ["finished segments of the log of changes are not archived"],
            facts=_told(disks, archiving),
            metrics=metrics,
        )

    async def leave(self) -> None:
        """Close the connection; the next look opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error, OSError):
                await connection.close()

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True, **_PARAMETERS)
        return self._connection

    async def _refusal(self, connection: psycopg.AsyncConnection[Any]) -> str | None:
        """Why the database does not take a write; who has closed the connection does not answer."""
        try:
            await connection.execute("UPDATE upkeep.heartbeat SET written_at = now()")
            await connection.execute("SELECT count(*) FROM generate_series(1, 20000)")
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            return "the database is not prepared: actinf db prepare"
        except psycopg.Error as error:
            if connection.closed:
                raise
            return f"the database cannot be written: {first_line(error)}"
        return None

    async def _recent_statistics(self, connection: psycopg.AsyncConnection[Any]) -> list[Metric]:
        when, metrics = self._statistics
        if time.monotonic() - when > _STATISTICS_EVERY_SECONDS:
            metrics = await statistics_of(connection)
            self._statistics = (time.monotonic(), metrics)
        return metrics

    def _look_around(self) -> tuple[list[Disk], list[Metric]]:
        """The disks and the file of another program; in a thread, for a network's disk may hang."""
        disks = [disk for folder in self._disks if (disk := Disk.of(folder)) is not None]
        metrics = disk_metrics(disks)
        try:
            metrics += metrics_of_file(self._metrics_file)
            wrong = False
        except (ValueError, OSError):
            wrong = True
        return disks, [*metrics, gauge("pg_adapter_file_wrong", "1 while the file of metrics cannot be read.", wrong)]

    def _full(self, disks: list[Disk]) -> str | None:
        full = [disk for disk in disks if disk.free < self._limits.free_bytes]
        if not full:
            return None
        least = self._limits.free_bytes // 2**20
        return "; ".join(
            f"the disk of {disk.folder} is full: {disk.free // 2**20} MiB are free, less than {least} MiB"
            for disk in full
        )

    def _behind(self, archiving: Archiving) -> str | None:
        if not archiving.on or archiving.waiting_seconds <= self._limits.archive_seconds:
            return None
        return (
            f"archiving is behind: of {archiving.waiting} finished segments the oldest has waited for "
            f"{archiving.waiting_seconds:.0f} s, and {archiving.failed} tries have failed since the start of counting"
        )


def _joined(reasons: list[str | None]) -> str | None:
    return "; ".join(reason for reason in reasons if reason is not None) or None


def _told(disks: list[Disk], archiving: Archiving | None) -> dict[str, Any]:
    return {
        "disks": {str(disk.folder): {"free_bytes": disk.free, "size_bytes": disk.size} for disk in disks},
        "archiving": None if archiving is None else archiving.facts(),
    }
