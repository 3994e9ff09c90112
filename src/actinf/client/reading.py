"""Records made of JSON: the type of a field says how its value is read, and what is not known is passed over.

A service may be newer than its client: fields that it added do not matter, one that is missing does.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

__all__ = ["arrays", "each", "maybe", "moment", "nats", "nats_array", "reader"]

T = TypeVar("T")


def reader(kind: type[T]) -> Callable[[Mapping[str, Any]], T]:
    """What makes a record of its JSON.

    Args:
        kind: a dataclass.  A field that is `Annotated[type, function]` is made by the function of what JSON holds; a
            field with a default may be missing.

    Returns:
        A function that raises KeyError, TypeError or ValueError where the reply is not what it should be.
    """
    hints = get_type_hints(kind, include_extras=True)
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]
    reads = {one.name: next(iter(getattr(hints[one.name], "__metadata__", ())), _as_it_is) for one in fields}
    needed = {one.name for one in fields if one.default is dataclasses.MISSING}

    def read(data: Mapping[str, Any]) -> T:
        return kind(**{name: made(data[name]) for name, made in reads.items() if name in needed or name in data})

    return read


def _as_it_is(value: Any) -> Any:
    return value


def maybe(read: Callable[[Any], T]) -> Callable[[Any], T | None]:
    """Null stays None."""
    return lambda value: None if value is None else read(value)


def each(read: Callable[[Any], T]) -> Callable[[Any], list[T]]:
    """Every entry of a list."""
    return lambda values: [read(one) for one in values]


def moment(text: str) -> datetime:
    """A time with its zone."""
    return datetime.fromisoformat(text)


def nats(value: float | None) -> float:
    """A number of nats; JSON has no infinity, null stands for it."""
    return math.inf if value is None else float(value)


def nats_array(values: list[Any]) -> NDArray[np.float64]:
    """An array of nats, null read as infinity."""
    found = np.array(values, dtype=np.float64)  # null becomes nan, and a nan is never sent
    found[np.isnan(found)] = np.inf
    return found


def arrays(values: Mapping[str, list[float]]) -> dict[str, NDArray[np.float64]]:
    """Name → probabilities."""
    return {name: np.array(one, dtype=np.float64) for name, one in values.items()}
