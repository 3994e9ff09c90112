"""A ramp in words: how it is, where it is, and why an incident cannot end while it goes on."""

from __future__ import annotations

from collections.abc import Mapping

from actinf.responder.ramp.state import Ramp, State

__all__ = ["IS", "in_the_way", "stopped_at"]

#: How a ramp is, after "it is".
IS: Mapping[State, str] = {
    State.RUNS: "running",
    State.PAUSED: "paused",
    State.HELD: "held",
    State.GOES_BACK: "going back",
    State.DONE: "done",
    State.ABORTED: "aborted",
    State.WENT_BACK: "back where it was",
}


def stopped_at(ramp: Ramp) -> str:
    """At which step a ramp is."""
    if ramp.is_going_back:
        return "its way back"
    current = ramp.current
    return "its end" if current is None else f"step {current.number}, {current.step.words}"


def in_the_way(ramp: Ramp, ended: str) -> str:
    """Why an incident cannot end while its ramp goes on, where that stands, and what is to be done first.

    Args:
        ramp: of the incident.
        ended: how it was to end, as "resolved".
    """
    name = ramp.incident
    waits = f"see what it waits for, actinf incident ramp show {name}," if ramp.state is State.HELD else "wait for it,"
    return (
        f"{name} cannot be {ended} while its ramp goes on: ramp {ramp.id} is {IS[ramp.state]}, at {stopped_at(ramp)}; "
        f"{waits} or end it and leave all as it is, actinf incident ramp abort {name}"
    )
