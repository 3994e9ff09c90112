"""The trials whether contacts are reached."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from actinf.responder.store.database import moment_of, ticks

__all__ = ["Trial", "begin", "end", "forget", "of_code", "trials"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A try whether a contact is reached.

    Attributes:
        id: its number.
        handle: whose.
        began_at, began_by: when and by whom.
        was_sent: whether a message went out; else somebody said how it is.
        reached: whether they were; None: nobody has answered yet.
        ended_at: when that was known.
    """

    id: int
    handle: str
    began_at: datetime
    began_by: str
    was_sent: bool
    reached: bool | None
    ended_at: datetime | None


def begin(connection: sqlite3.Connection, handle: str, code: bytes | None, *, by: str, now: datetime) -> int:
    """Begin a trial; its number.

    Args:
        connection: of a transaction that writes.
        handle: whose.
        code: the SHA-256 of what is sent to them; None: nothing is.
        by: who began it.
        now: the time.
    """
    made = connection.execute(
        "INSERT INTO contact_trial (handle, began_at, began_by, code) VALUES (?, ?, ?, ?)",
        [handle, ticks(now), by, code],
    )
    return int(made.lastrowid or 0)


def end(connection: sqlite3.Connection, number: int, *, reached: bool, by: str, now: datetime) -> None:
    """Write down how a trial ended, where it has not yet; its code opens nothing more."""
    connection.execute(
        "UPDATE contact_trial SET reached = ?, ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL",
        [reached, ticks(now), by, number],
    )


def of_code(connection: sqlite3.Connection, code: bytes) -> Trial | None:
    """The trial whose code it is; None: it is of none."""
    row = connection.execute("SELECT * FROM contact_trial WHERE code = ?", [code]).fetchone()
    return None if row is None else _trial(row)


def trials(connection: sqlite3.Connection) -> Mapping[str, list[Trial]]:
    """The trials of each handle, the latest first."""
    found: dict[str, list[Trial]] = {}
    for row in connection.execute("SELECT * FROM contact_trial ORDER BY id DESC"):
        found.setdefault(row["handle"], []).append(_trial(row))
    return found


def forget(connection: sqlite3.Connection, handle: str) -> None:
    """Remove all trials of somebody."""
    connection.execute("DELETE FROM contact_trial WHERE handle = ?", [handle])


def _trial(row: sqlite3.Row) -> Trial:
    return Trial(
        id=row["id"],
        handle=row["handle"],
        began_at=moment_of(row["began_at"]),
        began_by=row["began_by"],
        was_sent=row["code"] is not None,
        reached=None if row["reached"] is None else bool(row["reached"]),
        ended_at=None if row["ended_at"] is None else moment_of(row["ended_at"]),
    )
