"""Growing the graph of predicted beliefs, one depth at a time.

Policies that share a prefix share its work, and so do different prefixes that lead to the same belief: nodes of a
component whose beliefs agree up to rounding are one node.  In a grid with 5 moves 625 policies of length 4 end in 41
beliefs. A *component* is a set of factors that moves independently of the others; each has a graph of its own, and a
*joint node* is one node of each controlled component.  Nothing is approximated by this: equal beliefs have equal
futures, and what two orders of the same sums differ by is rounding either way.
"""

from typing import Any

import numpy as np

from actinf.kernels import layout as L
from actinf.kernels.beliefs import load_belief, push_forward, push_single
from actinf.kernels.compile import inner
from actinf.kernels.hashing import mixed, word_of
from actinf.kernels.views import fill, half, part, section

__all__ = ["grow", "plant", "same_levels"]

OFF_THE_EDGE = 0.382  # where the grains of the hash begin: not at a fraction that probabilities like to have


@inner
def plant(ints: Any, belief: Any, wf: Any, wi: Any) -> None:
    """The root: one node per component holding the present belief, one joint node, one empty prefix."""
    num_components = ints[ints[2 * L.SCALARS] + L.S_COMPONENTS]
    load_belief(ints, belief, wf, wi)
    nodes, joint = section(wi, ints, L.I_NODES), section(wi, ints, L.I_JOINT)
    for c in range(num_components):
        nodes[c] = 1
        joint[c] = 0
    section(wi, ints, L.I_TREE_NODE)[0] = 0
    section(wf, ints, L.W_TREE_G)[0] = 0.0


@inner
def next_stamp(wi: Any, ints: Any) -> int:
    """A number that no entry of the hash table carries yet, which empties the table at no cost."""
    stamp = section(wi, ints, L.I_STAMP)
    if stamp[0] == 0x7FFFFFFF:
        fill(section(wi, ints, L.I_HASH), 0)
        fill(section(wi, ints, L.I_POINT), 0)
        stamp[0] = 0
    stamp[0] += 1
    number: int = stamp[0]
    return number


@inner
def key_of(touched: Any, total: Any, first_state: int, grain: float) -> Any:
    """What a scatter target adds to the key of a belief; equal beliefs have equal keys, but at a grain's edge."""
    key = np.uint64(0)
    for k in range(touched.shape[0]):
        s = touched[k]
        key += word_of(np.uint64(np.int64(total[s] * grain + OFF_THE_EDGE)), first_state + s)
    return key


@inner
def equals(total: Any, reached: int, states: Any, values: Any, same: float) -> bool:
    """Whether a scatter target holds the belief of a list: the same states, probabilities equal up to rounding."""
    if states.shape[0] != reached:
        return False
    for k in range(reached):
        p = values[k]
        if abs(total[states[k]] - p) > same * p:
            return False
    return True


@inner
def take_out(total: Any, touched: Any, states: Any, values: Any) -> None:
    """Move what a scatter target holds to a list."""
    for k in range(touched.shape[0]):
        s = touched[k]
        states[k] = s
        values[k] = total[s]
        total[s] = 0.0


@inner
def clear(total: Any, touched: Any) -> None:
    """Return a scatter target to zero where it was touched."""
    for k in range(touched.shape[0]):
        total[touched[k]] = 0.0


