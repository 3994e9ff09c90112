"""What scanners found: taken as sets, told as alerts where it is bad enough, and listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actinf.errors import RateLimited
from actinf.responder.intake.sarif import read_sarif
from actinf.responder.intake.scan import Scan, Weight
from actinf.responder.store import alerts, catalogues, findings
from actinf.responder.store.database import Store
from actinf.responder.store.findings import Compared, Fate, Held

__all__ = ["Scanning"]

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scanning:
    """Takes the reports of scanners.

    Attributes:
        store: where findings are kept.
        clock: the time, UTC.
        opens_from: how bad a finding is that opens an incident: critical, high, medium or low.
        most_waiting: alerts that may wait to be looked at.
    """

    store: Store
    clock: Callable[[], datetime]
    opens_from: str
    most_waiting: int

    def take(self, body: bytes, *, target: str = "", component: str = "") -> Document:
        """Take a report in SARIF; all of it is on the disk when this returns.

        Args:
            body: the report.
            target: what was scanned; "": what the report says.
            component: the part of the system that it is; "": the one that is called as the target is.

        Returns:
            How many findings there are, of each scan that it holds.

        Raises:
            WebhookRefused: it is no such report.
            RateLimited: too much waits to be looked at already.
        """
        with self.store.reading() as connection:
            catalogue = catalogues.catalogue(connection)
        scans = read_sarif(body, catalogue, target=target, component=component)
        weight, taken = Weight(self.opens_from), []
        with self.store.writing() as connection:
            for scan in scans:
                now = self.clock()
                compared = findings.compare(connection, scan, weight, now)
                waiting = alerts.waiting(connection)
                if waiting and waiting + len(compared.alerts) > self.most_waiting:
                    most = f"{self.most_waiting:,}"
                    raise RateLimited(
                        f"{waiting:,} alerts wait to be looked at, and at most {most} may: send it again later",
                        retry_after=5.0,
                    )
                alerts.accept(connection, compared.alerts, now)
                taken.append(_scan_document(scan, compared, catalogue.named(scan.component)))
        return {"scans": taken, "opens_from": self.opens_from}

    def findings(self, component: str | None = None, *, past: bool = False) -> list[Document]:
        """The findings that are there, the worst first.

        Args:
            component: only those of this part, by any of its names; None: all.
            past: those that were accepted in the scanner, or are gone, as well.
        """
        fates = tuple(Fate) if past else (Fate.THERE,)
        with self.store.reading() as connection:
            catalogue = catalogues.catalogue(connection)
            wanted = None if component is None else catalogue.key_of(component)
            return [
                _finding_document(one, catalogue.named(one.component))
                for one in findings.held(connection, fates)
                if wanted is None or catalogue.key_of(one.component) == wanted
            ]

    def scans(self) -> list[Document]:
        """What was scanned, the latest first."""
        with self.store.reading() as connection:
            catalogue = catalogues.catalogue(connection)
            return [
                {
                    "scan": one.key,
                    "tool": one.tool,
                    "target": one.target,
                    "category": one.category or None,
                    "component": catalogue.named(one.component),
                    "last_at": one.last_at.isoformat(),
                    "complete": one.complete,
                }
                for one in findings.scans(connection)
            ]


def _scan_document(scan: Scan, compared: Compared, component: str) -> Document:
    weights: Mapping[Weight, int] = Counter(finding.weight for finding in scan.findings)
    return {
        "tool": scan.tool,
        "target": scan.target,
        "category": scan.category or None,
        "component": component,
        "complete": scan.complete,
        "findings": {str(weight): weights[weight] for weight in Weight},
        "alerts": compared.told,
        "listed": len(scan.findings) - compared.told,
        "new": compared.new,
        "gone": compared.gone,
        "suppressed": scan.suppressed,
    }


def _finding_document(one: Held, component: str) -> Document:
    finding = one.finding
    return {
        "rule": finding.rule,
        "title": finding.title,
        "weight": str(finding.weight),
        "score": finding.score,
        "place": finding.place or None,
        "places": finding.places,
        "message": finding.message or None,
        "link": finding.link or None,
        "tool": one.tool,
        "target": one.target,
        "component": component,
        "since": one.since.isoformat(),
        "seen_at": one.seen_at.isoformat(),
        "alert": one.told,
        "fate": str(one.fate),
        "gone_at": None if one.gone_at is None else one.gone_at.isoformat(),
        "incident": one.incident,
        "incident_state": one.state,
        "silenced_by": one.quieted_by,
        "fingerprint": one.fingerprint,
        "scan": one.scan,
    }
