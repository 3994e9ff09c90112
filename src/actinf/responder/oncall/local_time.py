"""Between clocks on walls and instants: the one place that knows what daylight saving does to a time of day.

An instant is an aware `datetime` in UTC.  Where clocks are put forward, a time of day that does not exist is as many
minutes after the change as it was to be after it on the old clock (02:30 becomes 03:30); where they are put back, the
first of the two counts.  Both are as RFC 5545 has it, so that an exported calendar agrees.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from actinf.errors import SettingError
from actinf.responder.oncall.wording import one_of, shown

#: Before and after everything; only bounds, never the time of anything.
EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)
#: Schedules lie within these years, so that no sum of days leaves what a date can hold.
FIRST_YEAR, LAST_YEAR = 1970, 2999

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@cache
def zone_named(name: str) -> ZoneInfo:
    """The time zone of the IANA database.

    Raises:
        SettingError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError, TypeError):
        known = one_of(sorted(available_timezones()), name).partition("; ")[2]
        raise SettingError(
            f"zone is {shown(name)}: expected the name of a time zone, as 'Europe/Berlin'{known and '; ' + known}"
        ) from None


def utc(at: datetime) -> datetime:
    """The instant, in UTC.

    Raises:
        SettingError: it has no time zone, so that it could be any of 24 hours, or lies centuries away.
    """
    if at.tzinfo is None:
        raise SettingError(f"the time {at.isoformat()} has no time zone: write 'Z' or the offset behind it, as +01:00")
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise SettingError(f"the time {at.isoformat()} is out of range: expected a year {FIRST_YEAR} to {LAST_YEAR}")
    return at.astimezone(UTC)


def instant(zone: str, day: date, clock: time) -> datetime:
    """When clocks in the zone show `clock` on that day, in UTC."""
    return datetime.combine(day, clock, zone_named(zone)).astimezone(UTC)


def end_of(zone: str, day: date, clock: time) -> datetime:
    """As `instant`, for the end of something: 00:00 is 24:00 there, the end of the day and not its start."""
    return instant(zone, day if clock != time(0) else day + timedelta(days=1), clock)


def local_day(zone: str, at: datetime) -> date:
    """The date on calendars in the zone."""
    return at.astimezone(zone_named(zone)).date()
