"""What scanners found, as the last scan of each set left it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from actinf.responder.intake.alert import Alert
from actinf.responder.intake.scan import Finding, Scan, Weight, alert_of, headline
from actinf.responder.store.database import moment_of, ticks

__all__ = ["Compared", "Held", "compare", "held"]


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
    """A finding that is there.

    Attributes:
        finding: it.
        tool, target, component: of its scan.
        since: when it was first seen.
        seen_at: when it was last looked for.
        told: whether it is an alert, or listed only.
    """

    finding: Finding
    tool: str
    target: str
    component: str
    since: datetime
    seen_at: datetime
    told: bool


def compare(connection: sqlite3.Connection, scan: Scan, opens_from: Weight, now: datetime) -> Compared:
    """Hold a scan against the one before it, and keep it.

    Args:
        connection: of a transaction that writes.
        scan: all that a tool found in a thing.
        opens_from: how bad a finding is that is told.
        now: the time.
    """
    before = {row["fingerprint"]: row for row in connection.execute("SELECT * FROM finding WHERE scan = ?", [scan.key])}
    there = {scan.fingerprint(finding.key): finding for finding in scan.findings}
    told = [finding for finding in there.values() if finding.weight.reaches(opens_from)]
    told_as = headline(scan.tool, scan.target, told)
    alerts, kept = [], []
    for name, finding in there.items():
        is_told = finding.weight.reaches(opens_from)
        known = before.get(name)
        since = now if known is None else moment_of(known["since"])
        if is_told:
            alerts.append(alert_of(scan, finding, firing=True, since=since, at=now, told_as=told_as))
        elif known is not None and known["told"]:  # it is there, and nobody is to be called for it any more
            alerts.append(alert_of(scan, finding, firing=False, since=since, at=now))
        kept.append((name, scan.key, json.dumps(finding.document()), ticks(since), is_told))
    gone = [row for name, row in before.items() if name not in there] if scan.complete else []
    for row in gone:
        finding = Finding.from_document(json.loads(row["said"]))
        if row["told"]:
            alerts.append(alert_of(scan, finding, firing=False, since=moment_of(row["since"]), at=now))
    connection.executemany("DELETE FROM finding WHERE fingerprint = ?", [(row["fingerprint"],) for row in gone])
    connection.executemany("INSERT OR REPLACE INTO finding VALUES (?, ?, ?, ?, ?)", kept)
    connection.execute(
        "INSERT OR REPLACE INTO scan VALUES (?, ?, ?, ?, ?, ?)",
        [scan.key, scan.tool, scan.target, scan.category, scan.component, ticks(now)],
    )
    return Compared(alerts=alerts, told=len(told), new=len(there.keys() - before.keys()), gone=len(gone))


def held(connection: sqlite3.Connection) -> list[Held]:
    """All findings that are there, the worst first, and of those the oldest."""
    rows = connection.execute("SELECT f.*, s.* FROM finding f JOIN scan s ON s.key = f.scan").fetchall()
    found = [
        Held(
            finding=Finding.from_document(json.loads(row["said"])),
            tool=row["tool"],
            target=row["target"],
            component=row["component"],
            since=moment_of(row["since"]),
            seen_at=moment_of(row["last_at"]),
            told=bool(row["told"]),
        )
        for row in rows
    ]
    order = list(Weight)
    return sorted(
        found, key=lambda one: (order.index(one.finding.weight), -(one.finding.score or 0), one.since, one.finding.rule)
    )
