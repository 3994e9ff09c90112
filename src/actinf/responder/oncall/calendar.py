"""Hours that repeat by the week, with holidays: business hours, or the hours of a part of a rotation.

Intervals are half-open: open at the opening time, closed at the closing time.  They are intervals of instants, one for
each day, so that no opening happens twice where clocks are put back, and none is lost where they are put forward.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from actinf.errors import SettingError
from actinf.responder.oncall.local_time import (
    EARLIEST,
    FIRST_YEAR,
    LAST_YEAR,
    end_of,
    instant,
    local_day,
    utc,
    zone_named,
)
from actinf.responder.oncall.wording import shown

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When something is open.

    Attributes:
        zone: the time zone of the opening times, for example "Europe/Berlin".
        weekdays: the days on which it opens, Monday being 0.
        opens: the local time of opening.
        closes: the local time of closing; 00:00 is 24:00, the end of the day.
        holidays: the local dates on which it stays closed.
    """

    zone: str
    weekdays: frozenset[int]
    opens: time
    closes: time
    holidays: frozenset[date] = field(default=frozenset())

    def __post_init__(self) -> None:
        zone_named(self.zone)
        if not self.weekdays or not self.weekdays <= set(range(7)):
            raise SettingError(f"weekdays is {sorted(self.weekdays)}: expected one or more of 0 (Monday) to 6 (Sunday)")
        for name, clock in (("opens", self.opens), ("closes", self.closes)):
            if clock.tzinfo is not None:
                raise SettingError(
                    f"{name} is {shown(clock)}: expected a local time, whose zone is that of the calendar"
                )
        if self.closes != time(0) and self.closes <= self.opens:
            raise SettingError(
                f"closes is {self.closes:%H:%M} and opens is {self.opens:%H:%M}: expected to close later on the same "
                "day; hours across midnight are two calendars, one until 24:00 and one from 00:00"
            )

    @property
    def is_always_open(self) -> bool:
        """Whether it never closes."""
        return len(self.weekdays) == 7 and self.opens == self.closes == time(0) and not self.holidays

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at that instant."""
        return self._around(utc(at)) is not None

    def next_opening(self, at: datetime) -> datetime:
        """The next instant at which it is open: `at` itself where it is open then.

        Raises:
            SettingError: holidays close it for the rest of the time.
        """
        at = utc(at)
        for opening, closing in self._days(at, 1):
            if closing > at:
                return max(at, opening)
        raise SettingError(f"the calendar does not open after {at.isoformat()}: take holidays out, or add weekdays")

    def last_open(self, at: datetime) -> datetime:
        """The end of the time that it was open before `at`: `at` itself where it was open until then, else a closing.

        `EARLIEST` where it was never open before.
        """
        at = utc(at)
        for opening, closing in self._days(at, -1):
            if opening < at:
                return min(at, closing)
        return EARLIEST

    def open_stretch(self, at: datetime, since: datetime, until: datetime) -> tuple[datetime, datetime] | None:
        """How long it is open without a break around `at`, cut to [since, until); None where it is closed.

        The bounds end the search: where it never closes, there are no others.
        """
        at = utc(at)
        found = self._around(at)
        if found is None:
            return None
        opened, closes = found
        for opening, closing in self._days(closes, 1):
            if opening > closes or closes >= until:
                break
            closes = max(closes, closing)
        for opening, closing in self._days(opened, -1):
            if closing < opened or opened <= since:
                break
            opened = min(opened, opening)
        return max(opened, since), min(closes, until)

    def _around(self, at: datetime) -> tuple[datetime, datetime] | None:
        """The opening hours of one day that hold `at`."""
        day = local_day(self.zone, at)
        # Where clocks are put back over midnight, an instant can lie in the hours of the day after its date.
        for candidate in (day - _DAY, day, day + _DAY):
            hours = self._hours(candidate)
            if hours is not None and hours[0] <= at < hours[1]:
                return hours
        return None

    def _days(self, at: datetime, direction: int) -> Iterator[tuple[datetime, datetime]]:
        """The opening hours of each day around `at`, and then of those after (1) or before it (-1)."""
        day = local_day(self.zone, at) - direction * _DAY
        while FIRST_YEAR - 1 <= day.year <= LAST_YEAR + 1:
            hours = self._hours(day)
            if hours is not None:
                yield hours
            day += direction * _DAY

    def _hours(self, day: date) -> tuple[datetime, datetime] | None:
        if day.weekday() not in self.weekdays or day in self.holidays:
            return None
        opening, closing = instant(self.zone, day, self.opens), end_of(self.zone, day, self.closes)
        # Both times may fall into the hour that is left out; then the day has no hours.
        return (opening, closing) if opening < closing else None
