"""Mean-field filtering: q(s_t) = Π_f q(s_f), by fixed-point iteration of the factors' optimal beliefs.

ln q(s_f) = ln p(s_f) + Σ_m E_{q(other parents)}[ln A[m][o_m, ·]] + const, all factors at once, from the uniform start
(Da Costa et al. 2020, "Active inference on discrete state-spaces: a synthesis", eq. 10; Winn and Bishop 2005, eq. 7).
Where no observed modality couples two uncertain factors there is nothing to iterate: see `apart`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from actinf.inference.evidence import MISSING, log_evidence
from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.elementary import exponentials_into, logarithm
from actinf.kernels.settings import check_number, check_whole
from actinf.kernels.views import copy_into, fill, part, section

__all__ = ["FixedPoint"]


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """Mean-field inference by fixed-point iteration.

    Attributes:
        max_iterations: sweeps over all factors at most; `step.converged` tells whether they were enough.
        tolerance: the largest change of any probability in a sweep at which the beliefs count as converged.  In float32
            a tolerance below what rounding can reach is raised to 1e-6.
        log_floor: smallest probability whose logarithm is taken; zeros of A and of the prior count as this much.
    """

    max_iterations: int = 32
    tolerance: float = 1e-10
    log_floor: float = 1e-16

    def __post_init__(self) -> None:
        between = "a number above 0 and below 1"
        found = (
            ("max_iterations", check_whole("FixedPoint", "max_iterations", self.max_iterations)),
            ("tolerance", check_number("FixedPoint", "tolerance", self.tolerance, 1e-300, 0.999999, between)),
            (
                "log_floor",
                check_number("FixedPoint", "log_floor", self.log_floor, 1e-37, 1e-3, "a number from 1e-37 to 1e-3"),
            ),
        )
        for name, value in found:
            object.__setattr__(self, name, value)


@inner
def gather_evidence(ints: Any, theta: Any, obs: Any, soft: Any, prior: Any, wf: Any, wi: Any) -> None:
    """W_BASE = ln prior plus the evidence of the modalities with one parent; the evidence of the others into W_SHARED.

    Modalities with the same parents send the same kind of message, so that their evidence is summed up first.
    """
    floor = section(theta, ints, L.T_KNOBS)[L.K_LOG_FLOOR]
    base, likelihood = section(wf, ints, L.W_BASE), section(wf, ints, L.W_LIKELIHOOD)
    summed, members = section(wf, ints, L.W_SHARED), section(wi, ints, L.I_SHARED)
    group_of, group_start = section(ints, ints, L.GROUP_OF), section(ints, ints, L.GROUP_START)
    member = section(ints, ints, L.GROUP_MEMBER)
    start = section(ints, ints, L.STATE_START)
    columns = section(ints, ints, L.A_COLUMN_BASE)
    parents, parent_start = section(ints, ints, L.A_PARENT), section(ints, ints, L.A_PARENT_START)
    for i in range(prior.shape[0]):
        base[i] = logarithm(max(prior[i], floor))
    fill(members, 0)
    log_floor = logarithm(floor)
    for m in range(obs.shape[0]):
        if obs[m] == MISSING:
            continue
        evidence = part(likelihood, columns[m], columns[m + 1])
        log_evidence(ints, theta, m, obs[m], soft, log_floor, evidence)
        if parent_start[m + 1] - parent_start[m] == 1:
            first = start[parents[parent_start[m]]]
            for i in range(evidence.shape[0]):
                base[first + i] += evidence[i]
        else:
            leader = member[group_start[group_of[m]]]
            first = columns[leader]
            together = part(summed, first, first + evidence.shape[0])
            if members[leader] == 0:
                copy_into(evidence, together)
            else:
                for i in range(evidence.shape[0]):
                    together[i] += evidence[i]
            members[leader] += 1


@inner
def add_messages(ints: Any, m: int, q: Any, evidence: Any, message: Any, wi: Any) -> float:
    """Add E_{q(other parents)}[evidence] to each parent's part of `message`; returns E_q[evidence]."""
    start = section(ints, ints, L.STATE_START)
    num_states = section(ints, ints, L.NUM_STATES)
    parents, parent_start = section(ints, ints, L.A_PARENT), section(ints, ints, L.A_PARENT_START)
    first = parent_start[m]
    num_parents = parent_start[m + 1] - first
    expected = 0.0
    if num_parents == 2:
        f, g = parents[first], parents[first + 1]
        q_f, q_g = part(q, start[f], start[f + 1]), part(q, start[g], start[g + 1])
        to_f, to_g = part(message, start[f], start[f + 1]), part(message, start[g], start[g + 1])
        for i in range(num_states[f]):
            row = part(evidence, i * num_states[g], (i + 1) * num_states[g])
            p = q_f[i]
            mean = 0.0
            for j in range(row.shape[0]):
                mean += q_g[j] * row[j]
                to_g[j] += p * row[j]
            to_f[i] += mean
            expected += p * mean
        return expected
    digit = section(wi, ints, L.I_ODOMETER)
    for k in range(num_parents):
        digit[k] = 0
    for column in range(evidence.shape[0]):
        whole = 1.0
        for k in range(num_parents):
            whole *= q[start[parents[first + k]] + digit[k]]
        expected += whole * evidence[column]
        for k in range(num_parents):
            others = 1.0
            for j in range(num_parents):
                if j != k:
                    others *= q[start[parents[first + j]] + digit[j]]
            message[start[parents[first + k]] + digit[k]] += others * evidence[column]
        k = num_parents - 1
        while k >= 0:
            digit[k] += 1
            if digit[k] < num_states[parents[first + k]]:
                break
            digit[k] = 0
            k -= 1
    return expected


