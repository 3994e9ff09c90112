"""Where the escalation of each unattended incident stands."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from actinf.responder.escalation.policy import Standing
from actinf.responder.store.database import moment_of, ticks

__all__ = ["due", "next_at", "set_standing", "standing", "take_up", "unescalated"]


def standing(connection: sqlite3.Connection, incident: str) -> Standing | None:
    """Where it stands; None: it is not being escalated."""
    row = connection.execute("SELECT * FROM escalation WHERE incident = ?", [incident]).fetchone()
    return None if row is None else _standing(row)


def set_standing(connection: sqlite3.Connection, incident: str, standing: Standing | None) -> None:
    """Write down where it stands; None ends it."""
    if standing is None:
        connection.execute("DELETE FROM escalation WHERE incident = ?", [incident])
        return
    connection.execute(
        "INSERT OR REPLACE INTO escalation VALUES (?, ?, ?, ?, ?)",
        [
            incident,
            standing.level,
            standing.attempt,
            None if standing.next_at is None else ticks(standing.next_at),
            standing.why,
        ],
    )


def take_up(connection: sqlite3.Connection, why: str, now: datetime) -> None:
    """Let those go on, from now on, that lie still for a reason."""
    connection.execute("UPDATE escalation SET next_at = ? WHERE next_at IS NULL AND why = ?", [ticks(now), why])


def due(connection: sqlite3.Connection, now: datetime, limit: int = 200) -> list[tuple[str, Standing]]:
    """What has to be done by now, the earliest first."""
    found = connection.execute(
        "SELECT * FROM escalation WHERE next_at <= ? ORDER BY next_at, incident LIMIT ?", [ticks(now), limit]
    )
    return [(row["incident"], _standing(row)) for row in found]


def next_at(connection: sqlite3.Connection) -> datetime | None:
    """When the next step comes; None: none is to come."""
    row = connection.execute("SELECT min(next_at) FROM escalation").fetchone()
    return None if row[0] is None else moment_of(row[0])


def unescalated(connection: sqlite3.Connection, late: datetime) -> list[tuple[str, str]]:
    """The incidents whose escalation does not go on, each with what is wrong.

    Args:
        connection: to the store.
        late: a step that was due before this was missed.
    """
    found = connection.execute(
        "SELECT i.id, e.incident IS NULL AS gone, e.next_at FROM incident i LEFT JOIN escalation e ON e.incident = i.id"
        " WHERE i.state = 'open' AND NOT i.attended AND (e.incident IS NULL OR e.next_at < ?) ORDER BY i.id",
        [ticks(late)],
    )
    return [
        (
            row["id"],
            "it has no next step" if row["gone"] else f"its step of {moment_of(row['next_at']):%H:%M:%S} was missed",
        )
        for row in found
    ]


def _standing(row: sqlite3.Row) -> Standing:
    return Standing(
        level=row["level"],
        attempt=row["attempt"],
        next_at=None if row["next_at"] is None else moment_of(row["next_at"]),
        why=row["why"],
    )
