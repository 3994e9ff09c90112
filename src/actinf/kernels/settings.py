"""Checking the settings that lower to codes and numbers, with one form of message for all of them."""

from numbers import Integral, Real
from typing import Any

from actinf.errors import SettingError

__all__ = ["check_flag", "check_number", "check_whole"]


def check_whole(owner: str, name: str, value: Any, low: int = 1) -> int:
    """The value as an int.

    Raises:
        SettingError: when it is no whole number, or below `low`.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < low:
        raise SettingError(f"{owner}({name}={value!r}): expected a whole number of at least {low}")
    return int(value)


def check_number(owner: str, name: str, value: Any, low: float, high: float, expected: str) -> float:
    """The value as a float within [low, high].

    Raises:
        SettingError: when it is no number, or outside; `expected` says what is inside, for example "a positive number".
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not low <= float(value) <= high:
        raise SettingError(f"{owner}({name}={value!r}): expected {expected}")
    return float(value)


def check_flag(owner: str, name: str, value: Any) -> bool:
    """The value as a bool.

    Raises:
        SettingError: when it is neither True nor False.
    """
    if value is not True and value is not False:
        raise SettingError(f"{owner}({name}={value!r}): expected True or False")
    return bool(value)