@inner
def child_of(
    ints: Any, theta: Any, c: int, level: int, node: int, action: int, stamp: int, mask: int, wf: Any, wi: Any
) -> Any:
    """The node at the next level that a component reaches from `node` by its action, and the novelty of B.

    With a mask of 0 there is only one child and nothing to look for.
    """
    scalars = section(ints, ints, L.SCALARS)
    num_factors, num_components = scalars[L.S_FACTORS], scalars[L.S_COMPONENTS]
    first, last = section(ints, ints, L.COMPONENT_START)[c], section(ints, ints, L.COMPONENT_START)[c + 1]
    factors, num_states = section(ints, ints, L.COMPONENT_FACTOR), section(ints, ints, L.NUM_STATES)
    start, knobs = section(ints, ints, L.STATE_START), section(theta, ints, L.T_KNOBS)
    touched, touched_count = section(wi, ints, L.I_TOUCHED), section(wi, ints, L.I_TOUCHED_COUNT)
    total = section(wf, ints, L.W_SUM)
    base, count_base = section(wi, ints, L.I_LEVEL), section(wi, ints, L.I_COUNT_BASE)
    value, index, count = section(wf, ints, L.W_VALUE), section(wi, ints, L.I_INDEX), section(wi, ints, L.I_COUNT)
    other = 1 - level
    novelty = 0.0
    key = np.uint64(0)
    for i in range(first, last):
        f = factors[i]
        own = section(ints, ints, L.FACTOR_ACTION)[section(ints, ints, L.FACTOR_ACTION_START)[f] + action]
        novelty += push_forward(ints, theta, f, own, level, node, wf, wi)
        if mask > 0:
            reached = part(touched, start[f], start[f] + touched_count[f])
            key += key_of(reached, part(total, start[f], start[f + 1]), start[f], knobs[L.K_GRAIN])
    table = section(wi, ints, L.I_HASH)
    nodes = section(wi, ints, L.I_NODES)
    slot = np.int64(mixed(key) & np.uint64(mask))
    while mask > 0 and table[slot] >> 32 == stamp:
        candidate = table[slot] & 0xFFFFFFFF
        equal = True
        for i in range(first, last):
            f = factors[i]
            row = base[other * num_factors + f] + candidate * num_states[f]
            end = row + count[count_base[other * num_factors + f] + candidate]
            equal = equal and equals(
                part(total, start[f], start[f + 1]),
                touched_count[f],
                part(index, row, end),
                part(value, row, end),
                knobs[L.K_SAME],
            )
        if equal:
            for i in range(first, last):
                f = factors[i]
                clear(part(total, start[f], start[f + 1]), part(touched, start[f], start[f] + touched_count[f]))
            return candidate, novelty
        slot = (slot + 1) & mask
    found = nodes[other * num_components + c]
    nodes[other * num_components + c] = found + 1
    if mask > 0:
        table[slot] = (stamp << 32) | found
    for i in range(first, last):
        f = factors[i]
        row = base[other * num_factors + f] + found * num_states[f]
        end = row + touched_count[f]
        reached = part(touched, start[f], start[f] + touched_count[f])
        take_out(part(total, start[f], start[f + 1]), reached, part(index, row, end), part(value, row, end))
        count[count_base[other * num_factors + f] + found] = touched_count[f]
    return found, novelty


@inner
def mask_for(prefixes: int, capacity: int) -> int:
    """A hash mask for at most `prefixes` entries, within the table."""
    size = 4
    while size < 2 * prefixes and size < capacity:
        size *= 2
    return size - 1


@inner
def grow(ints: Any, theta: Any, depth: int, joint_nodes: int, wf: Any, wi: Any) -> int:
    """Expand the prefixes of length depth − 1 by the actions that policies take; returns the number of joint nodes.

    Fills I_JOINT_CHILD (joint node, action) → joint node of the next level, and the novelty of B on these edges.
    """
    scalars = section(ints, ints, L.SCALARS)
    num_components = scalars[L.S_COMPONENTS]
    level = (depth - 1) & 1
    tree_size = section(ints, ints, L.TREE_SIZE)[depth]
    nodes, child = section(wi, ints, L.I_NODES), section(wi, ints, L.I_CHILD)
    child_base, actions = section(wi, ints, L.I_CHILD_BASE), section(ints, ints, L.COMPONENT_ACTIONS)
    mask = mask_for(tree_size, section(wi, ints, L.I_HASH).shape[0])
    edge = section(wf, ints, L.W_EDGE)
    with_novelty = scalars[L.S_NOVELTY_B] == 1
    exhaustive = scalars[L.S_EXHAUSTIVE] == 1
    for c in range(num_components):
        nodes[(1 - level) * num_components + c] = 0
        stamp = next_stamp(wi, ints)
        place = child_base[c]
        if exhaustive and not with_novelty and section(ints, ints, L.COMPONENT_SIMPLE)[c] == 1:
            grow_simple(ints, theta, c, level, stamp, mask, wf, wi)
            continue
        for node in range(nodes[level * num_components + c]):
            for action in range(actions[c]):
                if exhaustive:
                    found, novelty = child_of(ints, theta, c, level, node, action, stamp, mask, wf, wi)
                    child[place] = found
                    if with_novelty:
                        edge[place] = novelty
                else:
                    child[place] = -1
                place += 1
        if not exhaustive:
            grow_given(ints, theta, depth, c, stamp, mask, wf, wi)
    return join(ints, depth, joint_nodes, mask, wf, wi)


