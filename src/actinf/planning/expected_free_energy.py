"""The expected free energy of the predicted beliefs, group by group of modalities.

G = Σ_τ Σ_m KL[q(o_m,τ | π) ‖ p(o_m | C)] + E_{q(s_τ | π)}[H[A_m]] − novelty, in nats, minimised
(Da Costa et al. 2020, "Active inference on discrete state-spaces", eq. 17; Parr, Pezzulo and Friston 2022, eq. 4.10).
H[A] and the novelty of a column are computed once per model; risk needs the predicted outcomes of each distinct node.
Modalities with the same parents are predicted side by side, as the outcomes of one group.
"""

from typing import Any

import numpy as np

from actinf.kernels import layout as L
from actinf.kernels.beliefs import lists_of
from actinf.kernels.compile import inlined, inner
from actinf.kernels.elementary import logarithms_into
from actinf.kernels.hashing import mixed
from actinf.kernels.rows import add_rows, padded_width, sum_rows
from actinf.kernels.views import copy_into, fill, half, part, section
from actinf.planning.belief_graph import next_stamp

__all__ = ["add_group", "prefer"]


@inner
def prefer(ints: Any, theta: Any, time: int, wf: Any) -> None:
    """W_LOG_C = the log-preferences of a session time, group by group; of a timed C the last row is held."""
    num_obs, of_group = section(ints, ints, L.NUM_OBS), section(ints, ints, L.GROUP_OF)
    first, offset = section(ints, ints, L.GROUP_OBS_START), section(ints, ints, L.GROUP_OFFSET)
    starts, rows = section(ints, ints, L.LOG_C_START), section(ints, ints, L.LOG_C_ROWS)
    given, log_c = section(theta, ints, L.T_LOG_C), section(wf, ints, L.W_LOG_C)
    for m in range(num_obs.shape[0]):
        row = starts[m] + min(time, rows[m] - 1) * num_obs[m]
        at = first[of_group[m]] + offset[m]
        for o in range(num_obs[m]):
            log_c[at + o] = given[row + o]


@inner
def group_nodes(ints: Any, g: int, level: int, joint_nodes: int, mask: int, wi: Any) -> int:
    """Number the distinct combinations of component nodes that group g depends on; returns how many there are."""
    scalars = section(ints, ints, L.SCALARS)
    num_components = scalars[L.S_COMPONENTS]
    kind = section(ints, ints, L.GROUP_KIND)[g]
    node_of, first = section(wi, ints, L.I_GROUP_NODE), section(wi, ints, L.I_GROUP_FIRST)
    joint = half(section(wi, ints, L.I_JOINT), level)
    if kind == 0:
        first[0] = 0
        for j in range(joint_nodes):
            node_of[j] = 0
        return 1
    if kind == 1:
        c = section(ints, ints, L.GROUP_COMPONENT)[g]
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
    m = first_member(ints, g)
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


@inlined
def first_member(ints: Any, g: int) -> Any:
    """A modality that has the parents of group g."""
    return section(ints, ints, L.GROUP_MEMBER)[section(ints, ints, L.GROUP_START)[g]]


