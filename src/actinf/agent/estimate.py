"""What an agent will cost, told before it is built: bytes, and roughly seconds, from the shape of its model alone.

Building an agent can itself take more memory than there is: a horizon of 40 with 4 actions means 4⁴⁰ policies.  Here
nothing is built; all is counted in whole numbers of Python, which do not overflow.  Bytes are an upper bound, from the
same counts that size the buffers (`agent.program`, `agent.workspace`); a test holds them against what is allocated.
Seconds are an order of magnitude: how many beliefs a planner meets is known when it has met them, see `_nodes`; and
agents that recall one another's plans are quicker than one that makes them all.
"""

from dataclasses import dataclass
from functools import cached_property
from math import comb, log2, prod

import numpy as np

from actinf.agent.groups import SMALLEST_SHARE, padded
from actinf.agent.program import FEWEST_SLOTS, LARGEST_OUTLOOK, MOST_SLOTS, RECALL_BYTES
from actinf.inference.exact import Exact
from actinf.inference.fixed_point import FixedPoint
from actinf.learning.dirichlet import Learning
from actinf.model import Model
from actinf.model.table import Table
from actinf.planning.dense import worth_it
from actinf.planning.exhaustive import Exhaustive

__all__ = ["AgentEstimate", "estimate_agent"]

# Seconds on one core of a server of 2023.  A figure of another machine is some small factor away.
SECONDS_PER_STEP = 0.8e-6  # what a step takes beside the work that is counted
SECONDS_PER_COLUMN = 0.8e-9  # of a likelihood, in a sweep of inference
SECONDS_PER_FLOW = 0.7e-9  # a probability times a transition or a likelihood
SECONDS_PER_LOGARITHM = 2e-9  # of a predicted outcome
SECONDS_PER_NODE = 1.5e-8  # to find a belief among the known ones
SECONDS_PER_PREFIX = 1e-9  # to add up G along the policies
SECONDS_PER_POLICY = 2e-8  # of the softmax over them, and of a tree that outgrows the cache
SECONDS_PER_COUNT = 2e-8  # that is learned
SECONDS_PER_PRODUCT = 1e-10  # a multiplication and an addition of a product of matrices
TYPICAL_SWEEPS = 4

MOST_BITS = 500  # of a number of policies; one that is larger is told as 2⁵⁰⁰
LONGEST = 1e150  # seconds that are told
MOST: int = 2**MOST_BITS
FIXED_BYTES = 2**16  # headers, records and short lists
SPARSE = 4  # a factor is sparse where a state leads to less than one in so many


@dataclass(frozen=True, kw_only=True)
class AgentEstimate:
    """What an agent will cost.

    Attributes:
        num_policies: how many policies each step evaluates; 2⁵⁰⁰ stands for that many and more.
        bytes: memory of the agent and of one thread that runs it: an upper bound.
        bytes_per_thread: the part of it that each further thread takes again.
        bytes_per_agent: what each of several agents that live at once takes: its beliefs, and its own numbers where it
            learns.
        bytes_per_step_result: beliefs, free energies and posterior over policies of one step.
        seconds_per_step: of one agent on one core: an order of magnitude.
    """

    num_policies: int
    bytes: int
    bytes_per_thread: int
    bytes_per_agent: int
    bytes_per_step_result: int
    seconds_per_step: float


