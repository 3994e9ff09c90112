"""Times as people type them at night: `10m ago`, `14:05`, `2026-11-23 14:05`, `in 2d`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from actinf.errors import SettingError

__all__ = ["ahead", "length", "past", "shown", "since_moment", "words"]

_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PART = re.compile(r"(\d{1,6})\s*(min|[smhdw])")
_LENGTH = re.compile(rf"(?:{_PART.pattern}\s*)+")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_DAY = timedelta(days=1)


def past(text: str, now: datetime, zone: str = "UTC") -> datetime:
    """A time that has been, UTC.

    Args:
        text: `now`; `10m ago`; a time of day, the last time that it was that late; a date, its beginning; or both, as
            2026-11-23T14:05Z.
        now: the time.
        zone: in which times are meant that name none.

    Raises:
        SettingError: it is none of these.
    """
    said = text.strip()
    if said == "now":
        return now
    if said.endswith("ago") and (lasted := length(said.removesuffix("ago"))) is not None:
        return now - lasted
    clock = _clock(said)
    if clock is not None:
        at = datetime.combine(now.astimezone(ZoneInfo(zone)).date(), clock, ZoneInfo(zone)).astimezone(UTC)
        return at if at <= now else _on(clock, zone, now, -1)
    written = _written(said, zone, is_end=False)
    if written is None:
        raise SettingError(
            f"{text!r} is no time that has been: expected 10m ago, 14:05 or 2026-11-23T14:05 ({zone} where no other "
            "zone is said)"
        )
    return written


def ahead(text: str, now: datetime, zone: str = "UTC") -> datetime:
    """A time to come, UTC: as `past`, but `in 2d` or `2d`, the next time that it is that late, and the end of a day.

    Raises:
        SettingError: it is none of these.
    """
    said = text.strip()
    if said == "now":
        return now
    if (lasted := length(said.removeprefix("in "))) is not None:
        return now + lasted
    clock = _clock(said)
    if clock is not None:
        at = datetime.combine(now.astimezone(ZoneInfo(zone)).date(), clock, ZoneInfo(zone)).astimezone(UTC)
        return at if at > now else _on(clock, zone, now, 1)
    written = _written(said, zone, is_end=True)
    if written is None:
        raise SettingError(
            f"{text!r} is no time to come: expected 2d, 14:05, 2026-11-30 or 2026-11-30T14:05 ({zone} where no other "
            "zone is said)"
        )
    return written


def length(text: str) -> timedelta | None:
    """A length of time, as `90d` or `1h 30m`; None: it is none."""
    said = text.strip()
    if not _LENGTH.fullmatch(said):
        return None
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in _PART.findall(said)), timedelta(0))


def words(lasted: timedelta) -> str:
    """A length of time for people, without its sign: two units at most."""
    seconds = abs(int(lasted.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def shown(at: datetime, now: datetime) -> str:
    """A time in UTC, with its date where that is another than today's."""
    at = at.astimezone(UTC)
    return f"{at:%H:%M} UTC" if at.date() == now.astimezone(UTC).date() else f"{at:%Y-%m-%d %H:%M} UTC"


def _on(clock: time, zone: str, now: datetime, days: int) -> datetime:
    day = now.astimezone(ZoneInfo(zone)).date() + days * _DAY
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def _clock(text: str) -> time | None:
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hour, minute, second = (int(part or 0) for part in found.groups())
    return time(hour, minute, second)


def _written(text: str, zone: str, *, is_end: bool) -> datetime | None:
    """A time that is written out; of a date alone its beginning, or its end."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        pass
    else:
        return datetime.combine(day + is_end * _DAY, time(0), ZoneInfo(zone)).astimezone(UTC)
    try:
        at = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None
    return (at.replace(tzinfo=ZoneInfo(zone)) if at.tzinfo is None else at).astimezone(UTC)


def since_moment(text: str, now: datetime) -> datetime:
    """What --since means: a length of time before now, or a moment.

    Raises:
        SettingError: neither.
    """
    lasted = length(text)
    if lasted is not None:
        return now - lasted
    try:
        return past(text, now)
    except SettingError:
        raise SettingError(f"--since is {text!r}: expected 7d, 14:05 or 2026-11-01") from None
