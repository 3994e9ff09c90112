"""Taking a calendar into the schedule: the same by the command line and over HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from actinf.errors import SettingError
from actinf.responder.desk import Desk
from actinf.responder.oncall.overrides import Override
from actinf.responder.oncall.wording import is_line
from actinf.responder.store import contacts

__all__ = ["TakeCalendar", "known_names", "take_in"]

Document = dict[str, Any]

_Name = Annotated[str, StringConstraints(max_length=150)]
#: How far ahead it is looked whether a page could reach nobody.
_HORIZON = timedelta(days=28)


class TakeCalendar(BaseModel):
    """How a calendar is taken in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: _Name = Field("calendar.ics", description="Its name, for messages.", examples=["pagerduty.ics"])
    calendar: _Name = Field("", description="What it is known by when it comes again; else what it says it is called.")
    level: int | _Name | None = Field(None, description="The level, from 1, or the duty that it is for.", examples=[1])
    known_as: dict[_Name, _Name] = Field(
        default_factory=dict, max_length=500, description="Handles, by the names that it has for people."
    )
    days: int = Field(90, ge=1, le=366, description="How far ahead it is taken.")
    only_known: bool = Field(False, description="Pass over events that name nobody in the schedule.")
    anyway: bool = Field(False, description="Take it although a page could reach nobody.")
    dry_run: bool = Field(False, description="Only say what would come of it.")


def known_names(stated: Iterable[str]) -> dict[str, str]:
    """Handles, by names, of texts `NAME=HANDLE`.

    Raises:
        SettingError: one of them is none.
    """
    found: dict[str, str] = {}
    for one in stated:
        name, equals, handle = one.rpartition("=")
        if not (name.strip() and equals and handle.strip()) or len(one) > 300:
            raise SettingError(f"--map is {one[:80]!r}: expected NAME=HANDLE, as 'Ada L.=ada'")
        found[name.strip()] = handle.strip()
    return found


def take_in(desk: Desk, content: bytes, asked: TakeCalendar, *, by: str) -> Document:
    """Take a calendar in, or say what would come of it.

    Args:
        desk: whose schedule it is for.
        content: of the file.
        asked: how.
        by: the handle of who asks.

    Returns:
        What begins to hold and what ends, with what one should know; `saved` says whether it holds.

    Raises:
        SettingError: there is no schedule, the file is no calendar, or somebody in it is not known; with lines.
    """
    # What reads calendars takes a while to load.
    from actinf.responder.oncall.gaps import new_findings
    from actinf.responder.oncall.ical_shifts import read_calendar
    from actinf.responder.oncall.importing import Plan, Reading, planned
    from actinf.responder.oncall.rotation import Schedule

    now = desk.clock()
    until = now + timedelta(days=asked.days)
    zone, read = "", None
    if (before := desk.schedule()) is not None:
        # Before the transaction: who pages somebody does not wait for a large file.
        zone, read = before.zone, read_calendar(content, asked.file, zone=before.zone, since=now, until=until)
    with desk.store.reading() as connection:
        known = contacts.names(connection, "contact")
        people = () if before is None else before.people.values()
        reached = [desk.announcer.known.reach(connection, one) for one in people]
    addresses = {one.handle: one.email for one in reached if one.email}
    found: list[str] = []
    plans: list[Plan] = []

    def changed(schedule: Schedule) -> Schedule:
        there = read
        if there is None or zone != schedule.zone:
            there = read_calendar(content, asked.file, zone=schedule.zone, since=now, until=until)
        name = (asked.calendar or there.name or asked.file.removesuffix(".ics")).strip()[:150]
        if not is_line(name):
            raise SettingError(f"calendar is {name[:60]!r}: expected a name in one line, --calendar NAME")
        reading = Reading(
            file=asked.file,
            calendar=name,
            level=asked.level,
            until=until,
            known_as=asked.known_as,
            only_known=asked.only_known,
            addresses=addresses,
        )
        plan = planned(schedule, there.shifts, reading, by=by, now=now)
        findings = new_findings(schedule, plan.schedule, now, now + _HORIZON, contacts=known)
        found.extend(one.sentence for one in findings)
        if any(one.is_grave for one in findings) and not asked.anyway and not asked.dry_run:
            raise SettingError(
                "\n".join(one.sentence for one in findings if one.is_grave)
                + "\nthe calendar was not taken, since by it a page could reach nobody: mend it, or take it --anyway"
            )
        plans.append(plan)
        return plan.schedule

    saved = desk.revise_duties(changed, change="import", what=f"calendar {asked.file}", by=by, dry_run=asked.dry_run)
    (plan,) = plans
    return {
        "saved": saved,
        "shifts": plan.shifts,
        "kept": plan.kept,
        "added": [_document(one) for one in plan.added],
        "ended": [_document(one, now) for one in plan.ended],
        "notes": list(plan.notes),
        "findings": found,
    }


def _document(one: Override, now: datetime | None = None) -> Document:
    since = one.since if now is None else max(one.since, now)
    return {
        "number": one.number,
        "level": one.level,
        "who": one.who,
        "since": since.isoformat(),
        "until": one.until.isoformat(),
        "why": one.why,
    }
