"""The rule `deterministic`: one certain row for each column, stated by names.

    A:  outcome by state           {deterministic: {centre: none, cue: {left: left, right: right}}}
    B:  next state by action       {deterministic: {go_left: left, wait: {left: centre}}}
    B:  actions named as states    {deterministic: by_name}

A mapping is nested in the order of the axes: for B the action first, then the factors that the table depends on.
A name instead of a further mapping holds for whatever the remaining axes are.  In B, what is not listed leaves the
factor as it is; in A, every column has to be listed.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from actinf.model.axes import Axes, as_name
from actinf.model.problems import Path, Problems, listed, shown, suggestion
from actinf.model.table import Table

BY_NAME = "by_name"

_MISSING = -1


def read_deterministic(given: object, axes: Axes, where: Path, problems: Problems) -> Table | None:
    """The table with one certain row in each column; memory for it has to be reserved before."""
    before = len(problems)
    rows = _unlisted(axes)
    if isinstance(given, str) and given == BY_NAME and axes.control is not None:
        given = {action: action for action in axes.actions}
    if not isinstance(given, Mapping):
        expected = "'by_name' or a mapping from action to state" if axes.control else "a mapping from state"
        problems.add(where, f"{axes.label} is deterministic by {shown(given)}: expected {expected}")
        return None
    _Filling(axes, rows, problems).fill(given, where, ())
    missing = np.flatnonzero(rows.ravel() == _MISSING)
    if len(missing) and len(problems) == before:
        problems.add(
            where,
            f"{axes.label} states no {axes.row_kind} for {axes.column_name(int(missing[0]))}"
            f"{f' and {len(missing) - 1:,} more columns' if len(missing) > 1 else ''}: list every state of"
            f" {listed([parent.name for parent in axes.parents])}",
        )
    return Table.deterministic(axes.shape, rows) if len(problems) == before else None


def _unlisted(axes: Axes) -> NDArray[np.int64]:
    """The row of every column before anything is listed: for B the state itself, else missing."""
    rows = np.full(axes.shape[1:], _MISSING, dtype=np.int64)
    if axes.own is not None:
        stay = np.arange(len(axes.rows), dtype=np.int64)
        rows[...] = stay.reshape([-1 if at == axes.own else 1 for at in range(rows.ndim)])
    return rows


class _Filling:
    """Walks the nested mapping, one axis deeper at each level."""

    def __init__(self, axes: Axes, rows: NDArray[np.int64], problems: Problems):
        self._axes = axes
        self._rows = np.moveaxis(rows, -1, 0) if axes.control else rows
        self._problems = problems
        kinds = [(f"states of factor {parent.name!r}", parent.states) for parent in axes.parents]
        self._levels = [(*kind, places) for kind, places in zip(kinds, axes.column_places, strict=False)]
        if axes.control:
            self._levels.insert(0, (f"actions of control {axes.control.name!r}", axes.actions, axes.column_places[-1]))

    def fill(self, given: Mapping[object, object], where: Path, chosen: tuple[int, ...]) -> None:
        """Fill the columns below the states `chosen` so far."""
        kind, names, places = self._levels[len(chosen)]
        for key, entry in given.items():
            here = (*where, str(key))
            if key not in places:
                self._problems.add(
                    here,
                    f"{self._axes.label} names {shown(key)}, which is not among the {kind}: expected {listed(names)}"
                    f"{suggestion(key, names)}",
                )
                continue
            at = (*chosen, places[str(key)])
            if isinstance(entry, Mapping) and len(at) < len(self._levels):
                self.fill(entry, here, at)
            else:
                self._leaf(entry, here, at)

    def _leaf(self, entry: object, where: Path, chosen: tuple[int, ...]) -> None:
        name = as_name(entry)
        if not isinstance(name, str) or name not in self._axes.row_places:
            self._problems.add(
                where,
                f"{self._axes.label} leads to {shown(entry)}, which {self._axes.owner} does not have: expected"
                f" {listed(self._axes.rows)}{suggestion(name, self._axes.rows)}",
            )
            return
        self._rows[chosen] = self._axes.row_places[name]
