"""What is asked and answered, a line of JSON each.

Asked: `{"id": 7, "type": "api_down", "seen": [["pods", "restarting"]], "counts": {…}}`; `counts` may be left out.
Answered: `{"id": 7, "advice": {…}}`, or `{"id": 7, "refused": "why"}`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from actinf.advise.counts import Counts
from actinf.advise.knowledge import Knowledge, knowledge
from actinf.advise.ranking import Rated, advise
from actinf.errors import AdviceError

__all__ = ["LONGEST_LINE", "answer"]

#: Bytes of a question.
LONGEST_LINE = 1 << 20
_MOST_SEEN = 100
_DIGITS = 6


def answer(line: str) -> str:
    """The answer to a question, without the end of the line; what makes no sense is refused in it."""
    asked: Any = None
    try:
        try:
            asked = json.loads(line)
        except (ValueError, RecursionError):
            raise AdviceError("the question is no JSON") from None
        if not isinstance(asked, dict) or not set(asked) <= {"id", "type", "seen", "counts"}:
            raise AdviceError("the question is no object of `id`, `type`, `seen` and `counts`")
        told = _advice(asked)
    except AdviceError as error:
        told = {"refused": str(error)}
    number = asked.get("id") if isinstance(asked, dict) else None
    return json.dumps({"id": number if isinstance(number, int | str) else None, **told})


def _advice(asked: dict[str, Any]) -> dict[str, Any]:
    kind, seen = asked.get("type"), asked.get("seen", [])
    if not isinstance(kind, str):
        raise AdviceError(f"type is {str(kind)[:60]!r}: expected a text")
    if not isinstance(seen, list) or len(seen) > _MOST_SEEN or not all(_is_pair(one) for one in seen):
        raise AdviceError(f"seen is no list of at most {_MOST_SEEN} pairs [step, outcome]")
    advice = advise(_known(kind, Counts.of(asked.get("counts")).key()), [(step, outcome) for step, outcome in seen])
    return {
        "advice": {
            "causes": [{"cause": cause, "belief": _round(belief)} for cause, belief in advice.beliefs.items()],
            "checks": [_rated(one) for one in advice.checks],
            "resolutions": [_rated(one) for one in advice.resolutions],
            "treat": advice.treat,
            "entropy": _round(advice.entropy),
        }
    }


@lru_cache(maxsize=8)
def _known(kind: str, counts: str) -> Knowledge:
    """What is known with certain counts: asked again and again in the course of an incident."""
    return knowledge(kind).taught(Counts.of(json.loads(counts)))


def _is_pair(one: object) -> bool:
    return isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one)


def _rated(one: Rated) -> dict[str, Any]:
    return {name: _rounded(value) for name, value in asdict(one).items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _round(number) for key, number in value.items()}
    return _round(value) if isinstance(value, float) else value


def _round(value: float) -> float:
    return round(value, _DIGITS) + 0.0
