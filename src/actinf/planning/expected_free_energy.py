"""The expected free energy of the predicted beliefs, modality by modality.

G = Σ_τ Σ_m KL[q(o_m,τ | π) ‖ p(o_m | C)] + E_{q(s_τ | π)}[H[A_m]] − novelty, in nats, minimised
(Da Costa et al. 2020, "Active inference on discrete state-spaces", eq. 17; Parr, Pezzulo and Friston 2022, eq. 4.10).
H[A] and the novelty of a column are computed once per model; risk needs the predicted outcomes of each distinct node.
"""

from typing import Any

import numpy as np

from actinf.kernels import layout as L
from actinf.kernels.beliefs import lists_of
from actinf.kernels.compile import inlined, inner
from actinf.kernels.elementary import logarithms_into
from actinf.kernels.rows import add_rows, padded_width
from actinf.kernels.views import fill, half, part, section
from actinf.planning.belief_graph import mixed, next_stamp

__all__ = ["add_modality"]


@inner
def modality_nodes(ints: Any, m: int, level: int, joint_nodes: int, mask: int, wi: Any) -> int:
    """Number the distinct combinations of component nodes that modality m depends on; returns how many there are."""
    scalars = section(ints, ints, L.SCALARS)
    num_components = scalars[L.S_COMPONENTS]
    kind = section(ints, ints, L.MODALITY_KIND)[m]
    node_of, first = section(wi, ints, L.I_MODALITY_NODE), section(wi, ints, L.I_MODALITY_FIRST)
    joint = half(section(wi, ints, L.I_JOINT), level)
    if kind == 0:
        first[0] = 0
        for j in range(joint_nodes):
            node_of[j] = 0
        return 1
    if kind == 1 and section(ints, ints, L.CONTROLLED).shape[0] > 1:  # with one, joint nodes are its nodes
        c = section(ints, ints, L.MODALITY_COMPONENT)[m]
        for j in range(joint_nodes):
            node_of[j] = joint[j * num_components + c]
            first[node_of[j]] = j
        moving: int = section(wi, ints, L.I_NODES)[level * num_components + c]
        return moving
    if kind < 3:
        for j in range(joint_nodes):
            node_of[j] = j
            first[j] = j
        return joint_nodes
    table = section(wi, ints, L.I_HASH)
    stamp = next_stamp(wi, ints)
    parents, parent_start = section(ints, ints, L.A_PARENT), section(ints, ints, L.A_PARENT_START)
    component_of = section(ints, ints, L.COMPONENT_OF)
    count = 0
    for j in range(joint_nodes):
        key = np.uint64(0)
        for k in range(parent_start[m], parent_start[m + 1]):
            key = mixed(key + np.uint64(joint[j * num_components + component_of[parents[k]]] + 1))
        slot = np.int64(key & np.uint64(mask))
        found = -1
        while table[slot] >> 32 == stamp:
            candidate = table[slot] & 0xFFFFFFFF
            equal = True
            for k in range(parent_start[m], parent_start[m + 1]):
                c = component_of[parents[k]]
                equal = equal and joint[first[candidate] * num_components + c] == joint[j * num_components + c]
            if equal:
                found = candidate
                break
            slot = (slot + 1) & mask
        if found < 0:
            table[slot] = (stamp << 32) | count
            first[count] = j
            found = count
            count += 1
        node_of[j] = found
    return count


