"""Which factors each table depends on: as stated, or inferred where only one reading is possible."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from actinf.model.limits import MAX_PARENTS
from actinf.model.problems import Path, Problems, listed, shown, suggestion
from actinf.model.records import Factor

Factors = Mapping[str, Factor | None]


def read_dependencies(
    given: object, names: Collection[str], section: str, kind: str, factors: Factors, problems: Problems
) -> dict[str, tuple[str, ...] | None]:
    """The factors that each table depends on, by the name of its modality or factor.

    Args:
        given: a mapping from name to a list of factors (names or positions), a sequence of such lists in order, or
            None.
        names: the modalities or the factors, in order.
        section: `A_dependencies` or `B_dependencies`.
        kind: `modality` or `factor`, for messages.
        factors: all factors.
        problems: takes the mistakes.

    Returns:
        names of factors; None where what is stated is wrong; nothing where nothing is stated.
    """
    found: dict[str, tuple[str, ...] | None] = {}
    for name, entry in by_name(given, names, section, kind, problems).items():
        found[name] = _read_one(entry, (section, name), f"{kind} {name!r}", factors, problems)
    return found


def infer_dependencies(statement: object, factors: Factors) -> tuple[str, ...] | None:
    """The dependencies of a likelihood that does not state them, where only one reading is possible.

    With one factor it is that one.  An array with one axis for each factor, of their sizes, depends on all of them.
    """
    if len(factors) == 1:
        return tuple(factors)
    if isinstance(statement, Mapping) and isinstance(statement.get("identity"), str):
        return (statement["identity"],) if statement["identity"] in factors else None
    shape = getattr(statement, "shape", None)
    if shape is None and isinstance(statement, Sequence) and not isinstance(statement, str):
        try:
            shape = np.shape(statement)
        except ValueError:
            return None
    sizes = tuple(len(factor.states) if factor else -1 for factor in factors.values())
    return tuple(factors) if shape is not None and tuple(shape[1:]) == sizes else None


def by_name(given: object, names: Collection[str], section: str, kind: str, problems: Problems) -> dict[str, object]:
    """The entries of a section by name; a sequence is taken in order, and unknown names are noted."""
    if given is None:
        return {}
    if isinstance(given, np.ndarray) and given.dtype == object:
        given = list(given)
    if isinstance(given, Mapping):
        for name in given:
            if name not in names:
                problems.add(
                    (section, str(name)),
                    f"{section} has an entry for {shown(name)}, which is not a {kind}: expected {listed(names)}"
                    f"{suggestion(name, names)}",
                )
        return {str(name): entry for name, entry in given.items() if name in names}
    if isinstance(given, Sequence) and not isinstance(given, str):
        if len(given) != len(names):
            problems.add(
                (section,), f"{section} has {len(given)} entries for {len(names)} {_plural(kind)}: expected one each"
            )
            return {}
        return {name: entry for name, entry in zip(names, given, strict=True) if entry is not None}
    problems.add((section,), f"{section} is {shown(given)}: expected a mapping from {kind} to its entry")
    return {}


def _read_one(entry: object, where: Path, owner: str, factors: Factors, problems: Problems) -> tuple[str, ...] | None:
    known = list(factors)
    if isinstance(entry, str) or not isinstance(entry, Sequence | np.ndarray):
        problems.add(where, f"{owner} depends on {shown(entry)}: expected a list of factors")
        return None
    before = len(problems)
    if len(entry) > MAX_PARENTS:
        problems.add(where, f"{owner} depends on {len(entry):,} factors: expected at most {MAX_PARENTS}")
        return None
    parents: list[str] = []
    for at, parent in enumerate(entry):
        if isinstance(parent, int | np.integer) and not isinstance(parent, bool) and 0 <= parent < len(known):
            parent = known[parent]
        if not isinstance(parent, str) or parent not in factors:
            problems.add(
                (*where, at),
                f"{owner} depends on {shown(parent)}, which is not a factor: expected one of {listed(known)}"
                f"{suggestion(parent, known)}",
            )
        elif parent in parents:
            problems.add((*where, at), f"{owner} depends on {parent!r} twice: name it once")
        else:
            parents.append(str(parent))
    if len(problems) == before and not parents:
        problems.add(where, f"{owner} depends on no factor: expected at least one")
    return tuple(parents) if len(problems) == before else None


def _plural(kind: str) -> str:
    return "modalities" if kind == "modality" else f"{kind}s"
