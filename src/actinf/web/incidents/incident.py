"""The page of one incident: how it stands, what can be done with it, and what has happened."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from actinf.errors import NotFound, OutOfTurn, ResponderError, SettingError
from actinf.responder.access.privacy import may_see
from actinf.responder.clocks.timers import VENDOR_CASE, clocks_of
from actinf.responder.documents import event_document
from actinf.responder.incident.event import Recorded
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.severity import Severity
from actinf.responder.incident.state import Incident
from actinf.responder.incident.tasks import CHECKLIST, TASKS
from actinf.responder.measuring.impact import Estimate, impact
from actinf.responder.publishing.verbs import Publish
from actinf.responder.record.narrative import sentence
from actinf.responder.server.context import Asking, Server, ServerParts
from actinf.responder.server.incidents import require_visible
from actinf.responder.store import catalogues, escalations, incidents, rosters, timeline
from actinf.responder.store.incidents import Wanted
from actinf.responder.verbs import VERBS, CheckByMachine, Merge, Verb
from actinf.web.incidents.advising import advised
from actinf.web.incidents.blocks import Blocks, blocks_of
from actinf.web.incidents.contacts import call_shown
from actinf.web.incidents.escalating import next_step
from actinf.web.incidents.estimating import beginning_of
from actinf.web.incidents.filled import BLANK, Filled, SentBefore, asked_for, mistakes_of
from actinf.web.incidents.findings import found_by_scanners
from actinf.web.incidents.live import shown
from actinf.web.incidents.ramp import ramp_shown
from actinf.web.incidents.runbooks import runbook_names
from actinf.web.incidents.telling import preview_of, told_to_public
from actinf.web.incidents.times import seen
from actinf.web.incidents.visitors import Actor, Filing, Looker, Visitor

__all__ = ["Told", "incident_page", "router"]

router = APIRouter()
_SENT = SentBefore()

_BAD = frozenset({"breached", "undelivered", "reopened", "breach suspected"})
_GOOD = frozenset({"acknowledged", "resolved", "closed as false", "legal settled"})
_SOFT = frozenset({"paged", "escalated", "warned", "alert", "room", "erased"})
#: Open incidents that are offered for a merger; the command takes any.
_MOST_OTHERS = 50
#: The latest events, and the first alerts, those that fire before the others: a phone shows no hundreds at a time.
_MOST_EVENTS, _MOST_ALERTS = 60, 10
_ID = re.compile(r"\d{4}-\d{2}-\d{2}-\d{3,9}", re.ASCII)
_REACHED = (Milestone.INVESTIGATION, Milestone.ROOT_CAUSE, Milestone.FIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event of the timeline as it is shown.

    Attributes:
        at: when it happened.
        by: who did it.
        words: what happened; people's texts stand in it as they wrote them.
        tone: bad, good, soft or "".
        number: on the timeline.
        later: when it was written down, where that was later than a minute after.
        source: the id of the incident whose it is, of one that was merged into this; empty: of this.
    """

    at: datetime
    by: str
    words: str
    tone: str
    number: int
    later: datetime | None
    source: str = ""


@router.get("/incidents/{name}")
async def show_incident(name: str, request: Request, server: ServerParts, visitor: Looker) -> Response:
    """An incident."""
    visitor.require("see")
    return await incident_page(name, request, server, visitor)


@router.post("/incidents/{name}/{verb}")
async def act(name: str, verb: str, request: Request, server: ServerParts, filing: Actor) -> Response:
    """Do something with an incident; where that is refused, show the form again with what was wrong."""
    kind, visitor = VERBS.get(verb), filing.visitor
    if kind is None:
        raise NotFound(f"nothing is called {verb[:40]!r} that can be done with an incident")
    visitor.require(verb)
    form = filing.text("form") or verb
    values = {key: value for key, value in filing.fields.items() if isinstance(value, str) and key != "token"}
    if kind is Publish and filing.text("preview"):
        return await _previewed(name, request, server, filing, values)
    once = (visitor.handle, name, form, repr(sorted(values.items())))
    if "shown" in values and not _SENT.is_new(*once):
        return RedirectResponse(f"/incidents/{name}", 303)
    try:
        wanted = asked_for(kind, filing)
        work = partial(_done, Asking(server, visitor.who), name, wanted)
        # Beside the threads that everybody waits for: monitoring may be as ill as what it watches.
        after = await (asyncio.to_thread(work) if isinstance(wanted, CheckByMachine) else server.do(work))
    except (ValidationError, ResponderError, SettingError) as error:
        _SENT.forget(*once)
        filled = Filled(form, values, mistakes_of(error))
        status = 409 if isinstance(error, OutOfTurn) else 422
        return await incident_page(name, request, server, visitor, filled=filled, status=status)
    server.machinery.something_happened()
    return RedirectResponse("/" if filing.text("back") == "home" else f"/incidents/{after}", 303)


async def _previewed(name: str, request: Request, server: Server, filing: Filing, values: dict[str, str]) -> Response:
    """The page with what users would read; what was written stays in the form."""
    visitor = filing.visitor
    try:
        wanted = asked_for(Publish, filing)
        preview = await server.do(lambda: preview_of(Asking(server, visitor.who), name, wanted))
    except (ValidationError, ResponderError, SettingError) as error:
        filled = Filled("publish", values, mistakes_of(error))
        return await incident_page(name, request, server, visitor, filled=filled, status=422)
    return await incident_page(name, request, server, visitor, filled=Filled("publish", values), preview=preview)


def _done(asking: Asking, name: str, wanted: Verb) -> str:
    """Do it; the id of the incident as which it goes on."""
    require_visible(asking, name)
    if isinstance(wanted, Merge):
        require_visible(asking, wanted.into)
    return wanted.run(asking.server.parts.desk, name, asking.by).id


