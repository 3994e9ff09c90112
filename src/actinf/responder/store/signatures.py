"""Signatures of messages that were taken, so that none is taken twice."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from actinf.responder.store.database import ticks

__all__ = ["forget", "keep"]


def keep(connection: sqlite3.Connection, signature: str, until: datetime) -> bool:
    """Remember a signature; False: it was there already."""
    done = connection.execute(
        "INSERT INTO signature VALUES (?, ?) ON CONFLICT (signature) DO NOTHING", [signature, ticks(until)]
    )
    return done.rowcount > 0


def forget(connection: sqlite3.Connection, now: datetime) -> None:
    """Forget those of messages that their time alone has refused."""
    connection.execute("DELETE FROM signature WHERE until < ?", [ticks(now)])
