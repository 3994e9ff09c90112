"""Entries by their place: what is not listed is zero.

    sparse: |                         lines of row, one position for each axis after it, value
      0 0 0 1.0
      1 2 0 0.25
    sparse: [[left, cue, left, 0.95], ...]     names, or positions, in place of the positions

A transition table that is not controlled has no position for the action.
"""

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from actinf.model.axes import Axes
from actinf.model.limits import Allowance
from actinf.model.numerals import as_float, read_array
from actinf.model.problems import Path, Problems, listed, shown, suggestion
from actinf.model.table import Table


def read_sparse(given: object, axes: Axes, where: Path, allowance: Allowance, problems: Problems) -> Table | None:
    """The table with the listed entries."""
    kinds = _kinds(axes)
    entries = (
        read_array(given, where, axes.label, problems)
        if isinstance(given, str | np.ndarray)
        else _read_list(given, kinds, axes, where, problems)
    )
    if entries is None:
        return None
    if entries.ndim != 2 or entries.shape[1] != len(kinds) + 1:
        problems.add(
            where,
            f"{axes.label} has sparse entries of shape {entries.shape}: expected ({len(entries)}, {len(kinds) + 1}),"
            f" each with {', '.join(kind for kind, _ in kinds)} and a value",
        )
        return None
    if len(entries) > prod(axes.shape):
        problems.add(
            where, f"{axes.label} has {len(entries):,} sparse entries for {prod(axes.shape):,} places: state each once"
        )
        return None
    if not allowance.take(where, axes.label, axes.shape, len(entries)):
        return None
    places = np.zeros((len(entries), len(axes.shape)), dtype=np.int64)
    for axis, (kind, names) in enumerate(kinds):
        column = entries[:, axis]
        wrong = np.flatnonzero(~((column >= 0) & (column < len(names)) & (column == np.floor(column))))
        if len(wrong):
            problems.add(
                where,
                f"{axes.label} has a sparse entry at {kind} {column[wrong[0]]:g}: expected a position from 0 to"
                f" {len(names) - 1:,}",
            )
            return None
        places[:, axis] = column
    return _table(places, entries[:, -1], axes, where, problems)


def _kinds(axes: Axes) -> list[tuple[str, tuple[str, ...]]]:
    """What the numbers of an entry stand for, and the names that may be used for them."""
    kinds = [(axes.row_kind, axes.rows)]
    kinds += [(f"state of {parent.name!r}", parent.states) for parent in axes.parents]
    if axes.control:
        kinds.append(("action", axes.actions))
    return kinds


def _read_list(
    given: object, kinds: list[tuple[str, tuple[str, ...]]], axes: Axes, where: Path, problems: Problems
) -> NDArray[np.float64] | None:
    if not isinstance(given, Sequence):
        problems.add(
            where, f"{axes.label} is sparse by {shown(given)}: expected a text of numbers or a list of entries"
        )
        return None
    before = len(problems)
    known = (axes.row_places, *axes.column_places)
    entries = np.zeros((len(given), len(kinds) + 1))
    for at, entry in enumerate(given):
        if not isinstance(entry, Sequence) or isinstance(entry, str) or len(entry) != len(kinds) + 1:
            problems.add(
                (*where, at),
                f"{axes.label} has the sparse entry {shown(entry)}: expected a list of"
                f" {', '.join(kind for kind, _ in kinds)} and a value",
            )
            continue
        for axis, (given_place, (kind, names)) in enumerate(zip(entry, kinds, strict=False)):
            place = known[axis].get(given_place) if isinstance(given_place, str) else given_place
            if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < len(names):
                problems.add(
                    (*where, at, axis),
                    f"{axes.label} has a sparse entry at {kind} {shown(given_place)}: expected one of"
                    f" {listed(names)}, or a position from 0{suggestion(given_place, names)}",
                )
            else:
                entries[at, axis] = place
        if isinstance(entry[-1], bool) or not isinstance(entry[-1], int | float):
            problems.add(
                (*where, at), f"{axes.label} has a sparse entry of value {shown(entry[-1])}: expected a number"
            )
        else:
            entries[at, -1] = as_float(entry[-1])
    return entries if len(problems) == before else None


def _table(
    places: NDArray[np.int64], values: NDArray[np.float64], axes: Axes, where: Path, problems: Problems
) -> Table | None:
    columns = np.asarray(np.ravel_multi_index(tuple(places[:, 1:].T), axes.shape[1:]), dtype=np.int64)
    keys = columns * axes.shape[0] + places[:, 0]
    if np.any(keys[1:] < keys[:-1]):
        order = np.argsort(keys, kind="stable")
        keys, values = keys[order], values[order]
    columns, rows = np.divmod(keys, axes.shape[0])
    twice = np.flatnonzero(keys[1:] == keys[:-1])
    if len(twice):
        at = int(twice[0])
        problems.add(
            where,
            f"{axes.label} has two sparse entries for {axes.row_kind} {axes.rows[rows[at]]!r} in column"
            f" {axes.column_name(int(columns[at]))}: state each once",
        )
        return None
    indptr = np.zeros(prod(axes.shape[1:]) + 1, dtype=np.int64)
    np.cumsum(np.bincount(columns, minlength=len(indptr) - 1), out=indptr[1:])
    return Table(axes.shape, indptr, rows, values)
