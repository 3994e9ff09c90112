"""What can happen to planned work that the public is told of; on the timeline of the office."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from actinf.responder.incident.event import Event, personal
from actinf.responder.publishing.page import NoticeState, Working

__all__ = ["WorkAnnounced", "WorkChanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkAnnounced(Event):
    """The public was told of planned work; `window` is the one of maintenance that was made with it, if any."""

    kind: ClassVar[str] = "work announced"
    number: int
    components: tuple[str, ...]
    impact: Working
    starts_at: datetime
    ends_at: datetime
    window: str
    title: str = personal()
    text: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkChanged(Event):
    """Planned work was begun or ended by hand, or does not take place."""

    kind: ClassVar[str] = "work changed"
    number: int
    state: NoticeState
    text: str = personal(default="")
