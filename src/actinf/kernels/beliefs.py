"""Beliefs over factors as lists of the states that they support, and pushing them through a transition.

A *node* is one belief over the factors of a component: for each factor the states with positive probability and their
probabilities.  Nodes are kept for two levels (the depth being expanded and the next); level 0, node 0 is also where the
current belief lies while the next prior is predicted.  Only non-zero transitions are touched.
"""

from typing import Any

from actinf.kernels import layout as L
from actinf.kernels.compile import inlined, inner
from actinf.kernels.views import part, section

__all__ = ["lists_of", "load_belief", "predict", "push_forward", "push_single"]


@inlined
def lists_of(ints: Any, wi: Any, level: int, f: int) -> Any:
    """Where the lists of a factor lie at a level: (first entry, entries between nodes, first support size).

    To be asked for once, outside of the loop over nodes: a loop that writes to the workspace has to read the header
    anew.
    """
    at = level * ints[ints[2 * L.SCALARS] + L.S_FACTORS] + f
    width = ints[ints[2 * L.NUM_STATES] + f]
    return section(wi, ints, L.I_LEVEL)[at], width, section(wi, ints, L.I_COUNT_BASE)[at]


@inner
def load_belief(ints: Any, belief: Any, wf: Any, wi: Any) -> None:
    """Make a belief, as one vector over all states, the first node of level 0."""
    num_states, start = section(ints, ints, L.NUM_STATES), section(ints, ints, L.STATE_START)
    base, count_base = section(wi, ints, L.I_LEVEL), section(wi, ints, L.I_COUNT_BASE)
    value, index, count = section(wf, ints, L.W_VALUE), section(wi, ints, L.I_INDEX), section(wi, ints, L.I_COUNT)
    for f in range(num_states.shape[0]):
        n = 0
        for s in range(num_states[f]):
            p = belief[start[f] + s]
            if p > 0.0:
                value[base[f] + n] = p
                index[base[f] + n] = s
                n += 1
        count[count_base[f]] = n


@inner
def push_forward(ints: Any, theta: Any, f: int, action: int, level: int, node: int, wf: Any, wi: Any) -> float:
    """Add the prediction for factor f after `action` to its scatter target; return the novelty of B on the way.

    q(s') = Σ_parents B[s', parents, action] Π q(parent), over supported parents and non-zero entries.  What is reached
    is listed in I_TOUCHED, in the order in which they were met.
    """
    num_factors = ints[ints[2 * L.SCALARS] + L.S_FACTORS]
    start = section(ints, ints, L.STATE_START)
    parents, parent_start = section(ints, ints, L.B_PARENT), section(ints, ints, L.B_PARENT_START)
    strides = section(ints, ints, L.B_PARENT_STRIDE)
    entry_start, state = section(ints, ints, L.B_ENTRY_START), section(ints, ints, L.B_STATE)
    b, novelty_b = section(theta, ints, L.T_B), section(theta, ints, L.T_NOVELTY_B)
    base, count_base = section(wi, ints, L.I_LEVEL), section(wi, ints, L.I_COUNT_BASE)
    value, index, count = section(wf, ints, L.W_VALUE), section(wi, ints, L.I_INDEX), section(wi, ints, L.I_COUNT)
    total = part(section(wf, ints, L.W_SUM), start[f], start[f + 1])
    touched = part(section(wi, ints, L.I_TOUCHED), start[f], start[f + 1])
    num_states = section(ints, ints, L.NUM_STATES)
    odometer = section(wi, ints, L.I_ODOMETER)

    first = parent_start[f]
    num_parents = parent_start[f + 1] - first
    column_base = ints[ints[2 * L.B_COLUMN_BASE] + f] + action * ints[ints[2 * L.B_COLUMNS] + f]
    with_novelty = novelty_b.shape[0] > 0
    reached = 0
    novelty = 0.0
    if num_parents == 1 and not with_novelty:
        count_f = count[count_base[level * num_factors + parents[first]] + node]
        row = base[level * num_factors + parents[first]] + node * num_states[parents[first]]
        sources, weights = part(index, row, row + count_f), part(value, row, row + count_f)
        section(wi, ints, L.I_TOUCHED_COUNT)[f] = push_single(
            sources, weights, entry_start, column_base, state, b, total, touched
        )
        return 0.0
    for k in range(num_parents):
        odometer[k] = 0
        if count[count_base[level * num_factors + parents[first + k]] + node] == 0:
            section(wi, ints, L.I_TOUCHED_COUNT)[f] = 0
            return 0.0
    while True:
        column = column_base
        p = 1.0
        for k in range(num_parents):
            g = parents[first + k]
            place = base[level * num_factors + g] + node * num_states[g] + odometer[k]
            column += index[place] * strides[first + k]
            p *= value[place]
        for e in range(entry_start[column], entry_start[column + 1]):
            s = state[e]
            before = total[s]
            total[s] = before + p * b[e]
            if before == 0.0 and total[s] > 0.0:  # as it is stored: what underflows there was not reached
                touched[reached] = s
                reached += 1
        if with_novelty:
            novelty += p * novelty_b[column]
        k = num_parents - 1
        while k >= 0:
            odometer[k] += 1
            if odometer[k] < count[count_base[level * num_factors + parents[first + k]] + node]:
                break
            odometer[k] = 0
            k -= 1
        if k < 0:
            break
    section(wi, ints, L.I_TOUCHED_COUNT)[f] = reached
    return novelty


@inner
def push_single(
    sources: Any, weights: Any, entry_start: Any, column_base: int, state: Any, b: Any, total: Any, touched: Any
) -> int:
    """The same for one parent: sources and weights are its supported states; returns how many states were reached.

    A column without zeros is added as a whole.
    """
    num_states = total.shape[0]
    reached = 0
    whole = False
    for i in range(sources.shape[0]):
        first, last = entry_start[column_base + sources[i]], entry_start[column_base + sources[i] + 1]
        p = weights[i]
        flows = part(b, first, last)
        if last - first == num_states:
            whole = True
            for s in range(num_states):
                total[s] += p * flows[s]
            continue
        states = part(state, first, last)
        for e in range(states.shape[0]):
            s = states[e]
            before = total[s]
            total[s] = before + p * flows[e]
            if before == 0.0 and total[s] > 0.0:  # as it is stored: what underflows there was not reached
                touched[reached] = s
                reached += 1
    if whole:
        reached = 0
        for s in range(num_states):
            if total[s] > 0.0:
                touched[reached] = s
                reached += 1
    return reached


@inner
def predict(ints: Any, theta: Any, action: int, belief: Any, prior: Any, wf: Any, wi: Any) -> None:
    """prior = the last belief pushed through the transition of the executed joint action."""
    scalars = section(ints, ints, L.SCALARS)
    start = section(ints, ints, L.STATE_START)
    total = section(wf, ints, L.W_SUM)
    load_belief(ints, belief, wf, wi)
    for f in range(scalars[L.S_FACTORS]):
        c = ints[ints[2 * L.COMPONENT_OF] + f]
        in_component = ints[ints[2 * L.COMPONENT_ACTION] + c * scalars[L.S_ACTIONS] + action]
        own = ints[ints[2 * L.FACTOR_ACTION] + ints[ints[2 * L.FACTOR_ACTION_START] + f] + in_component]
        push_forward(ints, theta, f, own, 0, 0, wf, wi)
        for i in range(start[f], start[f + 1]):
            prior[i] = total[i]
            total[i] = 0.0
