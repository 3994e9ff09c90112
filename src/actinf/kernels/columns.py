"""Column-compressed tables as plain arrays, the form in which a model's tables enter the buffers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Columns", "strides_of"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Columns:
    """The structure of the non-zero entries of one table, by column, and where each came from.

    Attributes:
        start: (columns + 1,) first entry of each column.
        row: (entries,) outcome or next state of an entry.
        source: (entries,) position of each entry in the table that it was taken from.
        column_source: (columns,) likewise for columns.
    """

    start: Ints
    row: Ints
    source: Ints
    column_source: Ints

    @property
    def num_columns(self) -> int:
        """How many columns there are."""
        return len(self.start) - 1

    @property
    def num_entries(self) -> int:
        """How many entries are not zero."""
        return len(self.row)

    @property
    def column_of_entry(self) -> Ints:
        """(entries,) the column of each entry."""
        return np.repeat(np.arange(self.num_columns, dtype=np.int64), np.diff(self.start))

    def take(self, columns: Ints) -> "Columns":
        """The table made of these columns, in this order; sources point into this table's own sources."""
        lengths = np.diff(self.start)[columns]
        start = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        entries = np.repeat(self.start[columns] - start[:-1], lengths) + np.arange(start[-1])
        return Columns(start, self.row[entries], self.source[entries], self.column_source[columns])


def strides_of(sizes: "tuple[int, ...] | list[int]") -> list[int]:
    """Strides, in entries, of axes of these sizes in C order."""
    strides, stride = [], 1
    for size in reversed(sizes):
        strides.append(stride)
        stride *= size
    return strides[::-1]
