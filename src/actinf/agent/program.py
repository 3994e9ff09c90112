"""Lowering: a model and the settings of an agent become the buffers that the compiled step runs on."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actinf.agent.parameters import joint_sources_A, joint_sources_B
from actinf.agent.structure import Structure
from actinf.errors import BudgetError
from actinf.kernels import layout as L
from actinf.kernels.buffers import BufferPlan
from actinf.kernels.columns import strides_of
from actinf.planning.exhaustive import PolicyTree

__all__ = ["Program", "Settings", "lower", "put_tables"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the choice objects lower to.

    Attributes:
        inference, choice: codes of `kernels.layout`.
        max_iterations: of the fixed point.
        joint_budget: joint support states that are tested for impossible observations.
        learns: the names of the parts that are learned, out of "A", "B", "D", "E".
        novelty: whether G holds the novelty of what is learned.
        horizon: actions in a policy.
        max_memory: bytes of workspace.
        has_habits: whether there is an E, given or learned.
        preference_sizes: (rows, outcomes) of C by modality.
        itemsize: bytes of a floating-point number.
    """

    inference: int
    choice: int
    max_iterations: int
    joint_budget: int
    learns: frozenset[str]
    novelty: bool
    horizon: int
    max_memory: int
    has_habits: bool
    preference_sizes: tuple[tuple[int, int], ...]
    itemsize: int


@dataclass(frozen=True, slots=True)
class Program:
    """The lowered form of an agent.

    Attributes:
        ints: structure and header.
        lengths: length of every other buffer by name.
        bases: where the lists of the integer workspace begin.
    """

    ints: Ints
    lengths: dict[str, int]
    bases: dict[str, Ints]

    def workspace(self, dtype: str) -> tuple[NDArray[Any], Ints]:
        """Fresh workspace (wf, wi); pages that are never touched cost nothing."""
        return np.zeros(self.lengths["wf"], dtype=dtype), self.base_wi()

    def base_wi(self) -> Ints:
        """Integer workspace with the bases of its lists filled in."""
        wi = np.zeros(self.lengths["wi"], dtype=np.int64)
        for section, source in ((L.I_LEVEL, "level"), (L.I_COUNT_BASE, "count"), (L.I_CHILD_BASE, "child")):
            bounds = self.ints[2 * section : 2 * section + 2]
            wi[bounds[0] : bounds[1]] = self.bases[source]
        return wi


def lower(packed: Structure, own: Structure, tree: PolicyTree, settings: Settings, *, terms: bool = False) -> Program:
    """The program of an agent over the packed structure (the own one, or its joint).

    Args:
        packed: what inference and planning work on.
        own: the model's own factors, for learning and for the marginals.
        tree: the policies.
        settings: codes and sizes.
        terms: keep the terms of G by prefix (for `explain`).

    Raises:
        BudgetError: when the workspace would exceed `settings.max_memory`.
    """
    plan = BufferPlan()
    components = packed.components()
    component_actions = [_component_actions(packed, factors) for factors in components]
    put_tables(plan, packed)
    _put_components(plan, packed, components, component_actions)
    _put_tree(plan, tree)
    if packed.joint:
        entry_A, column_A = joint_sources_A(own, packed)
        entry_B, column_B = joint_sources_B(own, packed)
        for section, values in ((L.ENTRY_SOURCE_A, entry_A), (L.COLUMN_SOURCE_A, column_A)):
            plan.put(section, values)
        for section, values in ((L.ENTRY_SOURCE_B, entry_B), (L.COLUMN_SOURCE_B, column_B)):
            plan.put(section, values)
    scalars = np.zeros(L.NUM_SCALARS, dtype=np.int64)
    scalars[L.S_FACTORS] = len(packed.num_states)
    scalars[L.S_MODALITIES] = len(packed.num_obs)
    scalars[L.S_CONTROLS] = len(packed.num_actions)
    scalars[L.S_COMPONENTS] = len(components)
    scalars[L.S_ACTIONS] = packed.num_joint_actions
    scalars[L.S_HORIZON] = settings.horizon
    scalars[L.S_POLICIES] = tree.num_policies
    scalars[L.S_EXHAUSTIVE] = tree.exhaustive
    scalars[L.S_INFERENCE], scalars[L.S_CHOICE] = settings.inference, settings.choice
    scalars[L.S_NOVELTY_A] = settings.novelty and "A" in settings.learns
    scalars[L.S_NOVELTY_B] = settings.novelty and "B" in settings.learns
    for code, part in ((L.S_LEARN_A, "A"), (L.S_LEARN_B, "B"), (L.S_LEARN_D, "D"), (L.S_LEARN_E, "E")):
        scalars[code] = part in settings.learns
    scalars[L.S_MAX_ITERATIONS], scalars[L.S_JOINT_BUDGET] = settings.max_iterations, settings.joint_budget
    scalars[L.S_TERMS], scalars[L.S_JOINT_MODEL] = terms, packed.joint
    plan.put(L.SCALARS, scalars)
    _reserve_numbers(plan, packed, own, tree, settings)
    bases = _reserve_workspace(plan, packed, own, tree, settings, components, component_actions, terms)
    need = plan.lengths["wf"] * settings.itemsize + plan.lengths["wi"] * 8
    if need > settings.max_memory:
        raise BudgetError(
            f"the policy tree of horizon {settings.horizon} ({tree.num_policies:,} policies, {tree.num_prefixes:,} "
            f"prefixes, {sum(packed.num_states):,} states) may need {need / 2**20:,.0f} MiB, more than the planner's "
            f"max_memory={settings.max_memory / 2**20:,.0f} MiB: shorten the horizon, give fewer policies or raise "
            "max_memory"
        )
    return Program(ints=plan.ints(), lengths=plan.lengths, bases=bases)


