"""Reads what a caller calls the parts of a model into records, and notes every mistake in the names.

A part whose names are wrong is left out of the result (None in its place), so that reading goes on and the other
mistakes are reported too.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from actinf.model.limits import MAX_NAMES
from actinf.model.problems import Path, Problems, listed, shown, suggestion
from actinf.model.records import Control, Factor, Modality

#: Names that a trace uses for its own dimensions.
RESERVED = ("episode", "agent", "time", "policy")

_LONGEST = 200


def read_factors(given: object, problems: Problems) -> dict[str, Factor | None]:
    """The factors by name, None where their states are wrong."""
    found: dict[str, Factor | None] = {}
    for name, states in _entries(given, "factors", Factor, problems):
        names = read_names(states, ("factors", name), f"factor {name!r}", "state", problems)
        found[name] = None if names is None else Factor(name, names)
    return found


def read_modalities(given: object, problems: Problems) -> dict[str, Modality | None]:
    """The modalities by name, None where their outcomes are wrong."""
    found: dict[str, Modality | None] = {}
    for name, outcomes in _entries(given, "modalities", Modality, problems):
        names = read_names(outcomes, ("modalities", name), f"modality {name!r}", "outcome", problems)
        found[name] = None if names is None else Modality(name, names)
    return found


def read_controls(given: object, factors: Mapping[str, Factor | None], problems: Problems) -> dict[str, Control | None]:
    """The controls by name, None where their actions or their factor are wrong."""
    if given is None:
        return {}
    found: dict[str, Control | None] = {}
    moved: dict[str, str] = {}
    for name, entry in _entries(given, "controls", Control, problems, may_be_empty=True):
        where: Path = ("controls", name)
        factor, actions = _control_parts(name, entry)
        names = read_names(actions, where, f"control {name!r}", "action", problems)
        if not isinstance(factor, str) or factor not in factors:
            problems.add(
                where,
                f"control {name!r} moves factor {shown(factor)}, which does not exist: expected one of"
                f" {listed(factors)}{suggestion(factor, list(factors))}",
            )
            names = None
        elif factor in moved:
            problems.add(
                where,
                f"control {name!r} moves factor {factor!r}, which control {moved[factor]!r} moves already: a factor"
                f" has one control, so list all actions there",
            )
            names = None
        else:
            moved[factor] = name
        found[name] = None if names is None else Control(name, str(factor), names)
    return found


def read_names(given: object, where: Path, owner: str, kind: str, problems: Problems) -> tuple[str, ...] | None:
    """The names of states, outcomes or actions; a whole number stands for that many, named "0", "1", ...

    Args:
        given: a list of texts (whole numbers are read as text), or how many there are.
        where: the path to report mistakes at.
        owner: what they belong to, as messages say it: `factor 'location'`.
        kind: what one of them is: `state`, `outcome` or `action`.
        problems: takes the mistakes.
    """
    before = len(problems)
    if isinstance(given, np.ndarray | np.generic):
        given = given.tolist()
    if isinstance(given, int) and not isinstance(given, bool):
        if not 1 <= given <= MAX_NAMES:
            problems.add(where, f"{owner} has {shown(given)} {kind}s: expected 1 to {MAX_NAMES:,}")
            return None
        return tuple(map(str, range(given)))
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        problems.add(
            where, f"{owner} has {shown(given)} for its {kind}s: expected a list of names, or how many there are"
        )
        return None
    if len(given) > MAX_NAMES:
        problems.add(where, f"{owner} has {len(given):,} {kind}s: expected 1 to {MAX_NAMES:,}")
        return None
    names: list[str] = []
    seen: set[str] = set()
    for at, entry in enumerate(given):
        name = str(entry) if isinstance(entry, int) and not isinstance(entry, bool) else entry
        fault = _fault(name)
        if fault:
            problems.add((*where, at), f"{owner} has the {kind} {shown(entry)}: {fault}")
        elif name in seen:
            problems.add((*where, at), f"{owner} has the {kind} {name!r} twice: names have to differ")
        else:
            seen.add(name)
            names.append(name)
    return tuple(names) if len(problems) == before else None


def _entries(
    given: object, section: str, record: type, problems: Problems, may_be_empty: bool = False
) -> list[tuple[str, object]]:
    """Pairs of name and what is said of it, from a mapping or from a sequence of records; bad names left out."""
    if given is None:
        problems.add((section,), f"{section} are missing: a model needs at least one, by name")
        return []
    if isinstance(given, Mapping):
        pairs: list[tuple[object, object]] = list(given.items())
    elif isinstance(given, Sequence) and not isinstance(given, str) and all(isinstance(e, record) for e in given):
        pairs = [(entry.name, _content(entry)) for entry in given]
    else:
        problems.add(
            (section,), f"{section} is {shown(given)}: expected a mapping by name, or a list of {record.__name__}"
        )
        return []
    if not pairs and not may_be_empty:
        problems.add((section,), f"{section} is empty: a model needs at least one")
    kept: list[tuple[str, object]] = []
    seen: set[str] = set()
    for name, entry in pairs:
        fault = _fault(name) or _fault_of_part(str(name))
        if fault:
            problems.add((section, str(name)), f"{section} has the name {shown(name)}: {fault}")
        elif str(name) in seen:
            problems.add((section, str(name)), f"{section} has {name!r} twice: names have to differ")
        else:
            seen.add(str(name))
            kept.append((str(name), entry))
    return kept


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
