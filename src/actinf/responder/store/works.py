"""Planned work in the store."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import datetime

from actinf.responder.publishing.page import Working
from actinf.responder.publishing.work import PlannedWork
from actinf.responder.store.database import moment_of, ticks

__all__ = ["add", "change", "next_turn", "set_window", "works"]


def add(connection: sqlite3.Connection, work: PlannedWork) -> PlannedWork:
    """Keep it; it, with its number."""
    made = connection.execute(
        "INSERT INTO planned_work (title, text, components, impact, starts_at, ends_at, made_by, made_at, window)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, '') RETURNING id",
        [
            work.title,
            work.text,
            json.dumps(work.components),
            work.impact,
            *(ticks(one) for one in (work.starts_at, work.ends_at)),
            work.by,
            ticks(work.made_at),
        ],
    ).fetchone()
    return replace(work, number=made["id"])


def set_window(connection: sqlite3.Connection, number: int, window: str) -> None:
    """Note the window of maintenance that belongs to it."""
    connection.execute("UPDATE planned_work SET window = ? WHERE id = ?", [window, number])


def change(connection: sqlite3.Connection, work: PlannedWork) -> None:
    """Keep what was done with it before its time."""
    connection.execute(
        "UPDATE planned_work SET begun_at = ?, over_at = ?, cancelled = ?, why = ? WHERE id = ?",
        [
            *(None if one is None else ticks(one) for one in (work.begun_at, work.over_at)),
            work.cancelled,
            work.why,
            work.number,
        ],
    )


def works(connection: sqlite3.Connection, since: datetime) -> list[PlannedWork]:
    """The work that ends then or later, the soonest first."""
    found = connection.execute(
        "SELECT * FROM planned_work WHERE coalesce(over_at, ends_at) >= ? ORDER BY starts_at, id", [ticks(since)]
    )
    return [
        PlannedWork(
            number=row["id"],
            title=row["title"],
            text=row["text"],
            components=tuple(json.loads(row["components"])),
            impact=Working(row["impact"]),
            starts_at=moment_of(row["starts_at"]),
            ends_at=moment_of(row["ends_at"]),
            by=row["made_by"],
            made_at=moment_of(row["made_at"]),
            window=row["window"],
            begun_at=None if row["begun_at"] is None else moment_of(row["begun_at"]),
            over_at=None if row["over_at"] is None else moment_of(row["over_at"]),
            cancelled=bool(row["cancelled"]),
            why=row["why"],
        )
        for row in found
    ]


def next_turn(connection: sqlite3.Connection, now: datetime) -> tuple[int, int]:
    """How many works have begun by then, and how many have ended, by their plans: another number is another page."""
    row = connection.execute(
        "SELECT coalesce(sum(starts_at <= ?), 0) AS begun, coalesce(sum(ends_at <= ?), 0) AS ended FROM planned_work",
        [ticks(now), ticks(now)],
    ).fetchone()
    return row["begun"], row["ended"]
