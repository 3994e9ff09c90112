"""Which incidents the public was told of."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from actinf.runtime.chain import moment

__all__ = ["erasures", "last_event", "told_of_open", "told_since"]


def told_since(connection: sqlite3.Connection, since: datetime, most: int) -> list[str]:
    """The ids of the incidents of which the public was told then or later, and of those that are open still.

    Args:
        connection: to the store.
        since: from when on.
        most: so many at most, those that were told of last.
    """
    found = connection.execute(
        "SELECT incident, max(recorded_at) AS at FROM event e WHERE kind = 'published' GROUP BY incident"
        " HAVING at >= ? OR EXISTS (SELECT 1 FROM incident i WHERE i.id = e.incident AND i.state = 'open')"
        " ORDER BY at DESC, incident DESC LIMIT ?",
        [moment(since), most],
    )
    return [row["incident"] for row in found]


def told_of_open(connection: sqlite3.Connection, most: int) -> list[str]:
    """The ids of the incidents that are open and not private, and of which the public was told, the newest first."""
    found = connection.execute(
        "SELECT id FROM incident WHERE state = 'open' AND NOT private AND EXISTS"
        " (SELECT 1 FROM event WHERE event.incident = incident.id AND kind = 'published')"
        " ORDER BY opened_at DESC, id DESC LIMIT ?",
        [most],
    )
    return [row["id"] for row in found]


def erasures(connection: sqlite3.Connection) -> int:
    """How often something was erased."""
    count: int = connection.execute("SELECT count(*) FROM event WHERE kind = 'erased'").fetchone()[0]
    return count


def last_event(connection: sqlite3.Connection) -> int:
    """The number of the last event of all."""
    seq: int = connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0]
    return seq
