"""Timelines in the store: events are added, each chained to the one before, and read back.

The chain runs over all incidents, so that no incident can be taken out of it.  An event's MAC covers its place, its
times, its kind, and its fields; of a field that is personal it covers a salted digest, so that the value can be erased.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actinf.responder.incident.event import ERASED, Event, Recorded, written
from actinf.responder.incident.events import Paged
from actinf.responder.incident.kinds import event_from, personal_fields
from actinf.runtime.chain import GENESIS, chained, moment

__all__ = ["Row", "append", "digest_of", "erase", "head", "mac_of", "paged", "rows", "timeline"]

_BY = "by"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An event as the chain sees it.

    Attributes:
        content: what its MAC covers, beside the MAC before.
        mac: its MAC.
        salts: of its personal fields, those that were not erased.
        values: of the same.
    """

    seq: int
    content: list[Any]
    mac: bytes
    salts: Mapping[str, bytes]
    values: Mapping[str, str]

    def recorded(self) -> Recorded:
        """The event, with `ERASED` where something was."""
        _, incident, number, at, recorded_at, kind, body = self.content
        known = {
            name: self.values.get(name, ERASED) if isinstance(value, dict) and "digest" in value else value
            for name, value in body.items()
        }
        by = known.pop(_BY)
        return Recorded(
            incident=incident,
            number=number,
            at=datetime.fromisoformat(at),
            recorded_at=datetime.fromisoformat(recorded_at),
            by=by,
            event=event_from(kind, known),
        )


def digest_of(salt: bytes, value: str) -> str:
    """What stands in the chain for a personal value."""
    return hashlib.sha256(salt + value.encode()).hexdigest()


def append(
    connection: sqlite3.Connection,
    key: bytes,
    incident: str,
    events: Iterable[Event],
    *,
    by: str,
    at: datetime,
    now: datetime,
) -> list[Recorded]:
    """Add events to the end of an incident's timeline."""
    seq, mac = head(connection)
    number = connection.execute("SELECT coalesce(max(number), 0) FROM event WHERE incident = ?", [incident]).fetchone()[
        0
    ]
    added = []
    for event in events:
        seq, number = seq + 1, number + 1
        body, salted = _body(event, by)
        content = [seq, incident, number, moment(at), moment(now), event.kind, body]
        mac = chained(key, mac, content)
        connection.execute(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [seq, incident, number, moment(at), moment(now), event.kind, json.dumps(body), mac],
        )
        connection.executemany(
            "INSERT INTO personal (seq, field, salt, value) VALUES (?, ?, ?, ?)",
            [(seq, name, salt, value) for name, (salt, value) in salted.items()],
        )
        added.append(Recorded(incident=incident, number=number, at=at, recorded_at=now, by=by, event=event))
    return added


def _body(event: Event, by: str) -> tuple[dict[str, Any], dict[str, tuple[bytes, str]]]:
    personal = personal_fields(type(event))
    body: dict[str, Any] = {}
    salted: dict[str, tuple[bytes, str]] = {}
    for name, value in [*event.stored().items(), (_BY, by)]:
        if name in personal or name == _BY:
            salt, text = secrets.token_bytes(16), written(value)
            salted[name] = (salt, text)
            body[name] = {"digest": digest_of(salt, text)}
        else:
            body[name] = value
    return body, salted


def rows(connection: sqlite3.Connection, incident: str | None = None, *, after: int = 0) -> Iterator[Row]:
    """The events of one incident, from the one after a number on, or those of all, in the order of the chain."""
    where, what = ("WHERE incident = ? AND number > ?", [incident, after]) if incident else ("", [])
    personal: dict[int, dict[str, tuple[bytes, str]]] = {}
    for one in connection.execute(
        f"SELECT seq, field, salt, value FROM personal WHERE seq IN (SELECT seq FROM event {where})", what
    ):
        personal.setdefault(one["seq"], {})[one["field"]] = (one["salt"], one["value"])
    for one in connection.execute(f"SELECT * FROM event {where} ORDER BY seq", what):
        held = personal.get(one["seq"], {})
        yield Row(
            seq=one["seq"],
            content=[
                one["seq"],
                one["incident"],
                one["number"],
                one["at"],
                one["recorded_at"],
                one["kind"],
                json.loads(one["body"]),
            ],
            mac=one["mac"],
            salts={name: salt for name, (salt, _) in held.items()},
            values={name: value for name, (_, value) in held.items()},
        )


def timeline(connection: sqlite3.Connection, incident: str, *, after: int = 0) -> list[Recorded]:
    """The timeline of an incident, in order, or what comes after a number; empty where there is no such incident."""
    return [row.recorded() for row in rows(connection, incident, after=after)]


def mac_of(connection: sqlite3.Connection, incident: str, number: int) -> bytes | None:
    """The MAC of an event of an incident; None: there is none of that number."""
    row = connection.execute("SELECT mac FROM event WHERE incident = ? AND number = ?", [incident, number]).fetchone()
    return None if row is None else row["mac"]


def paged(connection: sqlite3.Connection, incident: str) -> list[str]:
    """The handles of those who were paged for an incident, each once, in that order."""
    found = connection.execute(
        "SELECT p.value FROM event e JOIN personal p ON p.seq = e.seq AND p.field = 'who'"
        " WHERE e.incident = ? AND e.kind = ? ORDER BY e.seq",
        [incident, Paged.kind],
    )
    return list(dict.fromkeys(row["value"] for row in found))


def head(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """The number and the MAC of the last event of the chain; of none, 0 and `GENESIS`."""
    row = connection.execute("SELECT seq, mac FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    return (row["seq"], row["mac"]) if row else (0, GENESIS)


def erase(connection: sqlite3.Connection, incident: str, numbers: Iterable[int]) -> None:
    """Erase what events hold of people; that they happened, and when, stays."""
    connection.executemany(
        "DELETE FROM personal WHERE seq = (SELECT seq FROM event WHERE incident = ? AND number = ?)",
        [(incident, number) for number in numbers],
    )
