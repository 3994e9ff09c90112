"""Whether the timelines are what was written: each event against the chain, each text against its digest.

What is found: an event that was changed, that is missing, that was put in or moved; a text that is not the one that
was written, or is gone without an event that says that it was erased; an end that was cut off before the last anchor; a
list of incidents that says otherwise than their timelines; an account, a key, a schedule or planned work that is not as
the log of the office says.  What was added after the last anchor can be cut off without a trace by who knows how; a
careless cut leaves texts or list entries behind, and shows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from actinf.errors import StoreError
from actinf.responder.incident.events import Erased
from actinf.responder.incident.state import incident_of
from actinf.responder.store import incidents, notes, office, timeline, works
from actinf.responder.store.timeline import digest_of
from actinf.runtime.anchor import Anchor, AnchorFile
from actinf.runtime.chain import chained, key_id
from actinf.runtime.chain_reading import ChainReading, Wrong

__all__ = ["RESTORED", "Verdict", "verify"]

#: The note in a store that says that it was restored from a backup.
RESTORED = "restored"

_MOST_TOLD = 1000


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What verification found.

    Attributes:
        events: how many events there are, of all incidents.
        incidents: how many incidents.
        erased: how many events have texts that were erased.
        anchors: how many anchors were held against the chain.
        anchored: the anchor with the highest number; None: there is none.
        unanchored: events after it.
        wrong: what is not as it was written, in order; `first` and `last` are numbers in the chain over all incidents.
        notes: what is worth knowing.
    """

    events: int
    incidents: int
    erased: int
    anchors: int
    anchored: Anchor | None
    unanchored: int
    wrong: tuple[Wrong, ...]
    notes: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


@dataclass(frozen=True, slots=True)
class _Read:
    """An event as it was found, whatever an intruder made of it."""

    seq: int
    content: list[Any]

    @property
    def incident(self) -> str:
        return str(self.content[1])

    @property
    def number(self) -> int:
        return int(self.content[2])

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = self.content[6]
        return body


def verify(connection: sqlite3.Connection, key: bytes, anchors: AnchorFile | None) -> Verdict:
    """Read all timelines and hold them against the chain and the anchors.

    Args:
        connection: in a transaction that sees one state of the store, begun after the anchors were read.
        key: of the chain, 32 bytes.
        anchors: the anchors; None: nothing was anchored yet.

    Raises:
        StoreError: it cannot be read, or is no store.
    """
    try:
        return _verified(connection, key, anchors)
    except sqlite3.DatabaseError as error:
        raise StoreError(f"the store cannot be read ({error}): restore it, actinf respond restore") from None


def _verified(connection: sqlite3.Connection, key: bytes, anchors: AnchorFile | None) -> Verdict:
    held = anchors.anchors if anchors is not None else ()
    reading: ChainReading[_Read] = ChainReading(lambda before, read: chained(key, before, read.content), held)
    texts = _Texts()
    numbers: dict[str, int] = {}
    for seq, read, mac, personal in _events(connection):
        is_proven = reading.row(seq, read, mac)
        if read is None:
            continue
        expected = numbers.get(read.incident, 0) + 1
        if is_proven and read.number != expected:
            reading.say(seq, f"number {read.number} of {read.incident}, where {expected} is due: events are missing")
        numbers[read.incident] = read.number
        if is_proven:
            texts.look_at(read, personal)
    wrong = _wrong_key(reading, anchors, key)
    if not wrong:
        wrong = [*reading.wrong, *_missing(reading), *_cut(reading), *texts.wrong(), *_left_behind(connection)]
        if not wrong:
            wrong = [*_lists(connection, numbers), *_office(connection)]
        if anchors is not None:
            wrong += [Wrong(first=None, last=None, what=said) for said in anchors.wrong]
    wrong.sort(key=lambda one: (one.first is None, one.first or 0))
    anchored = max(held, key=lambda anchor: anchor.seq, default=None)
    restored = notes.get(connection, RESTORED)
    return Verdict(
        events=reading.rows,
        incidents=len(numbers.keys() - {office.OFFICE}),
        erased=texts.erased,
        anchors=len(held),
        anchored=anchored,
        unanchored=max(0, reading.expected - 1 - (anchored.seq if anchored else 0)),
        wrong=tuple(wrong[:_MOST_TOLD]),
        notes=() if restored is None else (restored,),
    )


def _events(connection: sqlite3.Connection) -> Iterator[tuple[int, _Read | None, bytes, Mapping[str, Any]]]:
    """Each event with its MAC and its texts; None in the place of one that nobody here could have written."""
    personal = groupby(
        connection.execute("SELECT seq, field, salt, value FROM personal ORDER BY seq"), key=lambda row: row[0]
    )
    at, held = next(personal, (None, iter(())))
    for row in connection.execute(
        "SELECT seq, incident, number, at, recorded_at, kind, body, mac FROM event ORDER BY seq"
    ):
        while at is not None and at < row[0]:
            at, held = next(personal, (None, iter(())))
        own = {one[1]: (one[2], one[3]) for one in held} if at == row[0] else {}
        mac = row[7] if isinstance(row[7], bytes) else b""
        try:
            body = json.loads(row[6])
            read = _Read(row[0], [*row[:6], body]) if isinstance(body, dict) else None
            chained(b"", b"", read.content if read else None)
        except (TypeError, ValueError, RecursionError):
            read = None
        yield row[0], read, mac, own


