"""Messages that are to go out: kept until the provider has them, in order, and none silently twice.

A message is marked as under way, on the disk, before it is handed over.  One that is still so when a process starts may
have arrived: where the provider knows its key it is sent again and shows once; else once more, marked as a possible
duplicate.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from actinf.responder.channels.none import NoChannel
from actinf.responder.channels.port import Kind, Message, Offer
from actinf.responder.incident.event import ERASED
from actinf.responder.store.database import moment_of, ticks

__all__ = [
    "FIRST",
    "Fate",
    "Told",
    "Update",
    "Waiting",
    "anything_arrived",
    "claim",
    "delayed",
    "fates",
    "forget",
    "given_up",
    "is_due",
    "is_left_under_way",
    "left_under_way",
    "next_at",
    "page_of",
    "put",
    "reference_of",
    "sent",
    "tells_of",
    "updates",
    "waiting",
    "was_put",
    "was_tested",
    "withdraw",
    "withdraw_updates",
]

#: In `Message.update_of`, what stands for the reference that the incident's first message will have had.
FIRST = "first"

_TELLING = (Kind.RESOLVED, Kind.ALERT)
_PAGING = (Kind.PAGE, Kind.ESCALATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message that is under way.

    Attributes:
        id: its number in the outbox.
        to: the handle of whom it is for; None: nobody in particular.  Where to reach them is looked up when it is sent.
        message: what is sent; its `to` is not filled in.
        attempts: how often it was tried, with this time.
        perhaps_twice: it may have arrived before.
        put_at: since when it waits.
    """

    id: int
    channel: str
    to: str | None
    message: Message
    attempts: int
    perhaps_twice: bool
    put_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a message in one channel.

    Attributes:
        channel: its name.
        state: waits, under way, sent, given up or withdrawn.
        attempts: how often it was tried.
        trouble: what was last in the way; empty: nothing.
        next_at: when it is tried again, where it waits.
    """

    channel: str
    state: str
    attempts: int
    trouble: str
    next_at: datetime | None

    @property
    def is_final(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.state in ("sent", "given up", "withdrawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a channel fares.

    Attributes:
        sent_at: when the last message that has gone out was put in; None: none has.
        waits_since: since when the oldest waits that has not; None: none does.
        given_up: how many were given up lately.
        trouble: what was last in the way; empty: nothing.
    """

    sent_at: datetime | None
    waits_since: datetime | None
    given_up: int
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A message that told everybody how an incident stands, and has arrived.

    Attributes:
        number: in the outbox; of one of the status page, `page-` and that of its event.
        channel, reference: through which, and what its provider calls it; empty: it gives it no name.
        kind: "alert" or "resolved"; of one of the status page, "published".
        sent_at: when it arrived.
        subject: its first line.
    """

    number: int | str
    channel: str
    kind: str
    reference: str
    sent_at: datetime
    subject: str


def put(connection: sqlite3.Connection, channel: str, message: Message, now: datetime) -> None:
    """Let a message go out through a channel; one with the same key is there once."""
    connection.execute(
        "INSERT INTO outbox (incident, channel, kind, key, message, state, put_at, next_at)"
        " VALUES (?, ?, ?, ?, ?, 'waits', ?, ?) ON CONFLICT (channel, key) DO NOTHING",
        [message.incident, channel, message.kind, message.key, _text(message), ticks(now), ticks(now)],
    )


def withdraw(connection: sqlite3.Connection, incident: str, *kinds: Kind) -> None:
    """Let messages that have not gone out yet not go out any more."""
    connection.execute(
        f"UPDATE outbox SET state = 'withdrawn' WHERE incident = ? AND state = 'waits' AND kind IN ({_marks(kinds)})",
        [incident, *kinds],
    )


def withdraw_updates(connection: sqlite3.Connection, incident: str, channel: str) -> None:
    """Let edits of an incident's first message that have not gone out yet not go out any more: a newer one comes."""
    connection.execute(
        "UPDATE outbox SET state = 'withdrawn' WHERE incident = ? AND channel = ? AND state = 'waits' AND kind = ?"
        " AND json_extract(message, '$.update_of') IS NOT NULL",
        [incident, channel, Kind.ALERT],
    )


def was_put(connection: sqlite3.Connection, incident: str, channel: str, kind: Kind) -> bool:
    """Whether a message of a kind was ever put in for an incident."""
    row = connection.execute(
        "SELECT 1 FROM outbox WHERE incident = ? AND channel = ? AND kind = ? LIMIT 1", [incident, channel, kind]
    ).fetchone()
    return row is not None


def forget(connection: sqlite3.Connection, incident: str) -> None:
    """Erase what messages about an incident said; one that has not gone out yet does not go out any more."""
    connection.execute(
        # Keys name people as well: who was paged, and who leads.
        "UPDATE outbox SET message = '{}', key = 'erased ' || id, trouble = NULL, state ="
        " CASE WHEN state IN ('waits', 'under way') THEN 'withdrawn' ELSE state END WHERE incident = ?",
        [incident],
    )