@inner
def predict_outcomes(ints: Any, theta: Any, m: int, level: int, count: int, wf: Any, wi: Any) -> None:
    """For each node of a modality: q(o) = Σ A·q(s), expected ambiguity and expected novelty, over supported states."""
    scalars = section(ints, ints, L.SCALARS)
    num_factors, num_components = scalars[L.S_FACTORS], scalars[L.S_COMPONENTS]
    num_obs = section(ints, ints, L.NUM_OBS)[m]
    column_base = section(ints, ints, L.A_COLUMN_BASE)[m]
    entry_start, outcomes = section(ints, ints, L.A_ENTRY_START), section(ints, ints, L.A_OUTCOME)
    a, entropy = section(theta, ints, L.T_A), section(theta, ints, L.T_AMBIGUITY)
    gain = section(theta, ints, L.T_NOVELTY_A)
    parents, strides = section(ints, ints, L.A_PARENT), section(ints, ints, L.A_PARENT_STRIDE)
    first = section(ints, ints, L.A_PARENT_START)[m]
    num_parents = section(ints, ints, L.A_PARENT_START)[m + 1] - first
    component_of, num_states = section(ints, ints, L.COMPONENT_OF), section(ints, ints, L.NUM_STATES)
    joint, representative = half(section(wi, ints, L.I_JOINT), level), section(wi, ints, L.I_MODALITY_FIRST)
    base, count_base = section(wi, ints, L.I_LEVEL), section(wi, ints, L.I_COUNT_BASE)
    value, index, size = section(wf, ints, L.W_VALUE), section(wi, ints, L.I_INDEX), section(wi, ints, L.I_COUNT)
    qo, ambiguity, novelty = section(wf, ints, L.W_QO), section(wf, ints, L.W_AMBIGUITY), section(wf, ints, L.W_NOVELTY)
    digit = section(wi, ints, L.I_ODOMETER)
    with_novelty = gain.shape[0] > 0
    last_parent = num_parents - 1
    f_last = parents[first + last_parent]
    c_last, stride_last = component_of[f_last], strides[first + last_parent]
    base_last, width_last, count_last = lists_of(ints, wi, level, f_last)
    for x in range(count):
        row = x * num_obs
        for o in range(num_obs):
            qo[row + o] = 0.0
        expected_entropy, expected_gain = 0.0, 0.0
        tuple_at = representative[x] * num_components
        for k in range(num_parents):
            digit[k] = 0
        node_last = joint[tuple_at + c_last]
        row_last = base_last + node_last * width_last
        size_last = size[count_last + node_last]
        while True:
            outer_column = column_base
            outer_p = 1.0
            for k in range(last_parent):
                f = parents[first + k]
                place = base[level * num_factors + f] + joint[tuple_at + component_of[f]] * num_states[f] + digit[k]
                outer_column += index[place] * strides[first + k]
                outer_p *= value[place]
            for i in range(size_last):
                column = outer_column + index[row_last + i] * stride_last
                p = outer_p * value[row_last + i]
                for e in range(entry_start[column], entry_start[column + 1]):
                    qo[row + outcomes[e]] += p * a[e]
                expected_entropy += p * entropy[column]
                if with_novelty:
                    expected_gain += p * gain[column]
            k = last_parent - 1
            while k >= 0:
                f = parents[first + k]
                digit[k] += 1
                if digit[k] < size[count_base[level * num_factors + f] + joint[tuple_at + component_of[f]]]:
                    break
                digit[k] = 0
                k -= 1
            if k < 0:
                break
        ambiguity[x] = expected_entropy
        novelty[x] = expected_gain


@inlined
def deliver(lanes: Any, x: int, num_obs: int, qo: Any, ambiguity: Any, novelty: Any) -> None:
    """Take a node's sums out of the lanes."""
    for o in range(num_obs):
        qo[x * num_obs + o] = lanes[o]
    ambiguity[x] = lanes[num_obs]
    novelty[x] = lanes[num_obs + 1]


