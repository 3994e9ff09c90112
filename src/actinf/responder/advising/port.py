"""What advises: asked with what was seen, it answers with causes and checks, or says why it does not.

It advises and never acts, and nothing waits for it that matters: an answer that does not come is a sentence on a page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Absent", "Adviser", "NoAdviser", "Question", "Rating", "Told"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked.

    Attributes:
        kind: the type of incident.
        seen: (step, outcome) of all that was seen.
        counts: what closed incidents taught, as `actinf.responder.advising.lessons` counts it.
    """

    kind: str
    seen: tuple[tuple[str, str], ...]
    counts: Mapping[str, Any]

    def key(self) -> str:
        """A text that is the same for the same question."""
        return json.dumps([self.kind, self.seen, self.counts], sort_keys=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """A step that could be next.

    Attributes:
        step: its name.
        remaining: minutes until the incident is expected to be over where this is next, harm counted as minutes.
        G: expected free energy one step ahead, nats; smaller is better.
        information: what it is expected to tell about the cause, nats.
        cost: what its minutes and its risk cost, nats.
        minutes: that it is expected to take.
        harm: the probability that it does harm of its own.
        expected: outcome → probability.
        separates: the two causes between which it decides most; none: it hardly decides.
        helps: of a resolution, the probability that it gets better.
        against: of a resolution, the cause against which it is expected to help most.
        enables: of a check, the resolutions that are left and need what it shows.
    """

    step: str
    remaining: float
    G: float
    information: float
    cost: float
    minutes: float
    harm: float
    expected: Mapping[str, float]
    separates: tuple[str, ...]
    helps: float | None
    against: str | None
    enables: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An answer.

    Attributes:
        causes: cause → how much it is believed in, the most probable first.
        checks, resolutions: the best first.
        treat: the resolution to try now; None: look on, or, where nothing is left to look at, leave it to others.
    """

    causes: Mapping[str, float]
    checks: tuple[Rating, ...]
    resolutions: tuple[Rating, ...]
    treat: str | None


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no advice.

    Attributes:
        why: a sentence without its end.
        preparing: it will be there in a moment.
    """

    why: str
    preparing: bool = False


class Adviser(Protocol):
    """Advises."""

    def ask(self, question: Question, *, patience: float) -> Told | Absent:
        """An answer; it takes no longer than `patience` seconds, and raises nothing."""
        ...

    def warm(self, kind: str) -> None:
        """Be ready for questions about a type of incident; waits for nothing, and raises nothing."""
        ...

    def close(self) -> None:
        """Let go of what is held."""
        ...


class NoAdviser:
    """Advises nothing."""

    def ask(self, question: Question, *, patience: float) -> Told | Absent:  # noqa: ARG002 -- the port's signature
        """That there is none."""
        return Absent("it is switched off (ACTINF_RESPOND_ADVICE)")

    def warm(self, kind: str) -> None:
        """Nothing is to be ready."""

    def close(self) -> None:
        """Nothing is held."""
