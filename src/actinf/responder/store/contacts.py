"""Contacts and vendors as they are sealed: nothing here opens them."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Literal

from actinf.responder.contacts.sealing import Sealed
from actinf.responder.store.database import ticks

__all__ = ["Kind", "keep", "keys_in_use", "names", "remove", "saved_at", "seal_anew", "sealed", "sealed_all"]

Kind = Literal["contact", "vendor"]


def sealed(connection: sqlite3.Connection, kind: Kind, name: str) -> Sealed | None:
    """What is sealed under a name; None: nothing is."""
    row = connection.execute("SELECT key, content FROM sealed WHERE kind = ? AND name = ?", [kind, name]).fetchone()
    return None if row is None else Sealed(key=row["key"], content=row["content"])


def sealed_all(connection: sqlite3.Connection, kind: Kind) -> dict[str, Sealed]:
    """All of a kind by their names, in their order."""
    rows = connection.execute("SELECT name, key, content FROM sealed WHERE kind = ? ORDER BY name", [kind])
    return {row["name"]: Sealed(key=row["key"], content=row["content"]) for row in rows}


def keys_in_use(connection: sqlite3.Connection) -> set[str]:
    """The names of the keys that are needed to open all of it."""
    return {row[0] for row in connection.execute("SELECT DISTINCT key FROM sealed")}


def names(connection: sqlite3.Connection, kind: Kind) -> list[str]:
    """The names of all of a kind: they are not secret."""
    return [row[0] for row in connection.execute("SELECT name FROM sealed WHERE kind = ? ORDER BY name", [kind])]


def saved_at(connection: sqlite3.Connection, kind: Kind) -> dict[str, int]:
    """When each of a kind was saved last, in ticks."""
    rows = connection.execute("SELECT name, saved_at FROM sealed WHERE kind = ? ORDER BY name", [kind])
    return {row["name"]: row["saved_at"] for row in rows}


def keep(connection: sqlite3.Connection, kind: Kind, name: str, one: Sealed, *, by: str, now: datetime) -> bool:
    """Keep something under a name; whether it is new there."""
    is_new = sealed(connection, kind, name) is None
    connection.execute(
        "INSERT OR REPLACE INTO sealed VALUES (?, ?, ?, ?, ?, ?)", [kind, name, one.key, one.content, ticks(now), by]
    )
    return is_new


def seal_anew(connection: sqlite3.Connection, kind: Kind, name: str, one: Sealed) -> None:
    """Keep the same under another key."""
    connection.execute(
        "UPDATE sealed SET key = ?, content = ? WHERE kind = ? AND name = ?", [one.key, one.content, kind, name]
    )


def remove(connection: sqlite3.Connection, kind: Kind, name: str) -> bool:
    """Remove what is under a name; whether there was anything."""
    return connection.execute("DELETE FROM sealed WHERE kind = ? AND name = ?", [kind, name]).rowcount > 0
