"""The values of a schedule's document, one function for each kind, and the mistakes found so far."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from actinf.errors import SettingError
from actinf.responder.document_text import Path
from actinf.responder.oncall.local_time import WEEKDAYS, utc, zone_named
from actinf.responder.oncall.wording import one_of, shown

#: How many mistakes are told; the search for more ends there.
MOST_PROBLEMS = 100
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_LENGTH = re.compile(r"(\d{1,3}) (day|week)s?", re.ASCII)
_IN_QUOTES = "; in YAML that other programs read, write it in quotes"


class Enough(Exception):
    """There are more mistakes than are told: the reading ends."""


class Reading:
    """Reads values, and notes each mistake with its place.  A value that cannot be read is None.

    Attributes:
        problems: the mistakes so far, as pairs of path and sentence.
    """

    def __init__(self) -> None:
        self.problems: list[tuple[Path, str]] = []

    @staticmethod
    def spot(where: Path) -> str:
        """The place as a message shows it: `levels[0].members[1]`."""
        text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where).removeprefix(".")
        return text or "the schedule"

    def add(self, where: Path, sentence: str) -> None:
        """Note a mistake; a sentence that does not begin with its place gets it."""
        spot = self.spot(where)
        self.problems.append((where, sentence if sentence.startswith(spot) else f"{spot}: {sentence}"))
        if len(self.problems) >= MOST_PROBLEMS:
            self.problems.append(((), f"after {MOST_PROBLEMS} mistakes the rest was not read"))
            raise Enough

    def refuse(self, where: Path, value: object, expected: str) -> None:
        """Note that the value at `where` is not what was expected."""
        self.add(where, f"{self.spot(where)} is {shown(value)}: expected {expected}")

    # ------------------------------------------------------------------------------------------------- what has parts

    def mapping(
        self, where: Path, value: object, *, required: Sequence[str], optional: Sequence[str]
    ) -> Mapping[str, Any] | None:
        """A mapping with these keys; None where it is none or lacks a key."""
        keys = (*required, *optional)
        if not isinstance(value, Mapping):
            self.refuse(where, value, f"a mapping with the keys {', '.join(keys)}")
            return None
        for key in value:
            if key not in keys:
                hint = "; the CTO is level 4" if key == "cto" else ""
                self.add(where, f"{self.spot(where)} has the key {shown(key)}: expected {one_of(keys, key)}{hint}")
        missing = [key for key in required if value.get(key) is None]
        for key in missing:
            self.add(where, f"{self.spot(where)} has no {key!r}: add it")
        return {key: value[key] for key in keys if key in value}

    def names(self, where: Path, value: object, expected: str) -> Mapping[str, Any]:
        """A mapping with any names as keys; empty where it is none."""
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not value or not all(isinstance(key, str) for key in value):
            self.refuse(where, value, expected)
            return {}
        return value

    def entries(self, where: Path, value: object, expected: str, *, may_be_empty: bool = False) -> Sequence[Any]:
        """A list; empty where it is none."""
        if value is None and not may_be_empty:
            return ()
        if not isinstance(value, list | tuple) or (not value and not may_be_empty):
            self.refuse(where, value, f"a list of {expected}")
            return ()
        return value

    # ---------------------------------------------------------------------------------------------------- what has none

    def text(self, where: Path, value: object) -> str | None:
        """A text."""
        if isinstance(value, str):
            return value
        self.refuse(where, value, "a text")
        return None

    def choice(self, where: Path, value: object, known: tuple[Any, ...]) -> Any:
        """One of the known values, a number of them also as text; None without a mistake where there is no value."""
        if value is None:
            return None
        for one in known:
            if not isinstance(value, bool) and (value == one or value == str(one)):
                return one
        self.refuse(where, value, one_of(known, value))
        return None

    def count(self, where: Path, value: object) -> int | None:
        """A whole number from 1."""
        text = str(value)
        if not isinstance(value, bool) and re.fullmatch(r"[1-9]\d{0,8}", text, re.ASCII):
            return int(text)
        self.refuse(where, value, "a whole number from 1")
        return None

    def weekday(self, where: Path, value: object) -> int | None:
        """A day of the week, Monday being 0."""
        if isinstance(value, str) and value.lower() in WEEKDAYS:
            return WEEKDAYS.index(value.lower())
        self.refuse(where, value, one_of(WEEKDAYS, value))
        return None

    def clock(self, where: Path, value: object, *, is_end: bool = False) -> time | None:
        """A local time of day; with `is_end` also 24:00, which is then 00:00."""
        if is_end and value == "24:00":
            return time(0)
        found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
        if found is not None:
            return time(int(found[1]), int(found[2]))
        range_of = "09:00 or, for the end of the day, 24:00" if is_end else "09:00"
        self.refuse(where, value, f"a time of day, as {range_of}{_IN_QUOTES if isinstance(value, int) else ''}")
        return None

    def day(self, where: Path, value: object) -> date | None:
        """A date of the calendar."""
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            try:
                return date.fromisoformat(value)
            except ValueError:
                self.refuse(where, value, "a date that the calendar has")
                return None
        self.refuse(where, value, "a date, as 2026-01-05")
        return None

    def moment(self, where: Path, value: object, zone: str) -> datetime | None:
        """A time, in UTC; one without an offset is a local time of `zone`."""
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                self.refuse(where, value, "a date and time, as 2026-12-24 18:00 or 2026-12-24T17:00:00Z")
                return None
        if not isinstance(value, datetime):
            self.refuse(where, value, "a date and time, as 2026-12-24 18:00 or 2026-12-24T17:00:00Z")
            return None
        try:
            return utc(value if value.tzinfo is not None else value.replace(tzinfo=zone_named(zone)))
        except SettingError as error:
            self.add(where, str(error))
            return None

    def length(self, where: Path, value: object) -> int | None:
        """The length of a shift, in days."""
        found = _LENGTH.fullmatch(value) if isinstance(value, str) else None
        if found is None or int(found[1]) == 0:
            self.refuse(where, value, "a length, as '1 week', '2 weeks' or '3 days'")
            return None
        return int(found[1]) * (7 if found[2] == "week" else 1)

    def hand_off(self, where: Path, value: object, days: int | None) -> tuple[int | None, time | None]:
        """The day of the week, with shifts of weeks, and the time of day at which a shift begins."""
        name, _, clock = value.rpartition(" ") if isinstance(value, str) else ("", "", "")
        found = _CLOCK.fullmatch(clock)
        is_weekly = days is not None and days % 7 == 0
        if found is None or (name and name.lower() not in WEEKDAYS):
            expected = "a day of the week and a time, as 'monday 09:00'" if is_weekly else "a time of day, as '09:00'"
            self.refuse(where, value, expected)
            return None, None
        if days is not None and bool(name) != is_weekly:
            self.refuse(
                where,
                value,
                "a day of the week before the time, as 'monday 09:00', since shifts last weeks"
                if is_weekly
                else f"only a time, as '09:00', since shifts of {days} days begin on any day of the week",
            )
            return None, None
        return (WEEKDAYS.index(name.lower()) if name else None), time(int(found[1]), int(found[2]))

    def add_near_dates(self, where: Path, starts: date, weekday: int) -> None:
        """Note that a rotation starts on another day of the week than it is handed off on."""
        before = starts - timedelta(days=(starts.weekday() - weekday) % 7)
        self.refuse(
            where,
            starts.isoformat(),
            f"a {WEEKDAYS[weekday].capitalize()}, as the hand-off says, and it is a "
            f"{WEEKDAYS[starts.weekday()].capitalize()}: write {before} or {before + timedelta(days=7)}",
        )
