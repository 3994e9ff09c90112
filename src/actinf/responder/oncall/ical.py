"""Duties as an iCalendar file (RFC 5545), for the calendar on a phone.

It holds names and no addresses or numbers: whoever subscribes to it need not learn how to reach people.
"""

import hashlib
from datetime import UTC, datetime
from importlib import import_module
from types import ModuleType
from typing import Any

from actinf.errors import MissingExtra, SettingError
from actinf.responder.oncall.local_time import utc
from actinf.responder.oncall.rotation import Duty, Schedule
from actinf.responder.oncall.wording import one_of, shown


def exported(
    schedule: Schedule, since: datetime, until: datetime, *, made: datetime, handle: str | None = None
) -> bytes:
    """The .ics file of all duties that begin or run in [since, until), whole.

    Args:
        schedule: the schedule.
        since: the start of what is exported.
        until: its end, not included.
        made: when the file is made; a calendar program that has the same duty takes the later one.
        handle: whose duties, or None for those of all.

    Raises:
        SettingError: there is no such person.
        MissingExtra: the package `icalendar` is not installed.
    """
    if handle is not None and handle not in schedule.people:
        raise SettingError(f"{shown(handle)} is not in the schedule: expected {one_of(schedule.people, handle)}")
    kind = _icalendar()
    calendar = kind.Calendar()
    calendar.add("prodid", "-//actinf//on call//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    whose = "On call" if handle is None else f"On call: {schedule.people[handle].name}"
    calendar.add("x-wr-calname", whose)
    calendar.add("x-wr-timezone", schedule.zone)
    for duty in _duties(schedule, utc(since), utc(until)):
        if handle is None or duty.person.handle == handle:
            calendar.add_component(_event(kind, duty, utc(made)))
    return bytes(calendar.to_ical())


def _duties(schedule: Schedule, since: datetime, until: datetime) -> list[Duty]:
    return [
        whole
        for level in schedule.posts
        for found in schedule.timeline(level, since, until)
        if isinstance(found, Duty) and (whole := schedule.on_call(level, found.since)) is not None
    ]


def _event(kind: ModuleType, duty: Duty, made: datetime) -> Any:
    event = kind.Event()
    level = f" (level {duty.level})" if duty.level else ""
    event.add("uid", _uid(duty))
    event.add("dtstamp", made)
    event.add("dtstart", duty.since.astimezone(UTC))
    event.add("dtend", duty.until.astimezone(UTC))
    event.add("summary", f"On call: {duty.person.name}, {duty.name}")
    # By which an import knows them again, whatever they are called by then.
    event.add("x-actinf-post", str(duty.level or duty.name))
    event.add("x-actinf-who", duty.person.handle)
    event.add("description", f"{duty.person.name} is on call as {duty.name}{level}: {duty.why}")
    # Being on call is no appointment: other people can still ask for the time.
    event.add("transp", "TRANSPARENT")
    return event


def _uid(duty: Duty) -> str:
    """The same for the same person, post and start, so that a file read again changes events and doubles none."""
    said = f"{duty.level}/{duty.name}/{duty.person.handle}/{duty.since.isoformat()}"
    return hashlib.sha256(said.encode()).hexdigest()[:32] + "@actinf"


def _icalendar() -> ModuleType:
    try:
        return import_module("icalendar")
    except ModuleNotFoundError as error:
        raise MissingExtra("icalendar", "respond", "Exporting a calendar") from error
