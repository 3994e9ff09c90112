"""How much workspace the compiled step needs: the most that any depth of the policy tree can ask for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actinf.agent.components import Components, outer_parent
from actinf.agent.groups import Groups, padded
from actinf.agent.settings import Settings
from actinf.agent.structure import Structure
from actinf.agent.tables import offsets
from actinf.kernels import layout as L
from actinf.kernels.buffers import BufferPlan
from actinf.planning.exhaustive import PolicyTree

__all__ = ["reserve_workspace"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NodeBounds:
    """The most nodes that the graph of beliefs can have.

    Attributes:
        at_level: for the even and the odd depths, by component.
        expanded: for each component, nodes · actions of one depth.
        leaves: joint nodes of the last depth; before: of the one before it.
        policies: how many there are; given ones may repeat, so that there are more of them than leaves.
    """

    at_level: tuple[tuple[int, ...], tuple[int, ...]]
    expanded: tuple[int, ...]
    leaves: int
    before: int
    policies: int

    @classmethod
    def of(cls, components: Components, tree: PolicyTree) -> "NodeBounds":
        """Bounds from the prefixes of each length and the actions of each component."""
        even, odd = (
            tuple(
                max([1, *(min(actions**depth, tree.size[depth]) for depth in range(parity, len(tree.size), 2))])
                for actions in components.num_actions
            )
            for parity in (0, 1)
        )
        expanded = tuple(
            max(min(actions**depth, size) for depth, size in enumerate(tree.size[:-1])) * actions
            for actions in components.num_actions
        )
        return cls((even, odd), expanded, tree.size[-1], tree.size[-2], tree.num_policies)


def reserve_workspace(
    plan: BufferPlan,
    packed: Structure,
    components: Components,
    groups: Groups,
    tree: PolicyTree,
    settings: Settings,
    *,
    own_states: int,
    terms: bool,
    outlook: int,
) -> dict[str, Ints]:
    """Sections of the workspace; returns the bases of the lists inside them.

    Args:
        plan: takes the sections.
        packed: what inference and planning work on.
        components: its independent parts.
        groups: its modalities by the factors that they depend on.
        tree: the policies.
        settings: codes and sizes.
        own_states: states of all of the model's own factors.
        terms: keep the terms of G by prefix.
        outlook: numbers in a row of predicted outcomes, 0 for no outlook.
    """
    bounds = NodeBounds.of(components, tree)
    nodes = [bounds.at_level[level][c] for level in (0, 1) for c in components.of_factor]
    values = offsets(count * size for count, size in zip(nodes, 2 * packed.num_states))
    supports = offsets(nodes)
    _reserve_inference(plan, packed, own_states)
    _reserve_planning(plan, packed, components, groups, bounds, settings, num_values=int(values[-1]), outlook=outlook)
    _reserve_terms(plan, packed, bounds, tree, terms)
    _reserve_integers(
        plan, packed, groups, bounds, num_values=int(values[-1]), num_supports=int(supports[-1]), outlook=outlook
    )
    return {"level": values[:-1], "count": supports[:-1], "child": offsets(bounds.expanded)[:-1]}


def _reserve_inference(plan: BufferPlan, packed: Structure, own_states: int) -> None:
    states, columns = sum(packed.num_states), sum(table.num_columns for table in packed.A)
    for section in (
        L.W_PRIOR,
        L.W_LOG_PRIOR,
        L.W_LOG_Q,
        L.W_MESSAGE,
        L.W_BASE,
        L.W_OLD_Q,
        L.W_OLD_MESSAGE,
        L.W_SUM,
    ):
        plan.reserve("wf", section, states)
    plan.reserve("wf", L.W_WEIGHT, states + L.STRETCH)
    plan.reserve("wf", L.W_LIKELIHOOD, columns)
    plan.reserve("wf", L.W_SHARED, columns)
    plan.reserve("wf", L.W_PREVIOUS, own_states)


def _reserve_planning(
    plan: BufferPlan,
    packed: Structure,
    components: Components,
    groups: Groups,
    bounds: NodeBounds,
    settings: Settings,
    *,
    num_values: int,
    outlook: int,
) -> None:
    leaves, largest = bounds.leaves, max(groups.num_obs)
    edges = settings.novelty_of_B
    for section, length in (
        (L.W_VALUE, num_values),
        (L.W_EDGE, sum(bounds.expanded) if edges else 0),
        (L.W_JOINT_G, leaves + 1),
        (L.W_JOINT_EDGE, bounds.before * packed.num_joint_actions if edges else 0),
        (L.W_TREE_G, 2 * max(leaves, -(-bounds.policies // 2))),  # a choice among policies keeps its weights here, too
        (L.W_LOG_C, padded(sum(packed.num_obs))),
        (L.W_OUTLOOK, bounds.policies * (1 + outlook) if outlook else 0),
        (L.W_NODE_OUTCOMES, leaves * outlook),
        (L.W_TREE_OUTCOMES, 2 * leaves * outlook),
        (L.W_QO, leaves * largest + L.STRETCH),
        (L.W_LOG_QO, leaves * largest + L.STRETCH),
        (L.W_QO_LOG_C, leaves * largest),
        (L.W_OUTCOME, largest),
        (L.W_RISK, leaves),
        (L.W_AMBIGUITY, leaves),
        (L.W_NOVELTY, leaves),
        (L.W_OUTER, _outer_length(packed, components, groups, bounds)),
    ):
        plan.reserve("wf", section, length)


def _outer_length(packed: Structure, components: Components, groups: Groups, bounds: NodeBounds) -> int:
    """The largest partial sum of a likelihood over its outer parent: nodes of that parent × states of the other."""
    largest = 0
    for g, members in enumerate(groups.members):
        outer, parents = outer_parent(components, groups, g), packed.A_parents[members[0]]
        if outer >= 0:
            nodes = max(level[components.of_factor[parents[outer]]] for level in bounds.at_level)
            largest = max(largest, nodes * packed.num_states[parents[1 - outer]] * groups.widths[g])
    return largest


def _reserve_terms(plan: BufferPlan, packed: Structure, bounds: NodeBounds, tree: PolicyTree, terms: bool) -> None:
    width = 3 * len(packed.num_obs)
    plan.reserve("wf", L.W_NODE_TERMS, (bounds.leaves + 1) * width if terms else 0)
    plan.reserve("wf", L.W_TERMS, (tree.num_prefixes + 1) * width if terms else 0)
    plan.reserve("wf", L.W_EDGE_TERMS, tree.num_prefixes + 1 if terms else 0)


def _reserve_integers(
    plan: BufferPlan,
    packed: Structure,
    groups: Groups,
    bounds: NodeBounds,
    *,
    num_values: int,
    num_supports: int,
    outlook: int,
) -> None:
    num_factors, num_components = len(packed.num_states), len(bounds.expanded)
    states, leaves = sum(packed.num_states), bounds.leaves
    hash_size = 4
    while hash_size < 2 * leaves:
        hash_size *= 2
    most_parents = max(len(group) for group in (*packed.A_parents, *packed.B_parents))
    for section, length in (
        (L.I_LEVEL, 2 * num_factors),
        (L.I_COUNT_BASE, 2 * num_factors),
        (L.I_CHILD_BASE, num_components),
        (L.I_INDEX, num_values),
        (L.I_COUNT, num_supports),
        (L.I_TOUCHED, states),
        (L.I_TOUCHED_COUNT, num_factors),
        (L.I_NODES, 2 * num_components),
        (L.I_CHILD, sum(bounds.expanded)),
        (L.I_HASH, hash_size),
        (L.I_STAMP, 1),
        (L.I_POINT, states),
        (L.I_JOINT, 2 * (leaves + 1) * num_components),
        (L.I_JOINT_CHILD, bounds.before * packed.num_joint_actions),
        (L.I_TREE_NODE, 2 * leaves),
        (L.I_GROUP_NODE, leaves),
        (L.I_GROUP_FIRST, leaves),
        (L.I_QO_START, leaves + 1),
        (L.I_QO_OUTCOME, leaves * max(groups.num_obs) if outlook else 0),
        (L.I_OUTCOME, max(groups.num_obs)),
        (L.I_OUTER_DONE, leaves),
        (L.I_SHARED, len(packed.num_obs)),
        (L.I_ODOMETER, max(most_parents, num_factors)),
        (L.I_SUPPORT, states),
        (L.I_SUPPORT_LIST, states),
    ):
        plan.reserve("wi", section, length)
