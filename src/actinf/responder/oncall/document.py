"""Reads a schedule from plain values, and tells every mistake in it at once.

    zone: Europe/Berlin
    business_hours: {weekdays: [monday, tuesday, wednesday, thursday, friday], opens: "09:00", closes: "17:00"}
    people:
      ada: {name: Ada Lovelace, role: DevOps Engineer, email: ada@example.org}
      bob: {name: Bob Jones, role: DevOps Engineer, phone: +49 30 1234567}
    levels:
      - {name: Primary DevOps Engineer, members: [ada, bob], shift: 1 week, hand_off: monday 09:00, starts: 2026-01-05}
      - {name: CTO, members: [ada]}
    duties: {security: bob}
    overrides:
      - {level: 1, who: bob, from: 2026-12-24 18:00, until: 2026-12-27 09:00, by: ada, why: Christmas}

Instead of `members` and what belongs to them a level may have `layers`, a list of such rotations; each may have hours
of its own (`only`, as business hours), a zone of its own, and an end (`ends`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, TypeVar

from actinf.errors import SettingError
from actinf.responder.document_text import Path
from actinf.responder.oncall.calendar import Calendar
from actinf.responder.oncall.document_values import Enough, Reading
from actinf.responder.oncall.local_time import FIRST_YEAR, WEEKDAYS, zone_named
from actinf.responder.oncall.overrides import Origin, Override
from actinf.responder.oncall.people import Person
from actinf.responder.oncall.shifts import Layer, Post
from actinf.responder.oncall.wording import one_of

#: The names of the first levels, where a schedule gives none.
LEVEL_NAMES = ("Primary DevOps Engineer", "Secondary Senior Backend Engineer", "Engineering Manager", "CTO")
#: Duties of one person beside the levels.
DUTIES = ("security", "legal")
#: Business hours, where a schedule gives none.
WORKING_DAYS, OPENS, CLOSES = frozenset(range(5)), time(9), time(17)
#: The turns of a rotation of one person, which need not be given.
ONE_DAYS, ONE_HAND_OFF, ONE_STARTS = 7, time(0), date(FIRST_YEAR, 1, 5)

_Built = TypeVar("_Built")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a schedule consists of."""

    zone: str
    people: Mapping[str, Person]
    levels: tuple[Post, ...]
    business_hours: Calendar
    duties: Mapping[str, str]
    overrides: tuple[Override, ...]


def read(document: object) -> tuple[Parts | None, list[tuple[Path, str]]]:
    """The parts of the schedule, or None and all mistakes as pairs of path and sentence."""
    reading = Reading()
    try:
        parts = _Schedule(reading).parts(document)
    except Enough:
        parts = None
    return (None if reading.problems else parts), reading.problems


