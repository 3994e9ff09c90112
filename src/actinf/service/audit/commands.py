"""The audit log from the command line: verify it, explain a restore, prune it."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.errors import Conflict, SettingError
from actinf.runtime.anchor import AnchorFile, read_anchors
from actinf.runtime.at_hand import Database
from actinf.runtime.chain import moment
from actinf.runtime.database import connect
from actinf.runtime.database_trouble import DatabaseTrouble, trouble_of
from actinf.runtime.one_transaction import in_transaction
from actinf.runtime.settings import Settings
from actinf.service.audit.anchoring import ANCHOR_SECONDS, anchor_path
from actinf.service.audit.log import AuditLog, Entry
from actinf.service.audit.verification import PRUNE, RESTORED, Verdict, agreement, verify

__all__ = ["ANCHOR_SECONDS", "anchor_files", "head_of", "prune", "restored", "verified"]

_AT_LEAST_KEPT = timedelta(days=28)
_SECONDS = 3600.0

Made = TypeVar("Made")


def anchor_files(settings: Settings, data_dir: Path, key: bytes, given: Sequence[Path]) -> list[AnchorFile]:
    """The anchors of the files that were given, or of the one of this process.

    Raises:
        SettingError: a file cannot be read.
    """
    paths = list(given) or [anchor_path(settings, data_dir)]
    for path in paths:
        if not path.exists():
            raise SettingError(
                f"there is no anchor at {path}: give the files that the API writes (--anchor FILE, once for each). "
                "Without any, an end of the log that was cut off cannot be seen"
            )
    return [read_anchors(path, key) for path in paths]


@contextmanager
def _one_state(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A connection that sees one state of the database, and the errors of the database as ours."""
    with _told(database), connect(database.url, application="actinf audit") as connection:
        connection.autocommit = False
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield connection
        connection.rollback()


@contextmanager
def _told(database: Database) -> Iterator[None]:
    """The errors of the database as ours."""
    try:
        yield
    except DatabaseTrouble as error:
        raise trouble_of(error, database.url) from error


def verified(database: Database, key: bytes, files: Sequence[AnchorFile]) -> Verdict:
    """Whether the log is what was written; the files have to be read before.

    Raises:
        ServiceUnavailable: the database cannot be reached.
        DatabaseError: the log cannot be read.
    """
    with _one_state(database) as connection:
        return verify(connection, key, files)


def _in_transaction(database: Database, work: Callable[[AsyncConnection], Awaitable[Made]]) -> Made:
    with _told(database):
        return in_transaction(database.url, work, application="actinf audit", statement_seconds=_SECONDS)


def head_of(database: Database) -> int:
    """The number of the last row of the log; 0: it has none.

    Raises:
        DatabaseError: it cannot be read.
    """
    with _one_state(database) as connection:
        row = connection.execute("SELECT seq FROM audit_head").fetchone()
    return 0 if row is None else int(row[0])


def restored(
    database: Database,
    key: bytes,
    files: Sequence[AnchorFile],
    *,
    actor: str,
    reason: str,
    also_without_loss: bool = False,
) -> dict[str, Any]:
    """Record that the database was restored from a backup, which explains anchors that the log does not hold any more.

    Args:
        database: that was restored.
        key: of the chain.
        files: all anchors that there are.
        actor: who says so.
        reason: why, for whoever verifies.
        also_without_loss: record it although the log holds every anchor: that it was restored is worth knowing.

    Returns:
        What was recorded.

    Raises:
        Conflict: there is no anchor that the log does not hold: there is nothing to explain.
        DatabaseError: it cannot be written.
    """
    anchors = [anchor for file in files for anchor in file.anchors]
    with _one_state(database) as connection:
        kept, lost = agreement(connection, anchors)
        head = connection.execute("SELECT seq, mac FROM audit_head").fetchone()
    if head is None or (lost is None and not also_without_loss):
        raise Conflict("the log holds every anchor: no row was lost, and there is nothing to explain")
    at_head = {"head_seq": head[0], "head_mac": bytes(head[1]).hex()}
    if lost is None:
        details = {"reason": reason, **at_head}
    else:
        details = {
            "reason": reason,
            "after_seq": 0 if kept is None else kept.seq,
            "after_mac": "" if kept is None else kept.mac,
            "anchor_seq": lost.seq,
            "anchor_mac": lost.mac,
            "anchor_time": max(anchor.time for anchor in anchors),
            **at_head,
        }
    entry = Entry(workspace=None, actor=actor, action=RESTORED, object="audit_log", details=details)
    _in_transaction(database, lambda connection: AuditLog(key).append(connection, entry))
    return details


def prune(
    database: Database, key: bytes, files: Sequence[AnchorFile], *, actor: str, before: datetime
) -> dict[str, Any] | None:
    """Remove the beginning of the log, and record it.  Needs the login that owns the tables.

    Args:
        database: whose log it is.
        key: of the chain.
        files: the anchors; the log has to agree with them, so that no trace is removed.
        actor: who does it.
        before: rows up to the first that is not older go, at least 28 days ago.

    Returns:
        What was recorded; None where no row is so old.

    Raises:
        SettingError: `before` is not long enough ago.
        Conflict: the log is not what was written.
        DatabaseError: the login may not do it.
    """
    if before > datetime.now(UTC) - _AT_LEAST_KEPT:
        raise SettingError(f"--before is {before:%Y-%m-%d}: the entries of the last 28 days are always kept")
    verdict = verified(database, key, files)
    if not verdict.good:
        raise Conflict(f"the log is not what was written ({verdict.wrong[0]}): what shows it is not pruned")

    async def work(connection: AsyncConnection) -> dict[str, Any] | None:
        await connection.execute(text("SET LOCAL ROLE NONE"))
        head = (await connection.execute(text("SELECT seq FROM audit_head"))).scalar_one()
        first = await connection.execute(
            text("SELECT coalesce(min(seq), :head) FROM audit_log WHERE created_at >= :before"),
            {"head": head, "before": before},
        )
        first_kept = min(int(first.scalar_one()), int(head))
        last = (
            await connection.execute(text("SELECT mac FROM audit_log WHERE seq = :seq"), {"seq": first_kept - 1})
        ).scalar_one_or_none()
        if last is None:
            return None
        removed = await connection.execute(text("DELETE FROM audit_log WHERE seq < :seq"), {"seq": first_kept})
        details = {
            "before": moment(before),
            "first_kept": first_kept,
            "mac_before": bytes(last).hex(),
            "rows": removed.rowcount,
        }
        entry = Entry(workspace=None, actor=actor, action=PRUNE, object="audit_log", details=details)
        await AuditLog(key).append(connection, entry)
        return details

    return _in_transaction(database, work)
