"""The post-mortem of an incident, filled from its timeline: nothing in it that no event says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any

from actinf.errors import MissingExtra
from actinf.responder.documents import event_document
from actinf.responder.incident import events as happened
from actinf.responder.incident import ramp_events
from actinf.responder.incident.case_events import CaseClosed, CaseNoted, CaseOpened, CaseOverdue
from actinf.responder.incident.event import Event, Recorded
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.state import Incident
from actinf.responder.oncall.people import Person
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.record.narrative import sentence
from actinf.responder.record.template import MILESTONES, ActionItem, Impact, Known, Moment, PostMortem, Statement

__all__ = ["document", "involved", "meeting", "post_mortem"]

#: What belongs on the timeline of a report, beside the milestones.
_NOTABLE = (
    happened.AlertJoined,
    happened.Acknowledged,
    happened.HandedOver,
    happened.SeverityChanged,
    happened.Assessed,
    happened.Noted,
    happened.Paged,
    happened.Escalated,
    happened.Breached,
    happened.Undelivered,
    happened.Resolved,
    happened.Reopened,
    happened.ClosedAsFalse,
    happened.Merged,
    happened.EvidenceKept,
    happened.EvidenceHandedOn,
    happened.EvidenceRemoved,
    happened.BreachSuspected,
    happened.LegalSettled,
    CaseOpened,
    CaseNoted,
    CaseClosed,
    CaseOverdue,
    ramp_events.RampBegan,
    ramp_events.RampHeld,
    ramp_events.RampAborted,
    ramp_events.RampWentBack,
    ramp_events.RampDone,
)


#: An incident that was merged into the one of the report, with its events.
TakenUp = tuple[Incident, Sequence[Recorded]]


def post_mortem(incident: Incident, timeline: Sequence[Recorded], taken_up: Sequence[TakenUp] = ()) -> PostMortem:
    """What is known of an incident, part by part.

    Args:
        incident: as it stands.
        timeline: all its events.
        taken_up: the incidents that were merged into it: what happened to them stands on its timeline, and the earliest
            detection of all counts for the duration.  The milestones are its own.
    """
    return PostMortem(
        incident=incident.id,
        summary=tuple(_summary(incident, timeline)),
        timeline=tuple(_moments(incident, timeline, taken_up)),
        root_cause=tuple(_of_milestone(Milestone.ROOT_CAUSE, incident, timeline)),
        impact=_impact(incident, timeline, taken_up),
        resolution=tuple(_resolution(incident, timeline)),
        actions=tuple(_actions(incident, timeline)),
        lessons=tuple(
            Statement(text=one.event.text, events=(one.number,))
            for one in timeline
            if isinstance(one.event, happened.LessonLearned)
        ),
    )


def document(report: PostMortem) -> dict[str, Any]:
    """The report for programs: what JSON can say."""

    def plain(value: object) -> Any:
        if isinstance(value, dict):
            return {name: plain(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [plain(one) for one in value]
        return value.isoformat() if isinstance(value, date) else value

    said: dict[str, Any] = plain(asdict(report))
    return said


def involved(timeline: Sequence[Recorded], schedule: Schedule | None) -> list[Person]:
    """The people of a schedule who did something in an incident, or were asked to, in the order in which they came."""
    if schedule is None:
        return []
    handles = [
        handle
        for one in timeline
        for handle in (one.by, *(getattr(one.event, name, "") for name in ("who", "giver", "taker", "owner")))
    ]
    return [schedule.people[handle] for handle in dict.fromkeys(handles) if handle in schedule.people]


def meeting(incident: Incident, people: Sequence[Person], at: datetime, made: datetime) -> bytes:
    """The invitation to the meeting about a post-mortem, as an .ics file.

    Args:
        incident: what it is about.
        people: who is invited; those without a mail address are named alone.
        at: when it begins, aware.
        made: when the invitation is made, aware.

    Raises:
        MissingExtra: the package `icalendar` is not installed.
    """
    try:
        kind = import_module("icalendar")
    except ModuleNotFoundError as error:
        raise MissingExtra("icalendar", "respond", "Writing an invitation") from error
    calendar, event = kind.Calendar(), kind.Event()
    calendar.add("prodid", "-//actinf//post-mortem//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    event.add("uid", hashlib.sha256(f"post-mortem {incident.id}".encode()).hexdigest()[:32] + "@actinf")
    event.add("dtstamp", made.astimezone(UTC))
    event.add("dtstart", at.astimezone(UTC))
    event.add("dtend", at.astimezone(UTC) + timedelta(hours=1))
    # Of a private incident a calendar, which others may see, says nothing but its number.
    about = "" if incident.private else f": {incident.component}"
    event.add("summary", f"Post-mortem of {incident.id}{about}")
    event.add("description", f"The report: actinf postmortem {incident.id}")
    for person in people:
        if person.email is not None:
            address = kind.vCalAddress(f"mailto:{person.email}")
            address.params["CN"] = person.name
            event.add("attendee", address)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _summary(incident: Incident, timeline: Sequence[Recorded]) -> Iterator[Statement]:
    said = _last(timeline, happened.Assessed) or timeline[0]
    severity = _last(timeline, happened.Assessed, happened.SeverityChanged) or timeline[0]
    numbers = tuple(dict.fromkeys((said.number, severity.number)))
    yield Statement(text=f"{incident.severity}: {incident.component}: {incident.impact}", events=numbers)
    if isinstance(said.event, happened.Assessed):
        yield Statement(text=said.event.findings, events=(said.number,))
    how = "an alert" if incident.source == "alert" else "a person"
    yield Statement(text=f"Detected {incident.detected_at:%Y-%m-%d %H:%M} UTC, by {how}.", events=(timeline[0].number,))
    for one in timeline:
        if isinstance(one.event, happened.ClosedAsFalse | happened.Merged) and incident.is_over:
            yield Statement(text=_told(one), events=(one.number,))


def _moments(incident: Incident, timeline: Sequence[Recorded], taken_up: Sequence[TakenUp]) -> Iterator[Moment]:
    reached = {number: (at, milestone) for milestone, (at, number) in incident.milestones.items()}
    found: list[tuple[datetime, str, int, str]] = []
    for one in timeline:
        if one.number in reached:
            at, milestone = reached[one.number]
            text = _of_event(one.event)
            found.append((at, "", one.number, f"{MILESTONES[milestone]}: {text}" if text else MILESTONES[milestone]))
        elif isinstance(one.event, _NOTABLE):
            found.append((one.at, "", one.number, _told(one)))
    for other, happened_to_it in taken_up:
        for one in happened_to_it:
            if isinstance(one.event, happened.Opened):
                found.append(
                    (one.event.detected_at, other.id, one.number, f"Detected, and {sentence(event_document(one))}")
                )
            elif isinstance(one.event, (*_NOTABLE, happened.MilestoneReached)):
                found.append((one.at, other.id, one.number, _told(one)))
    for at, source, number, text in sorted(found):
        yield Moment(at=at, text=text, events=(number,), source=source)


def _of_event(event: Event) -> str:
    """What is said of a milestone beyond its name."""
    if isinstance(event, happened.Opened):
        return event.impact
    if isinstance(event, happened.Acknowledged):
        return f"acknowledged by {event.who}"
    if isinstance(event, happened.MilestoneReached):
        return event.text
    return event.how if isinstance(event, happened.Resolved) else ""


def _of_milestone(milestone: Milestone, incident: Incident, timeline: Sequence[Recorded]) -> Iterator[Statement]:
    for one in timeline:
        if (
            isinstance(one.event, happened.MilestoneReached)
            and one.event.text
            and incident.milestones.get(milestone, (None, 0))[1] == one.number
        ):
            yield Statement(text=one.event.text, events=(one.number,))


def _impact(incident: Incident, timeline: Sequence[Recorded], taken_up: Sequence[TakenUp]) -> Impact:
    opened, resolved = timeline[0], _last(timeline, happened.Resolved)
    minutes = None
    if incident.resolved_at is not None and resolved is not None:
        detected_at = min([incident.detected_at, *(other.detected_at for other, _ in taken_up)])
        lasted = incident.resolved_at - detected_at - incident.rested
        is_earlier = detected_at < incident.detected_at
        between = [
            one.number
            for one in timeline
            if isinstance(one.event, happened.Reopened)
            or (is_earlier and isinstance(one.event, happened.Merged) and one.event.absorbed)
        ]
        minutes = Known(
            value=max(0, int(lasted.total_seconds() // 60)), events=(opened.number, *between, resolved.number)
        )
    users = next((one for one in reversed(timeline) if _states(one.event, "users")), None)
    revenue = next((one for one in reversed(timeline) if _states(one.event, "revenue")), None)
    assessed = _last(timeline, happened.Assessed) or opened
    return Impact(
        minutes=minutes,
        users=None
        if users is None or incident.users_affected is None
        else Known(value=incident.users_affected, events=(users.number,)),
        services=Known(value=_services(incident), events=(assessed.number,)),
        revenue=None if revenue is None else Known(value=incident.revenue, events=(revenue.number,)),
    )


def _services(incident: Incident) -> tuple[str, ...]:
    """What was affected; until somebody has assessed that, with what depends on it, by the catalogue."""
    if incident.assessed_at is not None:
        return incident.components
    return (*incident.components, *(f"{one} (perhaps: depends on it)" for one in incident.dependents))


def _states(event: Event, name: str) -> bool:
    return isinstance(event, happened.ImpactStated) and getattr(event, name) not in (None, "")


def _resolution(incident: Incident, timeline: Sequence[Recorded]) -> Iterator[Statement]:
    yield from _of_milestone(Milestone.FIX, incident, timeline)
    resolved = _last(timeline, happened.Resolved)
    if resolved is not None and incident.resolution:
        yield Statement(text=incident.resolution, events=(resolved.number,))


def _actions(incident: Incident, timeline: Sequence[Recorded]) -> Iterator[ActionItem]:
    for action in incident.actions.values():
        numbers = tuple(
            one.number
            for one in timeline
            if isinstance(one.event, happened.ActionAdded | happened.ActionDone) and one.event.action == action.number
        )
        yield ActionItem(
            text=action.text,
            owner=action.owner,
            due=action.due.astimezone(UTC).date(),
            done=action.done_at is not None,
            events=numbers,
        )


def _last(timeline: Sequence[Recorded], *kinds: type[Event]) -> Recorded | None:
    return next((one for one in reversed(timeline) if isinstance(one.event, kinds)), None)


def _told(one: Recorded) -> str:
    told = sentence(event_document(one))
    return told[:1].upper() + told[1:]
