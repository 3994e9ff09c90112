"""A ramp as it stands: which step is next, what was intended and not yet seen to be done, and what was before.

An intent is written down before its effect.  Whoever finds one without an outcome looks whether it was done, and does
it where it was not: it says what is to be, and of what it was changed, so that doing it twice is doing it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from actinf.responder.ramp.plan import Plan, Step
from actinf.runtime.wording import counted

__all__ = ["Bound", "Change", "Ramp", "State", "Stepped", "Tries", "failed"]


class State(StrEnum):
    """How a ramp is."""

    RUNS = "runs"
    PAUSED = "paused"  # by a person
    HELD = "held"  # by itself: a person has to say what is to be done
    GOES_BACK = "goes back"
    DONE = "done"
    ABORTED = "aborted"  # what is, was left as it is
    WENT_BACK = "went back"

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it by itself."""
        return self in (State.DONE, State.ABORTED, State.WENT_BACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A number that a ramp sets, as it is at one time.

    Attributes:
        autoscaler: whose lower bound it is; None: it is the number of replicas itself.
        value: the number.
    """

    autoscaler: str | None
    value: int

    @property
    def words(self) -> str:
        """What it is, and how much."""
        return (
            counted(self.value, "replica")
            if self.autoscaler is None
            else f"minReplicas {self.value} of {self.autoscaler}"
        )

    def stored(self) -> dict[str, Any]:
        """In what JSON can say."""
        return {"autoscaler": self.autoscaler, "value": self.value}

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Bound | None:
        """What `stored` wrote."""
        return None if stored is None else cls(autoscaler=stored["autoscaler"], value=int(stored["value"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An intent: a number that is to become another.

    Attributes:
        autoscaler: as in `Bound`.
        now: what it is.
        wanted: what it is to be; the same where there is nothing to be done.
    """

    autoscaler: str | None
    now: int
    wanted: int

    @property
    def words(self) -> str:
        """What is changed."""
        what = "replicas" if self.autoscaler is None else f"minReplicas of {self.autoscaler}"
        return f"{what} {self.now} → {self.wanted}" if self.now != self.wanted else f"{what} {self.now}, as it was"

    def stored(self) -> dict[str, Any]:
        """In what JSON can say."""
        return {"autoscaler": self.autoscaler, "now": self.now, "wanted": self.wanted}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """A step of a ramp, and how far it is.

    Attributes:
        number: from 1.
        step: what it does.
        attempt: which one it is, from 1; only a person, or the loss of a trial, makes another.
        began_at: when this attempt began; None: it has not.
        counts_from: from when its time counts; later than that, where it was paused.
        change: what it intends to set; None: nothing, or it is not known yet.
        progress: of a soak, as `actinf.responder.ramp.gates.Soak.stored` writes it.
        ended_at: when it ended; None: it has not.
        passed: how; None: it has not ended.
        found: what was seen.
    """

    number: int
    step: Step
    attempt: int = 1
    began_at: datetime | None = None
    counts_from: datetime | None = None
    change: Change | None = None
    progress: Mapping[str, Any] = field(default_factory=dict)
    ended_at: datetime | None = None
    passed: bool | None = None
    found: str = ""


#: Between two tries that fail: the first time, and at the most.
_REST, _LONGEST_REST = timedelta(seconds=2), timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """What a cluster was asked for again and again without success.

    Attributes:
        since: when the first of these tries failed.
        last: when the last one did.
        count: how many they are.
        refused: how many of the last ones, one after another, were refused.
        why: the last one failed.
    """

    since: datetime
    last: datetime
    count: int = 1
    refused: int = 0
    why: str = ""

    @property
    def again_at(self) -> datetime:
        """When it is tried again: each time after twice as long, up to a minute."""
        doubled = 1 << min(self.count - 1, 10)
        return self.last + min(_LONGEST_REST, doubled * _REST)

    def rests(self, now: datetime) -> bool:
        """Whether it is too early to try again; not for ever, where the clock was set back."""
        return self.last <= now < self.again_at

    def stored(self) -> dict[str, Any]:
        """In what JSON can say."""
        moments = {"since": self.since.isoformat(), "last": self.last.isoformat()}
        return {**moments, "count": self.count, "refused": self.refused, "why": self.why}

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Tries | None:
        """What `stored` wrote."""
        if stored is None:
            return None
        since, last = (datetime.fromisoformat(stored[name]) for name in ("since", "last"))
        return cls(since=since, last=last, count=stored["count"], refused=stored["refused"], why=stored["why"])


def failed(before: Tries | None, why: str, now: datetime, *, refused: bool) -> Tries:
    """What was tried so far, after one more try that failed."""
    if before is None:
        return Tries(since=now, last=now, refused=int(refused), why=why)
    in_a_row = before.refused + 1 if refused else 0
    return Tries(since=before.since, last=now, count=before.count + 1, refused=in_a_row, why=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """A ramp.

    Attributes:
        id: its number.
        incident: whose.
        target: what it scales, as `Cluster.target`.
        plan: what it was asked to do.
        state: how it is.
        may_go_down: whether it was said, twice, that replicas may be taken away.
        why: why it is held, or ended other than well; empty: it is not.
        before: what was there before it set anything; None: it has set nothing.
        expected: what it set last, and has to find again; None: nothing, or a person let what is there be.
        way_back: on the way back, what it intends to set.
        tries: what the cluster does not do, however often it is asked; None: the last time it did.
        began_at, ended_at: when it did; None: it has not ended.
        steps: in order, those that follow by themselves as well.
        version: grows with each change.
    """

    id: int
    incident: str
    target: str
    plan: Plan
    state: State
    may_go_down: bool
    why: str
    before: Bound | None
    expected: Bound | None
    way_back: Change | None
    tries: Tries | None
    began_at: datetime
    ended_at: datetime | None
    steps: tuple[Stepped, ...]
    version: int

    @property
    def current(self) -> Stepped | None:
        """The step that is under way or next; None: all have ended."""
        return next((one for one in self.steps if one.ended_at is None), None)

    @property
    def is_going_back(self) -> bool:
        """Whether it puts back what it set, or would if it were not held."""
        return self.way_back is not None and self.state in (State.GOES_BACK, State.HELD)

    @property
    def wanted(self) -> int:
        """As many replicas as it has brought it to; 0: it has not."""
        done = [one.step.replicas for one in self.steps if one.step.replicas and one.ended_at is not None]
        return done[-1] if done else 0

    def trial(self, stepped: Stepped) -> str:
        """The name of a step's trial.

        The numbers of ramps begin anew in another store, and in one that was brought back from a backup: without the
        moment the verdict of a trial of long ago would pass a step.
        """
        return f"{self.id}-{stepped.number}-{stepped.attempt}-{self.began_at:%Y%m%dT%H%M%S}"
