"""What was changed in the system, as it was told."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta

from actinf.responder.intake.changes import Change, ChangeKind
from actinf.responder.store.database import moment_of, ticks

__all__ = ["keep", "lately"]

_LATELY = timedelta(days=7)


def keep(connection: sqlite3.Connection, change: Change) -> None:
    """Remember a change."""
    said = {"kind": change.kind, "what": change.what, "by": change.by, "url": change.url}
    connection.execute("INSERT INTO change (at, change) VALUES (?, ?)", [ticks(change.at), json.dumps(said)])


def lately(connection: sqlite3.Connection, now: datetime, most: int = 5) -> list[Change]:
    """The latest changes of the last seven days, the newest first."""
    found = connection.execute(
        "SELECT at, change FROM change WHERE at BETWEEN ? AND ? ORDER BY at DESC, id DESC LIMIT ?",
        [ticks(now - _LATELY), ticks(now), most],
    )
    made = []
    for row in found:
        said = json.loads(row["change"])
        kind = ChangeKind(said.pop("kind"))
        made.append(Change(at=moment_of(row["at"]), kind=kind, **said))
    return made