@inner
def predict_by_entries(ints: Any, theta: Any, g: int, level: int, count: int, wf: Any, wi: Any) -> None:
    """For each node of a group: its non-zero q(o) = Σ A·q(s), expected ambiguity and novelty, over supported states.

    Predicted outcomes lie one behind the other in W_QO, beside their log-preferences; I_QO_START says where a node's
    begin.
    """
    scalars = section(ints, ints, L.SCALARS)
    num_factors, num_components = scalars[L.S_FACTORS], scalars[L.S_COMPONENTS]
    column_base = section(ints, ints, L.GROUP_COLUMN_BASE)[g]
    entry_start, outcomes = section(ints, ints, L.GROUP_ENTRY_START), section(ints, ints, L.GROUP_ENTRY_OUTCOME)
    source, a = section(ints, ints, L.GROUP_ENTRY_SOURCE), section(theta, ints, L.T_A)
    expected = section(theta, ints, L.T_EXPECTED)
    parents, strides = section(ints, ints, L.A_PARENT), section(ints, ints, L.A_PARENT_STRIDE)
    m = first_member(ints, g)
    first = section(ints, ints, L.A_PARENT_START)[m]
    last_parent = section(ints, ints, L.A_PARENT_START)[m + 1] - first - 1
    component_of, num_states = section(ints, ints, L.COMPONENT_OF), section(ints, ints, L.NUM_STATES)
    joint, representative = half(section(wi, ints, L.I_JOINT), level), section(wi, ints, L.I_GROUP_FIRST)
    base, count_base = section(wi, ints, L.I_LEVEL), section(wi, ints, L.I_COUNT_BASE)
    value, index, size = section(wf, ints, L.W_VALUE), section(wi, ints, L.I_INDEX), section(wi, ints, L.I_COUNT)
    ambiguity, novelty = section(wf, ints, L.W_AMBIGUITY), section(wf, ints, L.W_NOVELTY)
    total, met = section(wf, ints, L.W_OUTCOME), section(wi, ints, L.I_OUTCOME)
    begins = section(wi, ints, L.I_QO_START)
    digit = section(wi, ints, L.I_ODOMETER)
    f_last = parents[first + last_parent]
    c_last, stride_last = component_of[f_last], strides[first + last_parent]
    base_last, width_last, count_last = lists_of(ints, wi, level, f_last)
    begins[0] = 0
    for x in range(count):
        reached = 0
        expected_entropy, expected_gain = 0.0, 0.0
        tuple_at = representative[x] * num_components
        for k in range(last_parent):
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
                    o = outcomes[e]
                    before = total[o]
                    total[o] = before + p * a[source[e]]
                    if before == 0.0 and total[o] > 0.0:
                        met[reached] = o
                        reached += 1
                expected_entropy += p * expected[2 * column]
                expected_gain += p * expected[2 * column + 1]
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
        begins[x + 1] = begins[x] + reached
        collect(ints, g, begins[x], part(met, 0, reached), total, wf, wi)


@inner
def collect(ints: Any, g: int, at: int, met: Any, total: Any, wf: Any, wi: Any) -> None:
    """Append a node's predicted outcomes to W_QO, with their log-preferences, and clear the scatter target."""
    qo, log_c_of = section(wf, ints, L.W_QO), section(wf, ints, L.W_QO_LOG_C)
    log_c, first = section(wf, ints, L.W_LOG_C), section(ints, ints, L.GROUP_OBS_START)[g]
    outcome = section(wi, ints, L.I_QO_OUTCOME)
    if outcome.shape[0] > 0:
        copy_into(met, part(outcome, at, at + met.shape[0]))
    for i in range(met.shape[0]):
        o = met[i]
        qo[at + i] = total[o]
        log_c_of[at + i] = log_c[first + o]
        total[o] = 0.0


@inlined
def rows_of(ints: Any, theta: Any, g: int, m: int) -> Any:
    """The padded rows of a group, how many outcomes it has and how wide a row is; m is one of its modalities."""
    obs_start, columns = section(ints, ints, L.GROUP_OBS_START), section(ints, ints, L.A_COLUMN_BASE)
    num_obs = obs_start[g + 1] - obs_start[g]
    width = padded_width(num_obs)
    start = section(ints, ints, L.GROUP_ROWS_START)[g]
    return part(section(theta, ints, L.T_ROWS), start, start + (columns[m + 1] - columns[m]) * width), num_obs, width


@inlined
def take_expected(row: Any, x: int, num_obs: int, ambiguity: Any, novelty: Any) -> None:
    """Read what follows a node's outcomes in its row, before the next node's row is laid over it."""
    ambiguity[x] = row[num_obs]
    novelty[x] = row[num_obs + 1]


