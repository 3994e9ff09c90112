"""What closed incidents teach: their cause, and what each step showed; names of the runbook's pages, nothing else."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Lesson", "forget", "keep", "lessons"]

#: The latest of a type that count; what is older has been forgotten by then.
MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a closed incident teaches.

    Attributes:
        cause: what it was.
        seen: step → outcome.
    """

    cause: str
    seen: Mapping[str, str]


def keep(connection: sqlite3.Connection, incident: str, kind: str, lesson: Lesson | None) -> None:
    """Remember what an incident teaches, in the place of what it did before; None: it teaches nothing (any more)."""
    if lesson is None:
        connection.execute("DELETE FROM lesson WHERE incident = ?", [incident])
        return
    connection.execute(
        "INSERT INTO lesson (incident, kind, cause, seen) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (incident) DO UPDATE SET kind = excluded.kind, cause = excluded.cause, seen = excluded.seen",
        [incident, kind, lesson.cause, json.dumps(lesson.seen)],
    )


def lessons(connection: sqlite3.Connection, kind: str) -> list[Lesson]:
    """The latest lessons of a type, the oldest first."""
    rows = connection.execute(
        "SELECT cause, seen FROM lesson WHERE kind = ? ORDER BY incident DESC LIMIT ?", [kind, MOST]
    ).fetchall()
    return [Lesson(cause=cause, seen=json.loads(seen)) for cause, seen in reversed(rows)]


def forget(connection: sqlite3.Connection, kind: str | None = None) -> int:
    """Forget all lessons, or those of a type; how many there were."""
    if kind is None:
        return connection.execute("DELETE FROM lesson").rowcount
    return connection.execute("DELETE FROM lesson WHERE kind = ?", [kind]).rowcount