@inner
def same_levels(ints: Any, wf: Any, wi: Any) -> bool:
    """Whether both levels hold the same nodes, component by component, in the same order."""
    scalars = section(ints, ints, L.SCALARS)
    num_factors, num_components = scalars[L.S_FACTORS], scalars[L.S_COMPONENTS]
    nodes, component_of = section(wi, ints, L.I_NODES), section(ints, ints, L.COMPONENT_OF)
    num_states = section(ints, ints, L.NUM_STATES)
    base, count_base = section(wi, ints, L.I_LEVEL), section(wi, ints, L.I_COUNT_BASE)
    value, index, count = section(wf, ints, L.W_VALUE), section(wi, ints, L.I_INDEX), section(wi, ints, L.I_COUNT)
    for c in range(num_components):
        if nodes[c] != nodes[num_components + c]:
            return False
    for f in range(num_factors):
        for node in range(nodes[component_of[f]]):
            size = count[count_base[f] + node]
            if size != count[count_base[num_factors + f] + node]:
                return False
            here, there = base[f] + node * num_states[f], base[num_factors + f] + node * num_states[f]
            for k in range(size):
                if index[here + k] != index[there + k] or value[here + k] != value[there + k]:
                    return False
    return True


@inner
def grow_simple(ints: Any, theta: Any, c: int, level: int, stamp: int, mask: int, wf: Any, wi: Any) -> None:
    """All children of a component of one factor that depends on itself alone: as by `child_of`, in one loop.

    Where the next state is certain its node is found by the state, without scatter and hash.
    """
    scalars, knobs = section(ints, ints, L.SCALARS), section(theta, ints, L.T_KNOBS)
    num_factors, num_components = scalars[L.S_FACTORS], scalars[L.S_COMPONENTS]
    f = section(ints, ints, L.COMPONENT_FACTOR)[section(ints, ints, L.COMPONENT_START)[c]]
    size = section(ints, ints, L.NUM_STATES)[f]
    first_state = section(ints, ints, L.STATE_START)[f]
    entry_start, state = section(ints, ints, L.B_ENTRY_START), section(ints, ints, L.B_STATE)
    b, column_base = section(theta, ints, L.T_B), section(ints, ints, L.B_COLUMN_BASE)[f]
    value, index, count = section(wf, ints, L.W_VALUE), section(wi, ints, L.I_INDEX), section(wi, ints, L.I_COUNT)
    here, there = level * num_factors + f, (1 - level) * num_factors + f
    base, count_base = section(wi, ints, L.I_LEVEL), section(wi, ints, L.I_COUNT_BASE)
    row_here, row_there, count_here, count_there = base[here], base[there], count_base[here], count_base[there]
    total = part(section(wf, ints, L.W_SUM), first_state, first_state + size)
    touched = part(section(wi, ints, L.I_TOUCHED), first_state, first_state + size)
    nodes, point = section(wi, ints, L.I_NODES), section(wi, ints, L.I_POINT)
    child, place = section(wi, ints, L.I_CHILD), section(wi, ints, L.I_CHILD_BASE)[c]
    table, grain, same = section(wi, ints, L.I_HASH), knobs[L.K_GRAIN], knobs[L.K_SAME]
    actions, own = section(ints, ints, L.COMPONENT_ACTIONS)[c], section(ints, ints, L.FACTOR_ACTION)
    own_start = section(ints, ints, L.FACTOR_ACTION_START)[f]
    parents, children = nodes[level * num_components + c], 0
    if actions * parents == 1:
        mask = 0
    for node in range(parents):
        row = row_here + node * size
        end = row + count[count_here + node]
        sources, weights = part(index, row, end), part(value, row, end)
        certain = end == row + 1
        for action in range(actions):
            first_column = column_base + own[own_start + action] * size
            column = first_column + sources[0]
            e = entry_start[column]
            if certain and entry_start[column + 1] == e + 1:
                flow = weights[0] * b[e]
                target = state[e]
                entry = point[first_state + target]
                known = entry & 0xFFFFFFFF
                if entry >> 32 == stamp and value[row_there + known * size] == flow:
                    child[place] = known
                    place += 1
                    continue
                if entry >> 32 != stamp and flow > 0.0:
                    point[first_state + target] = (stamp << 32) | children
                    index[row_there + children * size] = target
                    value[row_there + children * size] = flow
                    count[count_there + children] = 1
                    child[place] = children
                    children += 1
                    place += 1
                    continue
            reached = part(
                touched, 0, push_single(sources, weights, entry_start, first_column, state, b, total, touched)
            )
            slot, found = np.int64(0), -1
            if mask > 0:
                slot = np.int64(mixed(key_of(reached, total, first_state, grain)) & np.uint64(mask))
                while found < 0 and table[slot] >> 32 == stamp:
                    candidate = table[slot] & 0xFFFFFFFF
                    row = row_there + candidate * size
                    end = row + count[count_there + candidate]
                    if equals(total, reached.shape[0], part(index, row, end), part(value, row, end), same):
                        found = candidate
                        clear(total, reached)
                    else:
                        slot = (slot + 1) & mask
            if found < 0:
                found = children
                children += 1
                if mask > 0:
                    table[slot] = (stamp << 32) | found
                row = row_there + found * size
                end = row + reached.shape[0]
                take_out(total, reached, part(index, row, end), part(value, row, end))
                count[count_there + found] = reached.shape[0]
            child[place] = found
            place += 1
    nodes[(1 - level) * num_components + c] = children


