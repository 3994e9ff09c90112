"""What was changed in the office: who may use the server, by which keys, who is on call, what there is.

It stands on a timeline of its own, in the same chain as those of the incidents: whoever gave themselves a right in the
file, behind the back of this program, is found by holding the tables against it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from actinf.responder.incident import office_events as happened
from actinf.responder.incident.contact_events import ContactSet, ContactsSealedAnew, VendorSet
from actinf.responder.incident.event import Event, Recorded
from actinf.responder.store import timeline

__all__ = ["OFFICE", "begin", "digest_of", "log", "record", "sealed_digest", "wrong_in"]

#: In the place of an incident's id.
OFFICE = "office"
_BY_ITSELF = "actinf"
#: What is said of contacts and vendors holds all of them.
_SEALS = (ContactSet, VendorSet, ContactsSealedAnew)


@dataclass(frozen=True, slots=True)
class _Account:
    role: str
    security: bool
    password: str | None = None


@dataclass(frozen=True, slots=True)
class _Key:
    handle: str
    digest: str
    is_revoked: bool = False


@dataclass(slots=True)
class _Office:
    """What there is, by the log or by the tables."""

    accounts: dict[str, _Account] = field(default_factory=dict)
    keys: dict[str, _Key] = field(default_factory=dict)
    schedule: str | None = None


def digest_of(text: str) -> str:
    """What stands in the log for a hashed password, a schedule and a catalogue: its SHA-256, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def sealed_digest(connection: sqlite3.Connection) -> str:
    """The SHA-256 of all that is sealed, as it is sealed, for the log of the office; empty: nothing is."""
    found = hashlib.sha256()
    is_empty = True
    for row in connection.execute("SELECT kind, name, key, content FROM sealed ORDER BY kind, name"):
        is_empty = False
        found.update(f"{row['kind']}/{row['name']}/{row['key']}/{len(row['content'])}/".encode() + row["content"])
    return "" if is_empty else found.hexdigest()


def record(connection: sqlite3.Connection, key: bytes, event: Event, *, by: str, now: datetime) -> None:
    """Write down what was changed, in the transaction that changes it.

    Args:
        connection: of a transaction that writes.
        key: of the chain.
        event: what was changed.
        by: the handle of who did it.
        now: the time.
    """
    timeline.append(connection, key, OFFICE, [event], by=by, at=now, now=now)


def log(connection: sqlite3.Connection, *, since: datetime | None = None) -> list[Recorded]:
    """What was changed, in order."""
    found = timeline.timeline(connection, OFFICE)
    return [one for one in found if since is None or one.at >= since]


def begin(connection: sqlite3.Connection, key: bytes, now: datetime) -> None:
    """Write down what a store of an earlier release has, that kept no log: from then on changes show."""
    there = _tables(connection)
    found: list[Event] = []
    for handle, account in there.accounts.items():
        found.append(happened.AccountSet(handle=handle, role=account.role, security=account.security))
        if account.password is not None:
            found.append(happened.PasswordSet(handle=handle, digest=account.password))
    for prefix, one in there.keys.items():
        found.append(happened.KeyMade(prefix=prefix, handle=one.handle, digest=one.digest, purpose="", ends_at=None))
        if one.is_revoked:
            found.append(happened.KeyRevoked(prefix=prefix))
    if there.schedule is not None:
        found.append(happened.ScheduleSet(change="found", what="", digest=there.schedule))
    for event in found:
        record(connection, key, event, by=_BY_ITSELF, now=now)


def wrong_in(connection: sqlite3.Connection) -> Iterator[str]:
    """What the tables say otherwise than the log, a sentence each."""
    events = log(connection)
    told, there = _told(events), _tables(connection)
    for handle in sorted(told.accounts.keys() | there.accounts.keys()):
        yield from _differs(f"the account {handle}", told.accounts.get(handle), there.accounts.get(handle), _rights)
    for prefix in sorted(told.keys.keys() | there.keys.keys()):
        yield from _differs(f"the key {prefix}", told.keys.get(prefix), there.keys.get(prefix), _state)
    if told.schedule != there.schedule:
        yield "the schedule is not the one that was set: it was changed in the file"
    if _told_catalogue(events) != _catalogue(connection):
        yield "the catalogue is not the one that was set: it was changed in the file"

    sealed = next((one.event.digest for one in reversed(events) if isinstance(one.event, _SEALS)), "")
    if sealed != sealed_digest(connection):
        yield "contacts and vendors are not those that were set: they were changed in the file"


def _differs(what: str, told: object, there: object, words: object) -> Iterator[str]:
    if told == there:
        return
    say = words if callable(words) else str
    if there is None:
        yield f"{what} is gone, and the log does not say that it was ended: it was deleted in the file"
    elif told is None:
        yield f"{what} is there ({say(there)}), and the log does not say who made it: it was put into the file"
    elif say(told) == say(there):
        yield f"{what} has another secret than the log says: it was changed in the file"
    else:
        yield f"{what} is {say(there)}, and by the log {say(told)}: it was changed in the file"


def _rights(account: _Account) -> str:
    return f"{account.role}{', sees what is private' if account.security else ''}"


def _state(key: _Key) -> str:
    return f"{key.handle}'s, {'revoked' if key.is_revoked else 'not revoked'}"


def _told(events: list[Recorded]) -> _Office:
    """What there is by the log."""
    office = _Office()
    for one in events:
        event = one.event
        if isinstance(event, happened.AccountSet):
            before = office.accounts.get(event.handle)
            password = before.password if before is not None else None
            office.accounts[event.handle] = _Account(event.role, event.security, password)
        elif isinstance(event, happened.PasswordSet) and event.handle in office.accounts:
            office.accounts[event.handle] = replace(office.accounts[event.handle], password=event.digest)
        elif isinstance(event, happened.AccountRemoved):
            office.accounts.pop(event.handle, None)
            office.keys = {prefix: key for prefix, key in office.keys.items() if key.handle != event.handle}
        elif isinstance(event, happened.KeyMade):
            office.keys[event.prefix] = _Key(event.handle, event.digest)
        elif isinstance(event, happened.KeyRevoked) and event.prefix in office.keys:
            office.keys[event.prefix] = replace(office.keys[event.prefix], is_revoked=True)
        elif isinstance(event, happened.ScheduleSet):
            office.schedule = event.digest
    return office


def _tables(connection: sqlite3.Connection) -> _Office:
    accounts = connection.execute("SELECT handle, role, security, password FROM account ORDER BY handle")
    keys = connection.execute("SELECT prefix, handle, digest, revoked_at FROM api_key ORDER BY made_at, prefix")
    roster = connection.execute("SELECT document FROM roster ORDER BY id DESC LIMIT 1").fetchone()
    return _Office(
        accounts={
            row[0]: _Account(row[1], bool(row[2]), None if row[3] is None else digest_of(row[3])) for row in accounts
        },
        keys={row[0]: _Key(row[1], bytes(row[2]).hex(), row[3] is not None) for row in keys},
        schedule=None if roster is None else digest_of(roster[0]),
    )


def _told_catalogue(events: list[Recorded]) -> str | None:
    digests = [one.event.digest for one in events if isinstance(one.event, happened.CatalogueSet)]
    return digests[-1] if digests else None


def _catalogue(connection: sqlite3.Connection) -> str | None:
    # Not among `_tables`: a store that begins its log has no such table yet.
    row = connection.execute("SELECT document FROM catalogue ORDER BY id DESC LIMIT 1").fetchone()
    return None if row is None else digest_of(row[0])
