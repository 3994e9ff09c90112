"""Alerts in the store: as they were accepted, and what is known of each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from actinf.responder.intake.alert import Alert
from actinf.responder.intake.grouping import GroupKey, Standing
from actinf.responder.store.database import moment_of, ticks

__all__ = [
    "MOST_RINGING",
    "Known",
    "Ringing",
    "accept",
    "beginnings",
    "firing",
    "keep",
    "known",
    "lately",
    "look_again",
    "look_now",
    "partials",
    "quieted",
    "ringing",
    "set_family",
    "standing",
    "take",
    "waiting",
]

#: So many beginnings of an alert are remembered, to see whether it comes and goes.
_MOST_BEGINNINGS = 20
#: Of a storm so many alerts tell whether it has come and gone.
MOST_RINGING = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of an alert.

    Attributes:
        alert: as it was last told.
        partial: what is wrong, wherever it is.
        incident: to which it belongs; None: to none.
        firing: whether it fires.
        began: when it began to fire, the latest times.
        times: how often it was told.
        look_at: when it is looked at again before an incident opens; None: not.
        quieted_by: what keeps it from being told until then: "silence 3"; None: nothing.
        unlisted: how often it has changed since its incident was told that it comes and goes; None: it was not.
    """

    alert: Alert
    partial: str
    incident: str | None
    firing: bool
    began: tuple[datetime, ...]
    times: int
    look_at: datetime | None
    quieted_by: str | None = None
    unlisted: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """An alert of an incident, and when it was told last."""

    known: Known
    last_at: datetime


def accept(connection: sqlite3.Connection, alerts: Iterable[Alert], received_at: datetime) -> None:
    """Keep alerts until they are looked at."""
    connection.executemany(
        "INSERT INTO inbox (received_at, fingerprint, alert) VALUES (?, ?, ?)",
        [(ticks(received_at), alert.fingerprint, _text(alert)) for alert in alerts],
    )


def waiting(connection: sqlite3.Connection) -> int:
    """How many alerts were accepted and not looked at yet; they are numbered, and taken from the oldest on."""
    count: int = connection.execute(
        "SELECT coalesce((SELECT max(id) FROM inbox) - (SELECT min(id) FROM inbox) + 1, 0)"
    ).fetchone()[0]
    return count


def take(connection: sqlite3.Connection, most: int) -> list[tuple[Alert, datetime]]:
    """Take the oldest alerts out, each with when it was received."""
    found = connection.execute("SELECT * FROM inbox ORDER BY id LIMIT ?", [most]).fetchall()
    if found:
        connection.execute("DELETE FROM inbox WHERE id <= ?", [found[-1]["id"]])
    return [(_alert(row["alert"]), moment_of(row["received_at"])) for row in found]


def known(connection: sqlite3.Connection, fingerprint: str) -> Known | None:
    """What is known of an alert; None: it was never seen, or what it said was erased."""
    row = connection.execute("SELECT * FROM alert WHERE fingerprint = ?", [fingerprint]).fetchone()
    return None if row is None or row["alert"] == "{}" else _known(row)


def keep(connection: sqlite3.Connection, seen: Known, now: datetime) -> None:
    """Remember what is known of an alert."""
    connection.execute(
        "INSERT OR REPLACE INTO alert (fingerprint, partial, incident, firing, began, times, last_at, look_at, alert,"
        " quieted_by, unlisted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            seen.alert.fingerprint,
            seen.partial,
            seen.incident,
            seen.firing,
            json.dumps([ticks(one) for one in seen.began[-_MOST_BEGINNINGS:]]),
            seen.times,
            ticks(now),
            None if seen.look_at is None else ticks(seen.look_at),
            _text(seen.alert),
            seen.quieted_by,
            seen.unlisted,
        ],
    )


def look_again(connection: sqlite3.Connection, now: datetime, most: int = 1000) -> list[Known]:
    """The alerts that were to be looked at again by now."""
    found = connection.execute("SELECT * FROM alert WHERE look_at <= ? ORDER BY look_at LIMIT ?", [ticks(now), most])
    return [_known(row) for row in found]


def look_now(connection: sqlite3.Connection, fingerprints: Iterable[str], now: datetime) -> None:
    """Let alerts that wait be looked at now."""
    connection.executemany(
        "UPDATE alert SET look_at = min(look_at, ?) WHERE fingerprint = ? AND look_at IS NOT NULL",
        [(ticks(now), fingerprint) for fingerprint in fingerprints],
    )


def quieted(connection: sqlite3.Connection) -> list[Known]:
    """The alerts that are kept from being told."""
    found = connection.execute("SELECT * FROM alert WHERE quieted_by IS NOT NULL ORDER BY last_at DESC")
    return [_known(row) for row in found if row["alert"] != "{}"]


