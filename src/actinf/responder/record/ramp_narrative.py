"""What happened to a ramp, in plain English: a sentence for each of its events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from actinf.responder.incident.event import Event

__all__ = ["TOLD", "told"]

_Event = Mapping[str, Any]


def _began(event: _Event) -> str:
    down = "; replicas may be taken away" if event["may_go_down"] else ""
    return f"ramp {event['ramp']} began, {event['target']} ({event['there']}): {', '.join(event['steps'])}{down}"


def _step(event: _Event) -> str:
    how = f"let pass: {event['word']}" if event["word"] else "passed"
    return _with(f"ramp {event['ramp']}, step {event['number']}, {event['step']}: {how}", event["found"])


def _aborted(event: _Event) -> str:
    why = "; ".join(one for one in (event["why"], event["reason"]) if one)
    return f"ramp {event['ramp']} was aborted at {event['step']}: {why}; left as it is: {event['left']}"


def _goes_back(event: _Event) -> str:
    why = "; ".join(one for one in (event["why"], event["reason"]) if one)
    return f"ramp {event['ramp']} goes back, {event['change']}: {why}"


def _with(told: str, text: str) -> str:
    return f"{told}: {text}" if text else told


def told(event: Event) -> str:
    """What happened to a ramp, in a sentence.

    Args:
        event: one of `actinf.responder.incident.ramp_events`.
    """
    return TOLD[event.kind]({"kind": event.kind, **event.stored()})


TOLD: dict[str, Callable[[_Event], str]] = {
    "ramp began": _began,
    "ramp step": _step,
    "ramp held": lambda event: f"ramp {event['ramp']} is held at {event['step']}: {event['why']}",
    "ramp paused": lambda event: _with(f"ramp {event['ramp']} waits", event["reason"]),
    "ramp resumed": lambda event: _with(f"ramp {event['ramp']} goes on", event["reason"]),
    "ramp aborted": _aborted,
    "ramp goes back": _goes_back,
    "ramp went back": lambda event: f"ramp {event['ramp']} went back: {event['change']}",
    "ramp done": lambda event: f"ramp {event['ramp']} is done: {event['there']}",
}
