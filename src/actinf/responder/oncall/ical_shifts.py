"""Shifts out of an iCalendar file (RFC 5545), as PagerDuty, Opsgenie, Google and Outlook write it.

What recurs is spread out within a bounded time, and only by rules that shifts have: a hostile file must not keep
anybody waiting.  Whole days and times without a zone are those of the calendar, else of the schedule.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from itertools import islice
from time import monotonic
from typing import Any

from actinf.errors import SettingError
from actinf.responder.oncall.local_time import utc, zone_named
from actinf.responder.oncall.wording import shown

__all__ = ["MOST_BYTES", "CalendarFile", "Shift", "read_calendar"]

#: Of a file; a year of shifts of ten people has 200 KiB.
MOST_BYTES = 2 * 2**20
MOST_EVENTS = 5_000
MOST_RECURRING = 200
#: Times that a rule makes, from its beginning on.
MOST_TIMES = 20_000
#: Seconds that all rules of a file may take: one that never comes true costs much, and makes no time that would count.
MOST_SECONDS = 5.0
#: Shifts within the time that is looked at.
MOST_SHIFTS = 2_000
_MOST_MISTAKES = 50

_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_MAIL = re.compile(r"[^\s<>:;,\"]+@[^\s<>:;,\"]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A time in which somebody is on call, as an event says it.

    Attributes:
        since, until: when, in UTC.
        summary: what the event is called.
        named: whom it names: addresses and names of those who attend it.
        who: the handle that a file of ours states; "": it is none of ours.
        post: the level, or the name of the duty, that a file of ours states; "": it is none of ours.
        line: of the file, where the event begins.
    """

    since: datetime
    until: datetime
    summary: str
    named: tuple[str, ...]
    who: str
    post: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFile:
    """What a file holds.

    Attributes:
        name: what the calendar is called; "": it does not say.
        shifts: those that lie in the time that was looked at, by their beginning.
    """

    name: str
    shifts: tuple[Shift, ...]


def read_calendar(content: bytes, name: str, *, zone: str, since: datetime, until: datetime) -> CalendarFile:
    """The shifts that end after `since` and begin before `until`.

    Args:
        content: of the file.
        name: of the file, for messages.
        zone: of times that name none.
        since: from when.
        until: until when.

    Raises:
        SettingError: it is no calendar, or events in it make no sense; every mistake with its line.
    """
    if len(content) > MOST_BYTES:
        raise SettingError(f"{name} has {len(content):,} bytes: expected at most {MOST_BYTES:,}; export fewer months")
    return _File(content, name, zone, utc(since), utc(until)).read()


class _Wrong(Exception):
    """An event makes no sense; the message says why."""


