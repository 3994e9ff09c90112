"""When those outside whose word is expected were last heard of."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from enum import StrEnum

from actinf.responder.store import notes

__all__ = ["AGENT", "Outsider", "last_heard", "put"]

#: How a watcher calls itself, so that the responder knows that it is watched.
AGENT = "actinf-watch"


class Outsider(StrEnum):
    """Somebody outside."""

    WATCHER = "watcher"  # `actinf respond watch`, which asks how the responder is
    HEARTBEAT = "heartbeat"  # the service that is given signs of life
    WATCHDOG = "watchdog"  # the alert that always fires, and so says that alerts arrive


def put(connection: sqlite3.Connection, outsider: Outsider, at: datetime) -> None:
    """Keep when one was heard of."""
    notes.put(connection, f"heard {outsider}", at.isoformat())


def last_heard(connection: sqlite3.Connection, outsider: Outsider) -> datetime | None:
    """When one was last heard of; None: never."""
    kept = notes.get(connection, f"heard {outsider}")
    return None if kept is None else datetime.fromisoformat(kept)
