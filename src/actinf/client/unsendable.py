"""What a request holds that JSON cannot say, such as NaN: told with its place, in the error of what it is part of.

It is looked for only where writing the request has failed: nothing was sent then, and requests that are well formed pay
nothing for it.
"""

import math
from collections.abc import Iterator
from typing import Any

from actinf.errors import ActinfError, FileError, ModelError, ObservationError, ServiceError, SettingError

__all__ = ["refusal_of"]

_Path = tuple[str | int, ...]


def refusal_of(asked: str, body: Any, error: Exception) -> ActinfError:
    """The error for a request that could not be written as JSON.

    Args:
        asked: what was asked, for people: `POST /v1/agents`.
        body: what was to be sent.
        error: what writing it said.

    Returns:
        ObservationError, ModelError, FileError or SettingError: with the first place that is at fault; ServiceError
        where none is found.
    """
    path, said = next(_faults((), body), ((), ""))
    if not said:
        return ServiceError(f"{asked} cannot be written: {error}; nothing was sent")
    inside = path[2:] if path[0] == "steps" else path  # of `steps`, which one, what of it
    told = f"{_place(path)} is {said}; nothing was sent"
    match inside:
        case (("observation" | "observations" | "executed" | "actions"), *_):
            return ObservationError(told)
        case (("model" | "document"), *where):
            return ModelError([(tuple(where), told)])
        case ("experiment", *_):
            return FileError(told)
        case _:
            return SettingError(told)


def _faults(path: _Path, value: Any) -> Iterator[tuple[_Path, str]]:
    """Every place whose value JSON cannot say, with what it is and what was expected."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _faults((*path, name), name)
            yield from _faults((*path, name), one)
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from _faults((*path, at), one)
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield path, f"{value}: expected a finite number, or None for what is not known"
    elif isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            yield path, f"the text {value[:40]!r}, with half a surrogate pair, which is no character: leave it out"
    elif value is not None and not isinstance(value, int):
        yield path, f"of the type {type(value).__name__}: expected numbers, texts, None, lists, mappings or arrays"


def _place(path: _Path) -> str:
    """`observation['cue'][1]`."""
    first, *others = path
    return str(first) + "".join(f"[{part!r}]" for part in others)
