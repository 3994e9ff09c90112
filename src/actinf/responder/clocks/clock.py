"""Time that runs out, from a moment to another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["Clock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time that runs out.

    Attributes:
        key: response, resolution, assessment, status page, legal notice, tasks immediate …, action 1 …
        starts: from when it counts.
        due: when it has run out.
        stopped_at: when it was met; None: it runs.
    """

    key: str
    starts: datetime
    due: datetime
    stopped_at: datetime | None = None

    def at(self, share: float) -> datetime:
        """When a share of the limit is used."""
        return self.starts + (self.due - self.starts) * share

    def left(self, now: datetime) -> timedelta:
        """What is left of it; below zero where it ran out.  Of one that was met: what was left then."""
        return self.due - (self.stopped_at or now)

    def used(self, now: datetime) -> float:
        """The share of the limit that is used, from 0 on; above 1 where it ran out."""
        return ((self.stopped_at or now) - self.starts) / (self.due - self.starts)
