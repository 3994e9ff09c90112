"""Lowering: a model and the settings of an agent become the buffers that the compiled step runs on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actinf.agent.components import Components, put_components
from actinf.agent.groups import Groups, padded, put_groups
from actinf.agent.parameters import joint_sources_A, joint_sources_B
from actinf.agent.settings import Settings
from actinf.agent.structure import Structure
from actinf.agent.tables import offsets, put_tables
from actinf.agent.workspace import reserve_workspace
from actinf.errors import BudgetError
from actinf.kernels import layout as L
from actinf.kernels.buffers import BufferPlan, section_slice, view
from actinf.planning.exhaustive import PolicyTree
from actinf.planning.recall import HEAD, IS_WHOLE

__all__ = ["Program", "lower"]

Ints = NDArray[np.int64]

RECALL_BYTES = 4 * 2**20  # of plans that a thread keeps
FEWEST_SLOTS, MOST_SLOTS = 8, 1024
LARGEST_OUTLOOK = 1024  # policies · outcomes for which G is weighed from an outlook


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

    def recall_buffers(self, dtype: str, *, whole: bool) -> tuple[NDArray[Any], Ints]:
        """Fresh buffers (plans, slots) for what a thread recalls.

        Both are empty where plans depend on more than the belief, or are too large to keep a handful.

        Args:
            dtype: of the agent.
            whole: recall G and what follows from it, for agents that share all numbers; else the outlook, for agents
                that share A and B.
        """
        scalars = view(self.ints, self.ints, L.SCALARS)
        learns = scalars[[L.S_LEARN_A, L.S_LEARN_B, L.S_LEARN_D, L.S_LEARN_E]].any()
        first, last = (L.PLAN_BEGINS, L.PLAN_ENDS) if whole else (L.W_OUTLOOK, L.W_OUTLOOK)
        results = int(self.ints[2 * last + 1] - self.ints[2 * first])
        belief = section_slice(self.ints, L.C_BELIEF)
        width = belief.stop - belief.start + results
        slots = RECALL_BYTES // (width * np.dtype(dtype).itemsize)
        if learns or scalars[L.S_TIMED] or results == 0 or slots < FEWEST_SLOTS:
            return np.zeros(0, dtype=dtype), np.zeros(0, dtype=np.int64)
        slots = min(2 ** (slots.bit_length() - 1), MOST_SLOTS)
        words = np.zeros(HEAD + slots, dtype=np.int64)
        words[IS_WHOLE] = whole
        return np.zeros(slots * width, dtype=dtype), words

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
    components, groups = Components.of(packed), Groups.of(packed, apart=terms)
    put_tables(plan, packed)
    put_groups(plan, groups)
    put_components(plan, packed, components, groups)
    _put_tree(plan, tree)
    if packed.joint:
        _put_sources(plan, own, packed)
    scalars = _scalars(packed, components, groups, tree, settings, terms=terms)
    plan.put(L.SCALARS, scalars)
    _reserve_numbers(plan, packed, own, groups, tree, settings)
    own_states = sum(own.num_states)
    bases = reserve_workspace(
        plan,
        packed,
        components,
        groups,
        tree,
        settings,
        own_states=own_states,
        terms=terms,
        outlook=int(scalars[L.S_OUTLOOK]),
    )
    need = plan.lengths["wf"] * settings.itemsize + plan.lengths["wi"] * 8
    if need > settings.max_memory:
        raise BudgetError(
            f"the policy tree of horizon {settings.horizon} ({tree.num_policies:,} policies, {tree.num_prefixes:,} "
            f"prefixes, {sum(packed.num_states):,} states) may need {need / 2**20:,.0f} MiB, more than the planner's "
            f"max_memory={settings.max_memory / 2**20:,.0f} MiB: shorten the horizon, give fewer policies or raise "
            "max_memory"
        )
    return Program(ints=plan.ints(), lengths=plan.lengths, bases=bases)


def _scalars(
    packed: Structure, components: Components, groups: Groups, tree: PolicyTree, settings: Settings, *, terms: bool
) -> Ints:
    """Sizes, codes and switches, by the S_… of the layout."""
    scalars = np.zeros(L.NUM_SCALARS, dtype=np.int64)
    scalars[L.S_FACTORS] = len(packed.num_states)
    scalars[L.S_MODALITIES] = len(packed.num_obs)
    scalars[L.S_GROUPS] = len(groups.members)
    scalars[L.S_COMPONENTS] = len(components.factors)
    scalars[L.S_ACTIONS] = packed.num_joint_actions
    scalars[L.S_HORIZON] = settings.horizon
    scalars[L.S_EXHAUSTIVE] = tree.exhaustive
    scalars[L.S_CHOICE] = settings.choice
    scalars[L.S_NOVELTY_B] = settings.novelty_of_B
    for code, part in ((L.S_LEARN_A, "A"), (L.S_LEARN_B, "B"), (L.S_LEARN_D, "D"), (L.S_LEARN_E, "E")):
        scalars[code] = part in settings.learns
    scalars[L.S_MAX_ITERATIONS], scalars[L.S_JOINT_BUDGET] = settings.max_iterations, settings.joint_budget
    scalars[L.S_TIMED] = any(rows > 1 for rows, _ in settings.preference_sizes)
    scalars[L.S_TERMS], scalars[L.S_JOINT_MODEL] = terms, packed.joint
    width = padded(sum(packed.num_obs))
    if tree.exhaustive and not terms and not scalars[L.S_TIMED] and tree.num_policies * width <= LARGEST_OUTLOOK:
        scalars[L.S_OUTLOOK] = width
    return scalars


def _put_sources(plan: BufferPlan, own: Structure, packed: Structure) -> None:
    """Whence the entries and columns of a joint model come."""
    entry_A, column_A = joint_sources_A(own, packed)
    entry_B, column_B = joint_sources_B(own, packed)
    plan.put(L.ENTRY_SOURCE_A, entry_A)
    plan.put(L.COLUMN_SOURCE_A, column_A)
    plan.put(L.ENTRY_SOURCE_B, entry_B)
    plan.put(L.COLUMN_SOURCE_B, column_B)


def _put_tree(plan: BufferPlan, tree: PolicyTree) -> None:
    plan.put(L.TREE_SIZE, tree.size)
    plan.put(L.TREE_START, tree.start)
    plan.put(L.TREE_PARENT, tree.parent)
    plan.put(L.TREE_ACTION, tree.action)
    plan.put(L.POLICY_LEAF, tree.leaf)
    plan.put(L.POLICY_FIRST, tree.first)


def _reserve_numbers(
    plan: BufferPlan, packed: Structure, own: Structure, groups: Groups, tree: PolicyTree, settings: Settings
) -> None:
    """Sections of theta, the carried state, the results and the integers in and out."""
    entries_A, entries_B = sum(t.num_entries for t in packed.A), sum(t.num_entries for t in packed.B)
    columns_A, columns_B = sum(t.num_columns for t in packed.A), sum(t.num_columns for t in packed.B)
    states, own_states, outcomes = sum(packed.num_states), sum(own.num_states), sum(packed.num_obs)
    preferences = [rows * outcomes for rows, outcomes in settings.preference_sizes]
    plan.put(L.LOG_C_START, offsets(preferences)[:-1])
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
        (L.T_ROWS, groups.rows_start[-1]),
        (L.T_EXPECTED, 2 * groups.column_base[-1]),
        (L.T_NOVELTY_A, columns_A if settings.novelty_of_A else 0),
        (L.T_B, entries_B),
        (L.T_NOVELTY_B, columns_B if settings.novelty_of_B else 0),
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