class _Schedule:
    """One reading.  What cannot be read is None, and the reading goes on; what it belongs to is left out."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._zone = "UTC"
        self._handles: tuple[str, ...] = ()

    def parts(self, document: object) -> Parts | None:
        top = self._reading.mapping(
            (), document, required=("zone", "people", "levels"), optional=("business_hours", "duties", "overrides")
        )
        if top is None:
            return None
        self._zone = self._read_zone((), top) or "UTC"
        people = self._people(top.get("people"))
        levels = self._levels(top.get("levels"))
        hours = top.get("business_hours")
        business_hours = self._calendar(("business_hours",), {} if hours is None else hours)
        duties = self._duties(top.get("duties"))
        overrides = self._overrides(top.get("overrides"), len(levels), tuple(duties))
        if business_hours is None or self._reading.problems:
            return None
        return Parts(
            zone=self._zone,
            people=people,
            levels=tuple(post for post in levels if post is not None),
            business_hours=business_hours,
            duties=duties,
            overrides=overrides,
        )

    def _build(self, where: Path, build: Callable[[], _Built]) -> _Built | None:
        """What `build` makes; what it refuses is noted, line by line, at `where`."""
        try:
            return build()
        except SettingError as error:
            for sentence in str(error).splitlines():
                self._reading.add(where, sentence)
            return None

    def _read_zone(self, where: Path, values: Mapping[str, Any], otherwise: str | None = None) -> str | None:
        if values.get("zone") is None:
            return otherwise or self._zone
        spot = (*where, "zone")
        name = self._reading.text(spot, values["zone"])
        return None if name is None or self._build(spot, lambda: zone_named(name)) is None else name

    # ---------------------------------------------------------------------------------------------- people and levels

    def _people(self, value: object) -> dict[str, Person]:
        people: dict[str, Person] = {}
        listed = self._reading.names(("people",), value, "a mapping of handles to people, as ada: {name: …, role: …}")
        self._handles = tuple(listed)
        for handle, entry in listed.items():
            where = ("people", handle)
            given = self._reading.mapping(
                where, entry, required=("name", "role"), optional=("chat_id", "email", "phone")
            )
            if given is not None:
                texts = {
                    key: self._reading.text((*where, key), text) for key, text in given.items() if text is not None
                }
                person = self._person(where, handle, texts)
                if person is not None:
                    people[handle] = person
        return people

    def _person(self, where: Path, handle: str, texts: Mapping[str, str | None]) -> Person | None:
        name, role = texts.get("name"), texts.get("role")
        if name is None or role is None:
            return None
        rest = {key: texts.get(key) for key in ("chat_id", "email", "phone")}
        return self._build(where, lambda: Person(handle=handle, name=name, role=role, **rest))

    def _levels(self, value: object) -> list[Post | None]:
        entries = self._reading.entries(("levels",), value, "levels, the first to be called first")
        return [self._level(("levels", number), entry, number) for number, entry in enumerate(entries)]

    def _level(self, where: Path, value: object, number: int) -> Post | None:
        is_layered = isinstance(value, Mapping) and "layers" in value
        rotation = ("members", "shift", "hand_off", "starts", "ends", "zone", "only")
        given = self._reading.mapping(
            where,
            value,
            required=("layers",) if is_layered else ("members",),
            optional=("name",) if is_layered else ("name", *rotation[1:]),
        )
        if given is None:
            return None
        default = LEVEL_NAMES[number] if number < len(LEVEL_NAMES) else f"Level {number + 1}"
        name = default if given.get("name") is None else self._reading.text((*where, "name"), given["name"])
        if is_layered:
            spot = (*where, "layers")
            entries = self._reading.entries(spot, given["layers"], "rotations, those with hours of their own first")
            layers = []
            for place, entry in enumerate(entries):
                fields = self._reading.mapping((*spot, place), entry, required=rotation[:1], optional=rotation[1:])
                layers.append(None if fields is None else self._layer((*spot, place), fields))
        else:
            layers = [self._layer(where, given)]
        whole = [layer for layer in layers if layer is not None]
        if name is None or not whole or len(whole) < len(layers):
            return None
        return self._build(where, lambda: Post(name=name, layers=tuple(whole)))

    def _layer(self, where: Path, given: Mapping[str, Any]) -> Layer | None:
        before = len(self._reading.problems)
        members = self._members((*where, "members"), given.get("members"))
        turns = ("shift", "hand_off", "starts")
        days, hand_off, starts = ONE_DAYS, ONE_HAND_OFF, ONE_STARTS
        if len(members) > 1 or any(given.get(key) is not None for key in turns):
            missing = [key for key in turns if given.get(key) is None]
            if members and missing:
                self._reading.add(
                    where,
                    f"{self._reading.spot(where)} has no {', '.join(missing)}: expected how long a shift is, when it "
                    "is handed off and on which date the first starts, as shift: 1 week, hand_off: monday 09:00, "
                    "starts: 2026-01-05",
                )
            days, hand_off, starts = self._turns(where, given)
        ends = None if given.get("ends") is None else self._reading.day((*where, "ends"), given["ends"])
        zone = self._read_zone(where, given)
        only = None if given.get("only") is None else self._calendar((*where, "only"), given["only"], only_of=zone)
        if len(self._reading.problems) > before or zone is None:
            return None
        return self._build(
            where,
            lambda: Layer(
                members=members, days=days, hand_off=hand_off, starts=starts, zone=zone, ends=ends, only=only
            ),
        )

    def _turns(self, where: Path, given: Mapping[str, Any]) -> tuple[int, time, date]:
        days = None if given.get("shift") is None else self._reading.length((*where, "shift"), given["shift"])
        starts = None if given.get("starts") is None else self._reading.day((*where, "starts"), given["starts"])
        weekday, clock = None, None
        if given.get("hand_off") is not None:
            weekday, clock = self._reading.hand_off((*where, "hand_off"), given["hand_off"], days)
        if weekday is not None and starts is not None and starts.weekday() != weekday:
            self._reading.add_near_dates((*where, "starts"), starts, weekday)
        return days or ONE_DAYS, clock or ONE_HAND_OFF, starts or ONE_STARTS

    def _members(self, where: Path, value: object) -> tuple[str, ...]:
        entries = self._reading.entries(where, value, "handles of people, in the order of their shifts")
        return tuple(
            handle
            for place, entry in enumerate(entries)
            if (handle := self._handle((*where, place), entry)) is not None
        )

    def _handle(self, where: Path, value: object) -> str | None:
        if isinstance(value, str) and value in self._handles:
            return value
        self._reading.refuse(where, value, f"somebody who stands in people, {one_of(self._handles, value)}")
        return None

    # ---------------------------------------------------------------------------------------------------------- hours

    def _calendar(self, where: Path, value: object, *, only_of: str | None = None) -> Calendar | None:
        """Opening hours: what is not given is as in an office, or, for a rotation in the zone `only_of`, all day."""
        given = self._reading.mapping(
            where, value, required=(), optional=("zone", "weekdays", "opens", "closes", "holidays")
        )
        if given is None:
            return None
        reading, before = self._reading, len(self._reading.problems)
        weekdays = frozenset(range(7)) if only_of else WORKING_DAYS
        opens, closes = (time(0), time(0)) if only_of else (OPENS, CLOSES)
        holidays: frozenset[date] = frozenset()
        if given.get("weekdays") is not None:
            spot = (*where, "weekdays")
            entries = reading.entries(spot, given["weekdays"], f"days of the week, as {WEEKDAYS[0]}")
            weekdays = frozenset(
                day
                for place, entry in enumerate(entries)
                if (day := reading.weekday((*spot, place), entry)) is not None
            )
        if given.get("opens") is not None:
            opens = reading.clock((*where, "opens"), given["opens"]) or time(0)
        if given.get("closes") is not None:
            closes = reading.clock((*where, "closes"), given["closes"], is_end=True) or time(0)
        if given.get("holidays") is not None:
            spot = (*where, "holidays")
            entries = reading.entries(spot, given["holidays"], "dates, as 2026-12-25", may_be_empty=True)
            dates = [reading.day((*spot, place), entry) for place, entry in enumerate(entries)]
            holidays = frozenset(day for day in dates if day is not None)
        zone = self._read_zone(where, given, only_of)
        if len(reading.problems) > before or zone is None:
            return None
        return self._build(
            where, lambda: Calendar(zone=zone, weekdays=weekdays, opens=opens, closes=closes, holidays=holidays)
        )

    # ------------------------------------------------------------------------------------------ duties and exceptions

    def _duties(self, value: object) -> dict[str, str]:
        if value is None:
            return {}
        given = self._reading.mapping(("duties",), value, required=(), optional=DUTIES)
        handles = {
            name: self._handle(("duties", name), entry) for name, entry in (given or {}).items() if entry is not None
        }
        return {name: handle for name, handle in handles.items() if handle is not None}

    def _overrides(self, value: object, num_levels: int, duties: tuple[str, ...]) -> tuple[Override, ...]:
        if value is None:
            return ()
        entries = self._reading.entries(("overrides",), value, "exceptions to the rotation", may_be_empty=True)
        posts = (*range(1, num_levels + 1), *duties)
        read: list[Override] = []
        for place, entry in enumerate(entries):
            number = max((one.number for one in read), default=0) + 1
            one = self._override(("overrides", place), entry, posts, number)
            if one is not None:
                read.append(one)
        return tuple(read)

    def _override(self, where: Path, value: object, posts: tuple[int | str, ...], number: int) -> Override | None:
        reading, before = self._reading, len(self._reading.problems)
        given = reading.mapping(
            where,
            value,
            required=("level", "who", "from", "until", "by"),
            optional=("number", "why", "made", "origin"),
        )
        if given is None or len(reading.problems) > before:
            return None
        origin = given.get("origin") or Origin.OVERRIDE.value
        values: dict[str, Any] = {
            "number": number if given.get("number") is None else reading.count((*where, "number"), given["number"]),
            "level": reading.choice((*where, "level"), given["level"], posts),
            "who": self._handle((*where, "who"), given["who"]),
            "since": reading.moment((*where, "from"), given["from"], self._zone),
            "until": reading.moment((*where, "until"), given["until"], self._zone),
            "by": reading.text((*where, "by"), given["by"]),
            "why": "" if given.get("why") is None else reading.text((*where, "why"), given["why"]),
            "origin": reading.choice((*where, "origin"), origin, tuple(one.value for one in Origin)),
        }
        made = given["from"] if given.get("made") is None else given["made"]
        values["made"] = reading.moment((*where, "made"), made, self._zone) if values["since"] is not None else None
        if None in values.values():
            return None
        return self._build(where, lambda: Override(**{**values, "origin": Origin(values["origin"])}))
