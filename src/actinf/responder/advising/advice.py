"""The advice for an incident as a document: ranked steps in plain words, or why there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actinf.responder.advising.lessons import counts_of
from actinf.responder.advising.page import BETTER, Page, Step, page_of
from actinf.responder.advising.port import Absent, Question, Rating, Told
from actinf.responder.advising.seen import Seen, seen_in
from actinf.responder.desk import Desk
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.state import Incident
from actinf.responder.store import incidents, lessons

__all__ = ["advice_for", "warm"]

#: Shares below that are not worth a word.
_HARMS_FROM = 0.02
_AT_ITS_END = (
    "all was looked at, and to try what is left is expected to cost more than it saves: leave it to whom you called, "
    "or call others"
)


def advice_for(desk: Desk, name: str, *, patience: float) -> dict[str, Any]:
    """What to look at next in an incident; who may see it, may see this.

    Args:
        desk: whose adviser is asked; nothing is changed.
        name: the id of the incident.
        patience: seconds that the answer is waited for.

    Returns:
        `absent` (a sentence, or None), `preparing`, `first`, `looked`, `causes`, `checks`, `resolutions`, `treat`, and
        `learned_from`, how many closed incidents were counted.  Without advice, the steps are in the runbook's order.

    Raises:
        NoSuchIncident: there is none of that id.
    """
    with desk.store.reading() as connection:
        incident = incidents.incident(connection, name)
        page = page_of(incident.incident_type)
        taught = lessons.lessons(connection, incident.incident_type) if page is not None and desk.learns else []
    if page is None:
        return _blank(incident, f"incidents of type {incident.incident_type!r} have no model")
    seen = seen_in(incident, page)
    told: Told | Absent = Absent(f"it is {incident.status.lower()}")
    if incident.is_open:
        pairs = tuple((step, one.outcome) for step, one in seen.items())
        told = desk.adviser.ask(Question(kind=page.kind, seen=pairs, counts=counts_of(taught, page)), patience=patience)
        if isinstance(told, Told) and not _fits(told, page):
            told = Absent("its model and the pages of the runbook are of different releases")
    return {
        **_blank(incident, told.why if isinstance(told, Absent) else None),
        "preparing": isinstance(told, Absent) and told.preparing,
        "first": _first(incident, page, seen, told),
        "looked": [_looked(one, page) for one in seen.values()],
        "named": {"cause": incident.cause, "words": page.causes[incident.cause]}
        if incident.cause in page.causes
        else None,
        "learned_from": len(taught),
        **_steps_of(told, incident, page, seen),
    }


def _steps_of(told: Told | Absent, incident: Incident, page: Page, seen: Mapping[str, Seen]) -> dict[str, Any]:
    if isinstance(told, Told):
        return _answer(told, page, incident)
    return _in_order(page, seen) if incident.is_open else {}


def warm(desk: Desk) -> None:
    """Have the adviser ready where there is an open incident that it can be asked about."""
    for incident in desk.list("open", limit=20):
        if page_of(incident.incident_type) is not None:
            desk.adviser.warm(incident.incident_type)
            return


def _blank(incident: Incident, why: str | None) -> dict[str, Any]:
    return {
        "incident": incident.id,
        "type": incident.incident_type,
        "absent": why,
        "preparing": False,
        "first": "",
        "looked": [],
        "named": None,
        "learned_from": 0,
        "causes": [],
        "checks": [],
        "resolutions": [],
        "treat": None,
    }


def _fits(told: Told, page: Page) -> bool:
    rated = (*told.checks, *told.resolutions)
    return (
        set(told.causes) == set(page.causes)
        and all(one.step in page.steps and set(one.expected) == set(page.steps[one.step].outcomes) for one in rated)
        and all(set(one.enables) <= set(page.steps) for one in rated)
        and all({*one.separates, *([] if one.against is None else [one.against])} <= set(page.causes) for one in rated)
        and (told.treat is None or told.treat in {one.step for one in told.resolutions})
    )


def _first(incident: Incident, page: Page, seen: Mapping[str, Seen], told: Told | Absent) -> str:
    """What stands before all steps."""
    fixed = incident.milestones.get(Milestone.FIX)
    if fixed is None:
        for step in page.steps.values():
            if not step.is_check and step.name in seen and seen[step.name].outcome == BETTER:
                return f"it got better by “{step.words}”: see whether it holds; where it does not, say so of that step"
        is_at_its_end = isinstance(told, Told) and told.treat is None and not told.checks
        return _AT_ITS_END if is_at_its_end else page.first
    return f"a fix was made at {fixed[0]:%H:%M} UTC: see whether it holds; where it does not help, look on"


def _answer(told: Told, page: Page, incident: Incident) -> dict[str, Any]:
    wanted = None if Milestone.FIX in incident.milestones else told.treat  # done already
    resolutions = [_rated(one, page, _resolving(one, told, page)) for one in told.resolutions]
    return {
        "causes": [
            {"cause": cause, "words": page.causes[cause], "belief": belief} for cause, belief in told.causes.items()
        ],
        "checks": [_rated(one, page, _looking(one, told, page)) for one in told.checks],
        "resolutions": resolutions,
        "treat": next((one for one in resolutions if one["step"] == wanted), None),
    }


def _in_order(page: Page, seen: Mapping[str, Seen]) -> dict[str, Any]:
    """What is left, as the runbook has it."""
    left = [step for step in page.steps.values() if step.name not in seen]
    return {
        "checks": [_step(step) for step in left if step.is_check],
        "resolutions": [_step(step) for step in left if not step.is_check],
    }


def _step(step: Step, expected: Mapping[str, float] | None = None) -> dict[str, Any]:
    return {
        "step": step.name,
        "words": step.words,
        "runbook": step.runbook,
        "commands": step.commands,
        "outcomes": [
            {"outcome": outcome, "words": words, "expected": expected[outcome] if expected is not None else None}
            for outcome, words in step.outcomes.items()
        ],
        "reason": "",
    }


def _rated(one: Rating, page: Page, reason: str) -> dict[str, Any]:
    return {
        **_step(page.steps[one.step], one.expected),
        "reason": reason,
        "remaining": one.remaining,
        "minutes": one.minutes,
        "harm": one.harm,
        "information": one.information,
        "cost": one.cost,
        "G": one.G,
        "separates": list(one.separates),
        "helps": one.helps,
        "against": one.against,
        "enables": list(one.enables),
    }


def _looked(one: Seen, page: Page) -> dict[str, Any]:
    step = page.steps[one.step]
    return {
        "step": one.step,
        "words": step.words,
        "outcome": one.outcome,
        "showed": step.outcomes[one.outcome],
        "by": one.by or None,
        "by_machine": one.by_machine,
        "at": one.at.isoformat(timespec="seconds"),
        "note": one.note,
    }


def _looking(one: Rating, told: Told, page: Page) -> str:
    """Why to look there."""
    whys = []
    if len(one.separates) == 2:
        first, second = (page.causes[cause] for cause in one.separates)
        whys.append(f"it separates “{first}” from “{second}”")
    best = told.resolutions[0].step if told.resolutions else ""
    if best in one.enables:
        whys.append(f"“{page.steps[best].words}” needs what it shows")
    return _sentence([*(whys or ["it tells little about what is left"]), _takes(one), _harms(one) or "changes nothing"])


def _resolving(one: Rating, told: Told, page: Page) -> str:
    """Why to do that."""
    causes = told.causes
    cause = one.against or next(iter(causes))
    why = f"“{page.causes[cause]}” is {percent(causes[cause])} probable"
    helps = f"this helps with a probability of {percent(one.helps or 0.0)}"
    reason = _sentence([why, helps, _takes(one), _harms(one)])
    return f"{reason}; {_sooner(one, told)}" if one.step == told.treat and told.checks else reason


def _sooner(one: Rating, told: Told) -> str:
    """Why to try it, and not to look on."""
    gain = min(check.remaining for check in told.checks) - one.remaining
    sooner = f"{gain:.0f} min sooner" if gain >= 1.0 else "a little sooner"
    over = f"it is expected to be over in {one.remaining:.0f} min, with harm counted as minutes"
    return f"tried now, {over}, {sooner} than if one looks on first"


def _takes(one: Rating) -> str:
    return f"takes about {one.minutes:.0f} min"


def _harms(one: Rating) -> str:
    return f"does harm of its own with one of {percent(one.harm)}" if one.harm >= _HARMS_FROM else ""


def _sentence(parts: Sequence[str]) -> str:
    given = [part for part in parts if part]
    return f"{', '.join(given[:-1])} and {given[-1]}"


def percent(share: float) -> str:
    """A share as people read it; what is possible is neither 0 % nor 100 %."""
    if 0.0 < share < 0.01:
        return "< 1\N{NO-BREAK SPACE}%"
    if 0.99 < share < 1.0:
        return "> 99\N{NO-BREAK SPACE}%"
    return f"{share:.0%}".replace("%", "\N{NO-BREAK SPACE}%")
