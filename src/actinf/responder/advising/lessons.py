"""Counting what closed incidents taught: only counts leave the store, whoever's incident it was.

As the engine learns (`actinf.learning`): c ← (1 − forgetting)·c + Δ with each incident, above the counts with which its
models begin.  Of an incident, Δ is 1 for its cause, and for each step that was made 1 for what it showed under that
cause.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from actinf.responder.advising.page import Page, page_of
from actinf.responder.advising.seen import seen_in
from actinf.responder.incident.state import Incident
from actinf.responder.store.lessons import Lesson

__all__ = ["FORGETTING", "counts_of", "lesson_of"]

#: The share of what was learned that is lost with each further incident of a type: systems change.
FORGETTING = 0.01


def lesson_of(incident: Incident) -> Lesson | None:
    """What an incident teaches; None where it is not closed, or its cause was not named."""
    page = page_of(incident.incident_type)
    if page is None or incident.resolved_at is None or incident.is_over or incident.cause not in page.causes:
        return None
    seen = {step: one.outcome for step, one in seen_in(incident, page).items()}
    return Lesson(cause=incident.cause, seen=seen)


def counts_of(lessons: Iterable[Lesson], page: Page) -> dict[str, Any]:
    """The counts of lessons of a type, the oldest first; names that its page does not have (any more) are left out.

    Returns:
        `causes`: cause → count; `outcomes`: step → cause → outcome → count.
    """
    causes: dict[str, float] = {}
    outcomes: dict[str, dict[str, dict[str, float]]] = {}
    every = list(lessons)
    for age, lesson in enumerate(reversed(every)):
        weight = (1.0 - FORGETTING) ** age
        if lesson.cause not in page.causes:
            continue
        causes[lesson.cause] = causes.get(lesson.cause, 0.0) + weight
        for step, outcome in lesson.seen.items():
            if step in page.steps and outcome in page.steps[step].outcomes:
                under = outcomes.setdefault(step, {}).setdefault(lesson.cause, {})
                under[outcome] = under.get(outcome, 0.0) + weight
    return {"causes": causes, "outcomes": outcomes} if causes else {}