@inner
def predict_dense(ints: Any, theta: Any, m: int, level: int, count: int, wf: Any, wi: Any) -> None:
    """`predict_outcomes` for a likelihood with few zeros, by padded rows."""
    scalars = section(ints, ints, L.SCALARS)
    num_factors, num_components = scalars[L.S_FACTORS], scalars[L.S_COMPONENTS]
    num_obs = section(ints, ints, L.NUM_OBS)[m]
    width = padded_width(num_obs)
    rows_start = section(ints, ints, L.A_ROWS_START)[m]
    table = section(theta, ints, L.T_ROWS)
    columns = section(ints, ints, L.A_COLUMN_BASE)
    table = part(table, rows_start, rows_start + (columns[m + 1] - columns[m]) * width)
    parents, strides = section(ints, ints, L.A_PARENT), section(ints, ints, L.A_PARENT_STRIDE)
    first = section(ints, ints, L.A_PARENT_START)[m]
    last_parent = section(ints, ints, L.A_PARENT_START)[m + 1] - first - 1
    component_of, num_states = section(ints, ints, L.COMPONENT_OF), section(ints, ints, L.NUM_STATES)
    joint, representative = half(section(wi, ints, L.I_JOINT), level), section(wi, ints, L.I_MODALITY_FIRST)
    base, count_base = section(wi, ints, L.I_LEVEL), section(wi, ints, L.I_COUNT_BASE)
    value, index, size = section(wf, ints, L.W_VALUE), section(wi, ints, L.I_INDEX), section(wi, ints, L.I_COUNT)
    qo, ambiguity, novelty = section(wf, ints, L.W_QO), section(wf, ints, L.W_AMBIGUITY), section(wf, ints, L.W_NOVELTY)
    lanes, scaled = part(section(wf, ints, L.W_LANES), 0, width), section(wf, ints, L.W_WEIGHT)
    digit = section(wi, ints, L.I_ODOMETER)
    f_last = parents[first + last_parent]
    c_last = component_of[f_last]
    base_last, width_last, count_last = lists_of(ints, wi, level, f_last)
    for x in range(count):
        tuple_at = representative[x] * num_components
        node = joint[tuple_at + c_last]
        row = base_last + node * width_last
        end = row + size[count_last + node]
        states, weights = part(index, row, end), part(value, row, end)
        fill(lanes, 0.0)
        for k in range(last_parent):
            digit[k] = 0
        while True:
            outer_column = 0
            outer_p = 1.0
            for k in range(last_parent):
                f = parents[first + k]
                place = base[level * num_factors + f] + joint[tuple_at + component_of[f]] * num_states[f] + digit[k]
                outer_column += index[place] * strides[first + k]
                outer_p *= value[place]
            if last_parent > 0:
                for i in range(weights.shape[0]):
                    scaled[i] = outer_p * weights[i]
                weights_now = part(scaled, 0, weights.shape[0])
            else:
                weights_now = weights
            add_rows(weights_now, states, strides[first + last_parent], outer_column, table, width, lanes)
            k = last_parent - 1
            while k >= 0:
                f = parents[first + k]
                digit[k] += 1
                if digit[k] < size[count_base[level * num_factors + f] + joint[tuple_at + component_of[f]]]:
                    break
                digit[k] = 0
                k -= 1
            if k < 0:
                break
        deliver(lanes, x, num_obs, qo, ambiguity, novelty)


