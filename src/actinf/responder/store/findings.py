"""What scanners found: what the last scan of each set left, and what was there before, for a while."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from actinf.responder.intake.alert import Alert
from actinf.responder.intake.scan import Finding, Scan, Weight, alert_of, headline
from actinf.responder.store.database import moment_of, ticks

__all__ = ["Compared", "Fate", "Held", "Scanned", "among", "compare", "held", "scans", "there"]

#: For so long it is known what was found and is gone.
_KNOWN_FOR = timedelta(days=90)


class Fate(StrEnum):
    """What became of a finding."""

    THERE = "there"
    ACCEPTED = "accepted"  # suppressed in the scanner
    GONE = "gone"  # not found any more


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """A scan, held against the one before.

    Attributes:
        alerts: that it is to be taken for: each finding that is told fires, and each that is gone is resolved.
        told: how many are.
        new: how many of all were not there before.
        gone: how many were, and are there no more.
    """

    alerts: Sequence[Alert]
    told: int
    new: int
    gone: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A finding.

    Attributes:
        finding: it.
        fingerprint: of its alert, where it is one.
        scan: the key of its set.
        tool, target, component: of its scan.
        since: when it was first seen.
        seen_at: when it was last looked for.
        told: whether it is an alert, or was; else it is listed only.
        fate: whether it is there.
        gone_at: since when it is not; None: it is, or is accepted.
        incident: that its alert belongs to; None: to none.
        state: of that incident: open, resolved or over; None: there is none.
        quieted_by: what keeps its alert from being told: "silence 3"; None: nothing.
    """

    finding: Finding
    fingerprint: str
    scan: str
    tool: str
    target: str
    component: str
    since: datetime
    seen_at: datetime
    told: bool
    fate: Fate
    gone_at: datetime | None
    incident: str | None
    state: str | None
    quieted_by: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanned:
    """A set, as it was scanned last.

    Attributes:
        key: its own.
        tool, target, category, component: of the scan.
        last_at: when that was.
        complete: whether it came to its end.
    """

    key: str
    tool: str
    target: str
    category: str
    component: str
    last_at: datetime
    complete: bool


def compare(connection: sqlite3.Connection, scan: Scan, opens_from: Weight, now: datetime) -> Compared:
    """Hold a scan against the one before it, and keep it.

    Args:
        connection: of a transaction that writes.
        scan: all that a tool found in a thing.
        opens_from: how bad a finding is that is told.
        now: the time.
    """
    rows = {row["fingerprint"]: row for row in connection.execute("SELECT * FROM finding WHERE scan = ?", [scan.key])}
    before = {name: row for name, row in rows.items() if _fate(row) is Fate.THERE}
    there = {scan.fingerprint(finding.key): finding for finding in scan.findings}
    accepted = {scan.fingerprint(finding.key): finding for finding in scan.accepted}
    told = [finding for finding in there.values() if finding.weight.reaches(opens_from)]
    told_as = headline(scan.tool, scan.target, told)
    alerts, kept = [], []
    for name, finding in there.items():
        is_told, since = finding.weight.reaches(opens_from), _since(rows.get(name), now)
        if is_told:
            alerts.append(alert_of(scan, finding, firing=True, since=since, at=now, told_as=told_as))
        elif name in before and before[name]["told"]:  # it is there, and nobody is to be called for it any more
            alerts.append(alert_of(scan, finding, firing=False, since=since, at=now))
        kept.append((name, scan.key, json.dumps(finding.document()), ticks(since), is_told, False))
    for name, finding in accepted.items():
        was_told = name in rows and bool(rows[name]["told"])
        since = _since(rows.get(name), now)
        kept.append((name, scan.key, json.dumps(finding.document()), ticks(since), was_told, True))
    # What is accepted is said of by the scan, though it did not come to its end.
    missing = rows.keys() - there.keys() - accepted.keys() if scan.complete else set()
    over = [row for name, row in before.items() if name in missing or name in accepted]
    for row in over:
        finding = Finding.from_document(json.loads(row["said"]))
        if row["told"]:
            alerts.append(alert_of(scan, finding, firing=False, since=moment_of(row["since"]), at=now))
    connection.executemany(
        "INSERT OR REPLACE INTO finding (fingerprint, scan, said, since, told, accepted) VALUES (?, ?, ?, ?, ?, ?)",
        kept,
    )
    connection.executemany(
        "UPDATE finding SET gone_at = ?, accepted = 0 WHERE fingerprint = ? AND gone_at IS NULL",
        [(ticks(now), name) for name in missing],
    )
    connection.execute("DELETE FROM finding WHERE gone_at < ?", [ticks(now - _KNOWN_FOR)])
    connection.execute(
        "INSERT OR REPLACE INTO scan (key, tool, target, category, component, last_at, complete)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [scan.key, scan.tool, scan.target, scan.category, scan.component, ticks(now), scan.complete],
    )
    return Compared(alerts=alerts, told=len(told), new=len(there.keys() - before.keys()), gone=len(over))


