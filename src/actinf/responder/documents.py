"""Incidents as documents: what the command line prints as JSON, and what the API answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from actinf.responder.catalogue.parts import Guidance
from actinf.responder.clocks.timers import clocks_of
from actinf.responder.escalation.policy import Standing
from actinf.responder.incident.cases import Case
from actinf.responder.incident.event import Recorded
from actinf.responder.incident.state import Evidence, Incident
from actinf.responder.incident.tasks import CHECKLIST, TASKS
from actinf.responder.oncall.rotation import Duty, Schedule
from actinf.responder.store.outbox import Fate, Update

__all__ = [
    "contact_test_document",
    "duties_document",
    "event_document",
    "evidence_document",
    "incident_document",
    "interleaved",
    "summary_document",
]


def summary_document(incident: Incident, now: datetime) -> dict[str, Any]:
    """An incident in a list."""
    return {
        "id": incident.id,
        "severity": incident.severity,
        "status": incident.status,
        "type": incident.incident_type,
        "component": incident.component,
        "impact": incident.impact,
        "lead": incident.lead or None,
        "attended": incident.attended,
        "private": incident.private,
        "detected_at": _moment(incident.detected_at),
        "opened_at": _moment(incident.opened_at),
        "acknowledged_at": _moment(incident.acknowledged_at),
        "resolved_at": _moment(incident.resolved_at),
        "clocks": [
            {
                "clock": clock.key,
                "due": _moment(clock.due),
                "met_at": _moment(clock.stopped_at),
                "seconds_left": round(clock.left(now).total_seconds()),
                "used": round(clock.used(now), 4),
            }
            for clock in clocks_of(incident)
        ],
    }


def incident_document(
    incident: Incident,
    timeline: Sequence[Recorded],
    now: datetime,
    standing: Standing | None = None,
    updates: Sequence[Update] = (),
    guidance: Guidance | None = None,
    taken_up: Sequence[tuple[Incident, Sequence[Recorded]]] = (),
) -> dict[str, Any]:
    """All of an incident.

    Args:
        incident: as it stands.
        timeline: what happened to it.
        now: the time.
        standing: where its escalation stands; None: nobody is paged for it, or it is not known.
        updates: the messages that told everybody of it.
        guidance: what is to be read; None: it is not known.
        taken_up: the incidents that were merged into it, with their timelines.
    """
    return {
        **summary_document(incident, now),
        "reasons": incident.reasons,
        "components": incident.components,
        "findings": incident.findings,
        "changes": incident.changes,
        "dependents": incident.dependents,
        "guidance": _guidance(guidance) if guidance is not None else None,
        "resolution": incident.resolution,
        "users_affected": incident.users_affected,
        "revenue": incident.revenue,
        "lessons": incident.lessons,
        "breach_known_at": _moment(incident.breach_known_at),
        "legal_settled_at": _moment(incident.legal_settled_at),
        "cause": incident.cause or None,
        "looks": [
            {"step": step, "outcome": look.outcome, "by": look.by, "at": _moment(look.at), "note": look.note}
            for step, look in incident.looks.items()
        ],
        "room": incident.room or None,
        "links": [{"target": target, "relation": relation} for target, relation in incident.links],
        "alerts": [
            {
                "name": one.name,
                "firing": one.firing,
                "summary": one.summary,
                "link": one.link,
                "since": _moment(one.since),
            }
            for one in incident.alerts.values()
        ],
        "milestones": {
            milestone.value: {"at": _moment(at), "event": number}
            for milestone, (at, number) in incident.milestones.items()
        },
        "checklist": _checklist(incident),
        "tasks": [
            {
                "task": task.key,
                "group": task.group.key,
                "text": task.text,
                "done_at": _moment(incident.tasks[task.key][0]) if task.key in incident.tasks else None,
            }
            for task in TASKS.values()
        ],
        "actions": _actions(incident),
        "updates": [_update(one) for one in updates],
        "evidence": [evidence_document(one) for one in incident.evidence],
        "cases": [_case(one) for one in incident.cases.values()],
        "escalation": standing
        and {
            "level": standing.level,
            "attempt": standing.attempt,
            "next_at": _moment(standing.next_at),
            "why": standing.why,
        },
        "timeline": [event_document(one) for one in timeline],
        "taken_up": [
            {
                "id": other.id,
                "detected_at": _moment(other.detected_at),
                "timeline": [event_document(one) for one in happened],
            }
            for other, happened in taken_up
        ],
    }


def interleaved(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The timeline of an incident with those that were merged into it, as it happened.

    Args:
        document: of an incident, as `incident_document` writes it.

    Returns:
        The events, each with the id `of` the incident whose it is; empty for the incident's own.
    """
    own = [{**event, "of": ""} for event in document["timeline"]]
    others = [{**event, "of": one["id"]} for one in document.get("taken_up", ()) for event in one["timeline"]]
    return sorted([*own, *others], key=lambda event: (event["at"], event["of"], event["number"]))