def is_due(connection: sqlite3.Connection, channel: str, now: datetime) -> bool:
    """Whether a channel may have something to do."""
    row = connection.execute(
        "SELECT 1 FROM outbox WHERE channel = ? AND state = 'waits' AND next_at <= ? LIMIT 1", [channel, ticks(now)]
    ).fetchone()
    return row is not None


def claim(connection: sqlite3.Connection, channel: str, now: datetime) -> Waiting | None:
    """Take the next message of a channel whose time has come: the oldest of its incident, so that order is kept.

    Returns:
        The message, marked as under way; None: there is nothing to do.
    """
    row = connection.execute(
        # What pages goes first and waits for nothing else; both, what pages and what tells, keep their order.
        f"SELECT *, kind IN ({_marks(_PAGING)}) AS pages FROM outbox o"
        " WHERE channel = ? AND state = 'waits' AND next_at <= ? AND NOT EXISTS ("
        "  SELECT 1 FROM outbox p WHERE p.channel = o.channel AND p.state IN ('waits', 'under way')"
        "  AND p.incident IS o.incident AND p.incident IS NOT NULL AND p.id < o.id"
        f" AND (p.kind IN ({_marks(_PAGING)})) = (o.kind IN ({_marks(_PAGING)})))"
        " ORDER BY pages DESC, id LIMIT 1",
        [*_PAGING, channel, ticks(now), *_PAGING, *_PAGING],
    ).fetchone()
    if row is None:
        return None
    connection.execute("UPDATE outbox SET state = 'under way', attempts = attempts + 1 WHERE id = ?", [row["id"]])
    message, to = _read(row["message"])
    if message.update_of == FIRST:
        message = replace(message, update_of=reference_of(connection, row["incident"], channel))
    return Waiting(
        id=row["id"],
        channel=channel,
        to=to,
        message=message,
        attempts=row["attempts"] + 1,
        perhaps_twice=bool(row["perhaps_twice"]),
        put_at=moment_of(row["put_at"]),
    )


def sent(connection: sqlite3.Connection, waiting: Waiting, reference: str | None, now: datetime) -> None:
    """It has arrived."""
    connection.execute(
        "UPDATE outbox SET state = 'sent', reference = ?, sent_at = ?, trouble = NULL WHERE id = ?",
        [reference, ticks(now), waiting.id],
    )


def updates(connection: sqlite3.Connection, incident: str) -> list[Update]:
    """What everybody was told of an incident, and not one person; the latest first."""
    found = connection.execute(
        "SELECT id, channel, kind, reference, coalesce(sent_at, put_at) AS at,"
        " json_extract(message, '$.subject') AS said FROM outbox WHERE incident = ? AND state = 'sent' AND channel != ?"
        f" AND kind IN ({_marks(_TELLING)}) AND json_extract(message, '$.to') IS NULL ORDER BY at DESC, id DESC",
        [incident, NoChannel.name, *_TELLING],
    )
    return [
        Update(
            number=row["id"],
            channel=row["channel"],
            kind=row["kind"],
            reference=row["reference"] or "",
            sent_at=moment_of(row["at"]),
            subject=row["said"] or ERASED,
        )
        for row in found
    ]


def delayed(
    connection: sqlite3.Connection, waiting: Waiting, trouble: str, *, until: datetime, perhaps_twice: bool
) -> None:
    """It did not get through this time; one that was erased meanwhile is not tried again."""
    connection.execute(
        "UPDATE outbox SET state = 'waits', next_at = ?, trouble = ?, perhaps_twice = perhaps_twice OR ?"
        " WHERE id = ? AND state = 'under way'",
        [ticks(until), trouble, perhaps_twice, waiting.id],
    )


def given_up(connection: sqlite3.Connection, waiting: Waiting, trouble: str) -> bool:
    """It will not get through; False: it was erased meanwhile."""
    done = connection.execute(
        "UPDATE outbox SET state = 'given up', trouble = ? WHERE id = ? AND state = 'under way'", [trouble, waiting.id]
    )
    return done.rowcount > 0


def left_under_way(connection: sqlite3.Connection, takes_key: Mapping[str, bool], now: datetime) -> int:
    """Take up what a process that died had under way.

    Args:
        connection: to the store.
        takes_key: by channel, whether its provider drops a second message with the same key.
        now: the time.

    Returns:
        How many messages may show twice.
    """
    left = connection.execute("SELECT id, channel FROM outbox WHERE state = 'under way'").fetchall()
    twice = [row["id"] for row in left if not takes_key.get(row["channel"], False)]
    connection.execute("UPDATE outbox SET state = 'waits', next_at = ? WHERE state = 'under way'", [ticks(now)])
    connection.executemany("UPDATE outbox SET perhaps_twice = 1 WHERE id = ?", [(one,) for one in twice])
    return len(twice)


def is_left_under_way(connection: sqlite3.Connection) -> bool:
    """Whether a process may have died with something under way; one that lives may be at it as well."""
    return connection.execute("SELECT 1 FROM outbox WHERE state = 'under way' LIMIT 1").fetchone() is not None