@inner
def predict_by_parts(ints: Any, theta: Any, m: int, outer: int, level: int, count: int, wf: Any, wi: Any) -> None:
    """The same for two parents in two moving components: A is summed over the outer parent once per node of it."""
    num_components = ints[ints[2 * L.SCALARS] + L.S_COMPONENTS]
    num_obs = section(ints, ints, L.NUM_OBS)[m]
    width = padded_width(num_obs)
    rows_start = section(ints, ints, L.A_ROWS_START)[m]
    columns = section(ints, ints, L.A_COLUMN_BASE)
    table = part(section(theta, ints, L.T_ROWS), rows_start, rows_start + (columns[m + 1] - columns[m]) * width)
    first = section(ints, ints, L.A_PARENT_START)[m]
    parents, strides = section(ints, ints, L.A_PARENT), section(ints, ints, L.A_PARENT_STRIDE)
    f_outer, f_inner = parents[first + outer], parents[first + 1 - outer]
    s_outer, s_inner = strides[first + outer], strides[first + 1 - outer]
    component_of = section(ints, ints, L.COMPONENT_OF)
    joint, representative = half(section(wi, ints, L.I_JOINT), level), section(wi, ints, L.I_MODALITY_FIRST)
    value, index, size = section(wf, ints, L.W_VALUE), section(wi, ints, L.I_INDEX), section(wi, ints, L.I_COUNT)
    qo, ambiguity, novelty = section(wf, ints, L.W_QO), section(wf, ints, L.W_AMBIGUITY), section(wf, ints, L.W_NOVELTY)
    partial, done = section(wf, ints, L.W_OUTER), section(wi, ints, L.I_OUTER_DONE)
    lanes = part(section(wf, ints, L.W_LANES), 0, width)
    c_outer, c_inner = component_of[f_outer], component_of[f_inner]
    base_outer, width_outer, count_outer = lists_of(ints, wi, level, f_outer)
    base_inner, width_inner, count_inner = lists_of(ints, wi, level, f_inner)
    block = width_inner * width
    for node in range(section(wi, ints, L.I_NODES)[level * num_components + c_outer]):
        done[node] = 0
    for x in range(count):
        at = representative[x] * num_components
        node = joint[at + c_outer]
        summed = part(partial, node * block, (node + 1) * block)
        if done[node] == 0:
            done[node] = 1
            row = base_outer + node * width_outer
            end = row + size[count_outer + node]
            fill(summed, 0.0)
            for s in range(width_inner):
                target = part(summed, s * width, (s + 1) * width)
                add_rows(part(value, row, end), part(index, row, end), s_outer, s * s_inner, table, width, target)
        node = joint[at + c_inner]
        row = base_inner + node * width_inner
        end = row + size[count_inner + node]
        fill(lanes, 0.0)
        add_rows(part(value, row, end), part(index, row, end), 1, 0, summed, width, lanes)
        deliver(lanes, x, num_obs, qo, ambiguity, novelty)


@inner
def add_modality(
    ints: Any, theta: Any, m: int, time: int, level: int, joint_nodes: int, mask: int, wf: Any, wi: Any
) -> int:
    """Add modality m's share of G to every joint node of a level (W_JOINT_G); returns the number of its nodes.

    `time` is the session time t + τ that picks the row of a timed C.
    """
    num_components = ints[ints[2 * L.SCALARS] + L.S_COMPONENTS]
    count = modality_nodes(ints, m, level, joint_nodes, mask, wi)
    outer = section(ints, ints, L.OUTER_PARENT)[m]
    if outer >= 0:
        f = section(ints, ints, L.A_PARENT)[section(ints, ints, L.A_PARENT_START)[m] + outer]
        outer_nodes = section(wi, ints, L.I_NODES)[level * num_components + section(ints, ints, L.COMPONENT_OF)[f]]
    if outer >= 0 and count >= 2 * outer_nodes:
        predict_by_parts(ints, theta, m, outer, level, count, wf, wi)
    elif section(ints, ints, L.A_ROWS_START)[m] >= 0:
        predict_dense(ints, theta, m, level, count, wf, wi)
    else:
        predict_outcomes(ints, theta, m, level, count, wf, wi)
    num_obs = section(ints, ints, L.NUM_OBS)[m]
    rows = section(ints, ints, L.LOG_C_ROWS)[m]
    preference = section(ints, ints, L.LOG_C_START)[m] + min(time, rows - 1) * num_obs
    log_c = part(section(theta, ints, L.T_LOG_C), preference, preference + num_obs)
    qo = part(section(wf, ints, L.W_QO), 0, count * num_obs)
    log_qo = part(section(wf, ints, L.W_LOG_QO), 0, count * num_obs)
    logarithms_into(qo, log_qo, 1e-300)
    ambiguity, novelty = section(wf, ints, L.W_AMBIGUITY), section(wf, ints, L.W_NOVELTY)
    for x in range(count):
        risk = 0.0
        for o in range(num_obs):
            risk += qo[x * num_obs + o] * (log_qo[x * num_obs + o] - log_c[o])
        log_qo[x * num_obs] = risk  # the logarithms of this node are spent: its place keeps the risk
    node_of = section(wi, ints, L.I_MODALITY_NODE)
    joint_g = section(wf, ints, L.W_JOINT_G)
    for j in range(joint_nodes):
        x = node_of[j]
        joint_g[j] += log_qo[x * num_obs] + ambiguity[x] - novelty[x]
    return count
