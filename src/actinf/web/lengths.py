"""How long something lasts, as people read it."""

from datetime import timedelta

__all__ = ["lasting"]

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def lasting(length: timedelta) -> str:
    """How long something lasts, in whole minutes and no more than two units.

    >>> lasting(timedelta(hours=2, minutes=5)), lasting(timedelta(seconds=20)), lasting(timedelta(days=3, hours=2))
    ('2 h 5 min', 'less than 1 min', '3 d 2 h')
    """
    seconds = abs(length) // timedelta(seconds=1)
    if seconds < _MINUTE:
        return "less than 1 min"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _DAY:
        return _two(seconds // _HOUR, "h", seconds % _HOUR // _MINUTE, "min")
    return _two(seconds // _DAY, "d", seconds % _DAY // _HOUR, "h")


def _two(large: int, unit: str, small: int, smaller: str) -> str:
    return f"{large} {unit} {small} {smaller}" if small else f"{large} {unit}"
