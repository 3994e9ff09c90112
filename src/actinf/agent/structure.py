"""From a model to the structure that the kernels walk: entries by column, components, joint actions.

`own_structure` states the model's own factors; `joint_structure` one factor that is the joint of all, for exact
inference.
"""

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from actinf.errors import BudgetError
from actinf.kernels.columns import Columns, strides_of
from actinf.model import Model, Table

__all__ = ["Structure", "joint_structure", "own_structure"]

Ints = NDArray[np.int64]
MAX_JOINT_ENTRIES = 50_000_000
MAX_JOINT_ACTIONS = 65_536


@dataclass(frozen=True, slots=True)
class Structure:
    """The shape of a model as the kernels see it.

    Attributes:
        num_states: states of each factor (of the one joint factor, if joint).
        num_obs: outcomes of each modality.
        num_actions: actions of each control, in the model's order; the joint action counts them in C order.
        A: entries of each likelihood; columns count the parents' states in C order.
        A_parents: factors on which each modality depends.
        B: entries of each transition; column = action · parent columns + parent column.
        B_parents: factors on which each factor depends.
        actions_of_factor: (factors, joint actions) the factor's own action in each joint action.
        joint: whether the factors were joined.
        B_entry_sources: (entries, model factors) and
        B_column_sources: (columns, model factors): whence the joint transitions are multiplied; None unless joint.
    """

    num_states: tuple[int, ...]
    num_obs: tuple[int, ...]
    num_actions: tuple[int, ...]
    A: tuple[Columns, ...]
    A_parents: tuple[tuple[int, ...], ...]
    B: tuple[Columns, ...]
    B_parents: tuple[tuple[int, ...], ...]
    actions_of_factor: Ints
    joint: bool = False
    B_entry_sources: Ints | None = None
    B_column_sources: Ints | None = None

    @property
    def num_joint_actions(self) -> int:
        """Combinations of one action for each control."""
        return prod(self.num_actions)

    def components(self) -> list[list[int]]:
        """Sets of factors that move independently of all others, in the order of their first factor."""
        label = list(range(len(self.num_states)))
        for f, parents in enumerate(self.B_parents):
            for g in parents:
                low, high = sorted((label[f], label[g]))
                label = [low if entry == high else entry for entry in label]
        return [[f for f, entry in enumerate(label) if entry == root] for root in dict.fromkeys(label)]


def _columns(table: Table, order: Ints | None = None) -> Columns:
    whole = Columns(
        np.asarray(table.indptr),
        np.asarray(table.indices),
        np.arange(table.nnz, dtype=np.int64),
        np.arange(table.num_columns, dtype=np.int64),
    )
    return whole if order is None else whole.take(order)


def _action_major(table: Table) -> Ints:
    """The order of a transition table's columns with the action slowest."""
    actions = table.shape[-1]
    return np.arange(table.num_columns, dtype=np.int64).reshape(-1, actions).T.ravel()