class _File:
    """A file while it is read."""

    def __init__(self, content: bytes, name: str, zone: str, since: datetime, until: datetime):
        self._content = content
        self._name = name
        self._zone = zone
        self._since, self._until = since, until
        self._mistakes: list[str] = []
        self._spent = 0.0

    def read(self) -> CalendarFile:
        calendars = self._calendars()
        named = next((str(one["x-wr-calname"]) for one in calendars if "x-wr-calname" in one), "")
        said = next((str(one["x-wr-timezone"]) for one in calendars if "x-wr-timezone" in one), "")
        self._zone = _known_zone(said) or self._zone
        events = [event for one in calendars for event in one.walk("VEVENT")]
        lines = _lines_of_events(self._content)
        if len(events) > MOST_EVENTS:
            raise SettingError(f"{self._name} has {len(events):,} events: expected at most {MOST_EVENTS:,}")
        if sum("rrule" in event for event in events) > MOST_RECURRING:
            raise SettingError(f"{self._name} has more than {MOST_RECURRING} events that recur: export fewer")
        moved = self._moved(events)
        shifts: list[Shift] = []
        for event, line in zip(events, lines, strict=False):
            try:
                for shift in self._shifts_of(event, line, moved.get(str(event.get("uid", "")), ())):
                    shifts.append(shift)
                    if len(shifts) > MOST_SHIFTS:
                        raise SettingError(f"{self._name} has more than {MOST_SHIFTS:,} shifts: look at fewer days")
            except _Wrong as wrong:
                self._mistake(event, line, str(wrong))
        if self._mistakes:
            more = len(self._mistakes) - _MOST_MISTAKES
            raise SettingError("\n".join(self._mistakes[:_MOST_MISTAKES]) + (f"\nand {more} more" if more > 0 else ""))
        return CalendarFile(name=_line(named), shifts=tuple(sorted(shifts, key=lambda one: (one.since, one.until))))

    def _calendars(self) -> list[Any]:
        import icalendar  # which takes a while to load, and is needed here alone

        try:
            found: list[Any] = icalendar.Calendar.from_ical(self._content, multiple=True)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
            raise SettingError(
                f"{self._name} is no calendar ({_line(str(error))[:120]}): expected an iCalendar file, BEGIN:VCALENDAR"
            ) from None
        found = [one for one in found if one.name == "VCALENDAR"]
        if not found:
            raise SettingError(f"{self._name} is no calendar: expected an iCalendar file, BEGIN:VCALENDAR")
        return found

    def _mistake(self, event: Any, line: int, why: str) -> None:
        self._mistakes.append(f"{self._name}:{line}: {shown(_summary(event))}: {why}")

    def _moved(self, events: list[Any]) -> Mapping[str, tuple[datetime, ...]]:
        """The times of recurring events that other events stand for, by the name of the event."""
        moved: dict[str, tuple[datetime, ...]] = {}
        for event in events:
            if "recurrence-id" in event:
                try:
                    when = self._moment(event["recurrence-id"], "RECURRENCE-ID")
                except _Wrong:
                    continue  # told where the event itself is read
                name = str(event.get("uid", ""))
                moved[name] = (*moved.get(name, ()), when)
        return moved

    def _shifts_of(self, event: Any, line: int, moved: tuple[datetime, ...]) -> Iterator[Shift]:
        if str(event.get("status", "")).upper() == "CANCELLED":
            return
        start, length = self._bounds(event)
        if "recurrence-id" in event:
            self._moment(event["recurrence-id"], "RECURRENCE-ID")
            if str(event["recurrence-id"].params.get("RANGE", "")).upper() == "THISANDFUTURE":
                raise _Wrong("RANGE=THISANDFUTURE is not read: end the series there, and begin another")
            starts: Iterator[datetime] = iter((start,))
        else:
            starts = self._starts(event, start, set(moved) | self._left_out(event))
        for one in starts:
            until = one + length if not isinstance(length, tuple) else self._local_end(one, *length)
            if one < self._until and until > self._since:
                yield Shift(
                    since=one,
                    until=until,
                    summary=_line(_summary(event)),
                    named=_attending(event),
                    who=str(event.get("x-actinf-who", "")),
                    post=str(event.get("x-actinf-post", "")),
                    line=line,
                )

    # -------------------------------------------------------------------------------------------------- one event

    def _bounds(self, event: Any) -> tuple[datetime, timedelta | tuple[Any, timedelta]]:
        """When it begins, and how long it lasts: a span, or, by clocks on walls, their zone and a span there."""
        if "dtstart" not in event:
            raise _Wrong("DTSTART is missing: expected when it begins")
        start = self._moment(event["dtstart"], "DTSTART")
        is_day = not isinstance(event["dtstart"].dt, datetime)
        zone = self._zone_of(event["dtstart"], "DTSTART")
        if "dtend" in event:
            end = self._moment(event["dtend"], "DTEND")
        elif "duration" in event:
            span = event["duration"].dt
            if not isinstance(span, timedelta):
                raise _Wrong("DURATION is none: expected one as PT12H")
            end = self._local_end(start, zone, span) if span % timedelta(days=1) == timedelta() else start + span
        else:
            end = self._local_end(start, zone, timedelta(days=1)) if is_day else start
        if end <= start:
            raise _Wrong("it ends when it begins, or before: expected an end after its start")
        # From Monday 9:00 to Monday 9:00 by clocks on walls, also where the clocks are changed in between.
        walls = end.astimezone(zone).replace(tzinfo=None) - start.astimezone(zone).replace(tzinfo=None)
        return start, (zone, walls)

    @staticmethod
    def _local_end(start: datetime, zone: Any, walls: timedelta) -> datetime:
        return (start.astimezone(zone).replace(tzinfo=None) + walls).replace(tzinfo=zone).astimezone(UTC)

    def _moment(self, stated: Any, name: str) -> datetime:
        """An instant in UTC; a whole day is its beginning."""
        found = getattr(stated, "dt", None)
        try:
            if isinstance(found, datetime):
                zone = self._zone_of(stated, name)
                return utc(found if found.tzinfo is not None else found.replace(tzinfo=zone))
            if isinstance(found, date):
                return utc(datetime.combine(found, time(0), zone_named(self._zone)))
        except (SettingError, OverflowError, ValueError) as error:
            raise _Wrong(f"{name}: {error}") from None
        raise _Wrong(f"{name} is no time")

    def _zone_of(self, stated: Any, name: str) -> Any:
        """The zone of a time; a name that nothing explains is a mistake, and not a time of here."""
        found = getattr(stated, "dt", None)
        if isinstance(found, datetime):
            if found.tzinfo is not None:
                return found.tzinfo
            if said := str(stated.params.get("TZID", "")):
                known = _known_zone(said)
                if not known:
                    raise _Wrong(f"{name} is in the zone {shown(said)}, which is none: expected one as Europe/Berlin")
                return zone_named(known)
        return zone_named(self._zone)

    def _left_out(self, event: Any) -> set[datetime]:
        return set(self._stated_times(event, "exdate"))

    def _stated_times(self, event: Any, name: str) -> Iterator[datetime]:
        stated = event.get(name, [])
        for one in stated if isinstance(stated, list) else [stated]:
            for moment in one.dts:
                # Each has the zone of the whole line.
                moment.params = one.params
                yield self._moment(moment, name.upper())

    def _starts(self, event: Any, start: datetime, left_out: set[datetime]) -> Iterator[datetime]:
        """When it begins each time, in order of the rules; no later than what is looked at."""
        days = set(self._stated_times(event, "rdate"))
        if "rrule" not in event:
            yield from sorted(one for one in {start, *days} if one not in left_out)
            return
        rules = event["rrule"] if isinstance(event["rrule"], list) else [event["rrule"]]
        zone = self._zone_of(event["dtstart"], "DTSTART")
        found = {start, *days}
        for rule in rules:
            found |= set(self._by_rule(rule, start, zone))
        yield from sorted(one for one in found if one not in left_out)

    def _by_rule(self, rule: Any, start: datetime, zone: Any) -> Iterator[datetime]:
        rrulestr = import_module("dateutil.rrule").rrulestr  # as above

        kinds = [str(one) for one in rule.get("FREQ", [])]
        others = {"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS", "BYEASTER"}
        by_day = others & {key.upper() for key in rule}
        if len(kinds) != 1 or kinds[0].upper() not in _FREQUENCIES or (kinds[0].upper() == "DAILY" and by_day):
            raise _Wrong(
                f"RRULE is {shown(rule.to_ical().decode())}: expected FREQ=DAILY, WEEKLY, MONTHLY or YEARLY, and for "
                "DAILY no more than BYDAY"
            )
        every = [one for one in _listed(rule.get("INTERVAL", 1)) if not (isinstance(one, int) and 1 <= one <= 1000)]
        if every:  # every 0 days is for ever the same day
            raise _Wrong(f"RRULE is {shown(rule.to_ical().decode())}: expected an INTERVAL of 1 to 1000")
        local = start.astimezone(zone).replace(tzinfo=None)
        stated = {key.upper(): value for key, value in rule.items()}
        last = self._until.astimezone(zone).replace(tzinfo=None)
        for until in stated.pop("UNTIL", []):
            if isinstance(until, datetime):
                until = until.astimezone(zone).replace(tzinfo=None) if until.tzinfo is not None else until
            else:
                until = datetime.combine(until, time(23, 59, 59))
            last = min(last, until)
        text = ";".join(f"{key}={','.join(_written(one) for one in _listed(value))}" for key, value in stated.items())
        count, began = 0, monotonic()
        try:
            times = rrulestr(text, dtstart=local, ignoretz=True)
            for moment in islice(times, MOST_TIMES + 1):
                count += 1
                if moment > last:
                    return
                yield moment.replace(tzinfo=zone).astimezone(UTC)
        except (ValueError, TypeError, OverflowError, KeyError) as error:
            raise _Wrong(f"RRULE is {shown(text)}: {_line(str(error))[:120]}") from None
        finally:
            self._spent += monotonic() - began
            if self._spent > MOST_SECONDS:
                raise SettingError(
                    f"{self._name}: its rules take more than {MOST_SECONDS:g} s to spread out: export fewer events "
                    "that recur, and without RRULEs that never come true"
                )
        if count > MOST_TIMES:
            raise _Wrong(f"RRULE makes more than {MOST_TIMES:,} times from its DTSTART on: begin it later")


