"""Every kind of event that there is, and how one comes back from the store."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from actinf.responder.incident import (
    advice_events,
    case_events,
    contact_events,
    events,
    notice_events,
    office_events,
    ramp_events,
    work_events,
)
from actinf.responder.incident.event import Event, typed

__all__ = ["KINDS", "MODULES", "event_from", "personal_fields"]

#: Where the events are.
MODULES = (
    events,
    advice_events,
    notice_events,
    office_events,
    ramp_events,
    contact_events,
    case_events,
    work_events,
)
_NAMED = (getattr(module, name) for module in MODULES for name in module.__all__)
#: The events by their kinds.
KINDS: dict[str, type[Event]] = {one.kind: one for one in _NAMED if issubclass(one, Event)}
_PERSONAL = {
    kind: frozenset(one.name for one in fields(made) if one.metadata.get("personal")) for kind, made in KINDS.items()
}


def personal_fields(kind: type[Event]) -> frozenset[str]:
    """The names of the fields that hold what people wrote or who they are."""
    return _PERSONAL[kind.kind]


def event_from(kind: str, stored: Mapping[str, Any]) -> Event:
    """The event that `Event.stored` wrote.

    Raises:
        KeyError: a release that knows more kinds wrote it.
    """
    made = KINDS[kind]
    hints = _hints(kind)
    return made(**{name: typed(hints[name], value) for name, value in stored.items() if name in hints})


@cache
def _hints(kind: str) -> dict[str, Any]:
    names = {one.name for one in fields(KINDS[kind])}
    return {name: hint for name, hint in typing.get_type_hints(KINDS[kind]).items() if name in names}
