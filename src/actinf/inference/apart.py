"""Bayes' rule for each factor by itself: what both ways of inferring come to where no observation couples two
uncertain factors.

A modality that depends on several factors couples them only as far as they are uncertain.  Where the prior and the
modalities with one parent leave a single state of every other parent (an agent that knows where it is, and asks what
is here), the evidence is evidence about one factor, and

    q(s_f) ∝ p(s_f) Π_m A[m][o_m, (s_f, known states)],   F = −Σ_f ln Σ_{s_f} p(s_f) Π_m A[m][o_m, …],

which is exact for the factorised prior, zeros included (Särkkä 2013, theorem 4.1, factor by factor); positive numbers
below the floor of `FixedPoint` count as the floor.  With one (joint) factor it is exact filtering.
"""

from typing import Any

import numpy as np

from actinf.inference.evidence import MISSING, count_positive, log_evidence
from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.elementary import exponential, logarithm
from actinf.kernels.views import fill, part, section

__all__ = ["condition_apart"]


@inner
def condition_apart(ints: Any, theta: Any, obs: Any, soft: Any, prior: Any, q: Any, wf: Any, wi: Any) -> Any:
    """q = posterior of each factor by itself; returns whether that is right here, and ln p(o | the factorised prior).

    −inf stands for an impossible observation.  q is left alone where it is impossible or factors are coupled.
    """
    weigh_states(ints, theta, obs, soft, prior, wf)
    if list_supports(ints, wf, wi):
        return True, -np.inf
    for m in range(obs.shape[0]):
        if obs[m] != MISSING and uncertain_parents(ints, m, wi) > 1:
            return False, 0.0
    for m in range(obs.shape[0]):
        if obs[m] != MISSING and num_parents(ints, m) > 1:
            add_reduced_evidence(ints, theta, m, obs[m], soft, wf, wi)
    return True, normalise_supports(ints, theta, q, wf, wi)


@inner
def num_parents(ints: Any, m: int) -> int:
    """How many factors modality m depends on."""
    parent_start = section(ints, ints, L.A_PARENT_START)
    return parent_start[m + 1] - parent_start[m]


@inner
def weigh_states(ints: Any, theta: Any, obs: Any, soft: Any, prior: Any, wf: Any) -> None:
    """W_BASE = ln p(s_f) + the evidence of the modalities that depend on f alone; −inf for what is excluded."""
    floor = section(theta, ints, L.T_KNOBS)[L.K_LOG_FLOOR]
    base, likelihood = section(wf, ints, L.W_BASE), section(wf, ints, L.W_LIKELIHOOD)
    start, columns = section(ints, ints, L.STATE_START), section(ints, ints, L.A_COLUMN_BASE)
    parents, parent_start = section(ints, ints, L.A_PARENT), section(ints, ints, L.A_PARENT_START)
    for i in range(prior.shape[0]):
        base[i] = logarithm(max(prior[i], floor)) if prior[i] > 0.0 else -np.inf
    for m in range(obs.shape[0]):
        if obs[m] != MISSING and num_parents(ints, m) == 1:
            evidence = part(likelihood, columns[m], columns[m + 1])
            log_evidence(ints, theta, m, obs[m], soft, -np.inf, evidence)
            first = start[parents[parent_start[m]]]
            for i in range(evidence.shape[0]):
                base[first + i] += evidence[i]


@inner
def list_supports(ints: Any, wf: Any, wi: Any) -> bool:
    """List the states of each factor that are still possible; returns whether some factor has none."""
    base, start = section(wf, ints, L.W_BASE), section(ints, ints, L.STATE_START)
    listed, size = section(wi, ints, L.I_SUPPORT_LIST), section(wi, ints, L.I_TOUCHED_COUNT)
    empty = False
    for f in range(start.shape[0] - 1):
        n = 0
        for i in range(start[f], start[f + 1]):
            if base[i] > -np.inf:
                listed[start[f] + n] = i - start[f]
                n += 1
        size[f] = n
        empty = empty or n == 0
    return empty


@inner
def uncertain_parents(ints: Any, m: int, wi: Any) -> int:
    """How many parents of a modality have more than one possible state."""
    parents, parent_start = section(ints, ints, L.A_PARENT), section(ints, ints, L.A_PARENT_START)
    size = section(wi, ints, L.I_TOUCHED_COUNT)
    uncertain = 0
    for k in range(parent_start[m], parent_start[m + 1]):
        if size[parents[k]] > 1:
            uncertain += 1
    return uncertain


