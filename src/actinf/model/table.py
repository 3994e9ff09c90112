"""A probability table (or a table of Dirichlet counts), stored by column with its zeros left out.

A table holds P(row | parents) or P(row | parents, action): its first axis is the outcome, so that columns sum to
one.  Most models are mostly zeros, and the engine walks only what is not zero, so that this is also the form
that is kept.  A table does not know names and does not check that it is normalised: `validation` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from actinf.errors import ModelError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """The same array, made read-only."""
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """A table of shape (rows, *parents[, actions]), compressed by column.

    Columns are counted in C order over `shape[1:]`.  Column j holds `values[indptr[j]:indptr[j + 1]]` at the rows
    `indices[indptr[j]:indptr[j + 1]]`, ascending; whatever is not stored is zero.  Zeros that are handed in are
    dropped and arrays are copied and made read-only, so that equal tables are stored alike.

    Attributes:
        shape: (rows, *parents[, actions]).
        indptr: int64 (num_columns + 1,).
        indices: int64 (nnz,), ascending inside a column.
        values: float64 (nnz,), none of them zero.

    Raises:
        ModelError: when the three arrays do not describe a table of that shape.
    """

    shape: tuple[int, ...]
    indptr: IntArray
    indices: IntArray
    values: FloatArray

    def __post_init__(self) -> None:
        shape = tuple(int(size) for size in self.shape)
        indptr = np.array(self.indptr, dtype=np.int64)
        indices = np.array(self.indices, dtype=np.int64)
        values = np.array(self.values, dtype=np.float64)
        _check_structure(shape, indptr, indices, values)
        kept = values != 0.0
        if not kept.all():
            before = np.concatenate(([0], np.cumsum(kept)))
            indptr, indices, values = before[indptr], indices[kept], values[kept]
        _store(self, shape, indptr, indices, values)

    @classmethod
    def from_dense(cls, array: ArrayLike) -> Self:
        """The table that holds exactly the numbers of `array`, shape (rows, *parents[, actions])."""
        dense = np.asarray(array, dtype=np.float64)
        if dense.ndim == 0:
            raise ModelError("a table needs at least one axis, the outcome; got a single number")
        by_column = np.ascontiguousarray(dense.reshape(dense.shape[0], -1 if dense.size else prod(dense.shape[1:])).T)
        indptr = np.zeros(len(by_column) + 1, dtype=np.int64)
        np.cumsum(np.count_nonzero(by_column, axis=1), out=indptr[1:])
        places = np.flatnonzero(by_column)
        rows = (places % max(1, len(dense))).astype(np.int64, copy=False)
        return cls._of(dense.shape, indptr, rows, by_column.ravel()[places])

    @classmethod
    def identity(cls, shape: Sequence[int], axis: int = 1) -> Self:
        """Row i with certainty where the parent on `axis` (counted as in `shape`) is in state i."""
        if shape[0] != shape[axis]:
            raise ModelError(f"an identity needs as many rows as states, got {shape[0]} rows and {shape[axis]} states")
        rows = np.arange(shape[0], dtype=np.int64).reshape([-1 if at == axis else 1 for at in range(1, len(shape))])
        return cls.deterministic(shape, rows)

    @classmethod
    def uniform(cls, shape: Sequence[int]) -> Self:
        """Every row with probability 1 / rows in every column."""
        rows, columns = shape[0], prod(shape[1:])
        indptr = np.arange(columns + 1, dtype=np.int64) * rows
        indices = np.tile(np.arange(rows, dtype=np.int64), columns)
        return cls._of(shape, indptr, indices, np.full(rows * columns, 1.0 / rows))

    @classmethod
    def deterministic(cls, shape: Sequence[int], rows: ArrayLike) -> Self:
        """One row with certainty in each column.

        Args:
            shape: (rows, *parents[, actions]).
            rows: the row of each column, integers that broadcast to `shape[1:]`.
        """
        chosen = np.broadcast_to(np.asarray(rows, dtype=np.int64), tuple(shape[1:])).ravel()
        if chosen.size and not (0 <= chosen.min() and chosen.max() < shape[0]):
            raise ModelError(f"a row of a deterministic table is outside 0 ... {shape[0] - 1}")
        return cls._of(shape, np.arange(chosen.size + 1, dtype=np.int64), chosen.copy(), np.ones(chosen.size))

    @classmethod
    def joined(cls, tables: "Sequence[Table]") -> Self:
        """Tables of one shape (rows, *parents, 1) as one table whose last axis counts them."""
        lengths = np.stack([np.diff(table.indptr) for table in tables], axis=1)
        indptr = np.zeros(lengths.size + 1, dtype=np.int64)
        np.cumsum(lengths.ravel(), out=indptr[1:])
        indices, values = np.empty(indptr[-1], dtype=np.int64), np.empty(indptr[-1])
        starts = indptr[:-1].reshape(lengths.shape)
        for at, table in enumerate(tables):
            entries = np.arange(table.nnz) + np.repeat(starts[:, at] - table.indptr[:-1], lengths[:, at])
            indices[entries], values[entries] = table.indices, table.values
        return cls._of((*tables[0].shape[:-1], len(tables)), indptr, indices, values)

    @classmethod
    def _of(cls, shape: Sequence[int], indptr: IntArray, indices: IntArray, values: FloatArray) -> Self:
        """A table of arrays that are known to be canonical and that nobody else holds."""
        table = cls.__new__(cls)
        _store(table, tuple(int(size) for size in shape), indptr, indices, values)
        return table

    @property
    def num_rows(self) -> int:
        """The size of the first axis."""
        return self.shape[0]

    @property
    def num_columns(self) -> int:
        """The number of columns, the product of all axes but the first."""
        return len(self.indptr) - 1

    @property
    def nnz(self) -> int:
        """How many entries are not zero."""
        return len(self.values)

    def dense(self) -> FloatArray:
        """A new array with all entries, float64, of shape `shape`."""
        array = np.zeros((self.num_rows, self.num_columns))
        array[self.indices, self.column_of_entry()] = self.values
        return array.reshape(self.shape)

    def column_of_entry(self) -> IntArray:
        """The column of every stored entry, int64 (nnz,)."""
        return np.repeat(np.arange(self.num_columns, dtype=np.int64), np.diff(self.indptr))

    def column_sums(self) -> FloatArray:
        """The sum of every column, float64 (num_columns,)."""
        sums = np.zeros(self.num_columns)
        filled = np.flatnonzero(np.diff(self.indptr))
        sums[filled] = np.add.reduceat(self.values, self.indptr[filled]) if len(filled) else 0.0
        return sums

    def normalised(self) -> "Table":
        """The table with every column divided by its sum; the result of a column of zeros is undefined."""
        sums = self.column_sums()
        return Table(self.shape, self.indptr, self.indices, self.values / np.repeat(sums, np.diff(self.indptr)))

    def scaled(self, factor: float) -> "Table":
        """The table with every entry multiplied by `factor`."""
        return Table(self.shape, self.indptr, self.indices, self.values * factor)

    def reshaped(self, shape: Sequence[int]) -> "Table":
        """The same columns with their axes counted otherwise; the number of columns has to stay."""
        return Table(tuple(shape), self.indptr, self.indices, self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        dense = self.dense()
        return dense if dtype is None else dense.astype(dtype)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return (
            self.shape == other.shape
            and np.array_equal(self.indptr, other.indptr)
            and np.array_equal(self.indices, other.indices)
            and np.array_equal(self.values, other.values)
        )

    def __hash__(self) -> int:
        return hash((self.shape, self.nnz))

    def __repr__(self) -> str:
        return f"Table(shape={self.shape}, nnz={self.nnz})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Table, (self.shape, self.indptr, self.indices, self.values)


def _store(table: Table, shape: tuple[int, ...], indptr: IntArray, indices: IntArray, values: FloatArray) -> None:
    object.__setattr__(table, "shape", shape)
    for name, array in (("indptr", indptr), ("indices", indices), ("values", values)):
        object.__setattr__(table, name, frozen(np.ascontiguousarray(array)))


def _check_structure(shape: tuple[int, ...], indptr: IntArray, indices: IntArray, values: FloatArray) -> None:
    if not shape or min(shape) < 1:
        raise ModelError(f"a table of shape {shape} is empty: every axis needs at least one entry")
    columns = prod(shape[1:])
    if indptr.shape != (columns + 1,):
        raise ModelError(f"indptr has shape {indptr.shape}, but a table of shape {shape} needs ({columns + 1},)")
    if indices.ndim != 1 or indices.shape != values.shape:
        raise ModelError(f"indices and values need one length, got shapes {indices.shape} and {values.shape}")
    if indptr[0] != 0 or indptr[-1] != len(indices) or np.any(np.diff(indptr) < 0):
        raise ModelError(f"indptr has to ascend from 0 to the number of entries, {len(indices)}")
    if len(indices) and not (0 <= indices.min() and indices.max() < shape[0]):
        raise ModelError(f"an entry of indices is outside 0 ... {shape[0] - 1}, the rows of shape {shape}")
    starts = np.zeros(len(indices) + 1, dtype=bool)
    starts[indptr[:-1]] = True
    if np.any((np.diff(indices) <= 0) & ~starts[1:-1]):
        raise ModelError("indices have to ascend inside each column, without repetition")
