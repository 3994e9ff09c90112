"""Reads a plan from plain values, and tells every mistake in it at once.

steps:
  - smoke
  - load: {within: 10m}
  - replicas: 3
    within: 5m
  - soak: 15m
  - replicas: 5
limits: {errors: 1%, worst_errors: 10%, p95: 500ms, slower: 2, grace: 2m, blind: 5m}
"""

from __future__ import annotations

import contextlib
import re
from datetime import timedelta
from typing import Any

from actinf.errors import SettingError
from actinf.responder.document_text import Path
from actinf.responder.oncall.document_values import Enough, Reading
from actinf.responder.oncall.wording import is_line
from actinf.responder.ramp.plan import Gates, Kind, Plan, Step, contradictions

__all__ = ["read"]

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600}
_PART = re.compile(r"(\d{1,6}) ?(min|[smh])", re.ASCII)
_LENGTH = re.compile(rf"{_PART.pattern}(?: {_PART.pattern})*", re.ASCII)
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,6})?", re.ASCII)
_STEPS = tuple(kind.value for kind in Kind if kind is not Kind.RELEASE)


class _Values(Reading):
    @staticmethod
    def spot(where: Path) -> str:
        return Reading.spot(where) if where else "the plan"

    def lasts(self, where: Path, value: object) -> timedelta | None:
        """A length of time; None without a mistake where there is no value."""
        if value is None:
            return None
        if isinstance(value, str) and _LENGTH.fullmatch(value.strip()):
            return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(value)))
        self.refuse(where, value, "a length of time, as 90s, 15m or 1h")
        return None

    def number(self, where: Path, value: object, expected: str, unit: str = "") -> float | None:
        """A number that is not negative, with its unit or without; None without a mistake where there is no value."""
        if value is None:
            return None
        text = str(value).strip()
        bare = text.removesuffix(unit).strip() if unit else text
        if not isinstance(value, bool) and _NUMBER.fullmatch(bare):
            return float(bare)
        self.refuse(where, value, expected)
        return None


def read(document: object) -> tuple[Plan | None, list[tuple[Path, str]]]:
    """The plan, or None and all mistakes as pairs of path and sentence."""
    values = _Values()
    plan = None
    with contextlib.suppress(Enough):
        plan = _plan(values, document)
    return (None if values.problems else plan), values.problems


def _plan(values: _Values, document: object) -> Plan | None:
    top = values.mapping((), document, required=("steps",), optional=("limits",))
    if top is None or top.get("steps") is None:
        return None
    listed = values.entries(("steps",), top["steps"], f"steps, each one of {', '.join(_STEPS)}")
    steps = tuple(_step(values, ("steps", number), one) for number, one in enumerate(listed))
    gates = _gates(values, top.get("limits"))
    if values.problems or gates is None:
        return None
    known = tuple(one for one in steps if one is not None)
    for number, sentence in contradictions(known):
        values.add(("steps", number), sentence)
    return None if values.problems else Plan(steps=known, gates=gates)


def _step(values: _Values, where: Path, value: object) -> Step | None:
    if isinstance(value, str):
        value = {value: None}
    if isinstance(value, dict):
        named = [key for key in value if key in _STEPS]
        if len(named) != 1:
            other = [str(key) for key in value if key != "within"]
            values.refuse(where, other[0] if len(other) == 1 else value, f"one step, of {', '.join(_STEPS)}")
            return None
    given = values.mapping(where, value, required=(), optional=(*_STEPS, "within"))
    if given is None:
        return None
    kind = Kind(next(key for key in given if key in _STEPS))
    said, within = given[kind.value], given.get("within")
    if kind.is_trial and isinstance(said, dict):
        inner = values.mapping((*where, kind.value), said, required=(), optional=("within",)) or {}
        within = inner.get("within", within)
    elif kind.is_trial and said is not None:
        values.refuse((*where, kind.value), said, "nothing, or {within: 2m}")
    return Step(
        kind=kind,
        replicas=(values.count((*where, kind.value), said) or 0) if kind is Kind.REPLICAS else 0,
        lasts=_soak(values, (*where, kind.value), said) if kind is Kind.SOAK else timedelta(0),
        within=values.lasts((*where, "within"), within),
    )


def _soak(values: _Values, where: Path, said: object) -> timedelta:
    if said is None:
        values.refuse(where, said, "a length of time, as 15m")
    return values.lasts(where, said) or timedelta(0)


def _alerts(values: _Values, where: Path, given: object) -> tuple[str, ...]:
    expected = "names of alerts, as [ErrorBudgetBurns]"
    listed = values.entries(where, given, expected, may_be_empty=True)
    for number, name in enumerate(listed):
        if not isinstance(name, str) or not is_line(name):
            values.refuse((*where, number), name, expected)
    return tuple(map(str, listed))


def _gates(values: _Values, value: object) -> Gates | None:
    names = ("errors", "worst_errors", "p95", "slower", "grace", "blind", "past")
    given = values.mapping(("limits",), value if value is not None else {}, required=(), optional=names)
    if given is None:
        return None
    read: dict[str, Any] = {}
    for name in ("errors", "worst_errors"):
        share = values.number(("limits", name), given.get(name), "a share of requests, as 1%", "%")
        read[name] = None if share is None else share / 100
    slow = values.number(("limits", "p95"), given.get("p95"), "a time, as 500ms", "ms")
    read["p95"] = None if slow is None else slow / 1000
    read["slower"] = values.number(("limits", "slower"), given.get("slower"), "how many times, as 2")
    for name in ("grace", "blind"):
        read[name] = values.lasts(("limits", name), given.get(name))
    if given.get("past") is not None:
        read["past"] = _alerts(values, ("limits", "past"), given["past"])
    if values.problems:
        return None
    try:
        return Gates(**{name: one for name, one in read.items() if one is not None})
    except SettingError as error:
        values.add(("limits",), str(error))
        return None