@inner
def add_reduced_evidence(ints: Any, theta: Any, m: int, outcome: int, soft: Any, wf: Any, wi: Any) -> None:
    """Add the evidence of a modality, at the known states of its other parents, to its one uncertain parent."""
    parents, parent_start = section(ints, ints, L.A_PARENT), section(ints, ints, L.A_PARENT_START)
    strides, start = section(ints, ints, L.A_PARENT_STRIDE), section(ints, ints, L.STATE_START)
    listed, size = section(wi, ints, L.I_SUPPORT_LIST), section(wi, ints, L.I_TOUCHED_COUNT)
    base = section(wf, ints, L.W_BASE)
    column = ints[ints[2 * L.A_COLUMN_BASE] + m]
    asked, stride = parents[parent_start[m]], strides[parent_start[m]]
    for k in range(parent_start[m], parent_start[m + 1]):
        if size[parents[k]] > 1:
            asked, stride = parents[k], strides[k]
    for k in range(parent_start[m], parent_start[m + 1]):
        if parents[k] != asked:
            column += listed[start[parents[k]]] * strides[k]
    for i in range(size[asked]):
        s = listed[start[asked] + i]
        base[start[asked] + s] += log_of_column(ints, theta, m, column + s * stride, outcome, soft)


@inner
def log_of_column(ints: Any, theta: Any, m: int, column: int, outcome: int, soft: Any) -> float:
    """Σ_o w_o ln A[m][o, column], w a single outcome or the soft weights; −inf where a weighted outcome is excluded.

    `column` counts the columns of all modalities.
    """
    entry_start, outcomes = section(ints, ints, L.A_ENTRY_START), section(ints, ints, L.A_OUTCOME)
    a, log_a = section(theta, ints, L.T_A), section(theta, ints, L.T_LOG_A)
    first, last = entry_start[column], entry_start[column + 1]
    if outcome >= 0:
        for e in range(first, last):
            if outcomes[e] == outcome and a[e] > 0.0:
                return np.float64(log_a[e])
        return -np.inf
    at = ints[ints[2 * L.OBS_START] + m]
    value = 0.0
    missing = count_positive(part(soft, at, at + ints[ints[2 * L.NUM_OBS] + m]))
    for e in range(first, last):
        w = soft[at + outcomes[e]]
        if w > 0.0 and a[e] > 0.0:
            value += w * log_a[e]
            missing -= 1
    return -np.inf if missing > 0 else value


@inner
def normalise_supports(ints: Any, theta: Any, q: Any, wf: Any, wi: Any) -> float:
    """q = softmax of W_BASE over the listed states of each factor, zero elsewhere; returns Σ_f ln Z_f."""
    base, start = section(wf, ints, L.W_BASE), section(ints, ints, L.STATE_START)
    listed, size = section(wi, ints, L.I_SUPPORT_LIST), section(wi, ints, L.I_TOUCHED_COUNT)
    tiny = section(theta, ints, L.T_KNOBS)[L.K_TINY]
    log_p = 0.0
    for f in range(start.shape[0] - 1):
        states, of_factor = part(listed, start[f], start[f] + size[f]), part(base, start[f], start[f + 1])
        largest = -np.inf
        for i in range(states.shape[0]):
            largest = max(largest, np.float64(of_factor[states[i]]))
        if largest == -np.inf:
            return largest
        log_p += largest
    for f in range(start.shape[0] - 1):
        states, of_factor = part(listed, start[f], start[f] + size[f]), part(base, start[f], start[f + 1])
        target = part(q, start[f], start[f + 1])
        fill(target, 0.0)
        if states.shape[0] == 1:
            target[states[0]] = 1.0
        else:
            log_p += softmax_over(states, of_factor, tiny, target)
    return log_p


@inner
def softmax_over(states: Any, log_weight: Any, tiny: float, q: Any) -> float:
    """q[s] ∝ exp log_weight[s] for the listed states, none of them below `tiny` unless excluded.

    Returns ln Σ exp(log_weight − the largest of them).
    """
    largest = -np.inf
    for i in range(states.shape[0]):
        largest = max(largest, np.float64(log_weight[states[i]]))
    total = 0.0
    for i in range(states.shape[0]):
        p = exponential(log_weight[states[i]] - largest)
        q[states[i]] = p
        total += p
    for i in range(states.shape[0]):
        s = states[i]
        if log_weight[s] > -np.inf:  # rounding must not turn a possible state into an impossible one
            q[s] = max(q[s] / total, tiny)
    return logarithm(total)
