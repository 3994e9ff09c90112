"""What an event of a timeline is: its fields, those of them that are personal, and how it is stored.

Events are added and never changed.  A field that is marked as personal holds what people wrote or who they are: it is
stored beside the chain of MACs, of which it is a part by its digest alone, so that it can be erased and the chain still
holds.
"""

from __future__ import annotations

import json
import types
import typing
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

__all__ = ["ERASED", "Event", "Recorded", "personal", "typed", "written"]

#: What is read where a personal value was erased.
ERASED = "[erased]"


def personal(**given: Any) -> Any:
    """A field that holds what people wrote or who they are; takes what `dataclasses.field` does."""
    return field(metadata={"personal": True}, **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened; subclasses say what."""

    kind: ClassVar[str] = ""

    def stored(self) -> dict[str, Any]:
        """The fields, in what JSON can say."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event in its place.

    Attributes:
        incident: whose timeline it is on.
        number: its number there, from 1.
        at: when it happened, UTC.
        recorded_at: when it was written down; later than `at` where somebody tells of the past.
        by: the handle of who did it; "actinf" where nobody did.
        event: what happened.
    """

    incident: str
    number: int
    at: datetime
    recorded_at: datetime
    by: str
    event: Event


def written(value: Any) -> str:
    """A personal value as it is stored beside the chain: a text as it is, several as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def typed(hint: Any, value: Any) -> Any:
    """A value of a stored event in its type, which is one of those that events have."""
    if typing.get_origin(hint) is types.UnionType:
        return (
            None if value is None else typed(next(one for one in typing.get_args(hint) if one is not type(None)), value)
        )
    if typing.get_origin(hint) is tuple and isinstance(value, str):  # personal, as `written` wrote it
        value = [ERASED] if value == ERASED else json.loads(value)
    if typing.get_origin(hint) is tuple:
        return tuple(typed(typing.get_args(hint)[0], one) for one in value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, StrEnum) else value
