"""The outlook of a belief: what each policy leads to, apart from how much that is liked.

Preferences that stay the same enter G only through the outcomes that a policy is expected to bring about in all:

    G(π) = Σ_τ (−H[q(o_τ|π)] + E_q(s_τ|π)[H[A]] − novelty) − Σ_o (Σ_τ q(o_τ = o|π)) · ln p(o|C),

the risk of eq. 4.10 of Parr, Pezzulo and Friston (2022) multiplied out.  Both sums over τ are kept for every policy,
so that agents that differ in C alone can share them.  That pays for few policies; for many, G is summed up directly.
"""

from typing import Any

from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.views import half, part, section
from actinf.planning.expected_free_energy import prefer

__all__ = ["keep_outcomes", "outlook_width", "sum_outcomes", "weigh_outlook"]


@inner
def outlook_width(ints: Any) -> Any:
    """Numbers in a row of predicted outcomes: those of all modalities, up to whole vectors; 0 where G is direct."""
    return section(ints, ints, L.SCALARS)[L.S_OUTLOOK]


@inner
def keep_outcomes(ints: Any, g: int, joint_nodes: int, wf: Any, wi: Any) -> None:
    """Lay the predicted outcomes of a group into the row of every joint node (W_NODE_OUTCOMES)."""
    width = outlook_width(ints)
    first, end = section(ints, ints, L.GROUP_OBS_START)[g], section(ints, ints, L.GROUP_OBS_START)[g + 1]
    num_obs = end - first
    rows, qo = section(wf, ints, L.W_NODE_OUTCOMES), section(wf, ints, L.W_QO)
    node_of, begins = section(wi, ints, L.I_GROUP_NODE), section(wi, ints, L.I_QO_START)
    outcome = section(wi, ints, L.I_QO_OUTCOME)
    listed = section(ints, ints, L.GROUP_ROWS_START)[g] < 0
    for j in range(joint_nodes):
        x = node_of[j]
        row = part(rows, j * width + first, j * width + end)
        for o in range(num_obs):
            row[o] = 0.0 if listed else qo[x * num_obs + o]
        if listed:
            for i in range(begins[x], begins[x + 1]):
                row[outcome[i]] = qo[i]


@inner
def sum_outcomes(ints: Any, depth: int, wf: Any, wi: Any) -> None:
    """Outcomes along every prefix of length `depth`: those of its parent, plus those of the node it ends in."""
    scalars, width = section(ints, ints, L.SCALARS), outlook_width(ints)
    num_actions, level = scalars[L.S_ACTIONS], depth & 1
    size = section(ints, ints, L.TREE_SIZE)[depth]
    both, nodes = section(wf, ints, L.W_TREE_OUTCOMES), section(wf, ints, L.W_NODE_OUTCOMES)
    node_of, here = half(section(wi, ints, L.I_TREE_NODE), level), half(both, 1 - level)
    there = half(both, level)
    if depth == scalars[L.S_HORIZON]:
        outlook = section(wf, ints, L.W_OUTLOOK)
        there = part(outlook, size, outlook.shape[0])
    for i in range(size):
        before, node = i // num_actions * width, node_of[i] * width
        for k in range(width):
            there[i * width + k] = nodes[node + k] + (here[before + k] if depth > 1 else 0.0)


@inner
def weigh_outlook(ints: Any, theta: Any, time: int, wf: Any, out: Any) -> None:
    """G of every policy from the outlook and the preferences; nothing to do where G is direct."""
    width = outlook_width(ints)
    if width == 0:
        return
    prefer(ints, theta, time + 1, wf)
    log_c, outlook, g = section(wf, ints, L.W_LOG_C), section(wf, ints, L.W_OUTLOOK), section(out, ints, L.O_G)
    num_policies = g.shape[0]
    for p in range(num_policies):
        row = part(outlook, num_policies + p * width, num_policies + (p + 1) * width)
        liked = 0.0
        for k in range(width):
            liked += row[k] * log_c[k]
        g[p] = outlook[p] - liked
