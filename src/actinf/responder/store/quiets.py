"""Silences and windows of maintenance in the store: each stays for ever, with who made it and who ended it."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache

from actinf.responder.intake.silence import Maintenance, Matcher, Once, Period, Silence, Weekly
from actinf.responder.store.database import moment_of, ticks

__all__ = [
    "KeptMaintenance",
    "KeptSilence",
    "add_maintenance",
    "add_silence",
    "count_held",
    "end_maintenance",
    "end_silence",
    "in_force",
    "maintenances",
    "silences",
]

#: Of those that are over, so many are shown.
_MOST_PAST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSilence:
    """A silence with its history.

    Attributes:
        silence: as it was made.
        made_at: when that was.
        ended_by, ended_at: who ended it before its time, and when; None: nobody.
        held: how often it has kept an alert from being told.
    """

    silence: Silence
    made_at: datetime
    ended_by: str | None
    ended_at: datetime | None
    held: int

    def is_live(self, at: datetime) -> bool:
        """Whether it still quiets anything, or is going to."""
        return self.ended_at is None and at < self.silence.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMaintenance:
    """A window of maintenance with its history.

    Attributes:
        maintenance: as it was announced.
        number: of it; a name may come again.
        made_at: when that was.
        ended_by, ended_at: who ended it, and when; None: nobody.
        held: how often it has kept an alert from being told.
    """

    maintenance: Maintenance
    number: int
    made_at: datetime
    ended_by: str | None
    ended_at: datetime | None
    held: int

    def is_live(self, at: datetime) -> bool:
        """Whether it still quiets anything, or is going to."""
        return self.ended_at is None and self.maintenance.period.upcoming(at) is not None


def add_silence(
    connection: sqlite3.Connection,
    *,
    matchers: tuple[Matcher, ...],
    private: bool,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    by: str,
) -> KeptSilence:
    """Keep a silence that begins now."""
    number = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM silence").fetchone()[0]
    silence = Silence(
        id=str(number),
        matchers=matchers,
        starts_at=starts_at,
        ends_at=ends_at,
        by=by,
        reason=reason,
        private=private,
    )
    connection.execute(
        "INSERT INTO silence (id, matchers, private, starts_at, ends_at, reason, made_by, made_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            number,
            _written(matchers),
            private,
            ticks(starts_at),
            ticks(ends_at),
            reason,
            by,
            ticks(starts_at),
        ],
    )
    return KeptSilence(silence=silence, made_at=starts_at, ended_by=None, ended_at=None, held=0)


def silences(connection: sqlite3.Connection, now: datetime, *, past: bool = False) -> list[KeptSilence]:
    """The silences that hold, the one that ends first at the beginning; then, where wanted, those that are over."""
    found = connection.execute(
        "SELECT * FROM silence WHERE ended_at IS NULL AND ends_at > ? ORDER BY ends_at, id", [ticks(now)]
    ).fetchall()
    if past:
        found += connection.execute(
            "SELECT * FROM silence WHERE ended_at IS NOT NULL OR ends_at <= ? ORDER BY id DESC LIMIT ?",
            [ticks(now), _MOST_PAST],
        ).fetchall()
    return [_silence(row) for row in found]


def end_silence(connection: sqlite3.Connection, number: str, *, by: str, now: datetime) -> None:
    """End a silence that holds."""
    connection.execute("UPDATE silence SET ended_by = ?, ended_at = ? WHERE id = ?", [by, ticks(now), int(number)])


def add_maintenance(connection: sqlite3.Connection, maintenance: Maintenance, now: datetime) -> KeptMaintenance:
    """Keep a window of maintenance."""
    period = maintenance.period
    over_at = ticks(period.ends_at) if isinstance(period, Once) else None
    cursor = connection.execute(
        "INSERT INTO maintenance (name, matchers, private, period, over_at, made_by, made_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            maintenance.name,
            _written(maintenance.matchers),
            maintenance.private,
            _period_text(period),
            over_at,
            maintenance.by,
            ticks(now),
        ],
    )
    return KeptMaintenance(
        maintenance=maintenance,
        number=cursor.lastrowid or 0,
        made_at=now,
        ended_by=None,
        ended_at=None,
        held=0,
    )


def maintenances(connection: sqlite3.Connection, now: datetime, *, past: bool = False) -> list[KeptMaintenance]:
    """The windows of maintenance that go on or will; then, where wanted, those that are over."""
    found = connection.execute(
        "SELECT * FROM maintenance WHERE ended_at IS NULL AND (over_at IS NULL OR over_at > ?) ORDER BY id",
        [ticks(now)],
    ).fetchall()
    if past:
        found += connection.execute(
            "SELECT * FROM maintenance WHERE ended_at IS NOT NULL OR over_at <= ? ORDER BY id DESC LIMIT ?",
            [ticks(now), _MOST_PAST],
        ).fetchall()
    return [_maintenance(row) for row in found]


def end_maintenance(connection: sqlite3.Connection, number: int, *, by: str, now: datetime) -> None:
    """End a window of maintenance, and all that would have come of it."""
    connection.execute("UPDATE maintenance SET ended_by = ?, ended_at = ? WHERE id = ?", [by, ticks(now), number])


def in_force(connection: sqlite3.Connection, now: datetime) -> tuple[list[Silence], list[Maintenance]]:
    """What may quiet an alert now."""
    return [one.silence for one in silences(connection, now)], [
        one.maintenance for one in maintenances(connection, now)
    ]


def count_held(connection: sqlite3.Connection, what: str, now: datetime) -> None:
    """Count that it kept an alert from being told.

    Args:
        connection: of a transaction that writes.
        what: as `actinf.responder.intake.silence.Quiet` names it.
        now: the time.
    """
    kind, _, name = what.partition(" ")
    if kind == "silence":
        connection.execute("UPDATE silence SET held = held + 1 WHERE id = ?", [int(name)])
    else:
        connection.execute(
            "UPDATE maintenance SET held = held + 1 WHERE name = ? AND ended_at IS NULL"
            " AND (over_at IS NULL OR over_at > ?)",
            [name, ticks(now)],
        )


def _silence(row: sqlite3.Row) -> KeptSilence:
    return KeptSilence(
        silence=Silence(
            id=str(row["id"]),
            matchers=_read(row["matchers"]),
            starts_at=moment_of(row["starts_at"]),
            ends_at=moment_of(row["ends_at"]),
            by=row["made_by"],
            reason=row["reason"],
            private=bool(row["private"]),
        ),
        made_at=moment_of(row["made_at"]),
        ended_by=row["ended_by"],
        ended_at=None if row["ended_at"] is None else moment_of(row["ended_at"]),
        held=row["held"],
    )


def _maintenance(row: sqlite3.Row) -> KeptMaintenance:
    return KeptMaintenance(
        maintenance=Maintenance(
            name=row["name"],
            matchers=_read(row["matchers"]),
            period=_period(row["period"]),
            by=row["made_by"],
            private=bool(row["private"]),
        ),
        number=row["id"],
        made_at=moment_of(row["made_at"]),
        ended_by=row["ended_by"],
        ended_at=None if row["ended_at"] is None else moment_of(row["ended_at"]),
        held=row["held"],
    )


def _written(matchers: tuple[Matcher, ...]) -> str:
    return json.dumps([str(one) for one in matchers])


# A pattern takes a while to read, and the same ones are asked for whenever an alert comes.
@lru_cache(maxsize=512)
def _read(text: str) -> tuple[Matcher, ...]:
    return tuple(Matcher.read(one) for one in json.loads(text))


def _period_text(period: Period) -> str:
    if isinstance(period, Once):
        return json.dumps({"starts_at": ticks(period.starts_at), "ends_at": ticks(period.ends_at)})
    if isinstance(period, Weekly):
        return json.dumps(
            {
                "weekdays": sorted(period.weekdays),
                "opens": period.opens.isoformat(),
                "minutes": period.lasts // timedelta(minutes=1),
                "zone": period.zone,
            }
        )
    raise TypeError(f"a period is {type(period).__name__}: expected Once or Weekly")


@lru_cache(maxsize=512)
def _period(text: str) -> Once | Weekly:
    said = json.loads(text)
    if "ends_at" in said:
        return Once(starts_at=moment_of(said["starts_at"]), ends_at=moment_of(said["ends_at"]))
    return Weekly(
        weekdays=frozenset(said["weekdays"]),
        opens=time.fromisoformat(said["opens"]),
        lasts=timedelta(minutes=said["minutes"]),
        zone=said["zone"],
    )
