"""Who has each level and duty, and whose shifts follow, as pages show it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from actinf.responder.oncall.rotation import Duty, Schedule, Unfilled

__all__ = ["AHEAD", "PostSeen", "posts_of"]

#: So far ahead pages look.
AHEAD = timedelta(days=14)
_MOST_SHIFTS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSeen:
    """A post as it is shown.

    Attributes:
        level: the level, from 1, or the name of a duty.
        title: what it is called.
        now: who has it, or that nobody has.
        shifts: from now on, whole ones.
    """

    level: int | str
    title: str
    now: Duty | Unfilled
    shifts: list[Duty | Unfilled]


def posts_of(schedule: Schedule, now: datetime, until: datetime) -> list[PostSeen]:
    """The posts of a schedule, with their shifts until a time."""
    return [_post(schedule, level, now, until) for level in schedule.posts]


def _post(schedule: Schedule, level: int | str, now: datetime, until: datetime) -> PostSeen:
    current = schedule.coverage(level, now)
    shifts: list[Duty | Unfilled] = []
    for one in schedule.timeline(level, now, until):
        if shifts and _continues(shifts[-1], one):
            shifts[-1] = replace(shifts[-1], until=one.until)
        elif len(shifts) < _MOST_SHIFTS:
            shifts.append(one)
    name = level.capitalize() if isinstance(level, str) else f"Level {level}"
    said = current.name if isinstance(level, int) and current.name.lower() != name.lower() else ""
    return PostSeen(level=level, title=f"{name}: {said}" if said else name, now=current, shifts=shifts)


def _continues(before: Duty | Unfilled, one: Duty | Unfilled) -> bool:
    if isinstance(before, Duty) and isinstance(one, Duty):
        return before.person.handle == one.person.handle and before.why == one.why
    return isinstance(before, Unfilled) and isinstance(one, Unfilled)