def lately(connection: sqlite3.Connection, since: datetime, most: int) -> list[Known]:
    """The alerts that were told since then, those that fire first, and then the latest."""
    found = connection.execute(
        "SELECT * FROM alert WHERE last_at >= ? ORDER BY firing DESC, last_at DESC LIMIT ?", [ticks(since), most]
    )
    return [_known(row) for row in found if row["alert"] != "{}"]


def firing(connection: sqlite3.Connection, incident: str) -> int:
    """How many alerts of an incident fire."""
    count: int = connection.execute("SELECT count(*) FROM alert WHERE incident = ? AND firing", [incident]).fetchone()[
        0
    ]
    return count


def beginnings(connection: sqlite3.Connection, incident: str) -> list[datetime]:
    """Each time at which an alert of an incident began to fire again."""
    found = connection.execute("SELECT began FROM alert WHERE incident = ? LIMIT 1000", [incident])
    return [moment_of(one) for row in found for one in json.loads(row["began"])[1:]]


def ringing(connection: sqlite3.Connection, incident: str) -> list[Ringing]:
    """The alerts of an incident, those that fire first; of a storm, those of the rest that were told last."""
    found = connection.execute(
        "SELECT * FROM alert WHERE fingerprint IN"
        " (SELECT fingerprint FROM alert WHERE incident = ? ORDER BY firing DESC, last_at DESC LIMIT ?)",
        [incident, MOST_RINGING],
    )
    return [Ringing(known=_known(row), last_at=moment_of(row["last_at"])) for row in found if row["alert"] != "{}"]


def partials(connection: sqlite3.Connection, incident: str) -> frozenset[str]:
    """What is wrong in an incident, by partial fingerprints."""
    found = connection.execute("SELECT DISTINCT partial FROM alert WHERE incident = ?", [incident])
    return frozenset(row["partial"] for row in found)


def set_family(
    connection: sqlite3.Connection, incident: str, key: GroupKey, newest_at: datetime, *, takes_storm: bool = False
) -> None:
    """Say which alerts an incident takes; said again, when the newest of them came."""
    connection.execute(
        "INSERT INTO family VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (incident) DO UPDATE SET newest_at ="
        " max(newest_at, excluded.newest_at)",
        [incident, key.component, key.root, key.private, takes_storm, ticks(newest_at)],
    )


def standing(connection: sqlite3.Connection, now: datetime, reopen_within: timedelta) -> Sequence[Standing]:
    """The incidents that an alert may belong to: those that are open, and those that were resolved a while ago."""
    found = connection.execute(
        "SELECT i.id, i.opened_at, i.resolved_at, f.* FROM incident i JOIN family f ON f.incident = i.id"
        " WHERE i.state = 'open' OR (i.state = 'resolved' AND i.resolved_at > ?)",
        [ticks(now - reopen_within)],
    ).fetchall()
    return [
        Standing(
            incident=row["id"],
            key=GroupKey(component=row["component"], root=row["root"], private=bool(row["private"])),
            opened_at=moment_of(row["opened_at"]),
            newest_alert_at=moment_of(row["newest_at"]),
            alerts=partials(connection, row["id"]),
            resolved_at=None if row["resolved_at"] is None else moment_of(row["resolved_at"]),
            takes_storm=bool(row["takes_storm"]),
        )
        for row in found
    ]


def _known(row: sqlite3.Row) -> Known:
    return Known(
        alert=_alert(row["alert"]),
        partial=row["partial"],
        incident=row["incident"],
        firing=bool(row["firing"]),
        began=tuple(moment_of(one) for one in json.loads(row["began"])),
        times=row["times"],
        look_at=None if row["look_at"] is None else moment_of(row["look_at"]),
        quieted_by=row["quieted_by"],
        unlisted=row["unlisted"],
    )


def _text(alert: Alert) -> str:
    return json.dumps(
        {
            "source": alert.source,
            "fingerprint": alert.fingerprint,
            "name": alert.name,
            "status": alert.status,
            "labels": dict(alert.labels),
            "annotations": dict(alert.annotations),
            "starts_at": alert.starts_at.isoformat(),
            "ends_at": alert.ends_at.isoformat() if alert.ends_at else None,
            "generator_url": alert.generator_url,
        }
    )


def _alert(text: str) -> Alert:
    said = json.loads(text)
    ends_at = said.pop("ends_at")
    return Alert(
        starts_at=datetime.fromisoformat(said.pop("starts_at")),
        ends_at=datetime.fromisoformat(ends_at) if ends_at else None,
        **said,
    )
