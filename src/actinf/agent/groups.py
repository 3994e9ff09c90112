"""Groups of modalities that depend on the same factors: planning predicts their outcomes side by side.

Such modalities share their columns and the nodes of the graph of beliefs, so that one pass over a node's states serves
them all.  A group with few zeros becomes padded rows, one for each column; any other one a list of entries by column.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from actinf.agent.structure import Structure
from actinf.kernels import layout as L
from actinf.kernels.buffers import BufferPlan

__all__ = ["Groups", "padded", "put_groups"]

Ints = NDArray[np.int64]
SMALLEST_SHARE = 0.25  # of a padded row that has to be filled for it to be quicker than a list of entries


def padded(width: int) -> int:
    """The next multiple of the lanes of a vector register."""
    return -(-width // L.LANES) * L.LANES


@dataclass(frozen=True)
class Groups:
    """How a structure's modalities are grouped.

    Attributes:
        packed: the structure.
        members: the modalities of each group, in the model's order.
    """

    packed: Structure
    members: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, packed: Structure, *, apart: bool = False) -> "Groups":
        """Modalities with equal parents together; each one apart where the terms of G are kept by modality."""
        parents = packed.A_parents
        if apart:
            return cls(packed, tuple((m,) for m in range(len(parents))))
        distinct = dict.fromkeys(parents)
        return cls(packed, tuple(tuple(m for m, own in enumerate(parents) if own == group) for group in distinct))

    @cached_property
    def of_modality(self) -> tuple[int, ...]:
        """(modalities,) the group of each."""
        found = {m: g for g, members in enumerate(self.members) for m in members}
        return tuple(found[m] for m in range(len(found)))

    @cached_property
    def num_obs(self) -> tuple[int, ...]:
        """(groups,) outcomes of all members."""
        return tuple(sum(self.packed.num_obs[m] for m in members) for members in self.members)

    @cached_property
    def offset(self) -> tuple[int, ...]:
        """(modalities,) where a modality's outcomes begin among those of its group."""
        found = {}
        for members in self.members:
            at = 0
            for m in members:
                found[m] = at
                at += self.packed.num_obs[m]
        return tuple(found[m] for m in range(len(found)))

    @cached_property
    def num_columns(self) -> tuple[int, ...]:
        """(groups,) joint states of the parents."""
        return tuple(self.packed.A[members[0]].num_columns for members in self.members)

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """(groups,) numbers in a padded row: outcomes, ambiguity and novelty, up to whole vectors."""
        return tuple(padded(count + 2) for count in self.num_obs)

    @cached_property
    def dense(self) -> tuple[bool, ...]:
        """(groups,) whether padded rows pay."""
        entries = [sum(self.packed.A[m].num_entries for m in members) for members in self.members]
        cells = [columns * width for columns, width in zip(self.num_columns, self.widths, strict=True)]
        return tuple(count >= SMALLEST_SHARE * size for count, size in zip(entries, cells, strict=True))

    @cached_property
    def rows_start(self) -> tuple[int, ...]:
        """(groups + 1,) where the padded rows of each group begin, −1 where it has none; and their length in all."""
        starts, at = [], 0
        for dense, columns, width in zip(self.dense, self.num_columns, self.widths, strict=True):
            starts.append(at if dense else -1)
            at += columns * width if dense else 0
        return (*starts, at)

    @cached_property
    def column_base(self) -> tuple[int, ...]:
        """(groups + 1,) first column of each group among those of the groups that are lists of entries."""
        columns = [0 if dense else count for dense, count in zip(self.dense, self.num_columns, strict=True)]
        return (0, *np.cumsum(columns, dtype=np.int64).tolist())

    def entries(self) -> tuple[Ints, Ints, Ints]:
        """(columns + 1,) starts, and (entries,) outcomes and places among the entries of A, of all lists of entries."""
        entry_offset = np.cumsum([0, *(table.num_entries for table in self.packed.A)], dtype=np.int64)
        columns, outcomes, sources = [], [], []
        for members, dense, base in zip(self.members, self.dense, self.column_base, strict=False):
            for m in () if dense else members:
                table = self.packed.A[m]
                columns.append(base + table.column_of_entry)
                outcomes.append(self.offset[m] + table.row)
                sources.append(entry_offset[m] + np.arange(table.num_entries, dtype=np.int64))
        if not columns:
            none = np.zeros(0, dtype=np.int64)
            return np.zeros(1, dtype=np.int64), none, none
        column, outcome, source = (np.concatenate(parts) for parts in (columns, outcomes, sources))
        order = np.argsort(column, kind="stable")
        start = np.searchsorted(column[order], np.arange(self.column_base[-1] + 1)).astype(np.int64)
        return start, outcome[order], source[order]


def put_groups(plan: BufferPlan, groups: Groups) -> None:
    """The groups, their outcomes and their entries."""
    start, outcome, source = groups.entries()
    plan.put(L.GROUP_OF, groups.of_modality)
    plan.put(L.GROUP_START, np.cumsum([0, *(len(members) for members in groups.members)]))
    plan.put(L.GROUP_MEMBER, [m for members in groups.members for m in members])
    plan.put(L.GROUP_OBS_START, np.cumsum([0, *groups.num_obs]))
    plan.put(L.GROUP_OFFSET, groups.offset)
    plan.put(L.GROUP_ROWS_START, groups.rows_start[:-1])
    plan.put(L.GROUP_COLUMN_BASE, groups.column_base)
    plan.put(L.GROUP_ENTRY_START, start)
    plan.put(L.GROUP_ENTRY_OUTCOME, outcome)
    plan.put(L.GROUP_ENTRY_SOURCE, source)