def held(connection: sqlite3.Connection, fates: Collection[Fate] = (Fate.THERE,)) -> list[Held]:
    """All findings of which that became, the worst first, and of those the oldest."""
    rows = connection.execute(
        "SELECT f.*, s.tool, s.target, s.component, s.last_at, a.incident, a.quieted_by, i.state FROM finding f"
        " JOIN scan s ON s.key = f.scan LEFT JOIN alert a ON a.fingerprint = f.fingerprint"
        " LEFT JOIN incident i ON i.id = a.incident"
    ).fetchall()
    found = [
        Held(
            finding=Finding.from_document(json.loads(row["said"])),
            fingerprint=row["fingerprint"],
            scan=row["scan"],
            tool=row["tool"],
            target=row["target"],
            component=row["component"],
            since=moment_of(row["since"]),
            seen_at=moment_of(row["last_at"]),
            told=bool(row["told"]),
            fate=_fate(row),
            gone_at=None if row["gone_at"] is None else moment_of(row["gone_at"]),
            incident=row["incident"],
            state=row["state"],
            quieted_by=row["quieted_by"],
        )
        for row in rows
        if _fate(row) in fates
    ]
    order = list(Weight)
    return sorted(
        found, key=lambda one: (order.index(one.finding.weight), -(one.finding.score or 0), one.since, one.finding.rule)
    )


def there(connection: sqlite3.Connection) -> int:
    """How many findings are there."""
    count: int = connection.execute("SELECT count(*) FROM finding WHERE gone_at IS NULL AND NOT accepted").fetchone()[0]
    return count


def among(connection: sqlite3.Connection, fingerprints: Iterable[str]) -> frozenset[str]:
    """Which of some alerts are findings."""
    asked = json.dumps(list(fingerprints))
    rows = connection.execute(
        "SELECT fingerprint FROM finding WHERE fingerprint IN (SELECT value FROM json_each(?))", [asked]
    )
    return frozenset(row["fingerprint"] for row in rows)


def scans(connection: sqlite3.Connection) -> list[Scanned]:
    """All sets that were scanned, the latest first."""
    return [
        Scanned(
            key=row["key"],
            tool=row["tool"],
            target=row["target"],
            category=row["category"],
            component=row["component"],
            last_at=moment_of(row["last_at"]),
            complete=bool(row["complete"]),
        )
        for row in connection.execute("SELECT * FROM scan ORDER BY last_at DESC, key")
    ]


def _fate(row: sqlite3.Row) -> Fate:
    if row["gone_at"] is not None:
        return Fate.GONE
    return Fate.ACCEPTED if row["accepted"] else Fate.THERE


def _since(row: sqlite3.Row | None, now: datetime) -> datetime:
    """When a finding was first seen: one that was gone and is back begins anew."""
    return now if row is None or _fate(row) is Fate.GONE else moment_of(row["since"])
