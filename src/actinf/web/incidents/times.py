"""Time that runs out, as people read it: in words and with a state, so that no colour has to be seen."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from actinf.responder.clocks.timers import Clock
from actinf.web.lengths import lasting

__all__ = ["ClockSeen", "seen", "with_moments"]

#: From this share on a clock is said to run out soon.
_SOON = 0.8

_NAMES = {
    "response": "Respond",
    "resolution": "Resolve",
    "assessment": "Assess",
    "legal notice": "Tell the authority",
    "tasks immediate": "Immediate tasks",
    "tasks short-term": "Short-term tasks",
    "tasks long-term": "Long-term tasks",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSeen:
    """A clock as it is shown.

    Attributes:
        key: of the clock.
        name: what is to be done by then.
        state: running, soon, overdue, met, or late where it was met after its time.
        words: what is left, or how it ended.
        due: when it runs out.
        share: of its time that is used, from 0 to 1.
    """

    key: str
    name: str
    state: str
    words: str
    due: datetime
    share: float

    @property
    def runs(self) -> bool:
        """Whether it still counts."""
        return self.state in ("running", "soon", "overdue")


def seen(clocks: Iterable[Clock], now: datetime) -> list[ClockSeen]:
    """Clocks that have begun to count, as they are shown: those that run first, the most urgent at the beginning."""
    shown = [_seen(clock, now) for clock in clocks if clock.starts <= now]
    return sorted(shown, key=lambda one: (not one.runs, one.due))


def with_moments(document: Mapping[str, Any], others: Collection[str] = ()) -> dict[str, Any]:
    """A document whose moments are such, as the templates want them: what is called `…_at`, and those others."""
    return {
        name: datetime.fromisoformat(value)
        if isinstance(value, str) and (name.endswith("_at") or name in others)
        else value
        for name, value in document.items()
    }


def _seen(clock: Clock, now: datetime) -> ClockSeen:
    left, used = clock.left(now), clock.used(now)
    if clock.stopped_at is not None:
        in_time = left >= timedelta(0)
        state = "met" if in_time else "late"
        words = f"met with {lasting(left)} left" if in_time else f"met {lasting(left)} late"
    elif left <= timedelta(0):
        state, words = "overdue", f"overdue by {lasting(left)}"
    else:
        state, words = "soon" if used >= _SOON else "running", f"{lasting(left)} left"
    return ClockSeen(
        key=clock.key,
        name=_NAMES.get(clock.key, clock.key.capitalize().replace("Action", "Action item")),
        state=state,
        words=words,
        due=clock.due,
        share=min(max(used, 0.0), 1.0),
    )
