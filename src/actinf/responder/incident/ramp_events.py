"""What can happen to a ramp, the gated way back of an incident's service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from actinf.responder.incident.event import Event, personal

__all__ = [
    "RampAborted",
    "RampBegan",
    "RampDone",
    "RampGoesBack",
    "RampHeld",
    "RampPaused",
    "RampResumed",
    "RampStepDone",
    "RampWentBack",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RampBegan(Event):
    """A ramp began; `steps` in words, `there` is how its target stood."""

    kind: ClassVar[str] = "ramp began"
    ramp: int
    target: str
    steps: tuple[str, ...]
    there: str
    may_go_down: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RampStepDone(Event):
    """A step has passed.

    Attributes:
        ramp: which ramp.
        number: of the step, from 1.
        step: what it does, in words.
        found: what was seen.
        word: why a person let it pass; empty: it passed by itself.
    """

    kind: ClassVar[str] = "ramp step"
    ramp: int
    number: int
    step: str
    found: str = ""
    word: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class RampHeld(Event):
    """A ramp goes no further by itself; a person has to say what is to be done."""

    kind: ClassVar[str] = "ramp held"
    ramp: int
    step: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RampPaused(Event):
    """A person let a ramp wait."""

    kind: ClassVar[str] = "ramp paused"
    ramp: int
    reason: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class RampResumed(Event):
    """A person let a ramp go on."""

    kind: ClassVar[str] = "ramp resumed"
    ramp: int
    reason: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class RampAborted(Event):
    """A ramp ended before its end; `left` is what it leaves as it is."""

    kind: ClassVar[str] = "ramp aborted"
    ramp: int
    step: str
    why: str
    left: str
    reason: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class RampGoesBack(Event):
    """A ramp puts back what it had set; `change` is that, in words."""

    kind: ClassVar[str] = "ramp goes back"
    ramp: int
    change: str
    why: str
    reason: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class RampWentBack(Event):
    """What a ramp had set is again what it was before; `change` is that, in words."""

    kind: ClassVar[str] = "ramp went back"
    ramp: int
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RampDone(Event):
    """All steps of a ramp have passed."""

    kind: ClassVar[str] = "ramp done"
    ramp: int
    there: str