def estimate_agent(
    model: Model,
    *,
    planner: Exhaustive | None = None,
    inference: FixedPoint | Exact | None = None,
    learning: Learning | None = None,
    dtype: str = "float64",
) -> AgentEstimate:
    """What an agent with this model and these settings will cost; they are those of `Agent`.

    Nothing is refused here: an agent that cannot be built has an estimate, too.
    """
    planner, inference = planner or Exhaustive(), inference or FixedPoint()
    own = _Shape.of(model)
    shape = own.joined() if isinstance(inference, Exact) and len(own.states) > 1 else own
    parts = _Parts(
        model=model,
        own=own,
        shape=shape,
        tree=_Tree.of(planner, own.joint_actions),
        learns=frozenset(part for part in "ABDE" if learning is not None and getattr(learning, part)),
        novelty=planner.novelty,
        itemsize=np.dtype(dtype).itemsize,
        sweeps=min(TYPICAL_SWEEPS, inference.max_iterations) if isinstance(inference, FixedPoint) else 1,
    )
    per_thread = parts.workspace_bytes + parts.recalled_bytes + parts.products_bytes // 2
    return AgentEstimate(
        num_policies=parts.tree.policies,
        bytes=FIXED_BYTES + parts.shared_bytes + per_thread + parts.products_bytes // 2,
        bytes_per_thread=per_thread,
        bytes_per_agent=parts.itemsize * (parts.carried + (3 * parts.theta if parts.learns else 0)) + 64,
        bytes_per_step_result=parts.itemsize * parts.results,
        seconds_per_step=parts.seconds_per_step,
    )


def _power(base: int, exponent: int) -> int:
    """base ** exponent, or 2⁵⁰⁰ where that is larger."""
    return int(base**exponent) if exponent * log2(max(base, 1)) < MOST_BITS else MOST


@dataclass(frozen=True)
class _Sizes:
    """A table, counted.

    Attributes:
        rows, columns, entries: of the table; `entries` are not zero.
        longest: entries of the fullest column.
        parents: factors that it depends on.
    """

    rows: int
    columns: int
    entries: int
    longest: int
    parents: tuple[int, ...]

    @classmethod
    def of(cls, table: Table, parents: tuple[int, ...]) -> "_Sizes":
        longest = int(np.diff(table.indptr).max(initial=0))
        return cls(table.num_rows, table.num_columns, table.nnz, longest, parents)

    @property
    def mean(self) -> float:
        """Entries of a column on average."""
        return self.entries / max(self.columns, 1)