def _checklist(incident: Incident) -> list[dict[str, Any]]:
    return [
        {
            "item": item.key,
            "text": item.text,
            "passed": found.passed if found else None,
            "found": found.found if found else "",
            "by": found.by if found else None,
            "at": _moment(found.at) if found else None,
            "update": {
                "channel": found.channel,
                "reference": found.reference,
                "sent_at": _moment(found.sent_at),
                "subject": found.subject,
            }
            if found and found.channel
            else None,
        }
        for item in CHECKLIST.values()
        for found in [incident.checklist.get(item.key)]
    ]


def _actions(incident: Incident) -> list[dict[str, Any]]:
    return [
        {
            "number": action.number,
            "text": action.text,
            "owner": action.owner,
            "due": _moment(action.due),
            "done_at": _moment(action.done_at),
        }
        for action in incident.actions.values()
    ]


def evidence_document(held: Evidence) -> dict[str, Any]:
    """A file of evidence, with who has it."""
    return {
        "name": held.name,
        "sha256": held.sha256,
        "size": held.size,
        "source": held.source,
        "taken_at": _moment(held.taken_at),
        "taken_by": held.taken_by,
        "holder": held.holder,
        "held_since": _moment(held.held_since),
        "removed_at": _moment(held.removed_at),
    }


def _case(one: Case) -> dict[str, Any]:
    return {
        "case": one.number,
        "vendor": one.vendor,
        "name": one.name,
        "reference": one.reference or None,
        "opened_at": _moment(one.opened_at),
        "opened_by": one.opened_by,
        "said": one.said,
        "said_at": _moment(one.said_at),
        "contact": one.contact or None,
        "answer_by": _moment(one.answer_by),
        "overdue": one.overdue,
        "closed_at": _moment(one.closed_at),
    }


def _update(one: Update) -> dict[str, Any]:
    return {
        "number": one.number,
        "channel": one.channel,
        "kind": one.kind,
        "reference": one.reference,
        "sent_at": _moment(one.sent_at),
        "subject": one.subject,
    }


def _guidance(guidance: Guidance) -> dict[str, Any]:
    return {
        "component": guidance.key,
        "runbook": guidance.runbook,
        "dashboard": guidance.dashboard or None,
        "near": guidance.near,
    }


def duties_document(schedule: Schedule | None, now: datetime) -> dict[str, Any]:
    """Who is on call at every post; no post where there is no schedule."""
    posts = []
    for post in schedule.posts if schedule is not None else ():
        found = schedule.coverage(post, now) if schedule is not None else None
        if found is None:
            continue
        person = found.person if isinstance(found, Duty) else None
        posts.append(
            {
                "level": post,
                "name": found.name,
                "person": None
                if person is None
                else {"handle": person.handle, "name": person.name, "role": person.role},
                "since": _moment(found.since),
                "until": _moment(found.until),
                "why": found.why if isinstance(found, Duty) else None,
            }
        )
    return {"at": _moment(now), "posts": posts}


def contact_test_document(name: str, fates: Sequence[Fate]) -> dict[str, Any]:
    """What became of a test page."""
    return {
        "name": name,
        "channels": [
            {
                "channel": one.channel,
                "state": one.state,
                "attempts": one.attempts,
                "trouble": one.trouble,
                "next_at": _moment(one.next_at),
            }
            for one in fates
        ],
    }


def event_document(one: Recorded) -> dict[str, Any]:
    """An event of a timeline."""
    return {
        "number": one.number,
        "at": _moment(one.at),
        "recorded_at": _moment(one.recorded_at),
        "by": one.by,
        "kind": one.event.kind,
        **one.event.stored(),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
