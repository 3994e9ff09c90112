"""Reads what a caller calls the parts of a model into records, and notes every mistake in the names.

A part whose names are wrong is left out of the result (None in its place), so that reading goes on and the other
mistakes are reported too.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from actinf.model.axes import as_name
from actinf.model.limits import MAX_ACTIONS, MAX_ALL_NAMES, MAX_NAMES, MAX_PARTS
from actinf.model.problems import Path, Problems, listed, shown, suggestion
from actinf.model.records import Control, Factor, Modality

#: Names that a trace uses for its own dimensions.
RESERVED = ("episode", "agent", "time", "policy")

_LONGEST = 200


class NameReader:
    """Reads the names of one model, and counts them."""

    def __init__(self, problems: Problems):
        self._problems = problems
        self._num_names = 0

    def factors(self, given: object) -> dict[str, Factor | None]:
        """The factors by name, None where their states are wrong."""
        found: dict[str, Factor | None] = {}
        for name, states in self._entries(given, "factors", Factor):
            names = self._names(states, ("factors", name), f"factor {name!r}", "state")
            found[name] = None if names is None else Factor(name, names)
        return found

    def modalities(self, given: object) -> dict[str, Modality | None]:
        """The modalities by name, None where their outcomes are wrong."""
        found: dict[str, Modality | None] = {}
        for name, outcomes in self._entries(given, "modalities", Modality):
            names = self._names(outcomes, ("modalities", name), f"modality {name!r}", "outcome")
            found[name] = None if names is None else Modality(name, names)
        return found

    def controls(self, given: object, factors: Mapping[str, Factor | None]) -> dict[str, Control | None]:
        """The controls by name, None where their actions or their factor are wrong."""
        found: dict[str, Control | None] = {}
        moved: dict[str, str] = {}
        for name, entry in () if given is None else self._entries(given, "controls", Control):
            factor, actions = _control_parts(name, entry)
            fault = _fault_of_control(factor, factors, moved)
            if fault:
                self._problems.add(("controls", name), f"control {name!r} moves factor {shown(factor)}, {fault}")
            names = self._names(actions, ("controls", name), f"control {name!r}", "action", MAX_ACTIONS)
            found[name] = None if fault or names is None else Control(name, str(factor), names)
            moved.setdefault(str(factor), name)
        return found

    def _entries(self, given: object, section: str, record: type) -> list[tuple[str, object]]:
        """Pairs of name and what is said of it, from a mapping or from a sequence of records; bad names left out."""
        pairs = _pairs(given, section, record, self._problems)
        if len(pairs) > MAX_PARTS:
            self._problems.add((section,), f"there are {len(pairs):,} {section}: expected at most {MAX_PARTS:,}")
            return []
        kept: dict[str, object] = {}
        for name, entry in pairs:
            fault = _fault(name) or _fault_of_part(str(name))
            if fault:
                self._problems.add((section, str(name)), f"{section} has the name {shown(name)}: {fault}")
            elif name in kept:
                self._problems.add((section, str(name)), f"{section} has {name!r} twice: names have to differ")
            else:
                kept[str(name)] = entry
        return list(kept.items())

    def _names(
        self, given: object, where: Path, owner: str, kind: str, most: int = MAX_NAMES
    ) -> tuple[str, ...] | None:
        """The names of states, outcomes or actions; a whole number stands for that many, named "0", "1", ..."""
        before = len(self._problems)
        if isinstance(given, np.ndarray | np.generic):
            given = given.tolist()
        entries: Sequence[object] | None = given if isinstance(given, Sequence) and not isinstance(given, str) else None
        if entries is not None:
            size = len(entries)
        elif isinstance(given, int) and not isinstance(given, bool):
            size = given
        else:
            size = 0
        if not entries and not size:
            self._problems.add(
                where, f"{owner} has {shown(given)} for its {kind}s: expected a list of names, or how many there are"
            )
            return None
        if not 1 <= size <= most:
            self._problems.add(where, f"{owner} has {shown(size)} {kind}s: expected 1 to {most:,}")
            return None
        self._num_names += size
        if self._num_names > MAX_ALL_NAMES:
            self._problems.add(
                where,
                f"with {size:,} {kind}s of {owner} there are {self._num_names:,} names in the model: expected at most"
                f" {MAX_ALL_NAMES:,}",
            )
            return None
        if entries is None:
            return tuple(map(str, range(size)))
        names: dict[str, None] = {}
        for at, entry in enumerate(entries):
            name = as_name(entry)
            fault = _fault(name)
            if fault:
                self._problems.add((*where, at), f"{owner} has the {kind} {shown(entry)}: {fault}")
            elif name in names:
                self._problems.add((*where, at), f"{owner} has the {kind} {name!r} twice: names have to differ")
            else:
                names[str(name)] = None
        return tuple(names) if len(self._problems) == before else None


def _pairs(given: object, section: str, record: type, problems: Problems) -> list[tuple[object, object]]:
    pairs: list[tuple[object, object]] | None = None
    if isinstance(given, Mapping):
        pairs = list(given.items())
    elif isinstance(given, Sequence) and not isinstance(given, str) and all(isinstance(e, record) for e in given):
        pairs = [(entry.name, _content(entry)) for entry in given]
    if pairs or (pairs is not None and section == "controls"):
        return pairs
    if pairs is None and given is not None:
        problems.add(
            (section,), f"{section} is {shown(given)}: expected a mapping by name, or a list of {record.__name__}"
        )
    else:
        problems.add((section,), f"{section} are missing: a model needs at least one, by name")
    return []


def _content(record: Factor | Modality | Control) -> object:
    if isinstance(record, Factor):
        return record.states
    return record.outcomes if isinstance(record, Modality) else record


def _control_parts(name: str, entry: object) -> tuple[object, object]:
    """The factor and the actions of a control."""
    if isinstance(entry, Control):
        return entry.factor, entry.actions
    if isinstance(entry, Mapping):
        return entry.get("factor", name), entry.get("actions")
    return name, entry


def _fault_of_control(factor: object, factors: Mapping[str, Factor | None], moved: Mapping[str, str]) -> str:
    if not isinstance(factor, str) or factor not in factors:
        return f"which does not exist: expected one of {listed(factors)}{suggestion(factor, factors)}"
    if factor in moved:
        return f"which control {moved[factor]!r} moves already: a factor has one control, so list all actions there"
    return ""


def _fault(name: object) -> str:
    """What is wrong with a name, as the end of a sentence; empty when nothing is."""
    if not isinstance(name, str):
        return "expected a text; write it in quotes" if isinstance(name, bool | float | None) else "expected a text"
    if not name or name != name.strip():
        return "expected a text that is not empty and has no blanks around it"
    if len(name) > _LONGEST:
        return f"expected at most {_LONGEST} characters"
    return "" if name.isprintable() else "expected printable characters only"


def _fault_of_part(name: str) -> str:
    if "/" in name:
        return "expected no '/', which files of traces cannot hold in a name"
    return f"a trace uses that name for itself; call it otherwise (not {listed(RESERVED)})" if name in RESERVED else ""
