"""An incident as it stands: what its events, one after another, make of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import singledispatch
from typing import Any

from actinf.responder.incident import advice_events
from actinf.responder.incident import cases as vendor_cases
from actinf.responder.incident import events as happened
from actinf.responder.incident.cases import Case, CaseEvent
from actinf.responder.incident.event import ERASED, Event, Recorded
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.notice_events import NoticePublished, NoticeWithheld
from actinf.responder.incident.notices import PublicNotice, Withheld, published, withheld
from actinf.responder.incident.severity import Severity

__all__ = ["Action", "AlertSeen", "Evidence", "Found", "Incident", "Look", "incident_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSeen:
    """An alert that belongs to an incident."""

    name: str
    firing: bool
    summary: str
    link: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that has to change."""

    number: int
    text: str
    owner: str
    due: datetime
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was seen of an item of the checklist; `channel` to `subject` are of the message that told users."""

    passed: bool | None
    found: str
    by: str
    at: datetime
    by_machine: bool
    channel: str = ""
    reference: str = ""
    sent_at: datetime | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A file of evidence.

    Attributes:
        name: in the folder of its incident.
        sha256: of its content, 64 hexadecimal digits.
        size: bytes.
        source: where it comes from.
        taken_at, taken_by: when it was taken, and by whom.
        holder: who has it, and why, as it was said last; since when, `held_since`.
        removed_at: when it was deleted; None: it is there.
    """

    name: str
    sha256: str
    size: int
    source: str
    taken_at: datetime
    taken_by: str
    holder: str
    held_since: datetime
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a step of the runbook showed, as somebody said."""

    outcome: str
    by: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident as it stands.

    Attributes:
        id: `YYYY-MM-DD-NNN`, the UTC day on which it was opened.
        detected_at: from when its clocks count.
        dependents: what depends on the component with which it opened, by the catalogue.
        judged_by_hand: whether a person said last how severe it is.
        attended: whether somebody is there; else it is being escalated.
        acknowledged_at: when somebody first was.
        resolved_at: when it was resolved, while it is.
        rested: how long it lay resolved before it was reopened; its resolution clock did not count that.
        is_false: it was closed as nothing.
        merged_into: the incident as which it goes on; empty: none.
        absorbed: the ids of the incidents that were merged into it.
        milestones: when each was reached, and the number of the event that says so.
        number: of its last event.
        cleared_at: since when none of its alerts fires; None: one does, or it never had one.
        users_affected, revenue: what it cost, as stated; None, empty: not stated.
        lessons: what was learnt.
        evidence: the files that were taken, each with who has it, in the order in which they were first taken.
        cases: what vendors were asked, by number.
        breach_known_at: since when a breach of people's data is suspected; None: it is not.
        legal_settled_at: when what the law wants of a breach was done, or found not to be due.
        notice: what the public was told; None: nothing.
        withheld: that it is not to be told unless by hand; None: nobody said so.
        looks: what the steps of the runbook showed that somebody made, by the names of its page.
        cause: what it was, by a name of the same page; empty: it was not said.
    """

    id: str
    incident_type: str
    severity: Severity
    reasons: tuple[str, ...]
    component: str
    components: tuple[str, ...]
    impact: str
    source: str
    private: bool
    detected_at: datetime
    opened_at: datetime
    opened_by: str
    changes: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()
    judged_by_hand: bool = False
    attended: bool = False
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    lead: str = ""
    level: int = 0
    assessed_at: datetime | None = None
    findings: str = ""
    resolved_at: datetime | None = None
    resolution: str = ""
    reopened_at: datetime | None = None
    rested: timedelta = timedelta(0)
    is_false: bool = False
    merged_into: str = ""
    links: tuple[tuple[str, str], ...] = ()
    absorbed: tuple[str, ...] = ()
    alerts: Mapping[str, AlertSeen] = field(default_factory=dict)
    cleared_at: datetime | None = None
    room: str = ""
    milestones: Mapping[Milestone, tuple[datetime, int]] = field(default_factory=dict)
    checklist: Mapping[str, Found] = field(default_factory=dict)
    tasks: Mapping[str, tuple[datetime, str]] = field(default_factory=dict)
    actions: Mapping[int, Action] = field(default_factory=dict)
    users_affected: int | None = None
    revenue: str = ""
    lessons: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    cases: Mapping[int, Case] = field(default_factory=dict)
    breach_known_at: datetime | None = None
    breach: str = ""
    legal_settled_at: datetime | None = None
    notice: PublicNotice | None = None
    withheld: Withheld | None = None
    looks: Mapping[str, Look] = field(default_factory=dict)
    cause: str = ""
    number: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it burns, or is thought to."""
        return self.resolved_at is None and not self.is_over

    @property
    def is_over(self) -> bool:
        """Whether nothing more is expected of it: it was nothing, or goes on as another."""
        return self.is_false or bool(self.merged_into)

    @property
    def status(self) -> str:
        """One word for those who are told."""
        if self.is_false:
            return "False alarm"
        if self.merged_into:
            return f"Merged into {self.merged_into}"
        if self.resolved_at is not None:
            return "Resolved"
        reached = self.milestones
        if Milestone.FIX in reached:
            return "Monitoring"
        return "Identified" if Milestone.ROOT_CAUSE in reached else "Investigating"

    @property
    def title(self) -> str:
        """One line that names it."""
        return f"{self.severity} {self.component}: {self.impact}"


def incident_of(events: Iterable[Recorded], begun: Incident | None = None) -> Incident:
    """What the events make.

    Args:
        events: in order.
        begun: what those before made, where these are not the first.

    Raises:
        ValueError: the first event does not open an incident, or a later one does.
    """
    incident = begun
    for one in events:
        if incident is None:
            if not isinstance(one.event, happened.Opened):
                raise ValueError(f"the timeline of {one.incident} begins with {one.event.kind!r}: it is not whole")
            incident = _opened(one, one.event)
        else:
            incident = replace(incident, number=one.number, **_changes(one.event, one, incident))
    if incident is None:
        raise ValueError("there is no event")
    return incident


def _opened(one: Recorded, event: happened.Opened) -> Incident:
    return Incident(
        id=one.incident,
        incident_type=event.incident_type,
        severity=event.severity,
        reasons=event.reasons,
        component=event.component,
        components=(event.component,),
        impact=event.impact,
        source=event.source,
        private=event.private,
        detected_at=event.detected_at,
        opened_at=one.at,
        opened_by=one.by,
        changes=event.changes,
        dependents=event.dependents,
        milestones={Milestone.DETECTED: (event.detected_at, one.number)},
        number=one.number,
    )


@singledispatch
def _changes(event: Event, one: Recorded, before: Incident) -> dict[str, Any]:
    """The fields that an event changes; most change none."""
    return {}


@_changes.register
def _(event: happened.AlertJoined, one: Recorded, before: Incident) -> dict[str, Any]:
    known = before.alerts.get(event.fingerprint)
    seen = AlertSeen(
        name=event.name,
        firing=event.firing,
        summary=event.summary or (known.summary if known else ""),
        link=event.link or (known.link if known else ""),
        since=one.at,
    )
    alerts = {**before.alerts, event.fingerprint: seen}
    firing = any(alert.firing for alert in alerts.values())
    return {"alerts": alerts, "cleared_at": None if firing else (before.cleared_at or one.at)}


@_changes.register
def _(event: happened.Acknowledged, one: Recorded, before: Incident) -> dict[str, Any]:
    changed: dict[str, Any] = {
        "attended": True,
        "milestones": _first(before, Milestone.INVESTIGATION, one),
    }
    if before.acknowledged_at is None:
        changed |= {"acknowledged_at": one.at, "acknowledged_by": event.who}
    if not before.lead:
        changed["lead"] = event.who
    return changed


@_changes.register
def _(event: happened.LeadTaken, one: Recorded, before: Incident) -> dict[str, Any]:
    return {"lead": event.who}


@_changes.register
def _(event: happened.HandedOver, one: Recorded, before: Incident) -> dict[str, Any]:
    return {"lead": event.taker}


@_changes.register
def _(event: happened.SeverityChanged, one: Recorded, before: Incident) -> dict[str, Any]:
    return {"severity": event.severity, "reasons": (event.reason,), "judged_by_hand": event.by_hand}


@_changes.register
def _(event: happened.Assessed, one: Recorded, before: Incident) -> dict[str, Any]:
    return {
        "severity": event.severity,
        "components": event.components,
        "component": event.components[0],
        "impact": event.impact,
        "findings": event.findings,
        "judged_by_hand": True,
        "assessed_at": before.assessed_at or one.at,
    }


@_changes.register
def _(event: happened.MilestoneReached, one: Recorded, before: Incident) -> dict[str, Any]:
    # Said again it is corrected: the last word counts.
    return {"milestones": {**before.milestones, event.milestone: (one.at, one.number)}}


@_changes.register
def _(event: happened.Escalated, one: Recorded, before: Incident) -> dict[str, Any]:
    return {"level": event.level}


@_changes.register
def _(event: happened.RoomOpened, one: Recorded, before: Incident) -> dict[str, Any]:
    return {"room": event.room}


@_changes.register
def _(event: happened.Checked, one: Recorded, before: Incident) -> dict[str, Any]:
    found = Found(
        passed=event.passed,
        found=event.found,
        by=one.by,
        at=one.at,
        by_machine=event.by_machine,
        channel=event.channel,
        reference=event.reference,
        sent_at=event.sent_at,
        subject=event.subject,
    )
    return {"checklist": {**before.checklist, event.item: found}}


@_changes.register
def _(event: happened.Resolved, one: Recorded, before: Incident) -> dict[str, Any]:
    return {
        "resolved_at": one.at,
        "resolution": event.how,
        "attended": True,
        "milestones": {**before.milestones, Milestone.RESTORED: (one.at, one.number)},
    }


@_changes.register
def _(event: happened.Reopened, one: Recorded, before: Incident) -> dict[str, Any]:
    rested = one.at - before.resolved_at if before.resolved_at is not None else timedelta(0)
    return {
        "resolved_at": None,
        "reopened_at": one.at,
        "rested": before.rested + rested,
        "attended": False,
        "is_false": False,
        "level": 0,
        "milestones": {key: reached for key, reached in before.milestones.items() if key is not Milestone.RESTORED},
        "checklist": {},
    }


@_changes.register
def _(event: happened.ClosedAsFalse, one: Recorded, before: Incident) -> dict[str, Any]:
    return {"is_false": True, "attended": True}


@_changes.register
def _(event: happened.Merged, one: Recorded, before: Incident) -> dict[str, Any]:
    if event.into:
        return {"merged_into": event.into, "attended": True}
    return {
        "links": (*before.links, (event.absorbed, "absorbed")),
        "absorbed": (*before.absorbed, event.absorbed),
    }


@_changes.register
def _(event: happened.Linked, one: Recorded, before: Incident) -> dict[str, Any]:
    return {"links": (*before.links, (event.target, event.relation))}


@_changes.register
def _(event: happened.TaskDone, one: Recorded, before: Incident) -> dict[str, Any]:
    others = {key: done for key, done in before.tasks.items() if key != event.task}
    return {"tasks": {**others, event.task: (one.at, event.text)} if event.done else others}


@_changes.register
def _(event: happened.ActionAdded, one: Recorded, before: Incident) -> dict[str, Any]:
    action = Action(number=event.action, text=event.text, owner=event.owner, due=event.due)
    return {"actions": {**before.actions, event.action: action}}


@_changes.register
def _(event: happened.ActionDone, one: Recorded, before: Incident) -> dict[str, Any]:
    action = before.actions.get(event.action)
    return {} if action is None else {"actions": {**before.actions, event.action: replace(action, done_at=one.at)}}


@_changes.register
def _(event: happened.ImpactStated, one: Recorded, before: Incident) -> dict[str, Any]:
    return {
        "users_affected": before.users_affected if event.users is None else event.users,
        "revenue": event.revenue or before.revenue,
    }


@_changes.register
def _(event: happened.LessonLearned, one: Recorded, before: Incident) -> dict[str, Any]:
    return {"lessons": (*before.lessons, event.text)}


@_changes.register
def _(event: happened.EvidenceKept, one: Recorded, before: Incident) -> dict[str, Any]:
    holder = event.custody or one.by
    if any(_is(event, held) for held in before.evidence):
        return _evidence(before, event, holder=holder, held_since=one.at, removed_at=None)
    taken = Evidence(
        name=event.name,
        sha256=event.sha256,
        size=event.size,
        source=event.source,
        taken_at=one.at,
        taken_by=one.by,
        holder=holder,
        held_since=one.at,
    )
    return {"evidence": (*before.evidence, taken)}


@_changes.register
def _(event: happened.EvidenceHandedOn, one: Recorded, before: Incident) -> dict[str, Any]:
    return _evidence(before, event, holder=event.taker, held_since=one.at)


@_changes.register
def _(event: happened.EvidenceRemoved, one: Recorded, before: Incident) -> dict[str, Any]:
    return _evidence(before, event, removed_at=one.at)


@_changes.register
def _(event: CaseEvent, one: Recorded, before: Incident) -> dict[str, Any]:
    return {"cases": vendor_cases.after(before.cases, event, one)}


@_changes.register
def _(event: happened.BreachSuspected, one: Recorded, before: Incident) -> dict[str, Any]:
    return {"breach_known_at": event.aware_at, "breach": event.what, "legal_settled_at": None}


@_changes.register
def _(event: happened.LegalSettled, one: Recorded, before: Incident) -> dict[str, Any]:
    return {"legal_settled_at": one.at}


@_changes.register
def _(event: NoticePublished, one: Recorded, before: Incident) -> dict[str, Any]:
    return {"notice": published(before.notice, event, one), "withheld": None}


@_changes.register
def _(event: NoticeWithheld, one: Recorded, before: Incident) -> dict[str, Any]:
    return {"withheld": withheld(event, one, before.severity)}


@_changes.register
def _(event: advice_events.LookedAt, one: Recorded, before: Incident) -> dict[str, Any]:
    look = Look(outcome=event.outcome, by=one.by, at=one.at, note=event.note)
    return {"looks": {**before.looks, event.step: look}}


@_changes.register
def _(event: advice_events.CauseNamed, one: Recorded, before: Incident) -> dict[str, Any]:
    return {"cause": event.cause}


def _is(event: happened.EvidenceKept | happened.EvidenceHandedOn | happened.EvidenceRemoved, held: Evidence) -> bool:
    return event.sha256 == held.sha256 and (event.name == held.name or ERASED in (event.name, held.name))


def _evidence(
    before: Incident,
    event: happened.EvidenceKept | happened.EvidenceHandedOn | happened.EvidenceRemoved,
    **changed: Any,
) -> dict[str, Any]:
    return {"evidence": tuple(replace(held, **changed) if _is(event, held) else held for held in before.evidence)}


def _first(before: Incident, milestone: Milestone, one: Recorded) -> Mapping[Milestone, tuple[datetime, int]]:
    return (
        before.milestones if milestone in before.milestones else {**before.milestones, milestone: (one.at, one.number)}
    )