@inner
def predict_by_rows(ints: Any, theta: Any, g: int, level: int, count: int, wf: Any, wi: Any) -> None:
    """The same for a group with few zeros, by padded rows; each node has a place for every outcome.

    A node's outcomes follow those of the node before: the rest of its padded row lies where the next one goes.
    """
    scalars = section(ints, ints, L.SCALARS)
    num_factors, num_components = scalars[L.S_FACTORS], scalars[L.S_COMPONENTS]
    m = first_member(ints, g)
    table, num_obs, width = rows_of(ints, theta, g, m)
    parents, strides = section(ints, ints, L.A_PARENT), section(ints, ints, L.A_PARENT_STRIDE)
    first = section(ints, ints, L.A_PARENT_START)[m]
    last_parent = section(ints, ints, L.A_PARENT_START)[m + 1] - first - 1
    component_of, num_states = section(ints, ints, L.COMPONENT_OF), section(ints, ints, L.NUM_STATES)
    joint, representative = half(section(wi, ints, L.I_JOINT), level), section(wi, ints, L.I_GROUP_FIRST)
    base, count_base = section(wi, ints, L.I_LEVEL), section(wi, ints, L.I_COUNT_BASE)
    value, index, size = section(wf, ints, L.W_VALUE), section(wi, ints, L.I_INDEX), section(wi, ints, L.I_COUNT)
    qo, ambiguity, novelty = section(wf, ints, L.W_QO), section(wf, ints, L.W_AMBIGUITY), section(wf, ints, L.W_NOVELTY)
    scaled = section(wf, ints, L.W_WEIGHT)
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
        sums = part(qo, x * num_obs, x * num_obs + width)
        if last_parent == 0:
            sum_rows(weights, states, strides[first], 0, table, width, sums)
            take_expected(sums, x, num_obs, ambiguity, novelty)
            continue
        fill(sums, 0.0)
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
            for i in range(weights.shape[0]):
                scaled[i] = outer_p * weights[i]
            weights_now = part(scaled, 0, weights.shape[0])
            add_rows(weights_now, states, strides[first + last_parent], outer_column, table, width, sums)
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
        take_expected(sums, x, num_obs, ambiguity, novelty)


@inner
def predict_by_parts(ints: Any, theta: Any, g: int, outer: int, level: int, count: int, wf: Any, wi: Any) -> None:
    """The same for two parents in two moving components: A is summed over the outer parent once per node of it."""
    num_components = ints[ints[2 * L.SCALARS] + L.S_COMPONENTS]
    m = first_member(ints, g)
    table, num_obs, width = rows_of(ints, theta, g, m)
    first = section(ints, ints, L.A_PARENT_START)[m]
    parents, strides = section(ints, ints, L.A_PARENT), section(ints, ints, L.A_PARENT_STRIDE)
    f_outer, f_inner = parents[first + outer], parents[first + 1 - outer]
    s_outer, s_inner = strides[first + outer], strides[first + 1 - outer]
    component_of = section(ints, ints, L.COMPONENT_OF)
    joint, representative = half(section(wi, ints, L.I_JOINT), level), section(wi, ints, L.I_GROUP_FIRST)
    value, index, size = section(wf, ints, L.W_VALUE), section(wi, ints, L.I_INDEX), section(wi, ints, L.I_COUNT)
    qo, ambiguity, novelty = section(wf, ints, L.W_QO), section(wf, ints, L.W_AMBIGUITY), section(wf, ints, L.W_NOVELTY)
    partial, done = section(wf, ints, L.W_OUTER), section(wi, ints, L.I_OUTER_DONE)
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
            for s in range(width_inner):
                target = part(summed, s * width, (s + 1) * width)
                sum_rows(part(value, row, end), part(index, row, end), s_outer, s * s_inner, table, width, target)
        node = joint[at + c_inner]
        row = base_inner + node * width_inner
        end = row + size[count_inner + node]
        sums = part(qo, x * num_obs, x * num_obs + width)
        sum_rows(part(value, row, end), part(index, row, end), 1, 0, summed, width, sums)
        take_expected(sums, x, num_obs, ambiguity, novelty)


