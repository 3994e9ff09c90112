"""What can happen to what the public is told of an incident."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from actinf.responder.incident.event import Event, personal
from actinf.responder.publishing.page import NoticeState, Working

__all__ = ["Ground", "NoticePublished", "NoticeWithheld"]


class Ground(StrEnum):
    """Whence it is known how well components work, as the public is told."""

    SEVERITY = "severity"  # it follows from that of the incident
    PERSON = "person"  # somebody said so, and the machine does not gainsay them
    MEASURED = "measured"  # what told of the problems tells of none any more


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePublished(Event):
    """The public was told how an incident stands.

    Attributes:
        state: how it stands.
        impact: how well the components work meanwhile.
        components: keys of the public components that it is about.
        ground: whence the impact is known.
        standard_title, standard_text: what the template says; nobody wrote it, and it is not erased.
        title, text: what somebody wrote in its place; empty: nothing.
        override: why it is told although it usually is not; empty: it usually is.
    """

    kind: ClassVar[str] = "published"
    state: NoticeState
    impact: Working
    components: tuple[str, ...]
    standard_title: str
    standard_text: str
    ground: Ground = Ground.SEVERITY
    title: str = personal(default="")
    text: str = personal(default="")
    override: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWithheld(Event):
    """The public is not told of an incident unless somebody does it by hand."""

    kind: ClassVar[str] = "withheld"
    reason: str = personal()