def _component_actions(packed: Structure, factors: list[int]) -> tuple[Ints, Ints]:
    """(joint actions,) the component's action in each joint one, and (factors, component actions) its factors' own."""
    rows = packed.actions_of_factor[factors]
    unique, inverse = np.unique(rows, axis=1, return_inverse=True)
    return inverse.reshape(-1).astype(np.int64), unique.astype(np.int64)


def _offsets(lengths: Any) -> Ints:
    return np.concatenate(([0], np.cumsum(np.asarray(list(lengths), dtype=np.int64)))).astype(np.int64)


def put_tables(plan: BufferPlan, packed: Structure) -> None:
    """Sizes, parents and non-zero entries of A and B."""
    plan.put(L.NUM_STATES, packed.num_states)
    plan.put(L.STATE_START, _offsets(packed.num_states))
    plan.put(L.NUM_OBS, packed.num_obs)
    plan.put(L.OBS_START, _offsets(packed.num_obs))
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
        plan.put(parent_start, _offsets(len(group) for group in parents))
        plan.put(parent, [f for group in parents for f in group])
        plan.put(stride, [s for group in parents for s in strides_of([packed.num_states[f] for f in group])])
        plan.put(column_base, _offsets(table.num_columns for table in tables))
        entry_offset = _offsets(table.num_entries for table in tables)
        starts = [table.start[:-1] + offset for table, offset in zip(tables, entry_offset, strict=False)]
        plan.put(entry_start, np.concatenate([*starts, entry_offset[-1:]]))
        plan.put(row, np.concatenate([table.row for table in tables]))
    plan.put(L.A_ROWS_START, padded_rows_start(packed)[:-1])
    plan.put(L.A_SAME_PARENTS, [packed.A_parents.index(group) for group in packed.A_parents])
    plan.put(L.B_COLUMNS, [prod(packed.num_states[g] for g in group) for group in packed.B_parents])
    entry_offset = _offsets(table.num_entries for table in packed.A)
    row_starts, row_columns, row_entries, at = [], [], [], 0
    for m, table in enumerate(packed.A):
        order = np.argsort(table.row, kind="stable")
        counts = np.bincount(table.row, minlength=packed.num_obs[m])
        row_starts.append(at + _offsets(counts)[:-1])
        row_columns.append(table.column_of_entry[order])
        row_entries.append(order + entry_offset[m])
        at += table.num_entries
    plan.put(L.A_ROW_START, np.concatenate([*row_starts, [at]]))
    plan.put(L.A_ROW_COLUMN, np.concatenate(row_columns))
    plan.put(L.A_ROW_ENTRY, np.concatenate(row_entries))