@inner
def take_logarithms(ints: Any, theta: Any, count: int, wf: Any) -> None:
    """ln of the first `count` numbers of W_QO; whole stretches, since the rest of one would be taken one by one."""
    qo, log_qo = section(wf, ints, L.W_QO), section(wf, ints, L.W_LOG_QO)
    end = (count + L.STRETCH - 1) // L.STRETCH * L.STRETCH
    fill(part(qo, count, end), 1.0)
    logarithms_into(part(qo, 0, end), part(log_qo, 0, end), section(theta, ints, L.T_KNOBS)[L.K_TINY])


@inner
def risk_by_entries(ints: Any, theta: Any, count: int, wf: Any, wi: Any) -> None:
    """W_RISK = Σ_o q(o) (ln q(o) − ln p(o | C)) of each node, over the outcomes that were met."""
    begins, risks = section(wi, ints, L.I_QO_START), section(wf, ints, L.W_RISK)
    qo, log_qo, log_c = section(wf, ints, L.W_QO), section(wf, ints, L.W_LOG_QO), section(wf, ints, L.W_QO_LOG_C)
    take_logarithms(ints, theta, begins[count], wf)
    for x in range(count):
        risk = 0.0
        for i in range(begins[x], begins[x + 1]):
            risk += qo[i] * (log_qo[i] - log_c[i])
        risks[x] = risk


@inner
def risk_by_rows(ints: Any, theta: Any, g: int, count: int, wf: Any) -> None:
    """The same, over all outcomes of a group."""
    first, end = section(ints, ints, L.GROUP_OBS_START)[g], section(ints, ints, L.GROUP_OBS_START)[g + 1]
    num_obs = end - first
    log_c, risks = part(section(wf, ints, L.W_LOG_C), first, end), section(wf, ints, L.W_RISK)
    qo, log_qo = section(wf, ints, L.W_QO), section(wf, ints, L.W_LOG_QO)
    take_logarithms(ints, theta, count * num_obs, wf)
    for x in range(count):
        risk = 0.0
        for o in range(num_obs):
            risk += qo[x * num_obs + o] * (log_qo[x * num_obs + o] - log_c[o])
        risks[x] = risk


@inner
def add_group(ints: Any, theta: Any, g: int, level: int, joint_nodes: int, mask: int, wf: Any, wi: Any) -> None:
    """Add the share of G of a group of modalities to every joint node of a level (W_JOINT_G)."""
    num_components = ints[ints[2 * L.SCALARS] + L.S_COMPONENTS]
    count = group_nodes(ints, g, level, joint_nodes, mask, wi)
    outer, outer_nodes = section(ints, ints, L.OUTER_PARENT)[g], 0
    if outer >= 0:
        f = section(ints, ints, L.A_PARENT)[section(ints, ints, L.A_PARENT_START)[first_member(ints, g)] + outer]
        outer_nodes = section(wi, ints, L.I_NODES)[level * num_components + section(ints, ints, L.COMPONENT_OF)[f]]
    if section(ints, ints, L.GROUP_ROWS_START)[g] < 0:
        predict_by_entries(ints, theta, g, level, count, wf, wi)
        risk_by_entries(ints, theta, count, wf, wi)
    else:
        if outer >= 0 and count >= 2 * outer_nodes:
            predict_by_parts(ints, theta, g, outer, level, count, wf, wi)
        else:
            predict_by_rows(ints, theta, g, level, count, wf, wi)
        risk_by_rows(ints, theta, g, count, wf)
    risk, ambiguity = section(wf, ints, L.W_RISK), section(wf, ints, L.W_AMBIGUITY)
    novelty, node_of = section(wf, ints, L.W_NOVELTY), section(wi, ints, L.I_GROUP_NODE)
    joint_g = section(wf, ints, L.W_JOINT_G)
    for j in range(joint_nodes):
        x = node_of[j]
        joint_g[j] += risk[x] + ambiguity[x] - novelty[x]
