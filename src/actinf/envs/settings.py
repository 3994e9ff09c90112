"""Checks of the settings of bundled worlds; a SettingError names the world, the setting and its value."""

from actinf.errors import SettingError

__all__ = ["complement", "probability", "whole_number"]


def probability(world: str, name: str, value: object) -> float:
    """`value` as a probability.

    Raises:
        SettingError: when it is not a number from 0 to 1.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
        raise SettingError(f"{world}({name}={value!r}): expected a number from 0 to 1")
    return float(value)


def whole_number(world: str, name: str, value: object, least: int, most: int) -> int:
    """`value` as a whole number.

    Raises:
        SettingError: when it is not a whole number from `least` to `most`.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise SettingError(f"{world}({name}={value!r}): expected a whole number from {least} to {most:,}")
    return value


def complement(p: float) -> float:
    """1 - p as one would write it down: 0.05 for 0.95, without the rounding error of the subtraction."""
    return round(1.0 - p, 15)
