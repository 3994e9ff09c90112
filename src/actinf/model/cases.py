"""Columns by the names of their states: a default, and cases that differ from it.

    default: none
    cases:
      - {when: {location: cue, context: left}, then: {left: 0.95, right: 0.05}}
      - {when: {location: [left, right]}, then: uniform}
      - {action: [jump, run], when: {location: centre}, then: left}       # `action` only in B

A column is the name of a row (certain), a mapping from row to number (rows left out are zero), a list of numbers,
`uniform`, or, in B, `stay`: the factor keeps its state.  `when` names a state, or a list of states, of some of the
factors that the table depends on; factors left out may be in any state.  A later case overrides an earlier one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actinf.model.axes import Axes, as_name
from actinf.model.limits import Allowance
from actinf.model.problems import Path, Problems, listed, shown, suggestion
from actinf.model.table import Table
from actinf.model.validation import check_vector
from actinf.model.vectors import read_vector

#: The most columns that all cases of a table may cover together.
MAX_COVERED = 20_000_000

_CASE_KEYS = ("when", "action", "then")
_STAY = "stay"


@dataclass(frozen=True)
class _Column:
    """The rows and the values of a column; no rows stand for `stay`."""

    rows: NDArray[np.int64]
    values: NDArray[np.float64]


def read_cases(
    given: Mapping[object, object], axes: Axes, where: Path, allowance: Allowance, problems: Problems
) -> Table | None:
    """The table of a mapping with the keys `default` and `cases`, at least one of them."""
    before = len(problems)
    columns: list[_Column] = []
    default = None
    if "default" in given:
        default = _read_column(given["default"], axes, (*where, "default"), problems)
    cases = given.get("cases", [])
    if not isinstance(cases, Sequence) or isinstance(cases, str):
        problems.add((*where, "cases"), f"{axes.label} has {shown(cases)} for its cases: expected a list of cases")
        return None
    if not allowance.take(where, axes.label, axes.shape, 1):
        return None
    choice = np.full(axes.shape[1:], -1, dtype=np.int64)
    if default is not None:
        columns.append(default)
        choice[...] = 0
    covered = 0
    for at, case in enumerate(cases):
        read = _read_case(case, axes, (*where, "cases", at), problems)
        if read is None:
            continue
        places, column = read
        covered += int(np.prod([len(some) for some in places], dtype=object))
        if covered > MAX_COVERED:
            problems.add(
                (*where, "cases", at),
                f"{axes.label} has cases that cover more than {MAX_COVERED:,} columns together: state it as `sparse`",
            )
            return None
        choice[np.ix_(*places)] = len(columns)
        columns.append(column)
    missing = np.flatnonzero(choice.ravel() < 0)
    if len(missing) and len(problems) == before:
        problems.add(
            where,
            f"{axes.label} has no case for {axes.column_name(int(missing[0]))}"
            f"{f' and {len(missing) - 1:,} more columns' if len(missing) > 1 else ''}: add one, or a `default`",
        )
    if len(problems) > before:
        return None
    longest = max(len(column.rows) for column in columns)
    if longest > 1 and not allowance.take(where, axes.label, axes.shape, longest):
        return None
    return _table(choice.ravel(), columns, axes)


def _read_case(
    case: object, axes: Axes, where: Path, problems: Problems
) -> tuple[list[NDArray[np.int64]], _Column] | None:
    """The places on each axis that a case covers, and its column."""
    if not isinstance(case, Mapping):
        problems.add(where, f"{axes.label} has the case {shown(case)}: expected {{when: {{...}}, then: ...}}")
        return None
    before = len(problems)
    for key in case:
        if key not in _CASE_KEYS:
            problems.add(
                (*where, str(key)),
                f"{axes.label} has a case with the key {shown(key)}: expected {listed(_CASE_KEYS)}"
                f"{suggestion(key, _CASE_KEYS)}",
            )
    when = case.get("when", {})
    if not isinstance(when, Mapping):
        problems.add((*where, "when"), f"{axes.label} has a case when {shown(when)}: expected {{factor: state}}")
        when = {}
    names = [parent.name for parent in axes.parents]
    for key in when:
        if key not in names:
            problems.add(
                (*where, "when", str(key)),
                f"{axes.label} has a case of factor {shown(key)}, on which it does not depend: expected"
                f" {listed(names)}{suggestion(key, names)}",
            )
    asked = [(when.get(name), f"factor {name!r}", (*where, "when", name)) for name in names]
    if axes.control is not None:
        asked.append((case.get("action"), f"control {axes.control.name!r}", (*where, "action")))
    places = [
        _places(given, known, owner, axes, here, problems)
        for (given, owner, here), known in zip(asked, axes.column_places, strict=True)
    ]
    if axes.transition and axes.control is None:
        places.append(np.zeros(1, dtype=np.int64))
    if axes.control is None and "action" in case:
        problems.add((*where, "action"), f"{axes.label} has a case of an action, but no control moves it: leave it out")
    if "then" not in case:
        problems.add(where, f"{axes.label} has a case without `then`: say which column it has")
        return None
    column = _read_column(case["then"], axes, (*where, "then"), problems)
    return (places, column) if column is not None and len(problems) == before else None


def _places(
    given: object, known: dict[str, int], owner: str, axes: Axes, where: Path, problems: Problems
) -> NDArray[np.int64]:
    """The positions of the names in `given`, a name or a list of names; all of them for None."""
    if given is None:
        return np.arange(len(known), dtype=np.int64)
    found: list[int] = []
    for entry in given if isinstance(given, Sequence) and not isinstance(given, str) else [given]:
        name = as_name(entry)
        if isinstance(name, str) and name in known:
            found.append(known[name])
        else:
            problems.add(
                where,
                f"{axes.label} has a case of {shown(entry)}, which {owner} does not have: expected {listed(known)}"
                f"{suggestion(name, known)}",
            )
    return np.array(found, dtype=np.int64)


def _read_column(given: object, axes: Axes, where: Path, problems: Problems) -> _Column | None:
    """One column, checked."""
    size = len(axes.rows)
    name = as_name(given)
    if isinstance(name, str):
        if name in axes.row_places:
            return _Column(np.array([axes.row_places[name]], dtype=np.int64), np.ones(1))
        if name == "uniform":
            return _Column(np.arange(size, dtype=np.int64), np.full(size, 1.0 / size))
        if name == _STAY and axes.own is not None:
            return _Column(np.zeros(0, dtype=np.int64), np.ones(1))
        rules = ("uniform", _STAY) if axes.own is not None else ("uniform",)
        problems.add(
            where,
            f"{axes.label} has the column {shown(given)}, which {axes.owner} does not have: expected"
            f" {listed(axes.rows)}, {listed(rules)}, a list of {size:,} numbers or a mapping from {axes.row_kind} to"
            f" number{suggestion(name, (*axes.rows, *rules))}",
        )
        return None
    before = len(problems)
    vector = read_vector(given, axes.rows, f"a column of {axes.label}", axes.owner, where, problems)
    if vector is None:
        return None
    check_vector(vector, axes.rows, f"a column of {axes.label}", where, problems, counts=axes.counts)
    rows = np.flatnonzero(vector)
    return _Column(rows, vector[rows]) if len(problems) == before else None


def _table(choice: NDArray[np.int64], columns: Sequence[_Column], axes: Axes) -> Table:
    """The table whose column j is `columns[choice[j]]`."""
    lengths = np.array([len(column.values) for column in columns], dtype=np.int64)
    indptr = np.zeros(len(choice) + 1, dtype=np.int64)
    np.cumsum(lengths[choice], out=indptr[1:])
    indices = np.empty(indptr[-1], dtype=np.int64)
    values = np.empty(indptr[-1])
    order = np.argsort(choice, kind="stable")
    ends = np.cumsum(np.bincount(choice, minlength=len(columns)))
    for at, column in enumerate(columns):
        mine = order[ends[at - 1] if at else 0 : ends[at]]
        entries = indptr[mine][:, None] + np.arange(lengths[at])
        values[entries] = column.values
        indices[entries] = column.rows if len(column.rows) else _own_states(mine, axes)[:, None]
    return Table(axes.shape, indptr, indices, values)


def _own_states(columns: NDArray[np.int64], axes: Axes) -> NDArray[np.int64]:
    """The state of the factor itself in each of some columns."""
    return np.asarray(np.unravel_index(columns, axes.shape[1:])[axes.own or 0], dtype=np.int64)
