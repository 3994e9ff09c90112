"""Checks the numbers of tables and vectors: finite, not negative, every column summing to one.

Shapes are checked where numbers are read; here the numbers themselves are, and mistakes are named by state names.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from actinf.model.axes import Axes
from actinf.model.problems import Path, Problems
from actinf.model.table import Table

#: How far the sum of a column of probabilities may be from one.
TOLERANCE = 1e-5

_MOST_NAMED = 3


def check_table(table: Table, axes: Axes, where: Path, problems: Problems) -> None:
    """Note what makes a table no table of probabilities, or of counts where `axes` says that it holds counts."""
    if axes.counts:
        _check_counts(table, axes, where, problems)
    else:
        _check_probabilities(table, axes, where, problems)


def _check_probabilities(table: Table, axes: Axes, where: Path, problems: Problems) -> None:
    """Note the entries that are no probabilities, and the columns that do not sum to one."""
    if not _check_entries(table, axes, where, problems, "probability"):
        return
    sums = table.column_sums()
    wrong = np.flatnonzero(np.abs(sums - 1.0) > TOLERANCE)
    _report(
        wrong,
        lambda at: (
            f"{axes.label}, column {axes.column_name(at)}, sums to {sums[at]:.6g}: expected 1 within"
            f" {TOLERANCE:g}; divide the column by its sum"
        ),
        where,
        problems,
        "columns",
    )


def _check_counts(table: Table, axes: Axes, where: Path, problems: Problems) -> None:
    """Note the entries that are no Dirichlet counts, and the columns that are all zero."""
    if not _check_entries(table, axes, where, problems, "count"):
        return
    _report(
        np.flatnonzero(np.diff(table.indptr) == 0),
        lambda at: (
            f"{axes.label}, column {axes.column_name(at)}, has only zeros: expected a positive count for at"
            f" least one {axes.row_kind}"
        ),
        where,
        problems,
        "columns",
    )


def check_agreement(table: Table, counts: Table, axes: Axes, where: Path, problems: Problems) -> None:
    """Note the columns of probabilities that differ from the counts over their sum; both have to be valid."""
    expected = counts.normalised()
    here, there = (entry.column_of_entry() * entry.num_rows + entry.indices for entry in (table, expected))
    places = np.union1d(here, there)
    apart = np.zeros(len(places))
    apart[np.searchsorted(places, here)] += table.values
    apart[np.searchsorted(places, there)] -= expected.values
    columns = places[np.abs(apart) > TOLERANCE] // table.num_rows
    name = axes.label[1:]
    _report(
        np.unique(columns),
        lambda at: (
            f"{name} and {axes.label} disagree in column {axes.column_name(at)}: expected {name} to be"
            f" {axes.label} over its sum; give one of the two"
        ),
        where,
        problems,
        "columns",
    )


def check_vector(
    vector: NDArray[np.float64],
    names: tuple[str, ...] | None,
    label: str,
    where: Path,
    problems: Problems,
    *,
    counts: bool = False,
) -> None:
    """Note what makes a vector (float64, one axis, entries called `names`) no distribution, or no counts."""
    wrong = np.flatnonzero(~(np.isfinite(vector) & (vector >= 0.0)))
    if len(wrong):
        at = int(wrong[0])
        kind, expected = (
            ("count", "a finite number of at least 0") if counts else ("probability", "a number from 0 to 1")
        )
        problems.add(
            where,
            f"{label}[{(names[at] if names else at)!r}] is {vector[at]:.6g}, which is not a {kind}:"
            f" expected {expected}",
        )
    elif counts and not vector.any():
        problems.add(where, f"{label} has only zeros: expected at least one positive count")
    elif not counts and abs(vector.sum() - 1.0) > TOLERANCE:
        problems.add(
            where, f"{label} sums to {vector.sum():.6g}: expected 1 within {TOLERANCE:g}; divide it by its sum"
        )


def _check_entries(table: Table, axes: Axes, where: Path, problems: Problems, kind: str) -> bool:
    """Whether all entries are finite and not negative; notes those that are not."""
    wrong = np.flatnonzero(~(np.isfinite(table.values) & (table.values >= 0.0)))
    columns = table.column_of_entry()[wrong] if len(wrong) else wrong
    _report(
        np.arange(len(wrong)),
        lambda at: (
            f"{axes.label}, column {axes.column_name(int(columns[at]))}, {axes.row_kind}"
            f" {axes.rows[table.indices[wrong[at]]]!r}, is {table.values[wrong[at]]:.6g}, which is not a {kind}:"
            f" expected a finite number of at least 0"
        ),
        where,
        problems,
        "entries",
    )
    return not len(wrong)


def _report(
    wrong: NDArray[np.int64], sentence: Callable[[int], str], where: Path, problems: Problems, kind: str
) -> None:
    """Note the first few of many mistakes of one kind, and how many more there are."""
    for at in wrong[:_MOST_NAMED]:
        problems.add(where, sentence(int(at)))
    if len(wrong) > _MOST_NAMED:
        problems.add(where, f"{len(wrong) - _MOST_NAMED:,} more {kind} of the same table have the same fault")
