"""The page of what scanners found: each weakness by its rule, the worst first, and what became of it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Response

from actinf.errors import Forbidden
from actinf.responder.access.privacy import sees_private
from actinf.responder.intake.scan import Weight
from actinf.responder.intake.untrusted import web_address
from actinf.responder.server.context import Server, ServerParts
from actinf.responder.store import findings, rosters
from actinf.responder.store.findings import Fate
from actinf.web.incidents.pages import page
from actinf.web.incidents.times import with_moments
from actinf.web.incidents.visitors import Looker, Visitor

__all__ = ["Scanners", "found_by_scanners", "router", "scanners_in_short"]

router = APIRouter()

_MOST, _MOST_OF_ALL = 100, 2_000
#: Places of one rule that are shown; the others are folded.
_MOST_PLACES = 3
_MARKS = {Weight.CRITICAL: "P1", Weight.HIGH: "P2", Weight.MEDIUM: "P3", Weight.LOW: "P3"}
_TABS = {Fate.THERE: "There", Fate.ACCEPTED: "Accepted", Fate.GONE: "Gone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What breaks one rule, in a tool's words.

    Attributes:
        name: of the rule.
        weight: of the worst of it: critical, high, medium or low.
        mark: the severity whose shape it has.
        score: the same as a CVSS score; None: the scanner gave none.
        title: what the rule is about.
        link: where to read more; empty: nowhere.
        places: each finding of it, those shown first.
        more: those that are folded.
    """

    name: str
    weight: str
    mark: str
    score: float | None
    title: str
    link: str
    places: list[dict[str, Any]]
    more: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanners:
    """What the first page says of them: how much is there, and in how many things that were scanned."""

    findings: int
    scans: int


@router.get("/findings")
async def show_findings(
    server: ServerParts, visitor: Looker, fate: str = "there", scan: str = "", alert: str = "", every: bool = False
) -> Response:
    """What scanners found: all that has one fate, that of one scan, or the one that an alert is."""
    visitor.require("see")
    most = _MOST_OF_ALL if every else _MOST
    values = await server.do(lambda: _looked_at(server, visitor, fate, scan, alert, most=most))
    of_scan = f"&scan={quote(scan)}" if scan else ""
    return page("findings.html", visitor=visitor, scan=scan, alert=alert, of_scan=of_scan, **values)


def scanners_in_short(connection: sqlite3.Connection, visitor: Visitor) -> Scanners | None:
    """How much scanners found; None: nothing was scanned, or who looks does not see what is private.

    Args:
        connection: to the store, within a view of it.
        visitor: who looks.
    """
    if not sees_private(visitor.who, rosters.schedule(connection)):
        return None
    scans = findings.scans(connection)
    return Scanners(findings=findings.there(connection), scans=len(scans)) if scans else None


def found_by_scanners(connection: sqlite3.Connection, visitor: Visitor, fingerprints: Iterable[str]) -> frozenset[str]:
    """Which of some alerts are findings that the page shows; none to who does not see what is private."""
    if not sees_private(visitor.who, rosters.schedule(connection)):
        return frozenset()
    return findings.among(connection, fingerprints)


def _looked_at(server: Server, visitor: Visitor, fate: str, scan: str, alert: str, *, most: int) -> dict[str, Any]:
    with server.parts.store.reading() as connection:
        if not sees_private(visitor.who, rosters.schedule(connection)):
            raise Forbidden(
                "what scanners found is private, for an account that deals with security or an admin: ask one of them"
            )
        scanning, now = server.parts.scanning, server.parts.clock()
        every = [with_moments(one, ("since",)) for one in scanning.findings(past=True)]
        scans = [with_moments(one) for one in scanning.scans()]
        for one in scans:
            one["fates"] = Counter(found["fate"] for found in every if found["scan"] == one["scan"])
        wanted = [
            one for one in every if (not scan or one["scan"] == scan) and (not alert or one["fingerprint"] == alert)
        ]
        # Of one finding it is its fate that is asked for.
        chosen = wanted[0]["fate"] if alert and wanted else fate if fate in list(Fate) else Fate.THERE
        listed = [one for one in wanted if one["fate"] == chosen]
        return {
            "now": now,
            "scans": scans,
            "rules": _by_rule(listed[:most]),
            "chosen": chosen,
            "tabs": [(str(one), name, sum(found["fate"] == one for found in wanted)) for one, name in _TABS.items()],
            "left_out": len(listed) - most,
            "can_show_more": most < _MOST_OF_ALL,
            "opens_from": scanning.opens_from,
        }


def _by_rule(found: Iterable[Mapping[str, Any]]) -> list[Rule]:
    """Findings by their rule, in the order in which they come: the worst first."""
    rules: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in found:
        rules.setdefault((one["tool"], one["rule"]), []).append(dict(one))
    return [_rule(places) for places in rules.values()]


def _rule(places: list[dict[str, Any]]) -> Rule:
    worst = places[0]
    # What is told of each comes before what is not.
    places = sorted(places, key=lambda one: not one["alert"])
    return Rule(
        name=worst["rule"],
        weight=worst["weight"],
        mark=_MARKS[Weight(worst["weight"])],
        score=worst["score"],
        title=worst["title"],
        link=web_address(worst["link"] or ""),
        places=places[:_MOST_PLACES],
        more=places[_MOST_PLACES:],
    )
