"""Single facts about the store and whoever works with it, by name."""

from __future__ import annotations

import sqlite3

__all__ = ["get", "put"]


def get(connection: sqlite3.Connection, name: str) -> str | None:
    """What was noted; None: nothing was."""
    row = connection.execute("SELECT value FROM note WHERE name = ?", [name]).fetchone()
    return None if row is None else row["value"]


def put(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Note something, in the place of what was noted before."""
    connection.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", [name, value])
