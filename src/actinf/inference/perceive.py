"""One act of perception: predict, condition on the observation, check that it was possible."""

from typing import Any

import numpy as np

from actinf.inference.apart import condition_apart
from actinf.inference.fixed_point import condition_fixed_point
from actinf.inference.support import NOT_TESTED, POSSIBLE, restrict_to_support
from actinf.kernels import layout as L
from actinf.kernels.beliefs import predict
from actinf.kernels.compile import inner
from actinf.kernels.views import copy_into, section

__all__ = ["perceive"]


@inner
def perceive(ints: Any, theta: Any, carry: Any, x: Any, wf: Any, wi: Any, out: Any) -> int:
    """Replace the carried belief by q(s_t); returns a status.  An impossible observation leaves the belief as it was.

    The prior is D at the first step of an episode, else the last belief after the executed action.  F, the number of
    sweeps, whether they converged and whether impossibility could be tested are written to the results.
    """
    belief = section(carry, ints, L.C_BELIEF)
    prior, q = section(wf, ints, L.W_PRIOR), section(wf, ints, L.W_LOG_PRIOR)
    obs, soft = section(x, ints, L.X_OBS), section(wf, ints, L.W_SOFT)
    clock = section(x, ints, L.X_CLOCK)
    report = section(out, ints, L.O_SCALARS)
    if clock[3] == 0:
        copy_into(section(theta, ints, L.T_D), prior)
    else:
        predict(ints, theta, section(x, ints, L.X_EXECUTED)[0], belief, prior, wf, wi)
    observed = 0
    for m in range(obs.shape[0]):
        observed += obs[m] != -1
    report[1], report[2], report[3] = 0.0, 1.0, 1.0
    if observed == 0:
        copy_into(prior, belief)
        report[0] = 0.0
        return L.OK
    apart, log_p = condition_apart(ints, theta, obs, soft, prior, q, wf, wi)
    if apart:
        if log_p == -np.inf:
            return L.IMPOSSIBLE
        report[0], report[1] = -log_p, 1.0
    else:
        free_energy, iterations, converged = condition_fixed_point(ints, theta, obs, soft, prior, q, wf, wi)
        verdict = restrict_to_support(ints, theta, obs, soft, prior, q, wf, wi)
        if verdict != POSSIBLE and verdict != NOT_TESTED:
            return L.IMPOSSIBLE
        report[0], report[1], report[2] = free_energy, iterations, 1.0 if converged else 0.0
        report[3] = 1.0 if verdict == POSSIBLE else 0.0
    copy_into(q, belief)
    return L.OK
