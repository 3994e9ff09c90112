"""The page of silences: what is kept from being told now, what that holds back, and forms that make and end it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import FormData

from actinf.errors import NotFound, ResponderError, SettingError
from actinf.responder.access.privacy import sees_private
from actinf.responder.intake.silence import Comparison, Matcher
from actinf.responder.quiet.documents import alerts_document, spoken
from actinf.responder.quiet.quieting import InShort
from actinf.responder.quiet.requests import AnnounceMaintenance, MakeSilence, Weekday
from actinf.responder.server.context import Asking, Server, ServerParts
from actinf.responder.server.quiet import require_sight, told_of
from actinf.responder.store import alerts, rosters
from actinf.web.incidents.filled import BLANK, Filled, SentBefore, asked_for, mistakes_of
from actinf.web.incidents.pages import page
from actinf.web.incidents.times import with_moments
from actinf.web.incidents.visitors import Actor, Filing, Looker, Visitor
from actinf.web.markup import new_form_key

__all__ = ["quiet_now", "router"]

router = APIRouter()
_SENT = SentBefore()

_LENGTHS = (30, 60, 120, 240, 480, 720, 1440)
_USUAL = 120
_MINUTE = timedelta(minutes=1)
_TIMES = ("from", "until", "since")
_MOST_LABELS, _MOST_PAST = 20, 20
_FORMS = ("silence", "end-silence", "maintenance", "end-maintenance")


@router.get("/silences")
async def show_silences(server: ServerParts, visitor: Looker, alert: str = "") -> Response:
    """What is silenced; with the form filled in for an alert, where one is named."""
    visitor.require("see")
    filled = await server.do(lambda: _of_alert(server, visitor, alert)) if alert else BLANK
    return await _shown(server, visitor, filled)


@router.post("/silences/{form}")
async def change_silences(form: str, server: ServerParts, filing: Actor) -> Response:
    """Make or end a silence or a window of maintenance; where that is refused, show the form again."""
    if form not in _FORMS:
        raise NotFound(f"nothing is called {form[:40]!r} that can be done with silences")
    visitor = filing.visitor
    visitor.require(form)
    shown = filing.text("form") or form
    values = {key: value for key, value in filing.fields.items() if isinstance(value, str) and key != "token"}
    once = (visitor.handle, filing.text("key"))
    if "key" in values and "preview" not in values and not _SENT.is_new(*once):
        return RedirectResponse("/silences", 303)
    try:
        preview = await server.do(lambda: _done(server, form, filing))
    except (ValidationError, ResponderError, SettingError) as error:
        _SENT.forget(*once)
        return await _shown(server, visitor, Filled(shown, values, mistakes_of(error)), 422)
    if preview is not None:
        return await _shown(server, visitor, Filled(shown, values), preview=preview)
    server.machinery.something_happened()
    return RedirectResponse("/silences", 303)


def quiet_now(server: Server, connection: sqlite3.Connection, visitor: Visitor) -> InShort | None:
    """What the first page says of it: how much is silenced, and how many alerts that holds back; None: nothing is.

    Args:
        server: the process.
        connection: to its store, within a view of it.
        visitor: who looks; what is private is counted for who sees it.
    """
    sees = sees_private(visitor.who, rosters.schedule(connection))
    found = server.parts.quieting.in_short(sees_private=sees)
    return found if found.silences or found.windows else None


def _done(server: Server, form: str, filing: Filing) -> list[dict[str, Any]] | None:
    """Do what a form asks for; the alerts that it would be for, where that is all it asks."""
    quieting, by = server.parts.quieting, filing.visitor.handle
    asking = Asking(server, filing.visitor.who)
    if form.startswith("end-"):
        with server.parts.store.reading() as connection:
            sees = sees_private(asking.who, rosters.schedule(connection))
        name = filing.text("name")
        if form == "end-silence":
            quieting.end_silence(name, by=by, sees_private=sees)
        else:
            quieting.end_maintenance(name, by=by, sees_private=sees)
        told_of("a silence was ended", by, name[:80])
        return None
    kind: type[MakeSilence | AnnounceMaintenance] = MakeSilence if form == "silence" else AnnounceMaintenance
    # Whoever only looks need not have said yet why.
    is_preview = bool(filing.text("preview"))
    unsaid = not filing.text("reason").strip()
    wanted = asked_for(kind, _with_reason(filing) if is_preview and unsaid and form == "silence" else filing)
    require_sight(asking, private=wanted.private)
    if is_preview:
        return alerts_document(quieting.would_hold_back(wanted, by=by))
    made = quieting.silence(wanted, by=by) if isinstance(wanted, MakeSilence) else quieting.announce(wanted, by=by)
    told_of("a silence was made", by, made.get("id") or made["name"])
    return None


def _with_reason(filing: Filing) -> Filing:
    said = [(name, value) for name, value in filing.fields.multi_items() if name != "reason"]
    return Filing(visitor=filing.visitor, fields=FormData([*said, ("reason", "not said yet")]))


def _of_alert(server: Server, visitor: Visitor, fingerprint: str) -> Filled:
    """The form for an alert: all of its labels, for lines are sooner struck out than thought of."""
    with server.parts.store.reading() as connection:
        known = alerts.known(connection, fingerprint)
        if known is None:
            return BLANK
        private = known.alert.is_private
        if private and not sees_private(visitor.who, rosters.schedule(connection)):
            return BLANK
    lines = [_matcher(name, value) for name, value in sorted(known.alert.labels.items(), key=_by_weight)]
    matchers = "\n".join([one for one in lines if one][:_MOST_LABELS])
    return Filled("silence", {"matchers": matchers, **({"private": "yes"} if private else {})})


def _by_weight(label: tuple[str, str]) -> tuple[bool, bool, str]:
    return label[0] != "alertname", label[0] != "component", label[0]


def _matcher(name: str, value: str) -> str:
    """A label as a matcher; empty where it cannot be written as one in a line."""
    if not value or value.splitlines() != [value]:
        return ""
    try:
        wanted = Matcher(name=name, comparison=Comparison.EQUAL, value=value)
        return str(wanted) if Matcher.read(str(wanted)) == wanted else ""
    except SettingError:
        return ""


async def _shown(
    server: Server,
    visitor: Visitor,
    filled: Filled = BLANK,
    status: int = 200,
    *,
    preview: Sequence[Mapping[str, Any]] | None = None,
) -> Response:
    values = await server.do(lambda: _looked_at(server, visitor))
    seen = None if preview is None else [_with_times(one) for one in preview]
    return page("silences.html", status, visitor=visitor, filled=filled, preview=seen, key=new_form_key(), **values)


def _looked_at(server: Server, visitor: Visitor) -> dict[str, Any]:
    quieting = server.parts.quieting
    with server.parts.store.reading() as connection:
        sees = sees_private(visitor.who, rosters.schedule(connection))
        silences = [_with_times(one) for one in quieting.silences(past=True, sees_private=sees)]
        windows = [_with_times(one) for one in quieting.maintenances(past=True, sees_private=sees)]
        longest = quieting.longest
        return {
            "now": server.parts.clock(),
            "silences": [one for one in silences if one["holds"]],
            "windows": [one for one in windows if one["from"]],
            "past": [one for one in (*silences, *windows) if not one["holds"] and not one.get("from")][:_MOST_PAST],
            "sees_private": sees,
            "lengths": [(one, spoken(length)) for one in _LENGTHS if (length := one * _MINUTE) <= longest]
            or [(1, spoken(_MINUTE))],
            "usual": _USUAL,
            "longest": spoken(longest),
            "weekdays": ", ".join(Weekday),
        }


def _with_times(document: Mapping[str, Any]) -> dict[str, Any]:
    """A silence or a window whose moments are such, and those of what it holds back."""
    read = with_moments(document, _TIMES)
    if "holds_back" in read:
        read["holds_back"] = [_with_times(one) for one in read["holds_back"]]
    return read
