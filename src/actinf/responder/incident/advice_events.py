"""What can happen to an incident on the way to its cause: what was looked at, and what it was in the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from actinf.responder.incident.event import Event, personal

__all__ = ["CauseNamed", "LookedAt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt(Event):
    """A step of the runbook was made; `outcome` is what it showed, by the names of the runbook's page."""

    kind: ClassVar[str] = "looked"
    step: str
    outcome: str
    note: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseNamed(Event):
    """What it was, by the names of the runbook's page; named again, it is corrected."""

    kind: ClassVar[str] = "cause"
    cause: str
