"""How well incidents are responded to: times against what is promised, breaches, false alarms, and who was paged.

Incidents come as documents (`actinf.responder.documents`), so that it is the same for the store of this machine and for
that of a server.  A quantile is an observed value, the nearest rank: of few incidents nothing is interpolated, and
below five a 95th percentile is not told at all.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actinf.responder.incident.events import Milestone
from actinf.responder.incident.severity import LIMITS, Severity
from actinf.responder.oncall.load import Load, Page, load
from actinf.responder.oncall.rotation import Schedule

__all__ = ["FEWEST_FOR_P95", "Figures", "Row", "Summary", "figures", "summary"]

#: With fewer observations the 95th percentile is the largest of a handful: it says nothing.
FEWEST_FOR_P95 = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Times of one kind.

    Attributes:
        n: how many there are.
        p50: their median, seconds; None: there is none.
        p95: their 95th percentile, seconds; None: there are too few.
        within: how many of those for which it can be told were within what is promised; None: nothing is promised.
        told: of how many it can be told: those that were met or are overdue.
    """

    n: int
    p50: float | None
    p95: float | None
    within: int | None
    told: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Incidents of one type and severity."""

    incident_type: str
    severity: Severity
    incidents: int
    acknowledge: Figures
    mitigate: Figures
    resolve: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The report.

    Attributes:
        since, until: which incidents it is about: those that were opened in this time.
        incidents: how many were opened, with those that were nothing or went on as others.
        still_open: how many of them are open.
        false_alarms, merged: how many were nothing; how many went on as others.  Neither counts in the rows.
        breaches: how often each clock ran out.
        rows: by type and severity.
        load: how pages and shifts were spread, by the schedule that holds now; None: there is no schedule.
    """

    since: datetime
    until: datetime
    incidents: int
    still_open: int
    false_alarms: int
    merged: int
    breaches: Mapping[str, int]
    rows: tuple[Row, ...]
    load: Load | None


def summary(
    documents: Sequence[Mapping[str, Any]], schedule: Schedule | None, since: datetime, until: datetime
) -> Summary:
    """The report on incidents.

    Args:
        documents: of incidents, each with its timeline.
        schedule: who is on call; None: nobody knows.
        since, until: the time that it is about; until is now.
    """
    real = [one for one in documents if not _is_over(one)]
    groups: dict[tuple[str, Severity], list[Mapping[str, Any]]] = {}
    for one in real:
        groups.setdefault((one["type"], Severity(one["severity"])), []).append(one)
    breaches = Counter(
        event["clock"].split()[0] if event["clock"].startswith("action ") else event["clock"]
        for one in documents
        for event in one["timeline"]
        if event["kind"] == "breached"
    )
    return Summary(
        since=since,
        until=until,
        incidents=len(documents),
        still_open=sum(one["resolved_at"] is None for one in real),
        false_alarms=sum(one["status"] == "False alarm" for one in documents),
        merged=sum(one["status"].startswith("Merged") for one in documents),
        breaches=dict(sorted(breaches.items())),
        rows=tuple(_row(kind, severity, groups[kind, severity], until) for kind, severity in sorted(groups)),
        load=None if schedule is None else load(schedule, since, until, list(_pages(documents))),
    )


def figures(seconds: Iterable[float], *, within: int | None = None, told: int = 0) -> Figures:
    """The figures of some times, seconds."""
    ordered = sorted(seconds)
    n = len(ordered)
    return Figures(
        n=n,
        p50=_quantile(ordered, 0.5) if n else None,
        p95=_quantile(ordered, 0.95) if n >= FEWEST_FOR_P95 else None,
        within=within,
        told=told,
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The nearest rank: the least observed value that at least the share does not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _row(kind: str, severity: Severity, documents: Sequence[Mapping[str, Any]], now: datetime) -> Row:
    fixes = [
        (_at(one["milestones"][Milestone.FIX.value]["at"]) - _at(one["detected_at"])).total_seconds()
        for one in documents
        if Milestone.FIX.value in one["milestones"]
    ]
    return Row(
        incident_type=kind,
        severity=severity,
        incidents=len(documents),
        acknowledge=_of_clock("response", severity, documents, now),
        mitigate=figures(fixes),
        resolve=_of_clock("resolution", severity, documents, now),
    )


def _of_clock(name: str, severity: Severity, documents: Sequence[Mapping[str, Any]], now: datetime) -> Figures:
    limit = LIMITS[severity].response if name == "response" else LIMITS[severity].resolution
    seconds, within, told = [], 0, 0
    for one in documents:
        clock = next(clock for clock in one["clocks"] if clock["clock"] == name)
        due = _at(clock["due"])
        if clock["met_at"] is not None:
            met = _at(clock["met_at"])
            # Counted as the clock counts: what lay resolved before it was reopened is left out.
            seconds.append((met - (due - limit)).total_seconds())
            within, told = within + (met <= due), told + 1
        elif due < now:
            told += 1
    return figures(seconds, within=within, told=told)


def _pages(documents: Sequence[Mapping[str, Any]]) -> Iterable[Page]:
    for one in documents:
        for event in one["timeline"]:
            if event["kind"] == "paged":
                level = event["level"] or event["duty"]
                yield Page(at=_at(event["at"]), handle=event["who"], level=level, incident=one["id"])


def _is_over(document: Mapping[str, Any]) -> bool:
    status = str(document["status"])
    return status == "False alarm" or status.startswith("Merged")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
