"""Exceptions to a rotation: somebody stands in, two people swap shifts, somebody takes over now, a calendar says so.

All of them are the same on record, a person at a post for a time, and where two of them meet the one made later counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from actinf.errors import SettingError
from actinf.responder.oncall.local_time import utc
from actinf.responder.oncall.wording import LONGEST_LINE, is_line, shown


class Origin(StrEnum):
    """How an exception came about."""

    OVERRIDE = "override"
    SWAP = "swap"
    TAKE = "take"
    IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One person at one post for a time, whatever the rotation says.

    Attributes:
        number: counts up as exceptions are made: the higher one counts.  The two halves of a swap share theirs.
        level: the level of escalation, from 1, or the name of a duty.
        who: the handle of the person who is on call.
        since: from when, in UTC.
        until: until when, not included, in UTC.
        by: the handle or name of whoever made it.
        why: the reason in their words, one line, or an empty text.
        made: when it was made, in UTC.
        origin: how it came about.
    """

    number: int
    level: int | str
    who: str
    since: datetime
    until: datetime
    by: str
    why: str
    made: datetime
    origin: Origin = Origin.OVERRIDE

    def __post_init__(self) -> None:
        for name in ("since", "until", "made"):
            object.__setattr__(self, name, utc(getattr(self, name)))
        mistakes = [
            sentence
            for right, sentence in (
                (self.number >= 1, f"number is {self.number}: expected 1 or more"),
                (
                    self.since < self.until,
                    f"until is {self.until.isoformat()}: expected a time after the start, {self.since.isoformat()}",
                ),
                (is_line(self.by), f"by is {shown(self.by)}: expected the name of whoever makes this exception"),
                (
                    self.why == "" or is_line(self.why),
                    f"why is {shown(self.why)}: expected one line of at most {LONGEST_LINE} characters",
                ),
            )
            if not right
        ]
        if mistakes:
            raise SettingError("\n".join(mistakes))

    def meets(self, since: datetime, until: datetime) -> bool:
        """Whether any of [since, until) lies in it."""
        return self.since < until and since < self.until

    def told(self) -> str:
        """How it came about, as one clause."""
        made = {Origin.OVERRIDE: "override", Origin.SWAP: "swap", Origin.TAKE: "took over", Origin.IMPORT: "import"}[
            self.origin
        ]
        by = "" if self.origin is Origin.TAKE and self.by == self.who else f" by {self.by}"
        return f"{made}{by}" + (f" ({self.why})" if self.why else "")


def cut(
    made: Sequence[Override], at: datetime, since: datetime, until: datetime
) -> tuple[Override | None, datetime, datetime]:
    """Which of the exceptions counts at `at`, and how much of [since, until) around it has that answer.

    Args:
        made: the exceptions of one post, in any order.
        at: an instant in [since, until), in UTC.
        since: how far back the rule's answer goes; an exception that counts brings its own bounds.
        until: likewise, the end.

    Returns:
        The one that counts, or None; and the bounds of the stretch.
    """
    chosen: Override | None = None
    for one in made:
        if one.since <= at < one.until and (chosen is None or one.number > chosen.number):
            chosen = one
    if chosen is not None:
        since, until = chosen.since, chosen.until
    for one in made:
        if chosen is None or one.number > chosen.number:
            if one.until <= at:
                since = max(since, one.until)
            elif one.since > at:
                until = min(until, one.since)
    return chosen, since, until
