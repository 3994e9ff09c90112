"""Evaluating all policies: grow the graph of beliefs depth by depth, and sum G along the tree of prefixes."""

from typing import Any

import numpy as np

from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.elementary import exponential
from actinf.kernels.views import fill, half, part, section
from actinf.planning.belief_graph import grow, mask_for, plant, same_levels
from actinf.planning.expected_free_energy import add_group, prefer
from actinf.planning.outlook import keep_outcomes, sum_outcomes

__all__ = ["plan", "policy_posterior"]


@inner
def plan(ints: Any, theta: Any, carry: Any, time: int, wf: Any, wi: Any, out: Any) -> None:
    """Write G of every policy, or its outlook, given the carried belief; `time` is the session time t.

    Once two depths in a row hold the same beliefs, so do all that follow: growing is over, and nodes keep their G
    unless preferences change over time.
    """
    scalars = section(ints, ints, L.SCALARS)
    tree_size = section(ints, ints, L.TREE_SIZE)
    g_of_policy = section(out, ints, L.O_G)
    both = section(wf, ints, L.W_TREE_G)
    joint_g = section(wf, ints, L.W_JOINT_G)
    table = section(wi, ints, L.I_HASH)
    plant(ints, section(carry, ints, L.C_BELIEF), wf, wi)
    joint_nodes = 1
    place = 0
    settled = False
    with_outlook = scalars[L.S_OUTLOOK] > 0
    if with_outlook:
        fill(section(wf, ints, L.W_LOG_C), 0.0)
    else:
        prefer(ints, theta, time + 1, wf)
    for depth in range(1, scalars[L.S_HORIZON] + 1):
        level = depth & 1
        if not settled:
            joint_nodes = grow(ints, theta, depth, joint_nodes, wf, wi)
        settled = settled or (depth > 1 and scalars[L.S_EXHAUSTIVE] == 1 and same_levels(ints, wf, wi))
        if scalars[L.S_TIMED] == 1 and depth > 1:
            prefer(ints, theta, time + depth, wf)
        if not settled or scalars[L.S_TIMED] == 1:
            fill(part(joint_g, 0, joint_nodes), 0.0)
            mask = mask_for(tree_size[depth], table.shape[0])
            for g in range(scalars[L.S_GROUPS]):
                add_group(ints, theta, g, level, joint_nodes, mask, wf, wi)
                if scalars[L.S_TERMS] == 1:
                    keep_terms(ints, g, joint_nodes, wf, wi)
                if with_outlook:
                    keep_outcomes(ints, g, joint_nodes, wf, wi)
        here, there = half(both, 1 - level), half(both, level)
        if depth == scalars[L.S_HORIZON] and scalars[L.S_EXHAUSTIVE] == 1:
            there = part(section(wf, ints, L.W_OUTLOOK), 0, g_of_policy.shape[0]) if with_outlook else g_of_policy
        walk(ints, depth, here, there, wf, wi)
        if with_outlook:
            sum_outcomes(ints, depth, wf, wi)
        if scalars[L.S_TERMS] == 1:
            place = spread_terms(ints, depth, place, wf, wi)
    if scalars[L.S_EXHAUSTIVE] == 0:
        last = half(both, scalars[L.S_HORIZON] & 1)
        leaf = section(ints, ints, L.POLICY_LEAF)
        for p in range(g_of_policy.shape[0]):
            g_of_policy[p] = last[leaf[p]]


@inner
def walk(ints: Any, depth: int, g_here: Any, g_there: Any, wf: Any, wi: Any) -> None:
    """G of every prefix of length `depth`: that of its parent, plus the edge, plus the node it ends in."""
    scalars = section(ints, ints, L.SCALARS)
    num_actions = scalars[L.S_ACTIONS]
    level = depth & 1
    tree_size = section(ints, ints, L.TREE_SIZE)
    node_here, node_there = (
        half(section(wi, ints, L.I_TREE_NODE), 1 - level),
        half(section(wi, ints, L.I_TREE_NODE), level),
    )
    joint_child, joint_edge = section(wi, ints, L.I_JOINT_CHILD), section(wf, ints, L.W_JOINT_EDGE)
    joint_g = section(wf, ints, L.W_JOINT_G)
    with_edge = joint_edge.shape[0] > 0
    if scalars[L.S_EXHAUSTIVE] == 1:
        i = 0
        for parent in range(tree_size[depth - 1]):
            edges = node_here[parent] * num_actions
            g = g_here[parent]
            for u in range(num_actions):
                node = joint_child[edges + u]
                node_there[i] = node
                g_there[i] = g + joint_g[node]
                if with_edge:
                    g_there[i] -= joint_edge[edges + u]
                i += 1
        return
    start = section(ints, ints, L.TREE_START)[depth]
    for i in range(tree_size[depth]):
        parent, u = section(ints, ints, L.TREE_PARENT)[start + i], section(ints, ints, L.TREE_ACTION)[start + i]
        edge = node_here[parent] * num_actions + u
        node_there[i] = joint_child[edge]
        g_there[i] = g_here[parent] + joint_g[joint_child[edge]]
        if with_edge:
            g_there[i] -= joint_edge[edge]