def _lines_of_events(content: bytes) -> list[int]:
    return [
        number for number, line in enumerate(content.splitlines(), start=1) if line.strip().upper() == b"BEGIN:VEVENT"
    ]


def _known_zone(name: str) -> str:
    """The name of a zone as the IANA database has it; that of Windows is translated.  "": it is none."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    for one in (name, WINDOWS_TO_OLSON.get(name, "")):
        if one:
            try:
                return zone_named(one).key
            except SettingError:
                continue
    return ""


def _summary(event: Any) -> str:
    return str(event.get("summary", "")) or "an event without a summary"


def _attending(event: Any) -> tuple[str, ...]:
    """Addresses and names of those who attend it; PagerDuty writes the address without `mailto:`."""
    stated = event.get("attendee", [])
    found: list[str] = []
    for one in (stated if isinstance(stated, list) else [stated])[:50]:
        address = _MAIL.search(re.sub(r"(?i)^mailto:", "", str(one).strip()))
        found += [address[0]] if address else []
        found += [_line(str(one.params["CN"]))] if "CN" in getattr(one, "params", {}) else []
    return tuple(dict.fromkeys(found))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _written(value: Any) -> str:
    return value.to_ical().decode() if hasattr(value, "to_ical") else str(value)


def _line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:200]
