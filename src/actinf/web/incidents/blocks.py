"""The parts of an incident's page: the order in which the moment needs them, and which of them want something.

The order on a phone is that of the page itself, so that Tab goes the same way; a wide screen has two columns of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actinf.responder.clocks.public import STATUS_PAGE
from actinf.responder.clocks.timers import LEGAL_NOTICE, VENDOR_CASE
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.state import Incident
from actinf.responder.incident.tasks import TASKS
from actinf.runtime.wording import counted
from actinf.web.incidents.times import ClockSeen

__all__ = ["Blocks", "Way", "blocks_of"]

_NAMES = {
    "advice": "Next",
    "acts": "Do",
    "public": "Public",
    "ramp": "Way back",
    "call": "Call",
    "recovery": "Over?",
    "about": "Facts",
    "timeline": "Log",
}
#: The clocks of each part, by the beginning of their keys; those of the head are not said twice.
_CLOCKS = {
    "acts": ("assessment", LEGAL_NOTICE),
    "public": (STATUS_PAGE,),
    "call": (VENDOR_CASE,),
    "recovery": ("tasks", "action"),
}
#: What a ramp wants of people, by how it is.
_RAMPS = {
    "paused": ("soon", "paused"),
    "held": ("soon", "waits for you"),
    "goes back": ("soon", "goes back"),
    "went back": ("late", "went back"),
    "aborted": ("late", "aborted"),
}
_WORDS = {"soon": "its time is nearly over", "overdue": "overdue"}
_NOTHING = ("", "")
_STATES = ("overdue", "late", "soon", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A link to a part of the page.

    Attributes:
        block: the part's id.
        name: a word for it.
        state: overdue, late or soon, where it wants something; else "".
        words: what it wants.
    """

    block: str
    name: str
    state: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Where the parts stand.

    Attributes:
        top: those as wide as the page.
        first: those of the narrow column, which come first on a phone.
        second: those of the wide column.
        ways: links to all of them, in their order.
    """

    top: Sequence[str]
    first: Sequence[str]
    second: Sequence[str]
    ways: Sequence[Way]


def blocks_of(
    incident: Incident,
    shown: Mapping[str, bool],
    clocks: Sequence[ClockSeen],
    ramp: Mapping[str, Any] | None,
    *,
    treat: bool,
) -> Blocks:
    """The parts of the page of an incident.

    Args:
        incident: as it stands.
        shown: of `advice`, `call` and `ramp`, whether there is something to show; the others always are.
        clocks: all that run, those of vendors as well.
        ramp: its latest one; None: there is none.
        treat: whether the advice says that something is to be done now.
    """
    top, first, second = (
        [one for one in column if shown.get(one, True)] for column in _order(incident, returns=_returns(ramp))
    )
    wants = {block: _worst(clocks, keys) for block, keys in _CLOCKS.items()}
    wants["recovery"] = _left(incident, wants["recovery"])
    if incident.private and wants["public"] == _NOTHING and any(one.runs for one in clocks if one.key == STATUS_PAGE):
        wants["public"] = ("soon", "somebody has to decide whether it is told")
    if ramp is not None and incident.is_open:
        tried = ("soon", "the cluster refuses, and is asked again") if ramp.get("trouble") else _NOTHING
        wants["ramp"] = _RAMPS.get(ramp["state"], tried)
    if treat:
        wants["advice"] = ("soon", "something is to be done now")
    ways = []
    for block in (*top, *first, *second):
        state, words = wants.get(block, _NOTHING)
        name = "After" if block == "recovery" and incident.resolved_at else _NAMES[block]
        ways.append(Way(block=block, name=name, state=state, words=words))
    return Blocks(top=top, first=first, second=second, ways=ways)


def _order(incident: Incident, *, returns: bool) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """What stands at the top, in the narrow column and in the wide one."""
    if not incident.is_open:
        return (), ("recovery", "public", "acts", "ramp", "call"), ("about", "advice", "timeline")
    if not incident.attended or incident.assessed_at is None:
        return (), ("acts", "public", "ramp"), ("advice", "call", "about", "recovery", "timeline")
    if returns or Milestone.FIX in incident.milestones:
        return (), ("ramp", "recovery", "public", "acts", "call"), ("advice", "about", "timeline")
    return ("advice",), ("public", "ramp", "acts", "call"), ("recovery", "about", "timeline")


def _returns(ramp: Mapping[str, Any] | None) -> bool:
    """Whether load comes back, or has."""
    return ramp is not None and ramp["state"] not in ("went back", "aborted")


def _worst(clocks: Sequence[ClockSeen], keys: Sequence[str]) -> tuple[str, str]:
    """What is the most urgent of some clocks, in words that stay the same until that changes."""
    mine = [one for one in clocks if one.runs and one.key.startswith(tuple(keys)) and one.state != "running"]
    return min(((one.state, f"{one.name}: {_WORDS[one.state]}") for one in mine), key=_grave, default=_NOTHING)


def _left(incident: Incident, due: tuple[str, str]) -> tuple[str, str]:
    """What is left to do when it is over; until then, what was looked at and is not as it should be."""
    if incident.is_over:
        return _NOTHING
    if incident.is_open:
        wrong = sum(one.passed is False for one in incident.checklist.values())
        return min((due, ("late", f"{wrong} of the checklist not as it should be")), key=_grave) if wrong else due
    left = len(TASKS.keys() - incident.tasks.keys())
    if not left:
        return due
    told = f"{counted(left, 'task')} left"
    return due[0] or "soon", f"{told}; {due[1]}" if due[1] else told


def _grave(want: tuple[str, str]) -> int:
    return _STATES.index(want[0])