class _Texts:
    """What people wrote, held against the digests in the chain."""

    def __init__(self) -> None:
        self._wrong: list[Wrong] = []
        self._gone: list[_Read] = []
        self._there: dict[tuple[str, int], int] = {}
        self._erased: dict[str, set[int]] = {}

    def look_at(self, read: _Read, personal: Mapping[str, Any]) -> None:
        """Look at the texts of an event that is proven."""
        digests = {
            name: one["digest"] for name, one in read.body.items() if isinstance(one, dict) and set(one) == {"digest"}
        }
        changed = [
            name
            for name, (salt, value) in personal.items()
            if name not in digests or digest_of(bytes(salt), str(value)) != digests[name]
        ]
        if changed:
            self._say(read.seq, f"its text ({', '.join(sorted(changed))}) is not what was written")
        if set(digests) - set(personal):
            self._gone.append(read)
        elif digests:
            self._there[read.incident, read.number] = read.seq
        if read.content[5] == Erased.kind:
            self._erased.setdefault(read.incident, set()).update(read.body.get("numbers", ()))

    def wrong(self) -> Iterator[Wrong]:
        """What is wrong with them, once all events were looked at."""
        yield from self._wrong
        for read in self._gone:
            if read.number not in self._erased.get(read.incident, ()):
                yield self._one(read.seq, "its text is gone, and no event says that it was erased")
        for (incident, number), seq in self._there.items():
            if number in self._erased.get(incident, ()):
                yield self._one(seq, f"its text was erased, and is there again: erase {incident} once more")

    @property
    def erased(self) -> int:
        """How many events have texts that were erased."""
        return sum(read.number in self._erased.get(read.incident, ()) for read in self._gone)

    def _say(self, seq: int, what: str) -> None:
        self._wrong.append(self._one(seq, what))

    @staticmethod
    def _one(seq: int, what: str) -> Wrong:
        return Wrong(first=seq, last=seq, what=what)


def _wrong_key(reading: ChainReading[_Read], anchors: AnchorFile | None, key: bytes) -> list[Wrong]:
    """The one thing to say where it is the key that is wrong, and not the timelines."""
    if reading.rows == 0 or reading.proven > 0 or (anchors is not None and anchors.anchors):
        return []
    return [
        Wrong(
            first=reading.first,
            last=reading.expected - 1,
            what=f"no event and no anchor is signed with the key {key_id(key).hex()}: most probably this is the wrong "
            "responder.key",
        )
    ]


def _missing(reading: ChainReading[_Read]) -> Iterator[Wrong]:
    for gap in reading.gaps:
        yield Wrong(first=gap.first, last=gap.last, what="missing")
        yield Wrong(
            first=gap.last + 1, last=gap.last + 1, what="not to be checked, because the row before it is missing"
        )


def _cut(reading: ChainReading[_Read]) -> Iterator[Wrong]:
    """Anchors whose event is not there, or is another one now."""
    differ = reading.missing()
    if not differ:
        return
    first, last = min(anchor.seq for anchor in differ), max(differ, key=lambda anchor: anchor.seq)
    agreed = max((anchor.seq for anchor in reading.agree if anchor.seq < first), default=0)
    yield Wrong(
        first=agreed + 1,
        last=last.seq,
        what=f"not what was anchored at {last.time}: they are missing, or others stand in their place",
    )


def _left_behind(connection: sqlite3.Connection) -> Iterator[Wrong]:
    """What only a careless cut leaves: texts without their events."""
    first, last = connection.execute(
        "SELECT min(seq), max(seq) FROM personal WHERE seq NOT IN (SELECT seq FROM event)"
    ).fetchone()
    if first is not None:
        yield Wrong(first=first, last=last, what="texts are there, and their events are missing")


def _office(connection: sqlite3.Connection) -> Iterator[Wrong]:
    """Whether accounts, keys, the schedule and planned work are what was logged."""
    for what in (*office.wrong_in(connection), *works.wrong_in(connection, office.log(connection))):
        yield Wrong(first=None, last=None, what=what)


def _lists(connection: sqlite3.Connection, numbers: Mapping[str, int]) -> Iterator[Wrong]:
    """Whether the list of incidents says what their timelines say."""
    listed = {row[0]: tuple(row) for row in connection.execute("SELECT * FROM incident")}
    for name in sorted((set(listed) | set(numbers)) - {office.OFFICE}):
        if name not in listed:
            what = f"{name} has a timeline, and is not in the list of incidents"
        elif name not in numbers:
            what = f"{name} is in the list of incidents, and has no timeline: it was removed"
        elif listed[name] != incidents.row_of(incident_of(timeline.timeline(connection, name))):
            what = f"the list of incidents says otherwise of {name} than its timeline"
        else:
            continue
        yield Wrong(first=None, last=None, what=what)
