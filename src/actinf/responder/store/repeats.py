"""Requests that have a name: what was answered, so that one that is sent again is answered alike, and not done again.

Answers hold what people wrote, and are forgotten with it; after a day nothing is answered from them, and the next one
that is kept takes their place.
"""

from __future__ import annotations

import sqlite3
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from actinf.responder.store.database import moment_of, ticks

__all__ = ["KEPT", "Answer", "answer", "forget", "keep"]

#: A name is known for so long.
KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered.

    Attributes:
        operation: what was asked for.
        digest: of the operation and of what it was told.
        incident: which the answer is about.
        body: of the answer, JSON.
        at: when.
    """

    operation: str
    digest: bytes
    incident: str
    body: bytes
    at: datetime


def answer(connection: sqlite3.Connection, who: str, key: str, now: datetime) -> Answer | None:
    """What somebody was answered to the request of that name; None: they sent none of it within the time."""
    row = connection.execute(
        "SELECT * FROM repeat WHERE handle = ? AND key = ? AND at > ?", [who, key, ticks(now - KEPT)]
    ).fetchone()
    if row is None:
        return None
    return Answer(
        operation=row["operation"],
        digest=row["digest"],
        incident=row["incident"],
        body=zlib.decompress(row["body"]),
        at=moment_of(row["at"]),
    )


def keep(connection: sqlite3.Connection, who: str, key: str, given: Answer) -> None:
    """Remember an answer, and forget those of more than a day ago."""
    connection.execute("DELETE FROM repeat WHERE at <= ?", [ticks(given.at - KEPT)])
    body = zlib.compress(given.body)
    connection.execute(
        "INSERT OR REPLACE INTO repeat VALUES (?, ?, ?, ?, ?, ?, ?)",
        [who, key, given.operation, given.digest, given.incident, body, ticks(given.at)],
    )


def forget(connection: sqlite3.Connection, incident: str) -> None:
    """Forget all answers about an incident."""
    connection.execute("DELETE FROM repeat WHERE incident = ?", [incident])
