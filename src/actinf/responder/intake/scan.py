"""What a scanner found: weaknesses, each an alert that says so, and a scan as the set of all that are there.

A weakness is a door that could be opened, and no sign that somebody has come in.  So it is private, as all of security
is, and pages the duty of security; but it is as severe as it is bad, and no breach.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from actinf.responder.intake.alert import Alert
from actinf.responder.intake.fingerprint import key_fingerprint
from actinf.responder.intake.untrusted import web_address
from actinf.runtime.wording import counted

__all__ = ["SOURCE", "Finding", "Scan", "Weight", "alert_of", "headline"]

#: The source of alerts that scanners sent.
SOURCE = "scanner"


class Weight(StrEnum):
    """How bad a weakness is, the worst first; CVSS has the same words for its scores."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @classmethod
    def of_score(cls, score: float) -> "Weight":
        """What a CVSS score is called: from 9 on critical, from 7 on high, from 4 on medium."""
        return next((weight for weight, least in _LEAST if score >= least), cls.LOW)

    def reaches(self, other: "Weight") -> bool:
        """Whether it is as bad as another, or worse."""
        order = list(Weight)
        return order.index(self) <= order.index(other)


_LEAST = ((Weight.CRITICAL, 9.0), (Weight.HIGH, 7.0), (Weight.MEDIUM, 4.0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A weakness that a scan found.

    Args:
        key: names it among those of its tool and target; the same in the next scan, though lines have moved.
        rule: that it breaks: CVE-2024-3094, py/sql-injection.
        title: what that is, in a few words.
        place: where it is: a file with its line, a package, an address.
        weight: how bad it is.
        score: the same as a CVSS score, 0 to 10; None: the scanner gave none.
        message: what the scanner says of it; "": nothing that may be kept.
        link: where to read more, an address of the web; "": nowhere.
        places: how often it is there.
    """

    key: str
    rule: str
    title: str
    place: str
    weight: Weight
    score: float | None
    message: str
    link: str
    places: int = 1

    def document(self) -> dict[str, Any]:
        """The finding as mappings and texts."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Finding":
        """The finding that `document` wrote."""
        return cls(**{**document, "weight": Weight(document["weight"])})

    @property
    def sentence(self) -> str:
        """What it is and where, in a line that does not name its rule."""
        weight = f"{self.weight} {self.score:.1f}" if self.score is not None else str(self.weight)
        more = f" and {counted(self.places - 1, 'more place')}" if self.places > 1 else ""
        title = f": {self.title}" if self.title else ""
        return f"{weight}{title}" + (f", in {self.place}{more}" if self.place else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """All that a tool found in a thing: what is not in it any more is gone.

    Args:
        tool: that looked: Trivy, CodeQL.
        target: what it looked at: an image without its tag, a repository, or as its sender calls it.
        category: which of several looks of that tool at that thing it is; "": there is one.
        component: the part of the system that the thing is.
        findings: each one once, the worst first.
        accepted: those that somebody has decided to live with, suppressed in the scanner.
        suppressed: how often they are there.
        complete: whether the tool says that it came to its end; else nothing is gone because it is missing.
    """

    tool: str
    target: str
    category: str
    component: str
    findings: tuple[Finding, ...]
    accepted: tuple[Finding, ...]
    suppressed: int
    complete: bool

    @property
    def key(self) -> str:
        """Which set it is: the same for each scan by that tool of that thing."""
        return key_fingerprint(SOURCE, json.dumps([self.tool, self.target, self.category]))

    def fingerprint(self, key: str) -> str:
        """Which alert the finding of that key is, among those of all scans."""
        return key_fingerprint(SOURCE, json.dumps([self.tool, self.target, self.category, key]))


def headline(tool: str, target: str, findings: Iterable[Finding]) -> str:
    """How many there are of each weight, in a line."""
    weights = Counter(finding.weight for finding in findings)
    spoken = ", ".join(f"{weights[weight]} {weight}" for weight in Weight if weights[weight])
    return f"{counted(weights.total(), 'finding')} by {tool} in {target}: {spoken}"


def alert_of(scan: Scan, finding: Finding, *, firing: bool, since: datetime, at: datetime, told_as: str = "") -> Alert:
    """The alert that a finding is.

    Args:
        scan: with which it came, or in which it is not any more.
        finding: as it was last seen.
        firing: whether it is there.
        since: when it was first seen.
        at: the time now.
        told_as: what an incident says that it opens; "": what the finding says.
    """
    texts = {"summary": finding.sentence, "description": finding.message, "headline": told_as}
    return Alert(
        source=SOURCE,
        fingerprint=scan.fingerprint(finding.key),
        name=finding.rule,
        status="firing" if firing else "resolved",
        labels={
            "alertname": finding.rule,
            "component": scan.component,
            "incident_type": "security",
            "weakness": str(finding.weight),
            "root": f"findings of {scan.tool}",
            "tool": scan.tool,
            "target": scan.target,
        },
        annotations={name: text for name, text in texts.items() if text},
        starts_at=since,
        ends_at=None if firing else at,
        generator_url=web_address(finding.link),
    )
