"""What can happen to an incident: the typed events of its timeline.

An incident is nothing but its events; everything else is computed from them (`actinf.responder.incident.state`).
Events are added and never changed.  A field that is marked as personal holds what people wrote or who they are: it is
stored beside the chain of MACs, of which it is a part by its digest alone, so that it can be erased and the chain still
holds.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar

from actinf.responder.incident.severity import Severity

__all__ = [
    "ERASED",
    "KINDS",
    "AccountRemoved",
    "AccountSet",
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
    "Event",
    "EvidenceHandedOn",
    "EvidenceKept",
    "EvidenceRemoved",
    "HandedOver",
    "ImpactStated",
    "KeyMade",
    "KeyRevoked",
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
    "PasswordSet",
    "Recorded",
    "Reopened",
    "Resolved",
    "RoomOpened",
    "ScheduleSet",
    "SeverityChanged",
    "SilenceEnded",
    "SilenceMade",
    "TaskDone",
    "Undelivered",
    "Warned",
    "event_from",
    "personal_fields",
    "written",
]


#: What is read where a personal value was erased.
ERASED = "[erased]"


class Milestone(StrEnum):
    """The five that a post-mortem names; detection and restoration come with opening and resolving."""

    DETECTED = "detected"
    INVESTIGATION = "investigation started"
    ROOT_CAUSE = "root cause identified"
    FIX = "fix implemented"
    RESTORED = "service restored"


def _personal(**given: Any) -> Any:
    return field(metadata={"personal": True}, **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened; subclasses say what."""

    kind: ClassVar[str] = ""

    def stored(self) -> dict[str, Any]:
        """The fields, in what JSON can say."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event in its place.

    Attributes:
        incident: whose timeline it is on.
        number: its number there, from 1.
        at: when it happened, UTC.
        recorded_at: when it was written down; later than `at` where somebody tells of the past.
        by: the handle of who did it; "actinf" where nobody did.
        event: what happened.
    """

    incident: str
    number: int
    at: datetime
    recorded_at: datetime
    by: str
    event: Event


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
    reasons: tuple[str, ...] = _personal()
    component: str
    impact: str = _personal()
    detected_at: datetime
    source: str
    private: bool = False
    changes: tuple[str, ...] = _personal(default=())
    dependents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertJoined(Event):
    """An alert began or ended to fire; `summary` is its own text."""

    kind: ClassVar[str] = "alert"
    fingerprint: str
    name: str = _personal()
    firing: bool
    summary: str = _personal(default="")
    link: str = _personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(Event):
    """Somebody saw it and is there; paging ends, and the response clock stops."""

    kind: ClassVar[str] = "acknowledged"
    who: str = _personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTaken(Event):
    """Who leads from now on."""

    kind: ClassVar[str] = "lead"
    who: str = _personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver(Event):
    """The lead went from one to another, with what the other has to know."""

    kind: ClassVar[str] = "handed over"
    giver: str = _personal()
    taker: str = _personal()
    note: str = _personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityChanged(Event):
    """It is worse, or less bad, than was thought."""

    kind: ClassVar[str] = "severity"
    severity: Severity
    reason: str = _personal()
    by_hand: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed(Event):
    """The initial assessment, all four of its fields."""

    kind: ClassVar[str] = "assessed"
    severity: Severity
    components: tuple[str, ...]
    impact: str = _personal()
    findings: str = _personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Event):
    """Something worth knowing; what was done, with its input and output."""

    kind: ClassVar[str] = "note"
    text: str = _personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneReached(Event):
    """One of the milestones between detection and restoration, and how that is known."""

    kind: ClassVar[str] = "milestone"
    milestone: Milestone
    text: str = _personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged(Event):
    """A page is on its way to somebody; `level` counts from 1, 0 is a named duty as security's."""

    kind: ClassVar[str] = "paged"
    who: str = _personal()
    duty: str
    level: int
    attempt: int
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated(Event):
    """It went to another level, or to business hours; `next_at` is when the next step comes, if one does."""

    kind: ClassVar[str] = "escalated"
    level: int
    reason: str = _personal()
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
    why: str = _personal()


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
    found: str = _personal()
    by_machine: bool
    channel: str = ""
    reference: str = ""
    sent_at: datetime | None = None
    subject: str = _personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Event):
    """The service is whole again; `how` becomes the post-mortem's resolution."""

    kind: ClassVar[str] = "resolved"
    how: str = _personal(default="")
    by_itself: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(Event):
    """It was not over; the resolution clock goes on from where it stopped."""

    kind: ClassVar[str] = "reopened"
    reason: str = _personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedAsFalse(Event):
    """There was nothing."""

    kind: ClassVar[str] = "closed as false"
    reason: str = _personal()


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
    target: str = _personal()
    relation: str = _personal(default="related")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDone(Event):
    """One of the twelve tasks after an incident was done, or was not after all."""

    kind: ClassVar[str] = "task"
    task: str
    done: bool = True
    text: str = _personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionAdded(Event):
    """Something that has to change, with who does it and until when (a day, its end in UTC)."""

    kind: ClassVar[str] = "action"
    action: int
    text: str = _personal()
    owner: str = _personal()
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
    name: str = _personal()
    sha256: str
    size: int
    source: str = _personal()
    custody: str = _personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceHandedOn(Event):
    """Somebody else has a file of evidence from now on; `note` says what for."""

    kind: ClassVar[str] = "evidence handed on"
    name: str = _personal()
    sha256: str
    taker: str = _personal()
    note: str = _personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRemoved(Event):
    """A file of evidence was deleted, by whoever may; its SHA-256 still says which it was."""

    kind: ClassVar[str] = "evidence removed"
    name: str = _personal()
    sha256: str
    reason: str = _personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactStated(Event):
    """What it cost, as counted afterwards; what is None or empty was not stated this time."""

    kind: ClassVar[str] = "impact"
    users: int | None = None
    revenue: str = _personal(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonLearned(Event):
    """What was learnt, and how the like of it can be prevented."""

    kind: ClassVar[str] = "lesson"
    text: str = _personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachSuspected(Event):
    """Data of people may have got into wrong hands: the time for telling an authority runs from `aware_at`."""

    kind: ClassVar[str] = "breach suspected"
    aware_at: datetime
    what: str = _personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalSettled(Event):
    """The authority was told of a breach, or it was found that nobody has to be; `how` says which, and where it is."""

    kind: ClassVar[str] = "legal settled"
    how: str = _personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased(Event):
    """Personal fields of earlier events were erased."""

    kind: ClassVar[str] = "erased"
    numbers: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSet(Event):
    """Of the office, and no incident: somebody may use the server from now on, or may do something else there."""

    kind: ClassVar[str] = "account"
    handle: str = _personal()
    role: str
    security: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordSet(Event):
    """Of the office: an account has another password; `digest` is the SHA-256 of its hash."""

    kind: ClassVar[str] = "password"
    handle: str = _personal()
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRemoved(Event):
    """Of the office: an account ended, with its keys."""

    kind: ClassVar[str] = "account removed"
    handle: str = _personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMade(Event):
    """Of the office: an account has a key more; `digest` is its SHA-256."""

    kind: ClassVar[str] = "key"
    prefix: str
    handle: str = _personal()
    digest: str
    purpose: str = _personal()
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked(Event):
    """Of the office: a key lets nobody in any more."""

    kind: ClassVar[str] = "key revoked"
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSet(Event):
    """Of the office: others are on call; `change` is "set" or a kind of exception, `digest` its SHA-256."""

    kind: ClassVar[str] = "schedule"
    change: str
    what: str = _personal()
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceMade(Event):
    """Of the office: alerts are kept from being told; `what` is "silence 3" or "maintenance 3", `when` in words."""

    kind: ClassVar[str] = "silenced"
    what: str
    matchers: tuple[str, ...]
    private: bool
    when: str
    text: str = _personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceEnded(Event):
    """Of the office: a silence, or a window of maintenance, was ended by hand."""

    kind: ClassVar[str] = "silence ended"
    what: str


#: The events by their kinds.  A dataclass with slots is made twice, and its first make is a subclass as well.
KINDS: dict[str, type[Event]] = {one.kind: one for one in Event.__subclasses__() if "__slots__" in vars(one)}
_PERSONAL = {
    kind: frozenset(one.name for one in fields(made) if one.metadata.get("personal")) for kind, made in KINDS.items()
}


def personal_fields(kind: type[Event]) -> frozenset[str]:
    """The names of the fields that hold what people wrote or who they are."""
    return _PERSONAL[kind.kind]


def written(value: Any) -> str:
    """A personal value as it is stored beside the chain: a text as it is, several as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def event_from(kind: str, stored: Mapping[str, Any]) -> Event:
    """The event that `Event.stored` wrote.

    Raises:
        KeyError: a release that knows more kinds wrote it.
    """
    made = KINDS[kind]
    hints = _hints(kind)
    return made(**{name: _typed(hints[name], value) for name, value in stored.items() if name in hints})


@cache
def _hints(kind: str) -> dict[str, Any]:
    names = {one.name for one in fields(KINDS[kind])}
    return {name: hint for name, hint in typing.get_type_hints(KINDS[kind]).items() if name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, StrEnum) else value


def _typed(hint: Any, value: Any) -> Any:
    if typing.get_origin(hint) is types.UnionType:
        return (
            None
            if value is None
            else _typed(next(one for one in typing.get_args(hint) if one is not type(None)), value)
        )
    if typing.get_origin(hint) is tuple and isinstance(value, str):  # personal, as `written` wrote it
        value = [ERASED] if value == ERASED else json.loads(value)
    if typing.get_origin(hint) is tuple:
        return tuple(_typed(typing.get_args(hint)[0], one) for one in value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    return value
