"""What the public is told where nobody has written anything: fixed sentences about public components.

Nothing of an alert, and nothing that a responder wrote, gets in, so that it may go out unattended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from actinf.responder.incident.severity import Severity
from actinf.responder.publishing.page import NoticeState, Working

__all__ = ["Turn", "Words", "impact_of", "unnamed", "worded"]

_IMPACTS = {Severity.P0: Working.MAJOR_OUTAGE, Severity.P1: Working.PARTIAL_OUTAGE}
_EFFECTS = {
    Working.OPERATIONAL: "Users should notice little of it.",
    Working.MAINTENANCE: "Users should notice little of it.",
    Working.DEGRADED: "Some requests may be slow or fail.",
    Working.PARTIAL_OUTAGE: "Many requests may be slow or fail.",
    Working.MAJOR_OUTAGE: "Requests may fail altogether.",
}
_WATCHED = "We watch whether it stays so."
_MOST_NAMED = 4


class Turn(Enum):
    """What a notice tells of beside the state that it is in."""

    FURTHER = "further"  # nothing: its state says it all
    BACK = "back"  # what was thought to be over is not
    OTHERWISE = "otherwise"  # it is worse or less bad than was thought, or elsewhere
    FALSE = "false"  # there was nothing
    ELSEWHERE = "elsewhere"  # it goes on as another notice
    ENDED = "ended"  # no more is said of it
    QUIET = "quiet"  # what told of the problems tells of none any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A title and a text."""

    title: str
    text: str


def impact_of(severity: Severity) -> Working:
    """How well components work in an incident of a severity, where nobody says otherwise."""
    return _IMPACTS.get(severity, Working.DEGRADED)


def worded(state: NoticeState, impact: Working, names: Sequence[str], service: str, turn: Turn = Turn.FURTHER) -> Words:
    """The words of the template.

    Args:
        state: how it stands.
        impact: how well the components work meanwhile.
        names: of the public components; none: users see it nowhere in particular.
        service: the name of the service as a whole.
        turn: what else is told.
    """
    what = _listed(names) if names else service
    return Words(title=f"Problems with {what}", text=_text(state, impact, what, turn))


def unnamed(state: NoticeState) -> Words:
    """Words that tell nothing but that there is a notice, in the place of what somebody wrote and was erased."""
    return Words(title="Notice", text="This notice has ended." if state.ends else "What was said here was removed.")


def _text(state: NoticeState, impact: Working, what: str, turn: Turn) -> str:
    if turn is Turn.FALSE:
        return f"It was a false alarm: we found no problem with {what}."
    if turn is Turn.ELSEWHERE:
        return "This is part of another problem, and is told of there."
    if turn is Turn.ENDED or (state.ends and state is not NoticeState.RESOLVED):
        return "This notice has ended."
    if state is NoticeState.RESOLVED and turn is Turn.QUIET:
        return f"We measure no more problems with {what}, and take them to be over."
    if state is NoticeState.RESOLVED:
        return f"The problems with {what} are over."
    if state is NoticeState.IDENTIFIED:
        said = f"We know the cause of the problems with {what}, and work on a fix."
    elif turn is Turn.QUIET:
        said = f"We measure no more problems with {what}, but some requests may still be slow or fail. {_WATCHED}"
    elif state is NoticeState.MONITORING:
        said = f"The problems with {what} are mended as far as we see. {_WATCHED}"
    elif turn is Turn.BACK:
        said = f"The problems with {what} are back, and we look into them. {_EFFECTS[impact]}"
    else:
        said = f"We are looking into problems with {what}. {_EFFECTS[impact]}"
    return f"We know more now. {said}" if turn is Turn.OTHERWISE else said


def _listed(names: Sequence[str]) -> str:
    """Names in a sentence; of many the first, and how many there are besides.

    >>> _listed(["the API", "Simulations"])
    'the API and Simulations'
    """
    *before, last = names
    if len(names) > _MOST_NAMED:
        before, last = list(names[: _MOST_NAMED - 1]), f"{len(names) - _MOST_NAMED + 1} more"
    return f"{', '.join(before)} and {last}" if before else last
