"""The rows that matter, counted and summed; and the moment at which a server that works is asked for them.

The difficulty is to say what a *working* server holds at one place in its log.  A snapshot is not enough: a
transaction is in the log a moment before others see it, so that no place in the log has exactly what a snapshot sees.
Therefore writers are held off for a moment, by locks that they wait for: while those are held, whoever wrote into
these tables has committed and is seen, and nobody writes.  The snapshot that is taken there, and the place in the log
at which it is taken, are the same state.  The locks are given back at once; the snapshot is read at leisure.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from actinf.errors import BackupError
from actinf.upkeep.backup.manifest import TableContent
from actinf.upkeep.backup.wal import lsn_of

__all__ = ["PASSING", "TABLES", "Mark", "contents", "critical_rows", "marked"]

#: Tables whose every row has to be in a backup.  The hottest first: the longest wait is for it.
TABLES = (
    "steps", "agent_states", "agents", "audit_log", "audit_head", "models", "model_names", "simulations",
    "simulation_chunks", "workspaces", "api_keys", "switches",
)  # fmt: skip
#: Tables that are copied like all others and not compared: they are of the hour.
PASSING = ("browser_sessions", "health_probe", "idempotency_keys")

# A writer waits at most so long behind our wait.  The last tries outwait the second after which PostgreSQL sends away
# an automatic vacuum that is in the way.
_LOCK_MILLISECONDS = (300,) * 8 + (1500,) * 12
_PAUSE_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place in the log of a server, with the state of the tables there.

    Attributes:
        lsn: the first byte that no longer belongs to it.
        written_up_to: the log has to be had up to here for recovery to see that it has passed `lsn`.
        taken_at: when, by the server's clock.
        timeline: that the server was on.
        held_seconds: for how long writers may have waited.
        snapshot: a connection in a transaction that sees that state.
    """

    lsn: int
    written_up_to: int
    taken_at: datetime
    timeline: int
    held_seconds: float
    snapshot: psycopg.Connection[Any]


def _present(connection: psycopg.Connection[Any]) -> list[str]:
    found = connection.execute(
        "SELECT name FROM unnest(%s::text[]) WITH ORDINALITY AS t(name, number) "
        "WHERE to_regclass('public.' || name) IS NOT NULL ORDER BY number",
        (list(TABLES),),
    )
    return [name for (name,) in found]


def contents(connection: psycopg.Connection[Any]) -> dict[str, TableContent]:
    """The rows that matter, by table, in the state that the connection's transaction sees.

    The hash of a row is PostgreSQL's own, over the binary values of all its columns.  It is the same on every server of
    the same major version that has the same files, and it does not resist somebody who chooses rows for it: it shows
    loss and damage.  Intent is what the audit chain shows.
    """
    held = {}
    for name in _present(connection):
        query = sql.SQL("SELECT count(*), coalesce(sum(hash_record_extended(t, 0)), 0)::text FROM public.{} t")
        row = connection.execute(query.format(sql.Identifier(name))).fetchone()
        if row is not None:
            held[name] = TableContent(rows=row[0], checksum=row[1])
    return held


def critical_rows(connection: psycopg.Connection[Any]) -> int | None:
    """How many rows the relation `critical_table` has; None: there is none."""
    if connection.execute("SELECT to_regclass('public.critical_table')").fetchone() == (None,):
        return None
    row = connection.execute("SELECT count(*) FROM public.critical_table").fetchone()
    return None if row is None else int(row[0])


@contextmanager
def marked(url: str, *, parameters: Mapping[str, Any]) -> Iterator[Mark]:
    """Mark a place in the log of a server; the snapshot lasts as long as the block.

    Args:
        url: of the database, with a login that may read the tables and lock them (the role pg_maintain).
        parameters: of the connections.

    Raises:
        BackupError: writers did not let go of the tables for minutes.
        psycopg.Error: the server does not answer, or the login may not do it.
    """
    options = {"autocommit": True, **parameters}
    with psycopg.connect(url, **options) as holder, psycopg.connect(url, **options) as reader:
        reader.autocommit = False
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.read_only = True
        yield _first_mark(holder, reader)
        reader.rollback()


def _first_mark(holder: psycopg.Connection[Any], reader: psycopg.Connection[Any]) -> Mark:
    for most in _LOCK_MILLISECONDS:
        try:
            return _mark(holder, reader, most)
        except psycopg.errors.LockNotAvailable:
            time.sleep(_PAUSE_SECONDS)
    raise BackupError(
        f"writers did not let go of the tables ({', '.join(TABLES[:3])} …) in {len(_LOCK_MILLISECONDS)} tries: a long "
        "transaction holds them. See SELECT pid, xact_start, query FROM pg_stat_activity ORDER BY xact_start, and "
        "take the backup when it has ended"
    )


def _mark(holder: psycopg.Connection[Any], reader: psycopg.Connection[Any], most: int) -> Mark:
    """Hold writers off, look where the log stands, begin the snapshot, and let them go on."""
    with holder.transaction():
        since = time.monotonic()
        holder.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(f"{most}ms"))
        for name in _present(holder):
            # ONLY: whoever writes into a partition by its table, as all do, holds a lock on the table as well, and an
            # automatic vacuum of a partition need not be waited for.
            holder.execute(sql.SQL("LOCK TABLE ONLY public.{} IN SHARE MODE").format(sql.Identifier(name)))
        reader.execute("SELECT 1")
        row = holder.execute(
            "SELECT lsn::text, clock_timestamp(), pg_walfile_name(lsn) FROM pg_current_wal_insert_lsn() AS lsn"
        ).fetchone()
        held_seconds = time.monotonic() - since
    # A record of which nothing but its place matters: recovery sees at it that it has passed the mark.
    told = holder.execute("SELECT pg_logical_emit_message(false, 'actinf', 'backup', true)::text").fetchone()
    if row is None or told is None:
        raise BackupError("the server did not say where its log stands")
    return Mark(
        lsn=lsn_of(row[0]),
        written_up_to=lsn_of(told[0]),
        taken_at=row[1],
        timeline=int(row[2][:8], 16),
        held_seconds=held_seconds,
        snapshot=reader,
    )
