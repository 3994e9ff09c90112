"""A schedule in the place of another: which exceptions go on, and what becomes wrong by it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256

from actinf.responder.oncall.overrides import Override
from actinf.responder.oncall.rotation import Schedule

__all__ = ["Revision", "mark_of", "revision"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What is to hold from now on.

    Attributes:
        schedule: with its exceptions.
        lost: exceptions of the one before that it does not have.
    """

    schedule: Schedule
    lost: tuple[Override, ...]


def revision(written: Schedule, before: Schedule | None) -> Revision:
    """A schedule that somebody wrote, in the place of the one before.

    Exceptions are made beside the rotation, also while somebody writes, and go on: those whose person and post are
    still there.  Where the new one states exceptions itself, these are all that there are.

    Args:
        written: as it was written.
        before: the one that holds; None: none was ever set.
    """
    if before is None:
        return Revision(schedule=written, lost=())
    if written.overrides:
        stated = {(one.level, one.who, one.since, one.until) for one in written.overrides}
        lost = tuple(one for one in before.overrides if (one.level, one.who, one.since, one.until) not in stated)
        return Revision(schedule=written, lost=lost)
    goes_on = [one.who in written.people and one.level in written.posts for one in before.overrides]
    kept = tuple(one for one, still in zip(before.overrides, goes_on, strict=True) if still)
    lost = tuple(one for one, still in zip(before.overrides, goes_on, strict=True) if not still)
    return Revision(schedule=replace(written, overrides=kept), lost=lost)


def mark_of(schedule: Schedule | None) -> str:
    """Tells one schedule from another, whatever exceptions they have: 16 hexadecimal digits; empty where there is none.

    Who writes a new one sends the mark of what they began with, so that nobody's is overwritten unseen.
    """
    return "" if schedule is None else sha256(replace(schedule, overrides=()).text().encode()).hexdigest()[:16]
