"""What is known by itself of an incident, for its assessment to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actinf.responder.incident.event import Recorded
from actinf.responder.incident.events import Noted
from actinf.responder.incident.severity import Severity, classify
from actinf.responder.incident.state import Incident
from actinf.responder.measuring.impact import Estimate

__all__ = ["Beginning", "beginning_of"]

_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What an assessment begins with.

    Attributes:
        severity: at least as severe as the incident is now.
        why: what speaks for it.
        findings: what is known.
    """

    severity: Severity
    why: str
    findings: str


def beginning_of(incident: Incident, events: Sequence[Recorded], measured: Estimate | None) -> Beginning:
    """What is known by itself.

    Args:
        incident: as it stands.
        events: its timeline.
        measured: what monitoring says; None: it was not asked.
    """
    severity, why = incident.severity, incident.reasons[0] if incident.reasons else incident.severity
    found = [incident.findings] if incident.findings else _found(incident, events)
    if measured is not None:
        signals = measured.signals
        if signals.down or signals.degradation is not None or signals.affected_users is not None:
            judged = classify(signals)
            if judged.severity < severity:
                severity, why = judged.severity, judged.reasons[0]
        found.append("Measured: " + "; ".join(measured.found) + ".")
    return Beginning(severity=severity, why=why, findings="\n".join(found))


def _found(incident: Incident, events: Sequence[Recorded]) -> list[str]:
    firing = [one for one in incident.alerts.values() if one.firing]
    names = ", ".join(dict.fromkeys(one.name for one in firing[:_NAMED]))
    more = f" and {len(firing) - _NAMED} more" if len(firing) > _NAMED else ""
    found = [f"Firing: {names}{more}."] if firing else []
    if incident.alerts and not firing:
        found.append("None of its alerts fires any more.")
    if incident.changes:
        found.append(f"Last change before it: {incident.changes[0]}.")
    noted = [one.event.text for one in events if isinstance(one.event, Noted)]
    return [*found, f"Noted: {noted[-1]}"] if noted else found