@dataclass(frozen=True)
class _Shape:
    """A model, counted; or the joint of its factors.

    Attributes:
        states: of each factor; actions: of each control; control: of each factor, or None.
        A, B: the tables.
        sources: factors that an entry of the joint transitions is multiplied from; 0 where factors are not joined.
    """

    states: tuple[int, ...]
    actions: tuple[int, ...]
    control: tuple[int | None, ...]
    A: tuple[_Sizes, ...]
    B: tuple[_Sizes, ...]
    sources: int = 0

    @classmethod
    def of(cls, model: Model) -> "_Shape":
        return cls(
            tuple(model.num_states),
            tuple(model.num_controls),
            tuple(model.control_of_factor),
            tuple(_Sizes.of(table, tuple(parents)) for table, parents in zip(model.A, model.A_dependencies)),
            tuple(_Sizes.of(table, tuple(parents)) for table, parents in zip(model.B, model.B_dependencies)),
        )

    @property
    def joint_actions(self) -> int:
        return min(int(prod(self.actions)), MOST)

    def joined(self) -> "_Shape":
        """One factor that is the joint of all, moved by all controls."""
        size, used = min(prod(self.states), MOST), [u for u in self.control if u is not None]
        columns = size * self.joint_actions
        apart = all(table.parents == (f,) for f, table in enumerate(self.B)) and len(used) == len(set(used))
        if apart:  # then the sum over all columns of products is the product of sums
            entries = (
                prod(table.entries for table in self.B) * self.joint_actions // prod(self.actions[u] for u in used)
            )
        else:
            entries = columns * prod(table.longest for table in self.B)
        A = tuple(
            _Sizes(table.rows, size, table.entries * size // max(table.columns, 1), table.longest, (0,))
            for table in self.A
        )
        B = _Sizes(
            size, columns, min(entries, columns * size), min(prod(table.longest for table in self.B), MOST), (0,)
        )
        return _Shape((size,), (self.joint_actions,), (0,), A, (B,), len(self.states))

    @cached_property
    def components(self) -> list[tuple[tuple[int, ...], int]]:
        """Factors that move together, and how many actions move them."""
        label = list(range(len(self.states)))
        for f, table in enumerate(self.B):
            for g in table.parents:
                low, high = sorted((label[f], label[g]))
                label = [low if one == high else one for one in label]
        groups = [tuple(f for f, one in enumerate(label) if one == root) for root in dict.fromkeys(label)]
        controls = [{u for f in group if (u := self.control[f]) is not None} for group in groups]
        return [
            (group, min(prod([self.actions[u] for u in moved]), MOST))
            for group, moved in zip(groups, controls, strict=True)
        ]

    @cached_property
    def groups(self) -> list[tuple[int, int, int, tuple[int, ...]]]:
        """Modalities with the same parents: outcomes, columns, entries of all, and the parents."""
        found = []
        for parents in dict.fromkeys(table.parents for table in self.A):
            members = [table for table in self.A if table.parents == parents]
            rows, entries = sum(table.rows for table in members), sum(table.entries for table in members)
            found.append((rows, members[0].columns, entries, parents))
        return found


@dataclass(frozen=True)
class _Tree:
    """The policies, counted: prefixes of length d are at most `joint ** d`, and at most `most`."""

    horizon: int
    policies: int
    exhaustive: bool
    joint: int

    @classmethod
    def of(cls, planner: Exhaustive, joint: int) -> "_Tree":
        if planner.policies is None:
            return cls(planner.horizon, _power(joint, planner.horizon), True, joint)
        return cls(planner.horizon, len(planner.policies), False, joint)

    def size(self, depth: int) -> int:
        return min(_power(self.joint, depth), self.policies)

    @property
    def prefixes(self) -> int:
        """Of all lengths."""
        if not self.exhaustive or self.joint < 2:
            return self.horizon * self.policies
        return 2 * self.policies


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """What an agent consists of; each property counts one part of it."""

    model: Model
    own: _Shape
    shape: _Shape
    tree: _Tree
    learns: frozenset[str]
    novelty: bool
    itemsize: int
    sweeps: int

    @cached_property
    def preferences(self) -> int:
        return sum(C.size for C in self.model.C)

    @cached_property
    def timed(self) -> bool:
        return any(C.shape[0] > 1 for C in self.model.C)

    @cached_property
    def counts(self) -> int:
        """Counts that are learned."""
        parts = {
            "A": sum(table.entries for table in self.own.A),
            "B": sum(table.entries for table in self.own.B),
            "D": sum(self.own.states),
            "E": self.tree.policies,
        }
        return sum(parts[part] for part in self.learns)

    @cached_property
    def carried(self) -> int:
        """Numbers of the beliefs and counts of one agent."""
        return sum(self.shape.states) + self.counts

    @cached_property
    def results(self) -> int:
        """Numbers that come out of a step."""
        return 4 + sum(self.own.states) + 2 * self.own.joint_actions + 2 * self.tree.policies

    @cached_property
    def theta(self) -> int:
        """Numbers of one row of parameters, as the kernels read them."""
        shape = self.shape
        entries_A, columns_A = sum(t.entries for t in shape.A), sum(t.columns for t in shape.A)
        entries_B, columns_B = sum(t.entries for t in shape.B), sum(t.columns for t in shape.B)
        rows = 0
        for outcomes, columns, entries, _ in shape.groups:
            cells = columns * padded(outcomes + 2)
            rows += cells if entries >= SMALLEST_SHARE * cells else 2 * columns
        novelty = columns_A * ("A" in self.learns) + columns_B * ("B" in self.learns) if self.novelty else 0
        habits = (
            self.tree.policies if self.model.E is not None or self.model.pE is not None or "E" in self.learns else 0
        )
        return (
            2 * entries_A + columns_A + rows + entries_B + novelty + habits + self.preferences + sum(shape.states)
        ) + self.counts

    @property
    def shared_bytes(self) -> int:
        """What threads share, and a quarter more for what is there only while it is made."""
        return (self.structure_bytes + self.numbers_bytes) * 5 // 4

    @cached_property
    def structure_bytes(self) -> int:
        """The integers that say where everything lies, for the kernels and for Python."""
        total = 0
        for shape in {id(one): one for one in (self.own, self.shape)}.values():
            entries_A, columns_A = sum(t.entries for t in shape.A), sum(t.columns for t in shape.A)
            entries_B, columns_B = sum(t.entries for t in shape.B), sum(t.columns for t in shape.B)
            total += (3 + 2 + 2) * entries_A + (2 + 2) * columns_A + (1 + 2) * entries_B + (1 + 3) * columns_B
            total += (len(shape.components) + 2 * len(shape.states)) * shape.joint_actions
            if shape.sources:
                total += entries_A + columns_A + 3 * shape.sources * (entries_B + columns_B) + 2 * entries_B
        tree = self.tree
        given = 4 * tree.prefixes + 4 * tree.policies * (1 + tree.horizon) if not tree.exhaustive else 0
        return 8 * (total + given + 5 * min(tree.horizon, 2**62))

    @cached_property
    def numbers_bytes(self) -> int:
        """Parameters, and theta with the copy in double precision that it is made from."""
        parameters = sum(t.entries for t in (*self.own.A, *self.own.B)) + self.preferences + self.counts
        entropy = 2 * sum(t.entries for t in self.shape.A) + sum(t.entries for t in self.shape.B)
        return (8 + self.itemsize) * self.theta + 8 * (2 * parameters + entropy) + self.itemsize * self.results

    def _level(self, actions: int, depth: int) -> int:
        """Nodes that a component can have at a depth."""
        return max(1, min(_power(actions, depth), self.tree.size(depth)))

    @cached_property
    def workspace_bytes(self) -> int:
        """The workspace of one thread: what `reserve_workspace` reserves."""
        shape, tree = self.shape, self.tree
        last, leaves, before = tree.horizon, tree.size(tree.horizon), tree.size(tree.horizon - 1)
        states, columns_A = sum(shape.states), sum(t.columns for t in shape.A)
        values = nodes = expanded = 0
        for factors, actions in shape.components:
            both = self._level(actions, last) + self._level(actions, last - 1)
            values += both * sum(shape.states[f] for f in factors)
            nodes += both * len(factors)
            expanded += self._level(actions, last - 1) * actions
        width = padded(sum(t.rows for t in shape.A))
        outlook = width if tree.exhaustive and not self.timed and tree.policies * width <= LARGEST_OUTLOOK else 0
        largest = max(outcomes for outcomes, _, _, _ in shape.groups)
        edges = expanded + before * shape.joint_actions if self.novelty and "B" in self.learns else 0
        outer = self._outer()
        floats = (
            9 * states
            + 2 * columns_A
            + sum(self.own.states)
            + values
            + edges
            + leaves * (4 + 3 * largest + 3 * outlook)
            + 2 * max(leaves, tree.policies)
            + tree.policies * (1 + outlook)
            + 2 * width
            + largest
            + outer
            + 4 * 16
        )
        integers = (
            values
            + nodes
            + expanded
            + 5 * states
            + leaves * (4 + 2 * (len(shape.components) + 1) + 5 + (largest if outlook else 0))
            + before * shape.joint_actions
            + largest
            + 64
        )
        return self.itemsize * (floats + self.results) + 8 * integers

    def _outer(self) -> int:
        """Partial sums of a likelihood of two factors over the nodes of one of them."""
        largest = 0
        for outcomes, _, _, parents in self.shape.groups:
            if len(parents) == 2:
                nodes = [
                    self._level(actions, self.tree.horizon)
                    for f in parents
                    for factors, actions in self.shape.components
                    if f in factors
                ]
                other = max(self.shape.states[f] for f in parents)
                largest = max(largest, min(nodes) * other * padded(outcomes + 2))
        return largest

    @cached_property
    def recalled_bytes(self) -> int:
        """Plans that a thread keeps."""
        width = (sum(self.shape.states) + 2 * self.own.joint_actions + 2 * self.tree.policies) * self.itemsize
        slots = RECALL_BYTES // width
        if self.learns or self.timed or slots < FEWEST_SLOTS:
            return 0
        return min(1 << (slots.bit_length() - 1), MOST_SLOTS) * (width + 8)

    @cached_property
    def by_products(self) -> bool:
        """Whether planning goes through products of matrices."""
        shape = self.shape
        alone = len(shape.states) == 1 and self.tree.exhaustive and not self.learns & {"A", "B"}
        return alone and shape.states[0] < 2**32 and worth_it(shape.states[0], shape.B[0].entries, shape.joint_actions)

    @cached_property
    def products_bytes(self) -> int:
        """The matrices of a thread and the beliefs that they are multiplied with; while they are made, twice that."""
        if not self.by_products:
            return 0
        states, actions = self.shape.states[0], self.shape.joint_actions
        width = sum(t.rows for t in self.shape.A) + 1
        matrices = 2 * states * states * actions + 3 * states * width * actions
        beliefs = 2 * self.tree.size(self.tree.horizon - 1) * states + 5 * self.tree.policies * width
        return self.itemsize * (matrices + beliefs)

    @cached_property
    def seconds_per_step(self) -> float:
        """Of one agent on one core."""
        shape, tree = self.shape, self.tree
        columns = sum(t.columns * len(t.parents) for t in shape.A)
        seconds = SECONDS_PER_STEP + SECONDS_PER_COLUMN * self.sweeps * columns + SECONDS_PER_COUNT * self.counts
        seconds += SECONDS_PER_FLOW * sum(t.entries / max(t.columns, 1) * t.rows for t in shape.B)
        policies = float(tree.policies)
        seconds += SECONDS_PER_PREFIX * float(tree.prefixes) + SECONDS_PER_POLICY * policies
        if self.by_products:
            width = sum(t.rows for t in shape.A) + 1
            products = float(tree.size(tree.horizon - 1)) * shape.states[0] * shape.joint_actions * (width + 1)
            products += float(tree.size(tree.horizon - 2) if tree.horizon > 1 else 0) * (
                shape.states[0] ** 2 * shape.joint_actions
            )
            return min(seconds + SECONDS_PER_PRODUCT * products + SECONDS_PER_LOGARITHM * width * policies, LONGEST)
        depths = min(tree.horizon, 64)
        graph = sum(self._seconds_of_depth(depth) for depth in range(1, depths + 1))
        return min(seconds + graph * (tree.horizon / depths), LONGEST)

    def _seconds_of_depth(self, depth: int) -> float:
        """To grow the graph of beliefs by one depth and weigh its nodes."""
        shape, seconds = self.shape, 0.0
        reached: dict[int, float] = {}
        joint = 1.0
        for factors, actions in shape.components:
            before, after = self._nodes(factors, actions, depth - 1), self._nodes(factors, actions, depth)
            joint = min(joint * after, 1e300)
            for f in factors:
                table = shape.B[f]
                reached[f] = min(float(shape.states[f]), min(max(table.mean, 1.0), 1e6) ** min(depth + 1, 20))
                flows = table.mean * prod(reached.get(g, float(shape.states[g])) for g in table.parents)
                seconds += before * actions * (SECONDS_PER_FLOW * flows + SECONDS_PER_NODE)
        joint = min(joint, float(self.tree.size(depth)))
        for outcomes, _, _, parents in shape.groups:
            flows = padded(outcomes + 2) * prod(reached[f] for f in parents)
            nodes = 1.0
            for factors, actions in shape.components:
                if set(factors) & set(parents):
                    nodes *= self._nodes(factors, actions, depth)
            nodes = min(nodes, joint)
            seconds += nodes * (SECONDS_PER_FLOW / 4 * flows + SECONDS_PER_LOGARITHM * outcomes)
        return seconds + SECONDS_PER_NODE / 4 * joint

    def _nodes(self, factors: tuple[int, ...], actions: int, depth: int) -> float:
        """Beliefs of a component after `depth` actions, roughly.

        Where every move is certain they are no more than its states.  Where a state leads to few others, the order of
        the moves mostly makes no difference, as in a grid: then they are the ways to choose moves without their order.
        """
        most = float(self._level(actions, depth))
        if all(self.shape.B[f].longest == 1 for f in factors):
            return min(most, float(min(prod(self.shape.states[f] for f in factors), MOST)))
        if all(self.shape.B[f].mean * SPARSE <= self.shape.states[f] for f in factors):
            return min(most, float(comb(min(depth, 500) + actions - 1, min(depth, 500))) if actions < 500 else most)
        return most
