"""Exact filtering by Bayes' rule on the joint of all hidden factors.

q(s_t) ∝ p(o_t | s_t) Σ_{s_{t−1}} p(s_t | s_{t−1}, u_{t−1}) q(s_{t−1}),  F = −ln p(o_t | o_<t).
(Särkkä 2013, "Bayesian Filtering and Smoothing", theorem 4.1.)
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from actinf.inference.evidence import MISSING, log_evidence, normalise_logarithms
from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.elementary import logarithm
from actinf.kernels.settings import check_whole
from actinf.kernels.views import part, section

__all__ = ["Exact"]


@dataclass(frozen=True, slots=True)
class Exact:
    """Exact inference: the model becomes one joint factor, for filtering and for planning; `qs` are its marginals.

    Attributes:
        max_joint_states: the largest joint number of states that is accepted.  The joint transition tables grow with
            its square where they are dense; more is refused with the numbers, never approximated in silence.
    """

    max_joint_states: int = 65_536

    def __post_init__(self) -> None:
        object.__setattr__(self, "max_joint_states", check_whole("Exact", "max_joint_states", self.max_joint_states))


@inner
def condition_exact(ints: Any, theta: Any, obs: Any, soft: Any, prior: Any, q: Any, wf: Any) -> float:
    """q = posterior over the joint factor; returns ln p(o_t | o_<t), −inf (and q left alone) for what is impossible."""
    log_q = section(wf, ints, L.W_LOG_Q)
    likelihood = section(wf, ints, L.W_LIKELIHOOD)
    for i in range(prior.shape[0]):
        log_q[i] = logarithm(prior[i]) if prior[i] > 0.0 else -np.inf
    for m in range(obs.shape[0]):
        if obs[m] != MISSING:
            columns = part(likelihood, 0, prior.shape[0])
            log_evidence(ints, theta, m, obs[m], soft, columns)
            for i in range(prior.shape[0]):
                log_q[i] += columns[i]
    log_p: float = normalise_logarithms(log_q, q)
    if log_p > -np.inf:  # rounding must not turn a possible state into an impossible one
        tiny = section(theta, ints, L.T_KNOBS)[L.K_TINY]
        for i in range(q.shape[0]):
            if log_q[i] > -np.inf:
                q[i] = max(q[i], tiny)
    return log_p
