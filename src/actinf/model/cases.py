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
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from actinf.model.axes import Axes, as_name
from actinf.model.limits import Allowance
from actinf.model.problems import Path, Problems, listed, shown, suggestion
from actinf.model.table import Table
from actinf.model.validation import check_vector
from actinf.model.vectors import read_entries, read_vector

#: The most columns that all cases of a table may cover together.
MAX_COVERED = 20_000_000

_MOST_COMPARED = 1_000
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
    reader = _CaseReader(axes, problems)
    default = reader.column(given["default"], (*where, "default")) if "default" in given else None
    cases = given.get("cases", [])
    if not isinstance(cases, Sequence) or isinstance(cases, str):
        problems.add((*where, "cases"), f"{axes.label} has {shown(cases)} for its cases: expected a list of cases")
        return None
    if not allowance.take(where, axes.label, axes.shape, prod(axes.shape[1:])):
        return None
    columns = [] if default is None else [default]
    choice = np.full(axes.shape[1:], len(columns) - 1, dtype=np.int64)
    covered = 0
    for at, case in enumerate(cases):
        read = reader.case(case, (*where, "cases", at))
        if read is None:
            continue
        places, column = read
        covered += prod(map(len, places))
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
    num_entries = int(np.array([len(column.values) for column in columns])[choice].sum())
    if not allowance.take(where, axes.label, axes.shape, num_entries):
        return None
    return _table(choice.ravel(), columns, axes)


class _CaseReader:
    """Reads the cases of one table."""

    def __init__(self, axes: Axes, problems: Problems):
        self._axes = axes
        self._problems = problems
        self._names = [parent.name for parent in axes.parents]

    def case(self, case: object, where: Path) -> tuple[list[NDArray[np.int64]], _Column] | None:
        """The places on each axis that a case covers, and its column."""
        label, before = self._axes.label, len(self._problems)
        if not isinstance(case, Mapping):
            self._problems.add(where, f"{label} has the case {shown(case)}: expected {{when: {{...}}, then: ...}}")
            return None
        for key in case:
            if key not in _CASE_KEYS:
                self._problems.add(
                    (*where, str(key)),
                    f"{label} has a case with the key {shown(key)}: expected {listed(_CASE_KEYS)}"
                    f"{suggestion(key, _CASE_KEYS)}",
                )
        places = self._places(case, where)
        if "then" not in case:
            self._problems.add(where, f"{label} has a case without `then`: say which column it has")
            return None
        column = self.column(case["then"], (*where, "then"))
        return (places, column) if column is not None and len(self._problems) == before else None

    def column(self, given: object, where: Path) -> _Column | None:
        """One column, checked."""
        axes, before = self._axes, len(self._problems)
        name = as_name(given)
        if isinstance(name, str):
            return self._named_column(name, where)
        label = f"a column of {axes.label}"
        if isinstance(given, Mapping):
            entries = read_entries(given, axes.row_places, label, axes.owner, where, self._problems)
            if entries is None:
                return None
            rows, values = entries
            names = tuple(axes.rows[row] for row in rows)
            check_vector(values, names, label, where, self._problems, counts=axes.counts)
        else:
            vector = read_vector(given, axes.rows, label, axes.owner, where, self._problems)
            if vector is None:
                return None
            check_vector(vector, axes.rows, label, where, self._problems, counts=axes.counts)
            rows = np.flatnonzero(vector)
            values = vector[rows]
        return _Column(rows, values) if len(self._problems) == before else None

    def _named_column(self, name: str, where: Path) -> _Column | None:
        axes = self._axes
        if name in axes.row_places:
            return _Column(np.array([axes.row_places[name]], dtype=np.int64), np.ones(1))
        if name == "uniform":
            return self._uniform
        if name == _STAY and axes.own is not None:
            return _Column(np.zeros(0, dtype=np.int64), np.ones(1))
        rules = ("uniform", _STAY) if axes.own is not None else ("uniform",)
        self._problems.add(
            where,
            f"{axes.label} has the column {shown(name)}, which {axes.owner} does not have: expected"
            f" {listed(axes.rows)}, {listed(rules)}, a list of {len(axes.rows):,} numbers or a mapping from"
            f" {axes.row_kind} to number{suggestion(name, (*axes.rows[:_MOST_COMPARED], *rules))}",
        )
        return None

    @cached_property
    def _uniform(self) -> _Column:
        size = len(self._axes.rows)
        return _Column(np.arange(size, dtype=np.int64), np.full(size, 1.0 / size))

    def _places(self, case: Mapping[object, object], where: Path) -> list[NDArray[np.int64]]:
        """For each axis of the columns, the positions that a case names."""
        axes, when = self._axes, case.get("when", {})
        if not isinstance(when, Mapping):
            self._problems.add(
                (*where, "when"), f"{axes.label} has a case when {shown(when)}: expected {{factor: state}}"
            )
            when = {}
        for key in when:
            if key not in self._names:
                self._problems.add(
                    (*where, "when", str(key)),
                    f"{axes.label} has a case of factor {shown(key)}, on which it does not depend: expected"
                    f" {listed(self._names)}{suggestion(key, self._names)}",
                )
        if axes.control is None and "action" in case:
            self._problems.add(
                (*where, "action"), f"{axes.label} has a case of an action, but no control moves it: leave it out"
            )
        found = [
            self._positions(when.get(name), known, f"factor {name!r}", (*where, "when", name))
            for name, known in zip(self._names, axes.column_places, strict=False)
        ]
        if axes.control is not None:
            owner = f"control {axes.control.name!r}"
            found.append(self._positions(case.get("action"), axes.column_places[-1], owner, (*where, "action")))
        elif axes.transition:
            found.append(np.zeros(1, dtype=np.int64))
        return found

    def _positions(self, given: object, known: dict[str, int], owner: str, where: Path) -> NDArray[np.int64]:
        """The positions of the names in `given`, a name or a list of names; all of them for None."""
        if given is None:
            return np.arange(len(known), dtype=np.int64)
        entries = given if isinstance(given, Sequence) and not isinstance(given, str) else [given]
        if not entries:
            self._problems.add(where, f"{self._axes.label} has a case of no entry of {owner}: name at least one")
        found: list[int] = []
        for entry in entries:
            name = as_name(entry)
            if isinstance(name, str) and name in known:
                found.append(known[name])
            else:
                self._problems.add(
                    where,
                    f"{self._axes.label} has a case of {shown(entry)}, which {owner} does not have: expected"
                    f" {listed(known)}{suggestion(name, known)}",
                )
        return np.array(found, dtype=np.int64)


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
