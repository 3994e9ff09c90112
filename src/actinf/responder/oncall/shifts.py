"""The rule by which people follow one another: who is on call at an instant, without a walk from the start.

A post is a place that somebody has to fill, such as "Primary DevOps Engineer".  It has layers: those with hours of
their own first, in their order, then the one that is not restricted, of which there is at most one at a time.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from actinf.errors import SettingError
from actinf.responder.oncall.calendar import Calendar
from actinf.responder.oncall.local_time import (
    EARLIEST,
    FIRST_YEAR,
    LAST_YEAR,
    LATEST,
    instant,
    local_day,
    zone_named,
)
from actinf.responder.oncall.wording import is_line, shown

#: One shift lasts at most a leap year.
LONGEST_SHIFT_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time with the same answer to who is on call by rule: `handle`, or None for nobody.  [since, until) in UTC."""

    handle: str | None
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """People who take turns.

    Attributes:
        members: their handles in the order of their shifts; who is named twice has two of the shifts.
        days: the length of a shift, in days of the calendar: one with a daylight-saving night has 23 or 25 hours.
        hand_off: the local time at which a shift begins.
        starts: the local date of the first shift; with shifts of weeks its weekday is that of every hand-off.
        zone: the time zone of dates and times here.
        ends: the local date on which, at the hand-off, the last shift ends; None for never.
        only: the hours to which the layer is restricted, or None for all hours.
    """

    members: tuple[str, ...]
    days: int
    hand_off: time
    starts: date
    zone: str
    ends: date | None = None
    only: Calendar | None = None

    def __post_init__(self) -> None:
        zone_named(self.zone)
        mistakes = [
            sentence
            for wrong, sentence in (
                (not self.members, "members is an empty list: a rotation needs at least one person"),
                (
                    not 1 <= self.days <= LONGEST_SHIFT_DAYS,
                    f"shift is {self.days} days: expected 1 to {LONGEST_SHIFT_DAYS}",
                ),
                (
                    not FIRST_YEAR <= self.starts.year <= LAST_YEAR,
                    f"starts is {self.starts}: expected a year {FIRST_YEAR} to {LAST_YEAR}",
                ),
                (
                    self.ends is not None and not self.starts < self.ends <= date(LAST_YEAR, 12, 31),
                    f"ends is {self.ends}: expected a date after the start, {self.starts}, until {LAST_YEAR}",
                ),
                (
                    self.only is not None and self.only.is_always_open,
                    "only names all hours of all days, which restricts nothing: leave it out",
                ),
            )
            if wrong
        ]
        if mistakes:
            raise SettingError("\n".join(mistakes))

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From the first hand-off to the last, in UTC; `LATEST` where there is no last."""
        end = LATEST if self.ends is None else instant(self.zone, self.ends, self.hand_off)
        return instant(self.zone, self.starts, self.hand_off), end

    def stretch(self, at: datetime) -> Stretch:
        """Who of the layer is on call at `at`, in UTC, and for how long that is the answer."""
        start, end = self.span
        if self.only is not None and not self.only.is_open(at):
            return self._closed(self.only, at, start, end)
        if at < start:
            until = start if self.only is None else self.only.next_opening(start)
            return Stretch(handle=None, since=EARLIEST, until=until if until < end else LATEST)
        if at >= end:
            since = end if self.only is None else self.only.last_open(end)
            return Stretch(handle=None, since=since if since > start else EARLIEST, until=LATEST)
        handle, since, until = self._shift(at)
        until = min(until, end)
        hours = (since, until) if self.only is None else self.only.open_stretch(at, since, until)
        since, until = hours or (since, until)
        return Stretch(handle=handle, since=since, until=until)

    def _closed(self, only: Calendar, at: datetime, start: datetime, end: datetime) -> Stretch:
        since, until = only.last_open(min(at, end)), only.next_opening(max(at, start))
        return Stretch(handle=None, since=since if since > start else EARLIEST, until=until if until < end else LATEST)

    def _shift(self, at: datetime) -> tuple[str, datetime, datetime]:
        number = (local_day(self.zone, at) - self.starts).days // self.days
        # The guess by dates is one too high before the time of the hand-off.
        while at < self._hand_off(number):
            number -= 1
        while at >= self._hand_off(number + 1):
            number += 1
        return self.members[number % len(self.members)], self._hand_off(number), self._hand_off(number + 1)

    def _hand_off(self, number: int) -> datetime:
        return instant(self.zone, self.starts + timedelta(days=number * self.days), self.hand_off)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A place that somebody has to fill: a level of escalation, or a named duty.

    Attributes:
        name: for example "Primary DevOps Engineer".
        layers: of several that apply at a time the first counts; one without hours of its own counts last.
    """

    name: str
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not is_line(self.name):
            raise SettingError(f"name is {shown(self.name)}: expected one short line")
        if not self.layers:
            raise SettingError(f"{self.name!r} has no layers: a level needs at least one rotation")
        mistakes = [
            f"layers {first + 1} and {second + 1} of {self.name!r} overlap from {since.isoformat()}: one of them would "
            "never be on call; end the first where the second starts (ends), or restrict one of them (only)"
            for first, one in enumerate(self.layers)
            for second, other in enumerate(self.layers)
            if first < second and one.only == other.only
            for since in (max(one.span[0], other.span[0]),)
            if since < min(one.span[1], other.span[1])
        ]
        if mistakes:
            raise SettingError("\n".join(mistakes))

    @property
    def members(self) -> tuple[str, ...]:
        """The handles of all who take turns here, each once."""
        return tuple(dict.fromkeys(handle for layer in self.layers for handle in layer.members))

    def stretch(self, at: datetime) -> Stretch:
        """Who is on call at `at`, in UTC, by rule, and for how long that is the answer."""
        since, until = EARLIEST, LATEST
        # The sort is stable: restricted layers stay in their order.
        for layer in sorted(self.layers, key=lambda layer: layer.only is None):
            found = layer.stretch(at)
            since, until = max(since, found.since), min(until, found.until)
            if found.handle is not None:
                return Stretch(handle=found.handle, since=since, until=until)
        return Stretch(handle=None, since=since, until=until)


def standing(name: str, handle: str, zone: str) -> Post:
    """A post with one person, always: in shifts of a week, from Monday to Monday."""
    layer = Layer(members=(handle,), days=7, hand_off=time(0), starts=date(FIRST_YEAR, 1, 5), zone=zone)
    return Post(name=name, layers=(layer,))
