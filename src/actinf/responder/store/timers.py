"""Timers in the store: each fires once, in the transaction that writes down that it did."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from actinf.responder.clocks.timers import Timer
from actinf.responder.store.database import moment_of, ticks

__all__ = ["due", "fired", "next_at", "set_timers"]


def set_timers(connection: sqlite3.Connection, incident: str, timers: Iterable[Timer]) -> None:
    """Let an incident have these timers and no others; those that have fired stay as they are."""
    wanted = {timer.key: timer for timer in timers}
    waiting = {
        row["key"]: row["at"]
        for row in connection.execute("SELECT key, at FROM timer WHERE incident = ? AND fired_at IS NULL", [incident])
    }
    connection.executemany(
        "DELETE FROM timer WHERE incident = ? AND key = ? AND fired_at IS NULL",
        [(incident, key) for key in waiting if key not in wanted],
    )
    connection.executemany(
        "INSERT INTO timer (incident, key, clock, share, at, due) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (incident, key) DO UPDATE SET at = excluded.at, due = excluded.due WHERE fired_at IS NULL",
        [
            (incident, timer.key, timer.clock, timer.share, ticks(timer.at), ticks(timer.due))
            for timer in wanted.values()
            if waiting.get(timer.key) != ticks(timer.at)
        ],
    )


def due(connection: sqlite3.Connection, now: datetime, limit: int = 500) -> list[tuple[str, Timer]]:
    """The timers whose time has come, the earliest first, each with its incident."""
    found = connection.execute(
        "SELECT * FROM timer WHERE fired_at IS NULL AND at <= ? ORDER BY at, incident, key LIMIT ?", [ticks(now), limit]
    )
    return [
        (
            row["incident"],
            Timer(
                key=row["key"],
                clock=row["clock"],
                share=row["share"],
                at=moment_of(row["at"]),
                due=moment_of(row["due"]),
            ),
        )
        for row in found
    ]


def fired(connection: sqlite3.Connection, incident: str, timer: Timer, now: datetime) -> None:
    """Write down that a timer fired."""
    connection.execute(
        "UPDATE timer SET fired_at = ? WHERE incident = ? AND key = ?", [ticks(now), incident, timer.key]
    )


def next_at(connection: sqlite3.Connection) -> datetime | None:
    """When the next timer fires; None: none waits."""
    row = connection.execute("SELECT min(at) FROM timer WHERE fired_at IS NULL").fetchone()
    return None if row[0] is None else moment_of(row[0])