@inner
def keep_terms(ints: Any, m: int, joint_nodes: int, wf: Any, wi: Any) -> None:
    """Keep risk, ambiguity and novelty of modality m, a group of its own here, by joint node."""
    num_modalities = ints[ints[2 * L.SCALARS] + L.S_MODALITIES]
    terms, node_of = section(wf, ints, L.W_NODE_TERMS), section(wi, ints, L.I_GROUP_NODE)
    risk, ambiguity = section(wf, ints, L.W_RISK), section(wf, ints, L.W_AMBIGUITY)
    novelty = section(wf, ints, L.W_NOVELTY)
    for j in range(joint_nodes):
        x = node_of[j]
        at = (j * num_modalities + m) * 3
        terms[at], terms[at + 1], terms[at + 2] = risk[x], ambiguity[x], novelty[x]


@inner
def spread_terms(ints: Any, depth: int, place: int, wf: Any, wi: Any) -> int:
    """From joint nodes to the prefixes that end in them; returns where those of the next length begin."""
    scalars = section(ints, ints, L.SCALARS)
    size, width = section(ints, ints, L.TREE_SIZE)[depth], scalars[L.S_MODALITIES] * 3
    node_terms, terms = section(wf, ints, L.W_NODE_TERMS), section(wf, ints, L.W_TERMS)
    edge_terms, joint_edge = section(wf, ints, L.W_EDGE_TERMS), section(wf, ints, L.W_JOINT_EDGE)
    tree_node = section(wi, ints, L.I_TREE_NODE)
    node_here, node_there = half(tree_node, 1 - (depth & 1)), half(tree_node, depth & 1)
    for i in range(size):
        for k in range(width):
            terms[(place + i) * width + k] = node_terms[node_there[i] * width + k]
        if joint_edge.shape[0] > 0:
            if scalars[L.S_EXHAUSTIVE] == 1:
                parent, u = i // scalars[L.S_ACTIONS], i % scalars[L.S_ACTIONS]
            else:
                at = section(ints, ints, L.TREE_START)[depth] + i
                parent, u = section(ints, ints, L.TREE_PARENT)[at], section(ints, ints, L.TREE_ACTION)[at]
            edge_terms[place + i] = joint_edge[node_here[parent] * scalars[L.S_ACTIONS] + u]
    return place + size


@inner
def policy_posterior(ints: Any, theta: Any, g: Any, q_pi: Any, q_action: Any) -> None:
    """q_π = softmax(ln E − γ·G) and its marginal over the next joint action."""
    log_e = section(theta, ints, L.T_LOG_E)
    gamma = section(theta, ints, L.T_KNOBS)[L.K_GAMMA]
    num_policies = g.shape[0]
    largest = -np.inf
    for p in range(num_policies):
        value = -gamma * g[p]
        if log_e.shape[0] > 0:
            value += log_e[p]
        q_pi[p] = value
        largest = max(largest, np.float64(value))
    total = 0.0
    for p in range(num_policies):
        weight = exponential(q_pi[p] - largest)
        q_pi[p] = weight
        total += weight
    scale = 1.0 / total
    for u in range(q_action.shape[0]):
        q_action[u] = 0.0
    if section(ints, ints, L.POLICY_FIRST).shape[0] > 0:
        first = section(ints, ints, L.POLICY_FIRST)
        for p in range(num_policies):
            q_pi[p] *= scale
            q_action[first[p]] += q_pi[p]
        return
    block = num_policies // q_action.shape[0]
    for u in range(q_action.shape[0]):
        mass = 0.0
        for p in range(u * block, (u + 1) * block):
            q_pi[p] *= scale
            mass += q_pi[p]
        q_action[u] = mass
