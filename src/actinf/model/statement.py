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
    {base64: ...}                 all numbers of a large array, as bytes     (`numerals.read_bytes`)
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod

from actinf.model.axes import Axes
from actinf.model.cases import read_cases
from actinf.model.deterministic import read_deterministic
from actinf.model.limits import Allowance
from actinf.model.numerals import read_array, read_bytes
from actinf.model.problems import Path, Problems, listed, shown, suggestion
from actinf.model.sparse import read_sparse
from actinf.model.table import Table

RULES = ("identity", "uniform")
CASES = ("default", "cases")


class TableReader:
    """Expands statements of the tables of one model; notes mistakes, and keeps to the memory they may take."""

    def __init__(self, problems: Problems):
        self.problems = problems
        self._allowance = Allowance(problems)
        self._forms: dict[str, Callable[[object, Axes, Path], Table | None]] = {
            "identity": self._identity,
            "uniform": self._uniform,
            "deterministic": self._deterministic,
            "by_action": self._by_action,
            "sparse": self._sparse,
            "base64": self._bytes,
            **dict.fromkeys(CASES, self._nothing),
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
                f" mapping with one of {listed(self._forms)}{suggestion(given, self._forms)}",
            )
            return None
        if isinstance(given, Mapping):
            return self._rule(given, axes, where)
        array = read_array(given, where, axes.label, self.problems)
        if array is None:
            return None
        if isinstance(given, str) and array.shape == (axes.shape[0], prod(axes.shape[1:])):
            array = array.reshape(axes.shape)
        if not axes.accepts(array.shape):
            self._misfit(array.shape, axes, where)
            return None
        return Table.from_dense(array.reshape(axes.shape))

    def _rule(self, given: Mapping[object, object], axes: Axes, where: Path) -> Table | None:
        chosen = [key for key in given if key in self._forms and key not in CASES]
        unknown = [key for key in given if key not in self._forms]
        for key in unknown:
            self.problems.add(
                (*where, str(key)),
                f"{axes.label} has the key {shown(key)}, which is not known: expected one of"
                f" {listed(self._forms)}{suggestion(key, self._forms)}",
            )
        if not chosen and not unknown and given:
            return read_cases(given, axes, where, self._allowance, self.problems)
        if (len(chosen) != 1 or len(given) != 1) and not unknown:
            self.problems.add(
                where,
                f"{axes.label} is stated by {listed(given) or 'nothing'}: expected one of"
                f" {listed([key for key in self._forms if key not in CASES])}, or 'default' and 'cases'",
            )
        if len(given) != 1 or unknown:
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
        if not self._allowance.take(where, axes.label, axes.shape, prod(axes.shape)):
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
        if not self._allowance.take(where, axes.label, axes.shape, prod(axes.shape[1:])):
            return None
        return Table.identity(axes.shape, axis=position + 1)

    def _deterministic(self, given: object, axes: Axes, where: Path) -> Table | None:
        if not self._allowance.take(where, axes.label, axes.shape, prod(axes.shape[1:])):
            return None
        return read_deterministic(given, axes, where, self.problems)

    def _sparse(self, given: object, axes: Axes, where: Path) -> Table | None:
        return read_sparse(given, axes, where, self._allowance, self.problems)

    def _bytes(self, given: object, axes: Axes, where: Path) -> Table | None:
        numbers = read_bytes(given, prod(axes.shape), where, axes.label, self.problems)
        return None if numbers is None else Table.from_dense(numbers.reshape(axes.shape))

    def _by_action(self, given: object, axes: Axes, where: Path) -> Table | None:
        """One statement for each action, none of which has an axis for the action."""
        if axes.control is None or not isinstance(given, Mapping):
            expected = "a mapping from action to its table" if axes.control else "no control moves it: state it alone"
            self.problems.add(where, f"{axes.label} is stated by action as {shown(given)}: expected {expected}")
            return None
        before = len(self.problems)
        for key in given:
            if key not in axes.actions:
                self.problems.add(
                    (*where, str(key)),
                    f"{axes.label} has a table for action {shown(key)}, which control {axes.control.name!r} does not"
                    f" have: expected {listed(axes.actions)}{suggestion(key, axes.actions)}",
                )
        tables = []
        for action in axes.actions:
            alone = replace(axes, label=f"{axes.label} for action {action!r}", control=None)
            if action not in given:
                self.problems.add(where, f"{alone.label} is not stated: state one table for each action")
                continue
            tables.append(self.read(given[action], alone, (*where, action)))
        if len(self.problems) > before:
            return None
        return Table.joined([table for table in tables if table is not None])

    def _nothing(self, _given: object, _axes: Axes, _where: Path) -> Table | None:
        return None


def _is_text_of_numbers(given: str) -> bool:
    return "\n" in given or (bool(given.strip()) and given.strip()[0] in "+-.0123456789")
