"""What closed incidents taught: counts that are added to those with which a model begins."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from actinf.errors import AdviceError

__all__ = ["Counts"]

#: More than that of anything is a mistake, or an attack.
_LARGEST = 1e6


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts by name.

    Attributes:
        causes: how often each was the cause.
        outcomes: step → cause → outcome → how often the step showed that when that was the cause.
    """

    causes: Mapping[str, float] = field(default_factory=dict)
    outcomes: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Any) -> Counts:
        """The counts that a document states; the names are looked at when they are added to a model.

        Raises:
            AdviceError: it is not laid out so, or a count is not a number from 0 to a million.
        """
        if document is None:
            return cls()
        if not isinstance(document, dict) or not set(document) <= {"causes", "outcomes"}:
            raise AdviceError(f"counts is {_shown(document)}: expected an object of `causes` and `outcomes`")
        return cls(
            causes=_numbers("counts.causes", document.get("causes", {})),
            outcomes={
                step: {
                    cause: _numbers(f"counts.outcomes.{step}.{cause}", seen)
                    for cause, seen in _object(f"counts.outcomes.{step}", by_cause).items()
                }
                for step, by_cause in _object("counts.outcomes", document.get("outcomes", {})).items()
            },
        )

    def key(self) -> str:
        """A text that is the same for the same counts."""
        return json.dumps({"causes": dict(self.causes), "outcomes": dict(self.outcomes)}, sort_keys=True)


def _object(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise AdviceError(f"{name} is {_shown(value)}: expected an object")
    return value


def _numbers(name: str, value: Any) -> dict[str, float]:
    found = {}
    for key, count in _object(name, value).items():
        good = isinstance(count, int | float) and not isinstance(count, bool) and math.isfinite(count)
        if not good or not 0 <= count <= _LARGEST:
            raise AdviceError(f"{name}.{key} is {_shown(count)}: expected a number from 0 to {_LARGEST:,.0f}")
        found[key] = float(count)
    return found


def _shown(value: Any) -> str:
    return repr(value)[:60]