@inner
def grow_given(ints: Any, theta: Any, depth: int, c: int, stamp: int, mask: int, wf: Any, wi: Any) -> None:
    """The children of one component that the given policies reach."""
    scalars = section(ints, ints, L.SCALARS)
    num_components, num_actions = scalars[L.S_COMPONENTS], scalars[L.S_ACTIONS]
    level = (depth - 1) & 1
    tree_start = section(ints, ints, L.TREE_START)[depth]
    tree_node, joint = half(section(wi, ints, L.I_TREE_NODE), level), half(section(wi, ints, L.I_JOINT), level)
    child, child_base = section(wi, ints, L.I_CHILD), section(wi, ints, L.I_CHILD_BASE)
    actions, component_action = section(ints, ints, L.COMPONENT_ACTIONS), section(ints, ints, L.COMPONENT_ACTION)
    edge = section(wf, ints, L.W_EDGE)
    for i in range(section(ints, ints, L.TREE_SIZE)[depth]):
        parent = section(ints, ints, L.TREE_PARENT)[tree_start + i]
        action = component_action[c * num_actions + section(ints, ints, L.TREE_ACTION)[tree_start + i]]
        node = joint[tree_node[parent] * num_components + c]
        place = child_base[c] + node * actions[c] + action
        if child[place] < 0:
            found, novelty = child_of(ints, theta, c, level, node, action, stamp, mask, wf, wi)
            child[place] = found
            if edge.shape[0] > 0:
                edge[place] = novelty


@inner
def join(ints: Any, depth: int, joint_nodes: int, mask: int, wf: Any, wi: Any) -> int:
    """Number the joint nodes of the next level: the combinations of component nodes that some prefix reaches."""
    scalars = section(ints, ints, L.SCALARS)
    level = (depth - 1) & 1
    if scalars[L.S_NOVELTY_B] == 1:
        add_edges(ints, depth, joint_nodes, wf, wi)
    if scalars[L.S_EXHAUSTIVE] == 1:
        return join_all(ints, level, joint_nodes, wi)
    stamp = next_stamp(wi, ints)
    tree_node = half(section(wi, ints, L.I_TREE_NODE), level)
    tree_start = section(ints, ints, L.TREE_START)[depth]
    count = 0
    for i in range(section(ints, ints, L.TREE_SIZE)[depth]):
        parent, u = (
            section(ints, ints, L.TREE_PARENT)[tree_start + i],
            section(ints, ints, L.TREE_ACTION)[tree_start + i],
        )
        count = join_edge(ints, level, tree_node[parent], u, stamp, mask, count, wi)
    return count


