"""What was seen of an incident: what people said, and what a machine can tell from alerts, changes and dependencies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from actinf.responder.advising.page import Page
from actinf.responder.incident.state import Incident

__all__ = ["Seen", "seen_in"]

#: So long before the detection a change counts as one that came shortly before.
_SHORTLY = timedelta(days=1)
_CHANGE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d) UTC (\w+): ", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a step showed.

    Attributes:
        step, outcome: by the names of the page.
        at: when it was seen.
        by: the handle of who says so; empty: a machine does.
        note: what else was seen; of a machine, by what it knows.
    """

    step: str
    outcome: str
    at: datetime
    by: str = ""
    note: str = ""

    @property
    def by_machine(self) -> bool:
        """Whether nobody looked."""
        return not self.by


def seen_in(incident: Incident, page: Page) -> dict[str, Seen]:
    """What was seen, by step; what somebody said takes the place of what a machine would.

    Args:
        incident: as it stands.
        page: for its type.
    """
    found: dict[str, Seen] = {}
    for one in (*_by_alerts(incident, page), *_by_changes(incident, page), *_by_dependencies(incident, page)):
        found.setdefault(one.step, one)
    for step, look in incident.looks.items():
        if step in page.steps and look.outcome in page.steps[step].outcomes:  # a later release may know others
            found[step] = Seen(step=step, outcome=look.outcome, at=look.at, by=look.by, note=look.note)
    return {step: found[step] for step in page.steps if step in found}


def _by_alerts(incident: Incident, page: Page) -> Iterator[Seen]:
    # One that has ended says still what was the matter.
    alerts = {alert.name: alert for alert in incident.alerts.values()}
    for name, (step, outcome) in page.by_machine.items():
        if name in alerts:
            fires = "fires" if alerts[name].firing else "fired"
            yield Seen(step=step, outcome=outcome, at=alerts[name].since, note=f"the alert {name} {fires}")


def _by_changes(incident: Incident, page: Page) -> Iterator[Seen]:
    for sentence in incident.changes:
        told = _CHANGE.match(sentence)
        if told is None or told[2] not in page.by_change:
            continue
        at = datetime.strptime(told[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        if incident.detected_at - _SHORTLY <= at:
            step, outcome = page.by_change[told[2]]
            yield Seen(step=step, outcome=outcome, at=at, note=f"a {told[2]} was told of")


def _by_dependencies(incident: Incident, page: Page) -> Iterator[Seen]:
    found = incident.checklist.get("dependencies")
    if found is None or not found.by_machine or not found.passed:
        return
    for step, outcome in page.by_dependencies.items():
        yield Seen(step=step, outcome=outcome, at=found.at, note="monitoring finds all dependencies well")
