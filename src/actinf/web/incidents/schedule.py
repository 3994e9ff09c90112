"""The page on which a schedule is written: it is checked, and what would hold is shown, before it can be saved."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from actinf.errors import OutOfTurn, SettingError
from actinf.responder.oncall.gaps import findings, on_call_between
from actinf.responder.oncall.people import Person
from actinf.responder.oncall.revision import mark_of, revision
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.server.context import Server, ServerParts
from actinf.web.incidents.pages import page
from actinf.web.incidents.posts import AHEAD, posts_of
from actinf.web.incidents.visitors import Actor, Looker, Visitor

__all__ = ["Mistake", "mistakes_in", "router"]

router = APIRouter()

_NAME = "line"
_AT_LINE = re.compile(rf"{_NAME}:([0-9]+): (.*)")
_QUOTED = 160

_FIRST = """\
# Who is on call. Nothing of this holds before it is checked and saved.
zone: UTC                                  # a place, as Europe/Berlin: hand-offs are at its time
business_hours: {{opens: "09:00", closes: "17:00"}}
people:
  {handle}:
    name: {handle}
    role: DevOps Engineer
    # How a page reaches them, at least one: take the # away.
    # email: {handle}@example.org
    # phone: "+49 30 1234567"
    # chat_id: U024BE7LH
levels:                                    # the first is called first
- members: [{handle}]
# As soon as there are more people:
# - {{members: [ada, bob], shift: 1 week, hand_off: monday 09:00, starts: 2026-01-05}}
# duties: {{security: ada, legal: bob}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """What is wrong with a text.

    Attributes:
        line: on which it is, from 1; None: it is of the whole.
        sentence: what is wrong, and how to mend it.
        quoted: the line as it was written.
    """

    line: int | None
    sentence: str
    quoted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A post that somebody else has as soon as a schedule is saved."""

    title: str
    before: str
    after: str


@router.get("/oncall/schedule")
async def show_schedule(server: ServerParts, visitor: Looker) -> Response:
    """The schedule as a text, to be changed."""
    visitor.require("schedule")
    holds = await server.do(server.parts.desk.schedule)
    return _page(visitor, text=_text_of(holds, visitor.handle), mark=mark_of(holds), holds=holds)


@router.post("/oncall/schedule")
async def write_schedule(server: ServerParts, filing: Actor) -> Response:
    """Check what was written; save it where that is asked for, and nothing is in the way."""
    visitor = filing.visitor
    visitor.require("schedule")
    text, mark = filing.text("text").replace("\r\n", "\n"), filing.text("mark")[:16]
    holds = await server.do(server.parts.desk.schedule)
    found = await server.do(lambda: _read(text))
    if not isinstance(found, Schedule):
        return _page(visitor, 422, text=text, mark=mark, holds=holds, mistakes=found)
    seen = await server.do(lambda: _previewed(server, found, holds))
    if filing.text("step") != "save":
        return _page(visitor, text=text, mark=mark, holds=holds, seen=seen)
    if seen["in_the_way"] and not filing.text("anyway"):
        refused = "It was not saved: a page could reach nobody. Mend it, or say below that it is to be saved anyway"
        return _page(visitor, 422, text=text, mark=mark, holds=holds, seen=seen, refused=refused)
    try:
        await server.do(lambda: server.parts.desk.revise_schedule(found, mark=mark, by=visitor.handle))
    except OutOfTurn as error:
        return _page(visitor, 409, text=text, mark=mark, holds=holds, seen=seen, refused=f"It was not saved: {error}")
    server.machinery.something_happened()
    return RedirectResponse("/oncall", 303)


def mistakes_in(error: SettingError, text: str) -> list[Mistake]:
    """The mistakes that a text was refused for, each with its line."""
    lines, found = text.splitlines(), []
    for said in str(error).splitlines():
        at = _AT_LINE.fullmatch(said)
        if at is None:
            found.append(Mistake(line=None, sentence=said.removeprefix(f"{_NAME}: ")))
            continue
        number = int(at[1])
        quoted = lines[number - 1][:_QUOTED] if number <= len(lines) else ""
        found.append(Mistake(line=number, sentence=at[2], quoted=quoted))
    return found


def _read(text: str) -> Schedule | list[Mistake]:
    if not text.strip():
        return [Mistake(line=None, sentence="the text is empty: expected zone, people and levels")]
    try:
        return Schedule.from_text(text, _NAME)
    except SettingError as error:
        return mistakes_in(error, text)


def _text_of(holds: Schedule | None, handle: str) -> str:
    """What somebody begins with; exceptions are made on the page of who is on call."""
    return _FIRST.format(handle=handle) if holds is None else replace(holds, overrides=()).text()


def _previewed(server: Server, written: Schedule, holds: Schedule | None) -> dict[str, Any]:
    now = server.parts.clock()
    made = revision(written, holds)
    schedule, until = made.schedule, now + AHEAD
    wrong = findings(schedule, now, until, contacts=server.parts.directory.handles())
    with server.parts.store.reading() as connection:
        ahead = on_call_between(schedule, now, until)
        unreached = [one for one in ahead if _is_missed(server, connection, one)]
    return {
        "now": now,
        "zone": schedule.zone,
        "posts": posts_of(schedule, now, until),
        "wrong": wrong,
        "unreached": unreached,
        "in_the_way": any(one.is_grave for one in wrong),
        "changes": _changes(schedule, holds, now),
        "lost": [one for one in made.lost if one.until > now],
        "kept": [one for one in schedule.overrides if one.until > now],
    }


def _is_missed(server: Server, connection: sqlite3.Connection, person: Person) -> bool:
    """Whether somebody has means, of which none is set up here; that there are no means at all is said as a gap."""
    announcer = server.parts.desk.announcer
    return announcer.known.reach(connection, person).is_reachable and not announcer.reached_by(connection, person)


def _changes(schedule: Schedule, holds: Schedule | None, now: datetime) -> list[Change]:
    """Who has what from the moment on at which it is saved."""
    if holds is None:
        return []
    before, after = holds.now(now), schedule.now(now)
    names = {key: (duty.person.name if duty else "nobody") for key, duty in before.items()}
    changes = []
    for key in {**before, **after}:
        duty = after.get(key)
        one = Change(
            title=key.capitalize() if isinstance(key, str) else f"Level {key}",
            before=names.get(key, "nobody"),
            after=duty.person.name if duty is not None else "nobody",
        )
        if one.before != one.after:
            changes.append(one)
    return changes


def _page(
    visitor: Visitor,
    status: int = 200,
    *,
    text: str,
    mark: str,
    holds: Schedule | None,
    mistakes: list[Mistake] | None = None,
    seen: dict[str, Any] | None = None,
    refused: str = "",
) -> Response:
    return page(
        "schedule.html",
        status,
        visitor=visitor,
        text=text,
        mark=mark,
        holds=holds,
        mistakes=mistakes or [],
        seen=seen,
        refused=refused,
        overtaken=status == 409,
    )