def _put_components(
    plan: BufferPlan, packed: Structure, components: list[list[int]], actions: list[tuple[Ints, Ints]]
) -> None:
    """Which factors move together, and how joint actions split over them."""
    component_of = {f: c for c, factors in enumerate(components) for f in factors}
    plan.put(L.COMPONENT_START, _offsets(len(factors) for factors in components))
    plan.put(L.COMPONENT_FACTOR, [f for factors in components for f in factors])
    plan.put(L.COMPONENT_OF, [component_of[f] for f in range(len(packed.num_states))])
    simple = [len(factors) == 1 and packed.B_parents[factors[0]] == (factors[0],) for factors in components]
    plan.put(L.COMPONENT_SIMPLE, simple)
    plan.put(L.COMPONENT_ACTIONS, [own.shape[1] for _, own in actions])
    plan.put(L.COMPONENT_ACTION, np.concatenate([of_joint for of_joint, _ in actions]))
    rows = {f: own[i] for factors, (_, own) in zip(components, actions, strict=True) for i, f in enumerate(factors)}
    ordered = [rows[f] for f in range(len(packed.num_states))]
    plan.put(L.FACTOR_ACTION_START, _offsets(len(row) for row in ordered)[:-1])
    plan.put(L.FACTOR_ACTION, np.concatenate(ordered))
    controlled = [c for c, (_, own) in enumerate(actions) if own.shape[1] > 1]
    plan.put(L.CONTROLLED, controlled)
    plan.put(L.CONTROL_STRIDE, strides_of(packed.num_actions))
    plan.put(L.CONTROL_ACTIONS, packed.num_actions)
    kinds, single, outer = [], [], []
    for m, parents in enumerate(packed.A_parents):
        met = sorted({component_of[f] for f in parents} & set(controlled))
        kinds.append(2 if len(met) == len(controlled) and met else min(len(met), 1) if len(met) < 2 else 3)
        single.append(met[0] if len(met) == 1 else -1)
        outer.append(_outer_parent(packed, m, component_of, controlled, actions))
    plan.put(L.MODALITY_KIND, kinds)
    plan.put(L.MODALITY_COMPONENT, single)
    plan.put(L.OUTER_PARENT, outer)


def _outer_parent(packed: Structure, m: int, component_of: dict[int, int], controlled: list[int], actions: Any) -> int:
    """Which of two parents in two moving components to sum out first (that which moves less), −1 where none pays."""
    parents = packed.A_parents[m]
    moving = [component_of[f] in controlled for f in parents]
    if len(parents) != 2 or not all(moving) or component_of[parents[0]] == component_of[parents[1]]:
        return -1
    if not has_padded_rows(packed, m):
        return -1
    width = [actions[component_of[f]][1].shape[1] for f in parents]
    return 0 if width[0] <= width[1] else 1


def has_padded_rows(packed: Structure, m: int) -> bool:
    """Whether a likelihood is dense enough to be summed by padded rows instead of entry by entry."""
    cells = packed.A[m].num_columns * _padded(packed.num_obs[m] + 2)
    return packed.A[m].num_entries >= 0.4 * cells


def padded_rows_start(packed: Structure) -> list[int]:
    """Where the padded rows of each modality begin, −1 where it has none."""
    starts, at = [], 0
    for m, table in enumerate(packed.A):
        starts.append(at if has_padded_rows(packed, m) else -1)
        at += table.num_columns * _padded(packed.num_obs[m] + 2) if has_padded_rows(packed, m) else 0
    return [*starts, at]