@inner
def join_all(ints: Any, level: int, joint_nodes: int, wi: Any) -> int:
    """Every combination of component nodes is reached by some sequence: count them in C order over the components."""
    scalars = section(ints, ints, L.SCALARS)
    num_components, num_actions = scalars[L.S_COMPONENTS], scalars[L.S_ACTIONS]
    joint = section(wi, ints, L.I_JOINT)
    here, there = half(joint, level), half(joint, 1 - level)
    nodes, joint_child = section(wi, ints, L.I_NODES), section(wi, ints, L.I_JOINT_CHILD)
    child, child_base = section(wi, ints, L.I_CHILD), section(wi, ints, L.I_CHILD_BASE)
    actions, component_action = section(ints, ints, L.COMPONENT_ACTIONS), section(ints, ints, L.COMPONENT_ACTION)
    count = 1
    for i in range(joint_nodes * num_actions):
        joint_child[i] = 0
    for c in range(num_components - 1, -1, -1):  # the last component is the fastest digit
        if actions[c] > 1:
            for j in range(joint_nodes):
                step = child_base[c] + here[j * num_components + c] * actions[c]
                for u in range(num_actions):
                    joint_child[j * num_actions + u] += count * child[step + component_action[c * num_actions + u]]
            count *= nodes[(1 - level) * num_components + c]
    stride = 1
    for c in range(num_components - 1, -1, -1):
        size = nodes[(1 - level) * num_components + c] if actions[c] > 1 else 1
        digit, run = 0, 0
        for j in range(count):
            there[j * num_components + c] = digit
            run += 1
            if run == stride:
                run = 0
                digit = digit + 1 if digit + 1 < size else 0
        stride *= size
    return count


@inner
def add_edges(ints: Any, depth: int, joint_nodes: int, wf: Any, wi: Any) -> None:
    """The novelty of B on the edges from joint nodes: the sum over components."""
    scalars = section(ints, ints, L.SCALARS)
    num_components, num_actions = scalars[L.S_COMPONENTS], scalars[L.S_ACTIONS]
    here = half(section(wi, ints, L.I_JOINT), (depth - 1) & 1)
    child, child_base = section(wi, ints, L.I_CHILD), section(wi, ints, L.I_CHILD_BASE)
    actions, component_action = section(ints, ints, L.COMPONENT_ACTIONS), section(ints, ints, L.COMPONENT_ACTION)
    edge, joint_edge = section(wf, ints, L.W_EDGE), section(wf, ints, L.W_JOINT_EDGE)
    for j in range(joint_nodes):
        for u in range(num_actions):
            novelty = 0.0
            for c in range(num_components):
                step = child_base[c] + here[j * num_components + c] * actions[c] + component_action[c * num_actions + u]
                if child[step] >= 0:
                    novelty += edge[step]
            joint_edge[j * num_actions + u] = novelty


@inner
def join_edge(ints: Any, level: int, j: int, u: int, stamp: int, mask: int, count: int, wi: Any) -> int:
    """Find or number the joint node that joint node j reaches by joint action u; returns the count of joint nodes."""
    scalars = section(ints, ints, L.SCALARS)
    num_components, num_actions = scalars[L.S_COMPONENTS], scalars[L.S_ACTIONS]
    child, child_base = section(wi, ints, L.I_CHILD), section(wi, ints, L.I_CHILD_BASE)
    actions, component_action = section(ints, ints, L.COMPONENT_ACTIONS), section(ints, ints, L.COMPONENT_ACTION)
    joint_child = section(wi, ints, L.I_JOINT_CHILD)
    joint = section(wi, ints, L.I_JOINT)
    here, there = half(joint, level), half(joint, 1 - level)
    place = j * num_actions + u
    table = section(wi, ints, L.I_HASH)
    key = np.uint64(0)
    for c in range(num_components):
        found = child[child_base[c] + here[j * num_components + c] * actions[c] + component_action[c * num_actions + u]]
        there[count * num_components + c] = found
        key = mixed(key + np.uint64(found + 1))
    slot = np.int64(key & np.uint64(mask))
    while table[slot] >> 32 == stamp:
        candidate = table[slot] & 0xFFFFFFFF
        equal = True
        for c in range(num_components):
            equal = equal and there[candidate * num_components + c] == there[count * num_components + c]
        if equal:
            joint_child[place] = candidate
            return count
        slot = (slot + 1) & mask
    table[slot] = (stamp << 32) | count
    joint_child[place] = count
    return count + 1
