"""The ways in which a table can be stated, and their expansion into a Table.

An array in full (nested lists, an array, a text of rows of numbers), a Table, or one of the rules below.  Python
and files state tables alike: a file is read into the same plain values.

    identity                      the row is the state of the only parent (for B: of the factor itself)
    {identity: location}          the row is the state of the parent with that name
    uniform                       every row alike
    {deterministic: ...}          one certain row for each column            (`deterministic`)
    {by_action: {left: ...}}      one statement for each action              (`TableReader`)
    {default: ..., cases: [...]}  columns by the names of their states       (`cases`)
    {sparse: ...}                 entries by their place                     (`sparse`)
"""

from collections.abc import Callable, Mapping

import numpy as np

from actinf.model.axes import Axes
from actinf.model.limits import Allowance
from actinf.model.numerals import read_array
from actinf.model.problems import Path, Problems, listed, shown, suggestion
from actinf.model.table import Table

RULES = ("identity", "uniform")


class TableReader:
    """Expands statements of the tables of one model; notes mistakes, and keeps to the memory they may take."""

    def __init__(self, problems: Problems):
        self.problems = problems
        self._allowance = Allowance(problems)
        self._forms: dict[str, Callable[[object, Axes, Path], Table | None]] = {
            "identity": self._identity,
            "uniform": self._uniform,
        }

    def read(self, given: object, axes: Axes, where: Path) -> Table | None:
        """The table that `given` states, of shape `axes.shape`; None, and a problem noted, when it states none."""
        if isinstance(given, Table):
            return self._fitting(given, axes, where)
        if isinstance(given, str) and not _is_text_of_numbers(given):
            if given in RULES:
                return self._forms[given](None, axes, where)
            self.problems.add(
                where,
                f"{axes.label} is {shown(given)}, which is not a rule: expected an array, {listed(RULES)}, or a"
                f" mapping with one of {listed(self._forms)}{suggestion(given, list(self._forms))}",
            )
            return None
        if isinstance(given, Mapping):
            return self._rule(given, axes, where)
        array = read_array(given, where, axes.label, self.problems)
        if array is None:
            return None
        if isinstance(given, str) and array.shape == (axes.shape[0], int(np.prod(axes.shape[1:], dtype=object))):
            array = array.reshape(axes.shape)
        if not axes.accepts(array.shape):
            self._misfit(array.shape, axes, where)
            return None
        return Table.from_dense(array.reshape(axes.shape))

    def _rule(self, given: Mapping[object, object], axes: Axes, where: Path) -> Table | None:
        chosen = [key for key in given if key in self._forms]
        unknown = [key for key in given if key not in self._forms]
        for key in unknown:
            self.problems.add(
                (*where, str(key)),
                f"{axes.label} has the key {shown(key)}, which is not known: expected one of"
                f" {listed(self._forms)}{suggestion(key, list(self._forms))}",
            )
        if len(chosen) != 1 and not unknown:
            self.problems.add(
                where, f"{axes.label} is stated by {len(chosen)} rules: expected exactly one of {listed(self._forms)}"
            )
        if len(chosen) != 1 or unknown:
            return None
        key = str(chosen[0])
        return self._forms[key](given[chosen[0]], axes, (*where, key))

    def _fitting(self, table: Table, axes: Axes, where: Path) -> Table | None:
        if axes.accepts(table.shape):
            return table if table.shape == axes.shape else table.reshaped(axes.shape)
        self._misfit(table.shape, axes, where)
        return None

    def _misfit(self, shape: tuple[int, ...], axes: Axes, where: Path) -> None:
        self.problems.add(where, f"{axes.label} has shape {shape}, but {axes.reason(shape)}: expected {axes.shape}")

    def _uniform(self, _: object, axes: Axes, where: Path) -> Table | None:
        if not self._allowance.take(where, axes.label, axes.shape, len(axes.rows)):
            return None
        return Table.uniform(axes.shape)

    def _identity(self, of: object, axes: Axes, where: Path) -> Table | None:
        names = [parent.name for parent in axes.parents]
        if of is None:
            position = axes.own if axes.transition else 0 if len(names) == 1 else None
        else:
            position = names.index(of) if isinstance(of, str) and of in names else None
        if position is None:
            self.problems.add(
                where,
                f"{axes.label} is the identity of {'an unnamed factor' if of is None else shown(of)}: expected"
                f" {{identity: NAME}} with one of {listed(names)}, on which it depends{suggestion(of, names)}",
            )
            return None
        parent = axes.parents[position]
        if len(parent.states) != len(axes.rows):
            self.problems.add(
                where,
                f"{axes.label} is the identity of factor {parent.name!r}, which has {len(parent.states):,} states, but"
                f" {axes.owner} has {len(axes.rows):,} {axes.row_kind}s: expected as many",
            )
            return None
        if not self._allowance.take(where, axes.label, axes.shape, 1):
            return None
        return Table.identity(axes.shape, axis=position + 1)


def _is_text_of_numbers(given: str) -> bool:
    return "\n" in given or (bool(given.strip()) and given.strip()[0] in "+-.0123456789")
