"""Which states an observation leaves possible, decided on booleans and never on small numbers.

A prior is positive exactly on the states that are possible, so that the zeros of the last belief carry the support
from step to step.  The joint support is enumerated over the supported states of those factors that share a modality;
where that is more than the budget the test is left out, and said to be.
"""

from typing import Any

import numpy as np

from actinf.inference.evidence import MISSING, SOFT, count_positive
from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.elementary import logarithm
from actinf.kernels.views import part, section

__all__ = ["NOT_TESTED", "POSSIBLE", "restrict_to_support"]

IMPOSSIBLE, POSSIBLE, NOT_TESTED = 0, 1, 2


@inner
def column_allows(ints: Any, theta: Any, m: int, column: int, outcome: int, soft: Any) -> bool:
    """Whether a column of A[m] gives the observed outcome (every weighted outcome, if soft) positive probability."""
    column += ints[ints[2 * L.A_COLUMN_BASE] + m]
    entry_start, outcomes = section(ints, ints, L.A_ENTRY_START), section(ints, ints, L.A_OUTCOME)
    a = section(theta, ints, L.T_A)
    if outcome >= 0:
        for e in range(entry_start[column], entry_start[column + 1]):
            if outcomes[e] == outcome:
                return a[e] > 0.0
        return False
    first = ints[ints[2 * L.OBS_START] + m]
    weighted = count_positive(part(soft, first, first + ints[ints[2 * L.NUM_OBS] + m]))
    for e in range(entry_start[column], entry_start[column + 1]):
        if soft[first + outcomes[e]] > 0.0 and a[e] > 0.0:
            weighted -= 1
    return weighted == 0


@inner
def own_support(ints: Any, theta: Any, obs: Any, soft: Any, prior: Any, support: Any) -> None:
    """support = 1 where the prior and every modality with this factor as its only parent allow the state."""
    for i in range(prior.shape[0]):
        support[i] = 1 if prior[i] > 0.0 else 0
    start = section(ints, ints, L.STATE_START)
    parents, parent_start = section(ints, ints, L.A_PARENT), section(ints, ints, L.A_PARENT_START)
    for m in range(obs.shape[0]):
        if obs[m] == MISSING or parent_start[m + 1] - parent_start[m] != 1:
            continue
        f = parents[parent_start[m]]
        for i in range(start[f], start[f + 1]):
            if support[i] == 1 and not column_allows(ints, theta, m, i - start[f], obs[m], soft):
                support[i] = 0


@inner
def mark_joint_support(ints: Any, theta: Any, obs: Any, soft: Any, support: Any, wi: Any) -> int:
    """Keep the states that occur in an allowed joint state of factors that share modalities; returns the verdict."""
    num_factors = ints[ints[2 * L.SCALARS] + L.S_FACTORS]
    start = section(ints, ints, L.STATE_START)
    parents, parent_start = section(ints, ints, L.A_PARENT), section(ints, ints, L.A_PARENT_START)
    strides = section(ints, ints, L.A_PARENT_STRIDE)
    listed, size = section(wi, ints, L.I_SUPPORT_LIST), section(wi, ints, L.I_TOUCHED_COUNT)
    digit = section(wi, ints, L.I_ODOMETER)
    for f in range(num_factors):
        size[f] = 0
        digit[f] = 0
    for m in range(obs.shape[0]):  # the factors that share an observed modality
        if obs[m] != MISSING and parent_start[m + 1] - parent_start[m] > 1:
            for k in range(parent_start[m], parent_start[m + 1]):
                size[parents[k]] = 1
    joint = 1.0
    for f in range(num_factors):
        if size[f] == 1:
            n = 0
            for i in range(start[f], start[f + 1]):
                if support[i] == 1:
                    listed[start[f] + n] = i - start[f]
                    n += 1
            if n == 0:
                return IMPOSSIBLE
            size[f] = n
            joint *= n
    if joint > ints[ints[2 * L.SCALARS] + L.S_JOINT_BUDGET]:
        return NOT_TESTED
    found = IMPOSSIBLE
    while True:
        allowed = True
        for m in range(obs.shape[0]):
            if obs[m] != MISSING and parent_start[m + 1] - parent_start[m] > 1:
                column = 0
                for k in range(parent_start[m], parent_start[m + 1]):
                    f = parents[k]
                    column += listed[start[f] + digit[f]] * strides[k]
                if not column_allows(ints, theta, m, column, obs[m], soft):
                    allowed = False
                    break
        if allowed:
            found = POSSIBLE
            for f in range(num_factors):
                if size[f] > 0:
                    support[start[f] + listed[start[f] + digit[f]]] = 2
        f = num_factors - 1
        while f >= 0:
            if size[f] > 0:
                digit[f] += 1
                if digit[f] < size[f]:
                    break
                digit[f] = 0
            f -= 1
        if f < 0:
            break
    if found == POSSIBLE:
        for f in range(num_factors):
            if size[f] > 0:
                for i in range(start[f], start[f + 1]):
                    support[i] = 1 if support[i] == 2 else 0
    return found


@inner
def nothing_excluded(ints: Any, theta: Any, obs: Any, wf: Any) -> bool:
    """Whether the evidence lies above the floor in every column, so that no state is excluded.

    The evidence is the one that the fixed point has left in the workspace.
    """
    floor = logarithm(section(theta, ints, L.T_KNOBS)[L.K_LOG_FLOOR])
    columns, likelihood = section(ints, ints, L.A_COLUMN_BASE), section(wf, ints, L.W_LIKELIHOOD)
    for m in range(obs.shape[0]):
        if obs[m] == SOFT:
            return False
        if obs[m] != MISSING:
            smallest = 0.0
            for column in range(columns[m], columns[m + 1]):
                smallest = min(smallest, np.float64(likelihood[column]))
            if smallest < floor + 1e-3:
                return False
    return True


@inner
def restrict_to_support(ints: Any, theta: Any, obs: Any, soft: Any, prior: Any, q: Any, wf: Any, wi: Any) -> int:
    """Set q to zero where no joint state is possible, keep it above zero elsewhere; returns the verdict.

    An impossible observation leaves q as it is.
    """
    support = section(wi, ints, L.I_SUPPORT)
    start = section(ints, ints, L.STATE_START)
    tiny = section(theta, ints, L.T_KNOBS)[L.K_TINY]
    if nothing_excluded(ints, theta, obs, wf):
        for i in range(q.shape[0]):
            q[i] = max(q[i], tiny) if prior[i] > 0.0 else 0.0
        return POSSIBLE
    own_support(ints, theta, obs, soft, prior, support)
    verdict = mark_joint_support(ints, theta, obs, soft, support, wi)
    if verdict == IMPOSSIBLE:
        return verdict
    for f in range(start.shape[0] - 1):
        some = 0
        for i in range(start[f], start[f + 1]):
            some |= support[i]
        if some == 0:
            return IMPOSSIBLE
    for f in range(start.shape[0] - 1):
        kept = 0.0
        for i in range(start[f], start[f + 1]):
            q[i] = max(q[i], tiny) if support[i] == 1 else 0.0
            kept += q[i]
        if kept < 1.0 - 1e-13:  # the floor had given an excluded state a share
            for i in range(start[f], start[f + 1]):
                q[i] /= kept
    return verdict
