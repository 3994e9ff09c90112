"""Planned work in the store."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from datetime import datetime

from actinf.responder.incident.event import ERASED, Recorded
from actinf.responder.incident.work_events import WorkAnnounced, WorkChanged
from actinf.responder.publishing.page import NoticeState, Working
from actinf.responder.publishing.work import PlannedWork
from actinf.responder.store.database import moment_of, ticks

__all__ = ["add", "change", "next_turn", "set_window", "works", "wrong_in"]


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
    return [_work(row) for row in found]


def next_turn(connection: sqlite3.Connection, now: datetime) -> tuple[int, int]:
    """How many works have begun by then, and how many have ended, by their plans: another number is another page."""
    row = connection.execute(
        "SELECT coalesce(sum(starts_at <= ?), 0) AS begun, coalesce(sum(ends_at <= ?), 0) AS ended FROM planned_work",
        [ticks(now), ticks(now)],
    ).fetchone()
    return row["begun"], row["ended"]


def wrong_in(connection: sqlite3.Connection, log: Iterable[Recorded]) -> Iterator[str]:
    """What the table says otherwise than the log of the office, a sentence each.

    Args:
        connection: in a transaction.
        log: all of it, in order.
    """
    told: dict[int, PlannedWork] = {}
    for one in log:
        if isinstance(one.event, WorkAnnounced):
            told[one.event.number] = _announced(one.event, one)
        elif isinstance(one.event, WorkChanged) and one.event.number in told:
            told[one.event.number] = _changed(told[one.event.number], one.event, one)
    there = {row["id"]: _readable(row) for row in connection.execute("SELECT * FROM planned_work")}
    for number in sorted(told.keys() | there.keys()):
        what, found = f"the planned work {number}", there.get(number)
        if number not in there:
            yield f"{what} is gone: it was deleted in the file"
        elif found is None:
            yield f"{what} cannot be read: it was changed in the file"
        elif number not in told:
            yield f"{what} is there, and the log does not say who announced it: it was put into the file"
        elif names := _differing(told[number], found):
            yield f"{what} is not as it was announced and changed ({', '.join(names)}): it was changed in the file"


def _work(row: sqlite3.Row) -> PlannedWork:
    return PlannedWork(
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


def _readable(row: sqlite3.Row) -> PlannedWork | None:
    """The work of a row; None: nobody here can have written it."""
    try:
        return _work(row)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None


def _announced(event: WorkAnnounced, one: Recorded) -> PlannedWork:
    return PlannedWork(
        number=event.number,
        title=event.title,
        text=event.text,
        components=event.components,
        impact=event.impact,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        by=one.by,
        made_at=one.at,
        window=event.window,
    )


def _changed(work: PlannedWork, event: WorkChanged, one: Recorded) -> PlannedWork:
    if event.state is NoticeState.UNDER_WAY:
        return replace(work, begun_at=one.at)
    return replace(work, over_at=one.at, cancelled=event.state is NoticeState.CANCELLED, why=event.text)


def _differing(told: PlannedWork, there: PlannedWork) -> list[str]:
    """The columns that say something else; what was erased is not held against anything."""
    pairs = ((one.name, getattr(told, one.name), getattr(there, one.name)) for one in fields(PlannedWork))
    return [name for name, said, is_there in pairs if said not in (is_there, ERASED)]