async def incident_page(
    name: str,
    request: Request,
    server: Server,
    visitor: Visitor,
    *,
    filled: Filled = BLANK,
    status: int = 200,
    preview: dict[str, Any] | None = None,
) -> Response:
    """The page of an incident, with a form of it that was refused, or with what users would read."""
    measured = None
    if "measure" in request.query_params:
        measured = await asyncio.to_thread(_measured, server, visitor, name)
    all_of_it = "all" in request.query_params
    values = await server.do(lambda: _looked_at(server, visitor, name, measured, all_of_it=all_of_it))
    # Who asks may see it, or would not have come so far.  The engine may take its time: it has threads of its own.
    values |= await asyncio.to_thread(advised, server.parts.desk, name)
    values["blocks"] = _arranged(visitor, values)
    # A page with something in it that was refused is not loaded anew by itself.
    is_held = bool(filled.mistakes) or measured is not None or preview is not None
    still = is_held or "still" in request.query_params
    return shown(request, "incident", status, visitor=visitor, filled=filled, still=still, preview=preview, **values)


def _measured(server: Server, visitor: Visitor, name: str) -> Estimate:
    kind = require_visible(Asking(server, visitor.who), name).incident_type
    return impact(server.parts.desk.measurements, kind)


def _looked_at(
    server: Server, visitor: Visitor, name: str, measured: Estimate | None, *, all_of_it: bool
) -> dict[str, Any]:
    incident = require_visible(Asking(server, visitor.who), name)
    with server.parts.store.reading() as connection:
        now, schedule = server.parts.clock(), rosters.schedule(connection)
        catalogue = catalogues.catalogue(connection)
        guidance = catalogue.guidance(incident.component, incident.incident_type)
        events = timeline.timeline(connection, name)
        told = _interleaved(events, incidents.taken_up(connection, incident))
        shown_of_it = told if all_of_it else told[:_MOST_EVENTS]
        alerts = sorted(incident.alerts.items(), key=lambda one: not one[1].firing)
        clocks = seen(clocks_of(incident), now)
        others, _ = incidents.listed(
            connection,
            Wanted(),
            _MOST_OTHERS,
            lambda one: one.id != name and may_see(connection, visitor.who, one, schedule),
        )
        return {
            "now": now,
            "incident": incident,
            "clocks": [one for one in clocks if not one.key.startswith(VENDOR_CASE)],
            "all_clocks": clocks,
            "step": next_step(incident, escalations.standing(connection, name), schedule, now),
            "told": shown_of_it,
            "events": len(told),
            "near": {one.number for one in shown_of_it if not one.source},
            "alerts": alerts if all_of_it else alerts[:_MOST_ALERTS],
            "findings": found_by_scanners(connection, visitor, incident.alerts),
            "all_of_it": all_of_it,
            "others": others,
            "updates": server.parts.desk.updates(connection, incident),
            **told_to_public(Asking(server, visitor.who), name),
            "linked": [(relation, target, _ID.fullmatch(target) is not None) for target, relation in incident.links],
            "people": [] if schedule is None else sorted(schedule.people.values(), key=lambda one: one.name),
            "runbook": _page_of(guidance.runbook),
            "dashboard": guidance.dashboard,
            "catalogue": catalogue.components.values(),
            "checklist": CHECKLIST,
            "tasks": TASKS,
            "severities": list(Severity),
            "milestones": _REACHED,
            "beginning": beginning_of(incident, events, measured),
            "measured": measured,
            "ramp": ramp_shown(server, name),
            "can_ramp": server.parts.settings.can_ramp,
            "call": call_shown(server, visitor, incident),
            "can_measure": server.parts.settings.prometheus_url is not None,
        }


def _arranged(visitor: Visitor, values: Mapping[str, Any]) -> Blocks:
    """In which order the parts of the page stand, of what was looked at for it."""
    incident, ramp, call, advice = (values[name] for name in ("incident", "ramp", "call", "advice"))
    can_ramp = values["can_ramp"] and incident.is_open and visitor.may("ramp-start")
    shown_of_it = {
        "advice": bool(advice["checks"] or advice["looked"] or advice["resolutions"]),
        "call": any(call[name] for name in ("people", "vendors", "others", "trouble")),
        "ramp": ramp is not None or can_ramp,
    }
    return blocks_of(incident, shown_of_it, values["all_clocks"], ramp, treat=advice["treat"] is not None)


def _page_of(runbook: str) -> str:
    """Where a page of the runbook is: here, or elsewhere; empty: nowhere."""
    name = runbook.removeprefix("docs/runbooks/").removesuffix(".md")
    if name == runbook:
        return runbook
    return f"/runbooks/{name}" if name in runbook_names() else ""


def _interleaved(events: list[Recorded], taken_up: list[tuple[Incident, list[Recorded]]]) -> list[Told]:
    """The timeline, the latest first; where others were merged into it, by the time at which things happened."""
    if not taken_up:
        return [_told(one) for one in reversed(events)]
    told = [_told(one) for one in events]
    told += [_told(one, other.id) for other, happened in taken_up for one in happened]
    return sorted(told, key=lambda one: (one.at, one.source, one.number), reverse=True)


def _told(one: Recorded, source: str = "") -> Told:
    kind = one.event.kind
    tone = "bad" if kind in _BAD else "good" if kind in _GOOD else "soft" if kind in _SOFT else ""
    late = (one.recorded_at - one.at).total_seconds() > 60
    return Told(
        at=one.at,
        by=one.by,
        words=sentence(event_document(one)),
        tone=tone,
        number=one.number,
        later=one.recorded_at if late else None,
        source=source,
    )
