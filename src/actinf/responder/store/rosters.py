"""Who is on call, as it was saved; each state is kept."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

from actinf.responder.oncall.rotation import Schedule
from actinf.responder.store.database import ticks
from actinf.responder.store.office import digest_of

__all__ = ["forget_means", "schedule", "set_schedule"]


def schedule(connection: sqlite3.Connection) -> Schedule | None:
    """The schedule that holds; None: none was ever saved."""
    row = connection.execute("SELECT document FROM roster ORDER BY id DESC LIMIT 1").fetchone()
    return None if row is None else Schedule.from_document(json.loads(row["document"]))


def set_schedule(connection: sqlite3.Connection, schedule: Schedule, *, by: str, now: datetime) -> str:
    """Let this one hold from now on; its digest, for the log of the office."""
    document = json.dumps(schedule.document())
    connection.execute("INSERT INTO roster (saved_at, saved_by, document) VALUES (?, ?, ?)", [ticks(now), by, document])
    return digest_of(document)


def forget_means(connection: sqlite3.Connection, handle: str) -> None:
    """Strike out how somebody is reached in the schedules that do not hold any more; the one that holds stays."""
    rows = connection.execute("SELECT id, document FROM roster ORDER BY id DESC LIMIT -1 OFFSET 1").fetchall()
    for row in rows:
        document = json.loads(row["document"])
        person = document.get("people", {}).get(handle)
        if person is not None and any(person.pop(name, None) is not None for name in ("chat_id", "email", "phone")):
            connection.execute("UPDATE roster SET document = ? WHERE id = ?", [json.dumps(document), row["id"]])
