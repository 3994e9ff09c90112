"""Planned work that the public is told of, and where it stands at a time: it begins and ends by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from actinf.responder.channels.neutral import block, calling_nobody, line
from actinf.responder.publishing.page import Notice, NoticeKind, NoticeState, NoticeUpdate, Working
from actinf.responder.publishing.uptime import Spell

__all__ = ["LONGEST_NOTICE", "LONGEST_TITLE", "PlannedWork", "key_of"]

#: Characters of what the public is told at once.
LONGEST_TITLE, LONGEST_NOTICE = 150, 5_000
_BEGUN, _DONE = "The work has begun.", "The work is done."
_CANCELLED = "The work does not take place."


def key_of(number: int) -> str:
    """What its notice is called."""
    return f"maintenance-{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWork:
    """Planned work.

    Attributes:
        number: of it.
        title, text: as somebody wrote them; the text may be empty.
        components: keys of the public components that it is about.
        impact: how well they work meanwhile.
        starts_at, ends_at: when it is planned.
        by, made_at: who announced it, and when.
        window: of maintenance that was made with it; empty: none.
        begun_at: when somebody began it before its time; None: nobody did.
        over_at: when somebody ended or cancelled it; None: nobody did.
        cancelled: whether it does not take place; else, where it is over, it was done.
        why: what users are told of that.
    """

    number: int
    title: str
    text: str
    components: tuple[str, ...]
    impact: Working
    starts_at: datetime
    ends_at: datetime
    by: str
    made_at: datetime
    window: str = ""
    begun_at: datetime | None = None
    over_at: datetime | None = None
    cancelled: bool = False
    why: str = ""

    @property
    def begins_at(self) -> datetime:
        """When it begins, or did."""
        return self.starts_at if self.begun_at is None else self.begun_at

    def state(self, now: datetime) -> NoticeState:
        """Where it stands."""
        if self.cancelled:
            return NoticeState.CANCELLED
        if self.over_at is not None or now >= self.ends_at:
            return NoticeState.COMPLETED
        return NoticeState.UNDER_WAY if now >= self.begins_at else NoticeState.SCHEDULED

    def notice(self, now: datetime) -> Notice:
        """What the public is told of it, in text that is harmless wherever it is shown."""
        return Notice(
            key=key_of(self.number),
            kind=NoticeKind.MAINTENANCE,
            title=calling_nobody(line(self.title, LONGEST_TITLE)),
            impact=self.impact,
            components=self.components,
            began_at=self.begins_at,
            ended_at=self.ends_at if self.over_at is None else self.over_at,
            state=self.state(now),
            updates=tuple(reversed(list(self._updates(now)))),
        )

    def spell(self, now: datetime) -> Spell | None:
        """The time for which it has gone on; None: it has not begun, or never did."""
        if self.cancelled or now <= self.begins_at:
            return None
        until = min(now, self.ends_at if self.over_at is None else self.over_at)
        return Spell(since=self.begins_at, until=until, working=self.impact, notice=key_of(self.number))

    def _updates(self, now: datetime) -> Iterator[NoticeUpdate]:
        planned = f"Planned from {self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%Y-%m-%d %H:%M} UTC."
        yield self._update(1, self.made_at, NoticeState.SCHEDULED, self.text or planned)
        state = self.state(now)
        if state is NoticeState.CANCELLED and self.over_at is not None:
            yield self._update(3, self.over_at, state, self.why or _CANCELLED)
        elif state is not NoticeState.SCHEDULED:
            yield self._update(2, self.begins_at, NoticeState.UNDER_WAY, _BEGUN)
        if state is NoticeState.COMPLETED:
            yield self._update(3, self.ends_at if self.over_at is None else self.over_at, state, self.why or _DONE)

    def _update(self, number: int, at: datetime, state: NoticeState, text: str) -> NoticeUpdate:
        shown = calling_nobody(block(text, LONGEST_NOTICE))
        return NoticeUpdate(key=f"{key_of(self.number)}/{number}", at=at, state=state, text=shown)