def _padded(width: int) -> int:
    """The next multiple of the lanes of a vector register."""
    return -(-width // L.LANES) * L.LANES


def _put_tree(plan: BufferPlan, tree: PolicyTree) -> None:
    plan.put(L.TREE_SIZE, tree.size)
    plan.put(L.TREE_START, tree.start)
    plan.put(L.TREE_PARENT, tree.parent)
    plan.put(L.TREE_ACTION, tree.action)
    plan.put(L.POLICY_LEAF, tree.leaf)
    plan.put(L.POLICY_FIRST, tree.first)


def _reserve_numbers(plan: BufferPlan, packed: Structure, own: Structure, tree: PolicyTree, settings: Settings) -> None:
    """Sections of theta, the carried state, the results and the integers in and out."""
    entries_A, entries_B = sum(t.num_entries for t in packed.A), sum(t.num_entries for t in packed.B)
    columns_A, columns_B = sum(t.num_columns for t in packed.A), sum(t.num_columns for t in packed.B)
    states, own_states, outcomes = sum(packed.num_states), sum(own.num_states), sum(packed.num_obs)
    preferences = [rows * outcomes for rows, outcomes in settings.preference_sizes]
    plan.put(L.LOG_C_START, _offsets(preferences)[:-1])
    plan.put(L.LOG_C_ROWS, [rows for rows, _ in settings.preference_sizes])
    counts = {
        "A": sum(t.num_entries for t in own.A),
        "B": sum(t.num_entries for t in own.B),
        "D": own_states,
        "E": tree.num_policies,
    }
    counts = {part: length if part in settings.learns else 0 for part, length in counts.items()}
    for section, length in (
        (L.T_A, entries_A),
        (L.T_LOG_A, entries_A),
        (L.T_AMBIGUITY, columns_A),
        (L.T_ROWS, padded_rows_start(packed)[-1]),
        (L.T_NOVELTY_A, columns_A if settings.novelty and "A" in settings.learns else 0),
        (L.T_B, entries_B),
        (L.T_NOVELTY_B, columns_B if settings.novelty and "B" in settings.learns else 0),
        (L.T_LOG_C, sum(preferences)),
        (L.T_D, states),
        (L.T_LOG_E, tree.num_policies if settings.has_habits else 0),
        (L.T_KNOBS, L.NUM_KNOBS),
        (L.T_PRIOR_COUNTS, sum(counts.values())),
    ):
        plan.reserve("theta", section, length)
    # The counts come first, so that they lie at one place for a model and for its joint.
    for section, part in ((L.C_COUNTS_A, "A"), (L.C_COUNTS_B, "B"), (L.C_COUNTS_D, "D"), (L.C_COUNTS_E, "E")):
        plan.reserve("carry", section, counts[part])
    plan.reserve("carry", L.C_BELIEF, states)
    actions = packed.num_joint_actions
    for section, length in (
        (L.O_SCALARS, 4),
        (L.O_QS, own_states),
        (L.O_Q_ACTION, actions),
        (L.O_P_ACTION, actions),
        (L.O_Q_PI, tree.num_policies),
        (L.O_G, tree.num_policies),
    ):
        plan.reserve("out", section, length)
    for section, length in (
        (L.X_CLOCK, 4),
        (L.X_EXECUTED, 1),
        (L.X_OBS, len(packed.num_obs)),
        (L.X_ACTION, 1),
        (L.X_STATUS, 1),
    ):
        plan.reserve("x", section, length)
    plan.reserve("wf", L.W_SOFT, outcomes)


def _reserve_workspace(
    plan: BufferPlan,
    packed: Structure,
    own: Structure,
    tree: PolicyTree,
    settings: Settings,
    components: list[list[int]],
    actions: list[tuple[Ints, Ints]],
    terms: bool,
) -> dict[str, Ints]:
    """Sections of the workspace; returns the bases of the lists inside them."""
    num_factors, num_components = len(packed.num_states), len(components)
    states, columns_A = sum(packed.num_states), sum(t.num_columns for t in packed.A)
    horizon, leaves = settings.horizon, tree.size[-1]
    before = tree.size[-2]
    largest_obs = max(packed.num_obs)
    joint_actions = packed.num_joint_actions
    most = {level: [0] * num_components for level in (0, 1)}
    for depth, size in enumerate(tree.size):
        for c, (_, own_actions) in enumerate(actions):
            most[depth & 1][c] = max(most[depth & 1][c], min(own_actions.shape[1] ** depth, size), 1)
    level_base, count_base, at, count_at = [], [], 0, 0
    component_of = {f: c for c, factors in enumerate(components) for f in factors}
    for level in (0, 1):
        for f, size in enumerate(packed.num_states):
            level_base.append(at)
            count_base.append(count_at)
            at += most[level][component_of[f]] * size
            count_at += most[level][component_of[f]]
    expanded = [
        max(min(own_actions.shape[1] ** depth, tree.size[depth]) for depth in range(horizon)) * own_actions.shape[1]
        for _, own_actions in actions
    ]
    novelty_B = settings.novelty and "B" in settings.learns
    outer = 0
    for m, parents in enumerate(packed.A_parents):
        if len(parents) == 2:
            nodes = [max(most[level][component_of[f]] for level in (0, 1)) for f in parents]
            sizes = [packed.num_states[f] for f in parents]
            outer = max(outer, max(nodes[0] * sizes[1], nodes[1] * sizes[0]) * _padded(packed.num_obs[m] + 2))
    uses_outer = any(
        _outer_parent(packed, m, component_of, [c for c, (_, a) in enumerate(actions) if a.shape[1] > 1], actions) >= 0
        for m in range(len(packed.num_obs))
    )
    for section in (
        L.W_PRIOR,
        L.W_LOG_PRIOR,
        L.W_LOG_Q,
        L.W_MESSAGE,
        L.W_BASE,
        L.W_OLD_Q,
        L.W_OLD_MESSAGE,
        L.W_SUM,
        L.W_WEIGHT,
    ):
        plan.reserve("wf", section, states)
    for section, length in (
        (L.W_LIKELIHOOD, columns_A),
        (L.W_SHARED, columns_A),
        (L.W_PREVIOUS, sum(own.num_states)),
        (L.W_VALUE, at),
        (L.W_EDGE, sum(expanded) if novelty_B else 0),
        (L.W_JOINT_G, leaves + 1),
        (L.W_JOINT_EDGE, before * joint_actions if novelty_B else 0),
        (L.W_TREE_G, 2 * max(leaves, 1)),
        (L.W_QO, leaves * largest_obs),
        (L.W_LOG_QO, leaves * largest_obs),
        (L.W_AMBIGUITY, leaves),
        (L.W_NOVELTY, leaves),
        (L.W_OUTER, outer if uses_outer else 0),
        (L.W_LANES, _padded(largest_obs + 2)),
        (L.W_NODE_TERMS, (leaves + 1) * len(packed.num_obs) * 3 if terms else 0),
        (L.W_TERMS, (tree.num_prefixes + 1) * len(packed.num_obs) * 3 if terms else 0),
        (L.W_EDGE_TERMS, tree.num_prefixes + 1 if terms else 0),
    ):
        plan.reserve("wf", section, length)
    hash_size = 4
    while hash_size < 2 * leaves:
        hash_size *= 2
    parents_most = max(len(group) for group in (*packed.A_parents, *packed.B_parents))
    for section, length in (
        (L.I_LEVEL, 2 * num_factors),
        (L.I_COUNT_BASE, 2 * num_factors),
        (L.I_CHILD_BASE, num_components),
        (L.I_INDEX, at),
        (L.I_COUNT, count_at),
        (L.I_TOUCHED, states),
        (L.I_TOUCHED_COUNT, num_factors),
        (L.I_NODES, 2 * num_components),
        (L.I_CHILD, sum(expanded)),
        (L.I_HASH, hash_size),
        (L.I_STAMP, 1),
        (L.I_POINT, states),
        (L.I_JOINT, 2 * (leaves + 1) * num_components),
        (L.I_JOINT_CHILD, before * joint_actions),
        (L.I_TREE_NODE, 2 * leaves),
        (L.I_MODALITY_NODE, leaves),
        (L.I_MODALITY_FIRST, leaves),
        (L.I_OUTER_DONE, leaves),
        (L.I_SHARED, len(packed.num_obs)),
        (L.I_ODOMETER, max(parents_most, num_factors)),
        (L.I_SUPPORT, states),
        (L.I_SUPPORT_LIST, states),
    ):
        plan.reserve("wi", section, length)
    return {
        "level": np.array(level_base, dtype=np.int64),
        "count": np.array(count_base, dtype=np.int64),
        "child": _offsets(expanded)[:-1],
    }