def own_structure(model: Model) -> Structure:
    """The structure of a model's own factors."""
    joint = prod(model.num_controls)
    if joint > MAX_JOINT_ACTIONS:
        sizes = " × ".join(str(actions) for actions in model.num_controls)
        raise BudgetError(
            f"the controls have {sizes} = {joint:,} joint actions, more than {MAX_JOINT_ACTIONS:,}: use fewer controls "
            "or fewer actions"
        )
    strides = strides_of(model.num_controls)
    joint_actions = np.arange(prod(model.num_controls), dtype=np.int64)
    own = np.zeros((len(model.num_states), len(joint_actions)), dtype=np.int64)
    for f, control in enumerate(model.control_of_factor):
        if control is not None:
            own[f] = (joint_actions // strides[control]) % model.num_controls[control]
    return Structure(
        num_states=model.num_states,
        num_obs=model.num_obs,
        num_actions=model.num_controls,
        A=tuple(_columns(table) for table in model.A),
        A_parents=tuple(tuple(parents) for parents in model.A_dependencies),
        B=tuple(_columns(table, _action_major(table)) for table in model.B),
        B_parents=tuple(tuple(parents) for parents in model.B_dependencies),
        actions_of_factor=own,
    )


def _parent_columns(states: Ints, parents: tuple[int, ...], num_states: tuple[int, ...]) -> Ints:
    """The column of a table with these parents at each joint state; states is (factors, joint states)."""
    column = np.zeros(states.shape[1], dtype=np.int64)
    for f, stride in zip(parents, strides_of([num_states[f] for f in parents]), strict=True):
        column += states[f] * stride
    return column


def joint_structure(own: Structure, max_joint_states: int) -> Structure:
    """One factor that is the joint of all; its entries point back to the entries that they are made of.

    Raises:
        BudgetError: when the joint has more states, or more transitions, than are allowed.
    """
    size = prod(own.num_states)
    if size > max_joint_states:
        sizes = " × ".join(str(n) for n in own.num_states)
        raise BudgetError(
            f"Exact() needs the joint of all factors, {sizes} = {size:,} states, but max_joint_states is "
            f"{max_joint_states:,}: raise it, or use FixedPoint()"
        )
    num_factors, num_actions = len(own.num_states), own.num_joint_actions
    if size * num_actions > MAX_JOINT_ENTRIES // num_factors:
        raise BudgetError(
            f"Exact() needs the transitions of {size:,} joint states under {num_actions:,} joint actions, more than "
            f"{MAX_JOINT_ENTRIES:,} numbers: use FixedPoint()"
        )
    states = np.array(np.unravel_index(np.arange(size), own.num_states), dtype=np.int64).reshape(num_factors, size)
    A = tuple(
        table.take(_parent_columns(states, parents, own.num_states))
        for table, parents in zip(own.A, own.A_parents, strict=True)
    )
    columns = np.empty((num_actions * size, num_factors), dtype=np.int64)
    expected = np.ones(num_actions * size)
    for f in range(num_factors):
        parent = _parent_columns(states, own.B_parents[f], own.num_states)
        width = prod(own.num_states[g] for g in own.B_parents[f])
        columns[:, f] = (own.actions_of_factor[f][:, None] * width + parent[None, :]).ravel()
        expected *= np.diff(own.B[f].start)[columns[:, f]]
    if expected.sum() > MAX_JOINT_ENTRIES:
        raise BudgetError(
            f"Exact() needs {int(expected.sum()):,} joint transitions, more than {MAX_JOINT_ENTRIES:,}: use "
            "FixedPoint()"
        )
    entry_column = np.arange(num_actions * size, dtype=np.int64)
    row = np.zeros(len(entry_column), dtype=np.int64)
    sources = np.empty((len(entry_column), 0), dtype=np.int64)
    for f in range(num_factors):
        table = own.B[f]
        at = columns[entry_column, f]
        lengths = np.diff(table.start)[at]
        repeat = np.repeat(np.arange(len(entry_column)), lengths)
        first = np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int64)
        entry = np.repeat(table.start[at] - first, lengths) + np.arange(lengths.sum())
        row = row[repeat] * own.num_states[f] + table.row[entry]
        sources = np.column_stack([sources[repeat], entry])
        entry_column = entry_column[repeat]
    start = np.searchsorted(entry_column, np.arange(num_actions * size + 1)).astype(np.int64)
    B = Columns(start, row, np.arange(len(row), dtype=np.int64), np.arange(num_actions * size, dtype=np.int64))
    return Structure(
        num_states=(size,),
        num_obs=own.num_obs,
        num_actions=own.num_actions,
        A=A,
        A_parents=((0,),) * len(A),
        B=(B,),
        B_parents=((0,),),
        actions_of_factor=np.arange(num_actions, dtype=np.int64)[None, :],
        joint=True,
        B_entry_sources=np.ascontiguousarray(sources),
        B_column_sources=columns,
    )