@inner
def sweep(ints: Any, q: Any, wf: Any, wi: Any) -> float:
    """W_MESSAGE = the unnormalised optimal ln q given the others' beliefs; returns F at the present q."""
    base, message = section(wf, ints, L.W_BASE), section(wf, ints, L.W_MESSAGE)
    log_q, summed = section(wf, ints, L.W_LOG_Q), section(wf, ints, L.W_SHARED)
    columns, members = section(ints, ints, L.A_COLUMN_BASE), section(wi, ints, L.I_SHARED)
    free_energy = 0.0
    for i in range(q.shape[0]):
        message[i] = base[i]
        free_energy += q[i] * (log_q[i] - base[i])
    for m in range(members.shape[0]):
        if members[m] > 0:
            free_energy -= add_messages(ints, m, q, part(summed, columns[m], columns[m + 1]), message, wi)
    return free_energy


@inner
def move_towards(ints: Any, damping: float, old_log_q: Any, message: Any, log_q: Any, q: Any, weight: Any) -> float:
    """ln q = (1 − damping)·old + damping·message, normalised by factor; returns the largest change of a probability."""
    start = section(ints, ints, L.STATE_START)
    change = 0.0
    num_states = q.shape[0]
    for i in range(num_states):
        log_q[i] = message[i] if damping == 1.0 else old_log_q[i] + damping * (message[i] - old_log_q[i])
    for f in range(start.shape[0] - 1):
        largest = -np.inf
        for i in range(start[f], start[f + 1]):
            largest = max(largest, np.float64(log_q[i]))
        for i in range(start[f], start[f + 1]):
            log_q[i] -= largest
    copy_into(log_q, part(weight, 0, num_states))
    whole = part(weight, 0, (num_states + L.LANES - 1) // L.LANES * L.LANES)  # the rest would be taken one by one
    exponentials_into(whole, whole)
    for f in range(start.shape[0] - 1):
        total = 0.0
        for i in range(start[f], start[f + 1]):
            total += weight[i]
        log_z = logarithm(total)
        scale = 1.0 / total
        for i in range(start[f], start[f + 1]):
            log_q[i] -= log_z
            p = weight[i] * scale
            change = max(change, abs(p - q[i]))
            q[i] = p
    return change


@inner
def condition_fixed_point(ints: Any, theta: Any, obs: Any, soft: Any, prior: Any, q: Any, wf: Any, wi: Any) -> Any:
    """q = mean-field posterior; returns F, the number of sweeps and whether they converged."""
    gather_evidence(ints, theta, obs, soft, prior, wf, wi)
    log_q, message = section(wf, ints, L.W_LOG_Q), section(wf, ints, L.W_MESSAGE)
    kept_log_q, kept_message = section(wf, ints, L.W_OLD_Q), section(wf, ints, L.W_OLD_MESSAGE)
    start, weight = section(ints, ints, L.STATE_START), section(wf, ints, L.W_WEIGHT)
    tolerance = section(theta, ints, L.T_KNOBS)[L.K_TOLERANCE]
    for f in range(start.shape[0] - 1):
        size = start[f + 1] - start[f]
        for i in range(start[f], start[f + 1]):
            q[i] = 1.0 / size
            log_q[i] = -logarithm(np.float64(size))
    max_iterations = ints[ints[2 * L.SCALARS] + L.S_MAX_ITERATIONS]
    damping = 1.0
    accepted = np.inf
    change = 1.0
    for iteration in range(max_iterations + 1):
        free_energy = sweep(ints, q, wf, wi)
        if free_energy > accepted + tolerance * (1.0 + abs(accepted)) and damping > 0.02:
            damping *= 0.5  # overshot: go back and take half the step
            move_towards(ints, damping, kept_log_q, kept_message, log_q, q, weight)
            continue
        accepted = free_energy
        if change < tolerance or iteration == max_iterations:
            return free_energy, iteration, change < tolerance
        copy_into(log_q, kept_log_q)
        copy_into(message, kept_message)
        change = move_towards(ints, damping, kept_log_q, kept_message, log_q, q, weight)
    move_towards(
        ints, 0.0, kept_log_q, kept_message, log_q, q, weight
    )  # the last attempt was rejected: give the accepted one
    return accepted, max_iterations, False
