"""What can happen to the cases that vendors were given in an incident.

Who was asked may be a person whom no directory has: what they are called is erased with what they said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from actinf.responder.incident.event import Event, personal

__all__ = ["CaseClosed", "CaseNoted", "CaseOpened", "CaseOverdue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened(Event):
    """A vendor was asked to help.

    Attributes:
        case: its number in the incident, from 1.
        vendor: its key in the directory, or what it is called.
        name: as people call it.
        reference: the number that the vendor gave to it; empty: none yet.
        said: what was said.
        contact: with whom, there.
        answer_by: until when an answer was promised or is wanted; None: none is awaited.
    """

    kind: ClassVar[str] = "case opened"
    case: int
    vendor: str = personal()
    name: str = personal()
    reference: str = personal(default="")
    said: str = personal()
    contact: str = personal(default="")
    answer_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNoted(Event):
    """Something was said of a case, by either side; what is awaited from then on is as it says."""

    kind: ClassVar[str] = "case noted"
    case: int
    vendor: str = personal()
    name: str = personal()
    reference: str = personal(default="")
    said: str = personal()
    contact: str = personal(default="")
    answer_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed(Event):
    """Nothing more is wanted of the vendor."""

    kind: ClassVar[str] = "case closed"
    case: int
    vendor: str = personal()
    name: str = personal()
    said: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOverdue(Event):
    """The answer that was awaited has not come."""

    kind: ClassVar[str] = "case overdue"
    case: int
    vendor: str = personal()
    name: str = personal()
    answer_by: datetime
