"""What can happen to an incident: the typed events of its timeline.

An incident is nothing but its events; everything else is computed from them (`actinf.responder.incident.state`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from actinf.responder.incident.event import Event, personal
from actinf.responder.incident.severity import Severity

__all__ = [
    "Acknowledged",
    "ActionAdded",
    "ActionDone",
    "AlertJoined",
    "Assessed",
    "BreachSuspected",
    "Breached",
    "Checked",
    "ClosedAsFalse",
    "Erased",
    "Escalated",
    "EvidenceHandedOn",
    "EvidenceKept",
    "EvidenceRemoved",
    "HandedOver",
    "ImpactStated",
    "LeadTaken",
    "LegalSettled",
    "LessonLearned",
    "Linked",
    "Merged",
    "Milestone",
    "MilestoneReached",
    "Noted",
    "Opened",
    "Paged",
    "Reopened",
    "Resolved",
    "RoomOpened",
    "SeverityChanged",
    "TaskDone",
    "Undelivered",
    "Warned",
]


class Milestone(StrEnum):
    """The five that a post-mortem names; detection and restoration come with opening and resolving."""

    DETECTED = "detected"
    INVESTIGATION = "investigation started"
    ROOT_CAUSE = "root cause identified"
    FIX = "fix implemented"
    RESTORED = "service restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Event):
    """An incident began to be one.

    Attributes:
        incident_type: api_down, database_performance, high_memory, security or other.
        severity, reasons: as judged, and why.
        component: of the catalogue, or in free words.
        impact: what users notice.
        detected_at: from when its clocks count.
        source: "alert" or "person".
        private: whether only those who are concerned may see it.
        changes: what was changed shortly before, one sentence each, the latest first.
        dependents: what depends on the component, by the catalogue as it was.
    """

    kind: ClassVar[str] = "opened"
    incident_type: str
    severity: Severity
    reasons: tuple[str, ...] = personal()
    component: str
    impact: str = personal()
    detected_at: datetime
    source: str
    private: bool = False
    changes: tuple[str, ...] = personal(default=())
    dependents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertJoined(Event):
    """An alert began or ended to fire; `summary` is its own text."""

    kind: ClassVar[str] = "alert"
    fingerprint: str
    name: str = personal()
    firing: bool
    summary: str = personal(default="")
    link: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(Event):
    """Somebody saw it and is there; paging ends, and the response clock stops."""

    kind: ClassVar[str] = "acknowledged"
    who: str = personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTaken(Event):
    """Who leads from now on."""

    kind: ClassVar[str] = "lead"
    who: str = personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver(Event):
    """The lead went from one to another, with what the other has to know."""

    kind: ClassVar[str] = "handed over"
    giver: str = personal()
    taker: str = personal()
    note: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityChanged(Event):
    """It is worse, or less bad, than was thought."""

    kind: ClassVar[str] = "severity"
    severity: Severity
    reason: str = personal()
    by_hand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed(Event):
    """The initial assessment, all four of its fields."""

    kind: ClassVar[str] = "assessed"
    severity: Severity
    components: tuple[str, ...]
    impact: str = personal()
    findings: str = personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Event):
    """Something worth knowing; what was done, with its input and output."""

    kind: ClassVar[str] = "note"
    text: str = personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneReached(Event):
    """One of the milestones between detection and restoration, and how that is known."""

    kind: ClassVar[str] = "milestone"
    milestone: Milestone
    text: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged(Event):
    """A page is on its way to somebody; `level` counts from 1, 0 is a named duty as security's."""

    kind: ClassVar[str] = "paged"
    who: str = personal()
    duty: str
    level: int
    attempt: int
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated(Event):
    """It went to another level, or to business hours; `next_at` is when the next step comes, if one does."""

    kind: ClassVar[str] = "escalated"
    level: int
    reason: str = personal()
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(Event):
    """A clock has run down to a mark; `share` of its limit is used."""

    kind: ClassVar[str] = "warned"
    clock: str
    share: float
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Breached(Event):
    """A clock ran out."""

    kind: ClassVar[str] = "breached"
    clock: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomOpened(Event):
    """A war room is there."""

    kind: ClassVar[str] = "room"
    channel: str
    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered(Event):
    """A message was given up."""

    kind: ClassVar[str] = "undelivered"
    channel: str
    what: str
    why: str = personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked(Event):
    """An item of the recovery checklist was looked at.

    Attributes:
        item: its key.
        passed: None where it cannot be told.
        found: what was seen.
        by_machine: whether a query said so, or a person.
        channel, reference, sent_at, subject: of the message by which users were told; empty and None: by none.
    """

    kind: ClassVar[str] = "checked"
    item: str
    passed: bool | None
    found: str = personal()
    by_machine: bool
    channel: str = ""
    reference: str = ""
    sent_at: datetime | None = None
    subject: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Event):
    """The service is whole again; `how` becomes the post-mortem's resolution."""

    kind: ClassVar[str] = "resolved"
    how: str = personal(default="")
    by_itself: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(Event):
    """It was not over; the resolution clock goes on from where it stopped."""

    kind: ClassVar[str] = "reopened"
    reason: str = personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedAsFalse(Event):
    """There was nothing."""

    kind: ClassVar[str] = "closed as false"
    reason: str = personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged(Event):
    """It goes on as another incident (`into`), or took one up (`absorbed`)."""

    kind: ClassVar[str] = "merged"
    into: str = ""
    absorbed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked(Event):
    """It has to do with another incident, a ticket or a page."""

    kind: ClassVar[str] = "linked"
    target: str = personal()
    relation: str = personal(default="related")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDone(Event):
    """One of the twelve tasks after an incident was done, or was not after all."""

    kind: ClassVar[str] = "task"
    task: str
    done: bool = True
    text: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionAdded(Event):
    """Something that has to change, with who does it and until when (a day, its end in UTC)."""

    kind: ClassVar[str] = "action"
    action: int
    text: str = personal()
    owner: str = personal()
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDone(Event):
    """It has changed."""

    kind: ClassVar[str] = "action done"
    action: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceKept(Event):
    """A file was taken as evidence; `name` is that in the folder of the incident, `custody` who has it, and why."""

    kind: ClassVar[str] = "evidence"
    name: str = personal()
    sha256: str
    size: int
    source: str = personal()
    custody: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceHandedOn(Event):
    """Somebody else has a file of evidence from now on; `note` says what for."""

    kind: ClassVar[str] = "evidence handed on"
    name: str = personal()
    sha256: str
    taker: str = personal()
    note: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRemoved(Event):
    """A file of evidence was deleted, by whoever may; its SHA-256 still says which it was."""

    kind: ClassVar[str] = "evidence removed"
    name: str = personal()
    sha256: str
    reason: str = personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactStated(Event):
    """What it cost, as counted afterwards; what is None or empty was not stated this time."""

    kind: ClassVar[str] = "impact"
    users: int | None = None
    revenue: str = personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonLearned(Event):
    """What was learnt, and how the like of it can be prevented."""

    kind: ClassVar[str] = "lesson"
    text: str = personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachSuspected(Event):
    """Data of people may have got into wrong hands: the time for telling an authority runs from `aware_at`."""

    kind: ClassVar[str] = "breach suspected"
    aware_at: datetime
    what: str = personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalSettled(Event):
    """The authority was told of a breach, or it was found that nobody has to be; `how` says which, and where it is."""

    kind: ClassVar[str] = "legal settled"
    how: str = personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased(Event):
    """Personal fields of earlier events were erased."""

    kind: ClassVar[str] = "erased"
    numbers: tuple[int, ...]
    reason: str
