"""Whether the audit log is what was written: every row against the chain, and its end against the anchors.

What is found: a row that was changed in any column, that is missing, that was put in or moved; an end that was cut off
before the last anchor, also where rows were added since; a head that does not match; months that were dropped.  What
cannot be found is a cut of what was added after the last anchor.

Two records in the log itself explain rows that are missing: that it was pruned, and that the database was restored from
a backup.  They are believed where the chain holds them.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, TypeGuard

import psycopg

from actinf.runtime.anchor import Anchor, AnchorFile
from actinf.runtime.chain import GENESIS, key_id
from actinf.runtime.chain_reading import ChainReading, Wrong
from actinf.service.audit.chain import Line, mac_of

__all__ = ["PRUNE", "RESTORED", "Verdict", "Wrong", "agreement", "verify"]

#: The action of the record that says that the beginning of the log was removed on purpose.
PRUNE = "audit.prune"
#: The action of the record that says that the database was restored from a backup.
RESTORED = "audit.restored"

_BATCH = 5_000

# As text: whatever an intruder wrote can be read, dates before Christ and numbers of a thousand digits included.
_ROWS = """
SELECT seq, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), workspace_id::text, actor,
    action, object, request_id, outcome, details::text, mac
FROM audit_log ORDER BY seq, created_at
"""
_PARTITIONS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'public.audit_log'::regclass
"""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What verification found.

    Attributes:
        rows: how many rows the log has.
        first, last: their numbers; None: it has none.
        anchors: how many anchors were held against it.
        anchored: the anchor with the highest number; None: there is none.
        wrong: what is not as it was written, in order.
        notes: what is explained, or worth knowing.
        unanchored: rows after the last anchor.
    """

    rows: int
    first: int | None
    last: int | None
    anchors: int
    anchored: Anchor | None
    wrong: tuple[Wrong, ...]
    notes: tuple[str, ...]
    unanchored: int

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


def _lines(connection: psycopg.Connection[Any]) -> Iterator[tuple[Line | None, int, bytes]]:
    """The rows in their order, read bit by bit."""
    with connection.cursor("audit", withhold=False) as cursor:
        cursor.itersize = _BATCH
        cursor.execute(_ROWS)
        for seq, created_at, workspace, actor, action, obj, request_id, outcome, details, mac in cursor:
            try:
                read = json.loads(details, parse_float=Decimal, parse_int=Decimal)
                line = Line(
                    seq=seq,
                    created_at=created_at,
                    workspace=workspace,
                    actor=actor,
                    action=action,
                    object=obj,
                    request_id=request_id,
                    outcome=outcome,
                    details=read,
                )
            except (TypeError, ValueError, RecursionError):
                yield None, seq, bytes(mac or b"")
            else:
                yield line, seq, bytes(mac or b"")


def verify(connection: psycopg.Connection[Any], key: bytes, files: Sequence[AnchorFile]) -> Verdict:
    """Read the whole log and hold it against the chain and the anchors.

    Args:
        connection: in a transaction that sees one state of the database (REPEATABLE READ), begun after the files of
            anchors were read.
        key: of the chain, 32 bytes.
        files: the anchors.

    Raises:
        psycopg.Error: the database fails, or has no such tables.
    """
    anchors = [anchor for file in files for anchor in file.anchors]
    reading: ChainReading[Line] = ChainReading(partial(mac_of, key), anchors)
    records = [line for line, seq, mac in _lines(connection) if reading.row(seq, line, mac) and _is_record(line)]
    heads = connection.execute("SELECT seq, mac, key_id FROM audit_head").fetchall()
    months = {name for (name,) in connection.execute(_PARTITIONS)}
    system = connection.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()

    notes: list[str] = []
    wrong = _wrong_key(reading, files, heads, key)
    if not wrong:
        wrong = [
            *reading.wrong,
            *_missing(reading, records, key, months, notes),
            *_cut(reading, records, notes, system),
            *_head(reading, heads),
        ]
        wrong += [Wrong(first=None, last=None, what=said) for file in files for said in file.wrong]
    wrong.sort(key=lambda one: (one.first is None, one.first or 0))
    anchored = max(anchors, key=lambda anchor: anchor.seq, default=None)
    last = reading.expected - 1 if reading.rows else None
    return Verdict(
        rows=reading.rows,
        first=reading.first,
        last=last,
        anchors=len(anchors),
        anchored=anchored,
        wrong=tuple(wrong),
        notes=tuple(notes),
        unanchored=max(0, (last or 0) - (anchored.seq if anchored is not None else 0)),
    )


def agreement(connection: psycopg.Connection[Any], anchors: Iterable[Anchor]) -> tuple[Anchor | None, Anchor | None]:
    """The last anchor that the log agrees with before the first that it does not, and the highest of those.

    Both None where the log agrees with all.
    """
    agrees: list[Anchor] = []
    differs: list[Anchor] = []
    macs: dict[int, str] = {0: GENESIS.hex()}
    numbers = sorted({anchor.seq for anchor in anchors})
    for seq, mac in connection.execute("SELECT seq, mac FROM audit_log WHERE seq = ANY(%s)", (numbers,)):
        macs[seq] = bytes(mac).hex()
    oldest = connection.execute("SELECT min(seq) FROM audit_log").fetchone()
    for anchor in anchors:
        if macs.get(anchor.seq) == anchor.mac:
            agrees.append(anchor)
        elif oldest is None or oldest[0] is None or anchor.seq >= oldest[0]:
            differs.append(anchor)
    if not differs:
        return None, None
    first = min(anchor.seq for anchor in differs)
    below = [anchor for anchor in agrees if anchor.seq < first]
    return (
        max(below, key=lambda anchor: anchor.seq, default=None),
        max(differs, key=lambda anchor: anchor.seq),
    )


# ------------------------------------------------------------------------------------------------- what the pass found


def _wrong_key(
    reading: ChainReading[Line], files: Sequence[AnchorFile], heads: Sequence[tuple[Any, ...]], key: bytes
) -> list[Wrong]:
    """The one thing to say where it is the key that is wrong, and not the log."""
    begun_with = bytes(heads[0][2]).hex() if len(heads) == 1 and heads[0][2] is not None else None
    signed = any(file.anchors for file in files)
    if reading.rows == 0 or reading.proven > 0 or signed:
        return []
    with_key = f", and it was begun with the key {begun_with}" if begun_with else ""
    return [
        Wrong(
            first=reading.first,
            last=reading.expected - 1,
            what=f"no row and no anchor is signed with the key {key_id(key).hex()}{with_key}: most probably this is "
            "the wrong key (ACTINF_AUDIT_KEY, or audit.key in the data_dir)",
        )
    ]


def _is_record(line: Line | None) -> TypeGuard[Line]:
    """Whether it says why rows are missing."""
    return line is not None and line.action in (PRUNE, RESTORED) and line.outcome == "done"


def _missing(
    reading: ChainReading[Line], records: Sequence[Line], key: bytes, months: set[str], notes: list[str]
) -> Iterator[Wrong]:
    """Rows that are not there although later ones are."""
    prunes = [line for line in records if line.action == PRUNE]
    for gap in reading.gaps:
        last, after = gap.last, gap.after
        prune = next((line for line in prunes if gap.first == 1 and line.details.get("first_kept") == last + 1), None)
        if prune is not None:
            before = bytes.fromhex(str(prune.details.get("mac_before")))
            if after is not None and gap.mac == mac_of(key, before, after):
                notes.append(f"rows 1 to {last} were pruned: row {prune.seq} of {prune.created_at}, by {prune.actor}")
            else:
                yield Wrong(first=last + 1, last=last + 1, what="changed, or put in")
            continue
        yield Wrong(
            first=gap.first,
            last=last,
            what="missing" + _dropped("" if gap.before is None else gap.before.created_at, after, months),
        )
        yield Wrong(first=last + 1, last=last + 1, what="not to be checked, because the row before it is missing")


def _dropped(since: str, after: Line | None, months: set[str]) -> str:
    """Which months between two rows have no partition."""
    until = "" if after is None else after.created_at
    try:
        year, month = int(since[:4] or until[:4]), int(since[5:7] or until[5:7])
        end = (int(until[:4]), int(until[5:7]))
    except ValueError:
        return ""
    gone: list[str] = []
    while (year, month) <= end and len(gone) < 12:
        name = f"audit_log_{year:04d}_{month:02d}"
        if name not in months:
            gone.append(name)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return f" (there is no partition {', '.join(gone)})" if gone else ""


def _cut(
    reading: ChainReading[Line], records: Sequence[Line], notes: list[str], system: tuple[Any, ...] | None
) -> Iterator[Wrong]:
    """Anchors whose row is not there, or is another one now."""
    restores = [line for line in records if line.action == RESTORED]
    unexplained = []
    for anchor in reading.missing():
        restore = next((line for line in restores if _explains(line, anchor)), None)
        if restore is None:
            unexplained.append(anchor)
            continue
        said = (
            f"rows {restore.details['after_seq'] + 1} to {restore.details['anchor_seq']} were lost when the database "
            f"was restored: row {restore.seq} of {restore.created_at}, by {restore.actor}: "
            f"{restore.details.get('reason')}"
        )
        if said not in notes:
            notes.append(said)
    if not unexplained:
        return
    first, last = min(anchor.seq for anchor in unexplained), max(unexplained, key=lambda anchor: anchor.seq)
    agreed = max((anchor.seq for anchor in reading.agree if anchor.seq < first), default=0)
    is_other = system is not None and any(anchor.system != system[0] for anchor in unexplained)
    yield Wrong(
        first=max(agreed + 1, reading.first or 1),
        last=last.seq,
        what=f"not what was anchored at {last.time}: they are missing, or others stand in their place"
        + (f" (anchored on another server, {last.system})" if is_other else "")
        + ". After a restore from a backup, `actinf audit restored` says why",
    )


def _explains(restore: Line, anchor: Anchor) -> bool:
    said = restore.details
    try:
        return bool(said["after_seq"] < anchor.seq <= said["anchor_seq"] and anchor.time <= str(said["anchor_time"]))
    except (KeyError, TypeError):
        return False


def _head(reading: ChainReading[Line], heads: Sequence[tuple[Any, ...]]) -> Iterator[Wrong]:
    """The row that says where the log ends."""
    if len(heads) != 1:
        yield Wrong(first=None, last=None, what=f"audit_head has {len(heads)} rows, expected one: it was tampered with")
        return
    seq, mac = heads[0][0], bytes(heads[0][1])
    last = reading.expected - 1
    if seq > last:
        yield Wrong(first=last + 1, last=seq, what=f"missing: the log ends with row {last}, its head says {seq}")
    elif (seq, mac) != (last, reading.before):
        yield Wrong(
            first=None, last=None, what=f"audit_head is not the last row: it says {seq}, and the log ends with {last}"
        )
