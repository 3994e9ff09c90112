"""The settings of the exhaustive planner, and the tree of policy prefixes that it lowers to."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actinf.errors import BudgetError, SettingError
from actinf.kernels.settings import check_flag, check_whole

__all__ = ["Exhaustive", "PolicyTree", "policy_tree"]

Ints = NDArray[np.int64]


#: Of policies that are enumerated: those of a model with a single action grow by one step, not by a factor.
LONGEST_HORIZON = 10_000


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Exhaustive:
    """Evaluate every policy: all sequences of joint actions up to a horizon, or the ones that are given.

    Attributes:
        horizon: number of actions in a policy, H ≥ 1.  With given policies it is their length.
        policies: None for all sequences, in lexicographic order with the first action slowest; else integers of shape
            (num_policies, horizon, num_controls), or (num_policies, horizon) where the model has one control.
        novelty: subtract from G the expected information gain about the parameters that the agent learns (A and B).
        max_memory: bytes that the workspace of one agent may take; a larger tree is refused before it starts.
    """

    horizon: int = 1
    policies: Any = None
    novelty: bool = False
    max_memory: int = 2**30

    def __post_init__(self) -> None:
        object.__setattr__(self, "horizon", check_whole("Exhaustive", "horizon", self.horizon))
        object.__setattr__(self, "max_memory", check_whole("Exhaustive", "max_memory", self.max_memory))
        check_flag("Exhaustive", "novelty", self.novelty)
        if self.policies is not None:
            given = _given_policies(self.policies)
            if self.horizon not in (1, given.shape[1]):
                raise SettingError(
                    f"Exhaustive(horizon={self.horizon}) contradicts policies of length {given.shape[1]}: leave it out"
                )
            object.__setattr__(self, "policies", given)
            object.__setattr__(self, "horizon", int(given.shape[1]))

    def _policies_text(self) -> str:
        """All policies in few characters: their shape and a digest of their contents."""
        if self.policies is None:
            return "None"
        shape = " × ".join(str(size) for size in self.policies.shape)
        return f"<{shape}, {hashlib.sha256(self.policies.tobytes()).hexdigest()[:12]}>"

    def __repr__(self) -> str:
        return (
            f"Exhaustive(horizon={self.horizon}, policies={self._policies_text()}, novelty={self.novelty}, "
            f"max_memory={self.max_memory})"
        )

    def __eq__(self, other: object) -> bool:
        return repr(self) == repr(other) if isinstance(other, Exhaustive) else NotImplemented

    def __hash__(self) -> int:
        return hash(repr(self))


def _given_policies(policies: Any) -> NDArray[Any]:
    """Policies as a read-only array of integers, (num_policies, horizon[, num_controls])."""
    expected = "expected integers of shape (num_policies, horizon, num_controls), all policies of one length"
    try:
        given = np.array(policies)
    except ValueError:
        raise SettingError(f"Exhaustive(policies=...) is ragged: {expected}") from None
    if given.ndim not in (2, 3) or given.size == 0 or not np.issubdtype(given.dtype, np.integer):
        raise SettingError(f"Exhaustive(policies=...) has shape {given.shape} and type {given.dtype}: {expected}")
    given = given.astype(np.int64)
    given.setflags(write=False)
    return given


@dataclass(frozen=True, slots=True)
class PolicyTree:
    """Policies as prefixes that share their beginnings.

    Attributes:
        size: number of prefixes of length 0 … H.
        num_policies: how many policies there are.
        start, parent, action: for given policies the tree; `start[d]` is where the prefixes of length d begin.
        leaf, first: for given policies, the prefix of full length and the first joint action of each.
        exhaustive: whether the policies are all sequences, so that the tree is implied.
    """

    size: tuple[int, ...]
    num_policies: int
    start: tuple[int, ...]
    parent: Ints
    action: Ints
    leaf: Ints
    first: Ints
    exhaustive: bool

    @property
    def num_prefixes(self) -> int:
        """All prefixes of length 1 and more."""
        return sum(self.size[1:])


def policy_tree(planner: Exhaustive, num_actions: Sequence[int]) -> PolicyTree:
    """The tree of a planner's policies for a model whose controls have `num_actions` actions.

    Raises:
        SettingError: when given policies do not fit the model's controls.
        BudgetError: when there are more policies than can be counted in memory at all.
    """
    joint = int(np.prod(num_actions, dtype=object)) if num_actions else 1
    none = np.zeros(0, dtype=np.int64)
    if planner.policies is None:
        longest = LONGEST_HORIZON if joint == 1 else int(31 / log2(joint))
        if planner.horizon > longest:
            horizon = str(planner.horizon) if planner.horizon <= LONGEST_HORIZON else f"more than {LONGEST_HORIZON}"
            raise BudgetError(
                f"Exhaustive(horizon={horizon}) with {joint:,} joint actions means {joint:,} to that power policies, "
                f"more than can be enumerated: use a horizon of at most {longest}, or give the policies that matter"
            )
        size = tuple(joint**depth for depth in range(planner.horizon + 1))
        return PolicyTree(size, size[-1], (0,) * (planner.horizon + 1), none, none, none, none, True)
    return _given_tree(planner.policies, num_actions)


def _given_tree(policies: NDArray[Any], num_actions: Sequence[int]) -> PolicyTree:
    if policies.ndim == 2:
        policies = policies[:, :, None]
    if policies.shape[2] != len(num_actions):
        raise SettingError(
            f"Exhaustive(policies=...) has shape {policies.shape}, but the model has {len(num_actions)} controls: "
            f"expected ({policies.shape[0]}, {policies.shape[1]}, {len(num_actions)})"
        )
    for control, actions in enumerate(num_actions):
        wrong = policies[:, :, control][(policies[:, :, control] < 0) | (policies[:, :, control] >= actions)]
        if wrong.size:
            raise SettingError(
                f"Exhaustive(policies=...) holds action {int(wrong[0])} for control {control}, which has "
                f"{actions} actions: expected 0 to {actions - 1}"
            )
    horizon = policies.shape[1]
    joint: Ints = np.zeros((len(policies), horizon), dtype=np.int64)
    for control, actions in enumerate(num_actions):
        joint = joint * actions + policies[:, :, control]
    size, start, parents, actions_taken = [1], [0], [], []
    prefix = np.zeros(len(joint), dtype=np.int64)
    for depth in range(horizon):
        pairs = np.stack([prefix, joint[:, depth]], axis=1)
        unique, prefix = np.unique(pairs, axis=0, return_inverse=True)
        prefix = prefix.reshape(-1)
        start.append(sum(size[1:]))
        size.append(len(unique))
        parents.append(unique[:, 0])
        actions_taken.append(unique[:, 1])
    return PolicyTree(
        tuple(size),
        len(joint),
        tuple(start),
        np.concatenate(parents),
        np.concatenate(actions_taken),
        prefix,
        joint[:, 0],
        False,
    )