def waiting(connection: sqlite3.Connection) -> list[tuple[str, int, str]]:
    """What has not gone out, by channel: how many messages, and what was in the way of the latest; empty: nothing."""
    found = connection.execute(
        "SELECT channel, count(*) AS messages, max(CASE WHEN trouble IS NOT NULL THEN id END) AS latest FROM outbox"
        " WHERE state IN ('waits', 'under way') GROUP BY channel ORDER BY channel"
    ).fetchall()
    troubles = {
        row["id"]: row["trouble"]
        for row in connection.execute("SELECT id, trouble FROM outbox WHERE trouble IS NOT NULL AND state = 'waits'")
    }
    return [(row["channel"], row["messages"], troubles.get(row["latest"], "")) for row in found]


def tells_of(connection: sqlite3.Connection, channel: str, since: datetime) -> Told:
    """How a channel fares.

    Args:
        connection: to the store.
        channel: its name.
        since: from when on messages that were given up count.
    """
    row = connection.execute(
        "SELECT max(CASE WHEN state = 'sent' THEN put_at END) AS sent,"
        " min(CASE WHEN state IN ('waits', 'under way') THEN put_at END) AS waits,"
        " sum(state = 'given up' AND put_at >= ?) AS given_up FROM outbox WHERE channel = ?",
        [ticks(since), channel],
    ).fetchone()
    trouble = connection.execute(
        "SELECT trouble FROM outbox WHERE channel = ? AND trouble IS NOT NULL ORDER BY id DESC LIMIT 1", [channel]
    ).fetchone()
    return Told(
        sent_at=None if row["sent"] is None else moment_of(row["sent"]),
        waits_since=None if row["waits"] is None else moment_of(row["waits"]),
        given_up=row["given_up"] or 0,
        trouble="" if trouble is None else trouble["trouble"],
    )


def fates(connection: sqlite3.Connection, key: str) -> list[Fate]:
    """What became of a message, in each channel that it was put into."""
    rows = connection.execute("SELECT * FROM outbox WHERE key = ? ORDER BY channel", [key])
    return [
        Fate(
            channel=row["channel"],
            state=row["state"],
            attempts=row["attempts"],
            trouble=row["trouble"] or "",
            next_at=moment_of(row["next_at"]) if row["state"] == "waits" else None,
        )
        for row in rows
    ]


def was_tested(connection: sqlite3.Connection, handle: str, since: datetime) -> bool:
    """Whether a test page to somebody was put in since then."""
    row = connection.execute(
        "SELECT 1 FROM outbox WHERE kind = ? AND put_at > ? AND json_extract(message, '$.to') = ? LIMIT 1",
        [Kind.CONTACT_TEST, ticks(since), handle],
    ).fetchone()
    return row is not None


def anything_arrived(connection: sqlite3.Connection) -> bool:
    """Whether any message has ever gone out by a channel; what was only logged, for want of one, has not."""
    told = "SELECT 1 FROM outbox WHERE state = 'sent' AND channel <> 'none' LIMIT 1"
    return connection.execute(told).fetchone() is not None


def reference_of(connection: sqlite3.Connection, incident: str, channel: str) -> str | None:
    """What the provider calls the first message about an incident."""
    row = connection.execute(
        "SELECT reference FROM outbox WHERE incident = ? AND channel = ? AND kind = ? AND state = 'sent' ORDER BY id",
        [incident, channel, Kind.ALERT],
    ).fetchone()
    return None if row is None else row["reference"]


def page_of(connection: sqlite3.Connection, channel: str, reference: str) -> Message | None:
    """The page that a provider calls so; its `to` is not filled in.  None: it is none."""
    row = connection.execute(
        f"SELECT message FROM outbox WHERE channel = ? AND reference = ? AND kind IN ({_marks(_PAGING)})"
        " AND incident IS NOT NULL AND message <> '{}'",
        [channel, reference, *_PAGING],
    ).fetchone()
    return None if row is None else _read(row["message"])[0]


def next_at(connection: sqlite3.Connection) -> datetime | None:
    """When the next message is to be tried; None: none waits."""
    row = connection.execute("SELECT min(next_at) FROM outbox WHERE state = 'waits'").fetchone()
    return None if row[0] is None else moment_of(row[0])


def _text(message: Message) -> str:
    return json.dumps(
        {
            "kind": message.kind,
            "key": message.key,
            "incident": message.incident,
            "to": message.to.handle if message.to else None,
            "subject": message.subject,
            "fields": message.fields,
            "text": message.text,
            "update_of": message.update_of,
            "room": message.room,
            "private": message.private,
            "offers": message.offers,
            "link": message.link,
        }
    )


def _read(text: str) -> tuple[Message, str | None]:
    said = json.loads(text)
    to = said.pop("to")
    kind, fields = Kind(said.pop("kind")), tuple((name, value) for name, value in said.pop("fields"))
    offers = tuple(Offer(one) for one in said.pop("offers", ()))  # what was put in by an earlier release has none
    return Message(kind=kind, fields=fields, offers=offers, **said), to


def _marks(values: tuple[object, ...]) -> str:
    return ", ".join("?" * len(values))
