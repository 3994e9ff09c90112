"""What PostgreSQL counts, under the names that postgres_exporter made known where it is the same thing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from prometheus_client import Metric

from actinf.upkeep.adapters.seen import gauge, of_postgres

__all__ = ["Archiving", "archiving_of", "statistics_of"]

_ARCHIVING = """
SELECT
    current_setting('archive_mode') <> 'off' AS "on",
    archived_count AS archived,
    failed_count AS failed,
    extract(epoch FROM now() - last_archived_time)::float AS last_archived_seconds,
    (SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready') AS waiting,
    coalesce((SELECT extract(epoch FROM now() - min(modification)) FROM pg_ls_archive_statusdir()
        WHERE name LIKE '%.ready'), 0)::float AS waiting_seconds
FROM pg_stat_archiver
"""

_DATABASE_COUNTERS = (
    "xact_commit", "xact_rollback", "blks_read", "blks_hit", "tup_returned", "tup_fetched", "tup_inserted",
    "tup_updated", "tup_deleted", "conflicts", "temp_files", "temp_bytes", "deadlocks", "checksum_failures",
    "blk_read_time", "blk_write_time", "sessions_killed",
)  # fmt: skip
_STATES = (
    "active",
    "idle",
    "idle in transaction",
    "idle in transaction (aborted)",
    "fastpath function call",
    "disabled",
)

_ACTIVITY = """
SELECT datname, state, count(*), coalesce(max(extract(epoch FROM now() - xact_start)), 0)::float
FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname IS NOT NULL AND state IS NOT NULL
GROUP BY datname, state
"""

# Seconds; the statement that asks is left out, and so are backups, whose transactions are long on purpose.
_WAITS = """
SELECT
    coalesce(max(extract(epoch FROM now() - xact_start)) FILTER (
        WHERE backend_type = 'client backend' AND usename <> 'actinf_backup'), 0)::float,
    count(*) FILTER (WHERE wait_event_type = 'Lock'),
    coalesce(max(extract(epoch FROM now() - waiting.since)), 0)::float,
    (SELECT max(age(datfrozenxid)) FROM pg_database)::float,
    current_setting('max_connections')::float,
    current_setting('superuser_reserved_connections')::float + current_setting('reserved_connections')::float,
    extract(epoch FROM pg_postmaster_start_time())::float,
    (SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming')::float,
    pg_wal_lsn_diff(
        CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, '0/0')::float
FROM pg_stat_activity AS a
LEFT JOIN (SELECT pid, min(waitstart) AS since FROM pg_locks WHERE NOT granted GROUP BY pid) AS waiting USING (pid)
WHERE a.pid <> pg_backend_pid()
"""


@dataclass(frozen=True, kw_only=True)
class Archiving:
    """How far the archive of the log of changes is.

    Attributes:
        on: whether it is archived at all.
        archived: segments that were archived since counting began; failed: tries that failed.
        last_archived_seconds: since the last one was archived; None where none was.
        waiting: finished segments that wait; waiting_seconds: for how long the oldest of them has.
    """

    on: bool
    archived: int
    failed: int
    last_archived_seconds: float | None
    waiting: int
    waiting_seconds: float

    def facts(self) -> dict[str, Any]:
        """For people."""
        return {"on": self.on, "waiting": self.waiting, "waiting_seconds": round(self.waiting_seconds, 1)}

    def metrics(self) -> list[Metric]:
        """For Prometheus."""
        found = [
            gauge("pg_archiving_on", "1 where finished segments are archived.", self.on),
            gauge("pg_archive_waiting_segments", "Finished segments that wait for the archive.", self.waiting),
            gauge("pg_archive_waiting_seconds", "For how long the oldest of them has waited.", self.waiting_seconds),
            of_postgres("pg_stat_archiver_archived_count", "Segments that were archived.", self.archived),
            of_postgres("pg_stat_archiver_failed_count", "Tries to archive that failed.", self.failed),
        ]
        if self.last_archived_seconds is not None:
            said = "Since a segment was archived last."
            found.append(gauge("pg_stat_archiver_last_archived_age_seconds", said, self.last_archived_seconds))
        return found


async def archiving_of(connection: psycopg.AsyncConnection[Any]) -> Archiving:
    """How far the archive is.

    Raises:
        psycopg.Error: the server does not say.
    """
    cursor = connection.cursor(row_factory=psycopg.rows.class_row(Archiving))
    [archiving] = await (await cursor.execute(_ARCHIVING)).fetchall()
    return archiving


async def statistics_of(connection: psycopg.AsyncConnection[Any]) -> list[Metric]:
    """What the server counts.

    Raises:
        psycopg.Error: the server does not say.
    """
    return [
        *await _of_databases(connection),
        *await _of_activity(connection),
        *await _of_locks(connection),
        *await _of_waits(connection),
    ]


async def _rows(connection: psycopg.AsyncConnection[Any], query: str) -> Sequence[tuple[Any, ...]]:
    return await (await connection.execute(query.encode())).fetchall()


async def _of_databases(connection: psycopg.AsyncConnection[Any]) -> list[Metric]:
    columns = ", ".join(f"coalesce({name}, 0)::float" for name in (*_DATABASE_COUNTERS, "numbackends"))
    rows = await _rows(connection, f"SELECT datname, {columns} FROM pg_stat_database WHERE datname IS NOT NULL")
    counted = [
        of_postgres(
            f"pg_stat_database_{name}",
            f"pg_stat_database.{name}",
            {(str(row[0]),): float(row[at]) for row in rows},
            ("datname",),
        )
        for at, name in enumerate(_DATABASE_COUNTERS, start=1)
    ]
    connected: dict[tuple[str, ...], float] = {(str(row[0]),): float(row[-1]) for row in rows}
    return [*counted, gauge("pg_stat_database_numbackends", "Sessions on a database.", connected, ("datname",))]


async def _of_activity(connection: psycopg.AsyncConnection[Any]) -> list[Metric]:
    rows = await _rows(connection, _ACTIVITY)
    labels = ("datname", "state")
    # A state that nobody is in is 0, not missing.
    nobody = {(name, state): 0.0 for name in {row[0] for row in rows} for state in _STATES}
    return [
        gauge("pg_stat_activity_count", "Clients.", nobody | {(r[0], r[1]): float(r[2]) for r in rows}, labels),
        gauge(
            "pg_stat_activity_max_tx_duration",
            "Seconds of the longest transaction.",
            nobody | {(r[0], r[1]): r[3] for r in rows},
            labels,
        ),
    ]


async def _of_locks(connection: psycopg.AsyncConnection[Any]) -> list[Metric]:
    rows = await _rows(
        connection,
        "SELECT datname, lower(mode), count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
        " GROUP BY 1, 2",
    )
    return [gauge("pg_locks_count", "Locks.", {(r[0], r[1]): float(r[2]) for r in rows}, ("datname", "mode"))]


async def _of_waits(connection: psycopg.AsyncConnection[Any]) -> list[Metric]:
    [row] = await _rows(connection, _WAITS)
    said = (
        ("pg_long_running_transactions_seconds", "Age of the oldest transaction of a client."),
        ("pg_blocked_sessions", "Sessions that wait for a lock."),
        ("pg_blocked_sessions_max_seconds", "For how long the first of them has waited."),
        ("pg_wraparound_age", "Transactions since the oldest row that is not frozen; the server stops at 2e9."),
        ("pg_settings_max_connections", "Connections that the server admits."),
        ("pg_settings_reserved_connections", "Those of them that are kept for operators, backups and adapters."),
        ("pg_postmaster_start_time_seconds", "When the server was started, since the epoch."),
        ("pg_replication_streams", "Replicas and backups that follow the log of changes."),
        ("pg_wal_bytes", "Position in the log of changes: its rate is what is written."),
    )
    return [gauge(name, what, float(value)) for (name, what), value in zip(said, row, strict=True)]
