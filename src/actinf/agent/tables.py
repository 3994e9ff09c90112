"""The tables of a model in the integer buffer: sizes, parents and where the non-zero entries of A and B lie."""

from collections.abc import Iterable
from math import prod

import numpy as np
from numpy.typing import NDArray

from actinf.agent.structure import Structure
from actinf.kernels import layout as L
from actinf.kernels.buffers import BufferPlan
from actinf.kernels.columns import strides_of

__all__ = ["offsets", "put_tables"]

Ints = NDArray[np.int64]


def offsets(lengths: Iterable[int]) -> Ints:
    """Where each of some stretches of these lengths begins when they lie one behind the other; and their end."""
    return np.concatenate(([0], np.cumsum(np.asarray(list(lengths), dtype=np.int64)))).astype(np.int64)


def put_tables(plan: BufferPlan, packed: Structure) -> None:
    """Sizes, parents and non-zero entries of A and B."""
    plan.put(L.NUM_STATES, packed.num_states)
    plan.put(L.STATE_START, offsets(packed.num_states))
    plan.put(L.NUM_OBS, packed.num_obs)
    plan.put(L.OBS_START, offsets(packed.num_obs))
    parts = (
        (
            packed.A,
            packed.A_parents,
            L.A_PARENT_START,
            L.A_PARENT,
            L.A_PARENT_STRIDE,
            L.A_COLUMN_BASE,
            L.A_ENTRY_START,
            L.A_OUTCOME,
        ),
        (
            packed.B,
            packed.B_parents,
            L.B_PARENT_START,
            L.B_PARENT,
            L.B_PARENT_STRIDE,
            L.B_COLUMN_BASE,
            L.B_ENTRY_START,
            L.B_STATE,
        ),
    )
    for tables, parents, parent_start, parent, stride, column_base, entry_start, row in parts:
        plan.put(parent_start, offsets(len(group) for group in parents))
        plan.put(parent, [f for group in parents for f in group])
        plan.put(stride, [s for group in parents for s in strides_of([packed.num_states[f] for f in group])])
        plan.put(column_base, offsets(table.num_columns for table in tables))
        entry_offset = offsets(table.num_entries for table in tables)
        starts = [table.start[:-1] + offset for table, offset in zip(tables, entry_offset, strict=False)]
        plan.put(entry_start, np.concatenate([*starts, entry_offset[-1:]]))
        plan.put(row, np.concatenate([table.row for table in tables]))
    plan.put(L.B_COLUMNS, [prod(packed.num_states[g] for g in group) for group in packed.B_parents])
    entry_offset = offsets(table.num_entries for table in packed.A)
    row_starts, row_columns, row_entries, at = [], [], [], 0
    for m, table in enumerate(packed.A):
        order = np.argsort(table.row, kind="stable")
        counts = np.bincount(table.row, minlength=packed.num_obs[m])
        row_starts.append(at + offsets(counts)[:-1])
        row_columns.append(table.column_of_entry[order])
        row_entries.append(order + entry_offset[m])
        at += table.num_entries
    plan.put(L.A_ROW_START, np.concatenate([*row_starts, [at]]))
    plan.put(L.A_ROW_COLUMN, np.concatenate(row_columns))
    plan.put(L.A_ROW_ENTRY, np.concatenate(row_entries))
