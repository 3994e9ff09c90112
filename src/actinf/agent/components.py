"""Components: sets of factors that move independently of all others, and how joint actions split over them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actinf.agent.groups import Groups
from actinf.agent.structure import Structure
from actinf.agent.tables import offsets
from actinf.kernels import layout as L
from actinf.kernels.buffers import BufferPlan

__all__ = ["Components", "outer_parent", "put_components"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Components:
    """The components of a structure.

    Attributes:
        factors: the factors of each component.
        of_factor: (factors,) the component of each factor.
        action_of_joint: for each component, (joint actions,) its action in each joint action.
        own_actions: for each component, (its factors, its actions) the action of each factor in each of its actions.
    """

    factors: tuple[tuple[int, ...], ...]
    of_factor: tuple[int, ...]
    action_of_joint: tuple[Ints, ...]
    own_actions: tuple[Ints, ...]

    @classmethod
    def of(cls, packed: Structure) -> "Components":
        """The components of a structure, in the order of their first factor."""
        factors = tuple(tuple(group) for group in packed.components())
        component = {f: c for c, group in enumerate(factors) for f in group}
        splits = [np.unique(packed.actions_of_factor[list(group)], axis=1, return_inverse=True) for group in factors]
        return cls(
            factors=factors,
            of_factor=tuple(component[f] for f in range(len(packed.num_states))),
            action_of_joint=tuple(inverse.reshape(-1).astype(np.int64) for _, inverse in splits),
            own_actions=tuple(unique.astype(np.int64) for unique, _ in splits),
        )

    @property
    def num_actions(self) -> list[int]:
        """How many actions each component has; 1 where nothing moves it but itself."""
        return [own.shape[1] for own in self.own_actions]

    @property
    def controlled(self) -> list[int]:
        """The components that an agent can move."""
        return [c for c, count in enumerate(self.num_actions) if count > 1]


def put_components(plan: BufferPlan, packed: Structure, components: Components, groups: Groups) -> None:
    """Which factors move together, how joint actions split over them, and which groups show which of them."""
    factors, controlled = components.factors, components.controlled
    plan.put(L.COMPONENT_START, offsets(len(group) for group in factors))
    plan.put(L.COMPONENT_FACTOR, [f for group in factors for f in group])
    plan.put(L.COMPONENT_OF, components.of_factor)
    plan.put(L.COMPONENT_SIMPLE, [len(group) == 1 and packed.B_parents[group[0]] == group for group in factors])
    plan.put(L.COMPONENT_ACTIONS, components.num_actions)
    plan.put(L.COMPONENT_ACTION, np.concatenate(components.action_of_joint))
    own = {f: actions[i] for group, actions in zip(factors, components.own_actions) for i, f in enumerate(group)}
    rows = [own[f] for f in range(len(packed.num_states))]
    plan.put(L.FACTOR_ACTION_START, offsets(len(row) for row in rows)[:-1])
    plan.put(L.FACTOR_ACTION, np.concatenate(rows))
    kinds, single = [], []
    for members in groups.members:
        met = sorted({components.of_factor[f] for f in packed.A_parents[members[0]]} & set(controlled))
        kinds.append(2 if len(met) == len(controlled) and met else min(len(met), 1) if len(met) < 2 else 3)
        single.append(met[0] if len(met) == 1 else -1)
    plan.put(L.GROUP_KIND, kinds)
    plan.put(L.GROUP_COMPONENT, single)
    plan.put(L.OUTER_PARENT, [outer_parent(components, groups, g) for g in range(len(groups.members))])


def outer_parent(components: Components, groups: Groups, g: int) -> int:
    """Which of two parents in two moving components to sum out first (that which moves less), −1 where none pays."""
    parents = groups.packed.A_parents[groups.members[g][0]]
    component = [components.of_factor[f] for f in parents]
    if len(parents) != 2 or component[0] == component[1] or not set(component) <= set(components.controlled):
        return -1
    if not groups.dense[g]:
        return -1
    width = [components.num_actions[c] for c in component]
    return 0 if width[0] <= width[1] else 1
