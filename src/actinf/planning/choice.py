"""Choosing an action from the posterior over policies."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.elementary import exponential, logarithm
from actinf.kernels.random import AGENT_STREAM, uniform
from actinf.kernels.views import fill, part, section

__all__ = ["BestPolicy", "MarginalAction"]


@dataclass(frozen=True, slots=True)
class MarginalAction:
    """Choose from the marginal of the policy posterior over the *joint* next action (the default).

    With `alpha=None` the most probable action, ties drawn evenly; with a number, u is sampled ∝ q(u)^alpha.
    """


@dataclass(frozen=True, slots=True)
class BestPolicy:
    """Choose a whole policy and take its first action.

    With `alpha=None` the most probable policy, ties drawn evenly; with a number, π is sampled ∝ q(π)^alpha.  An agent
    that draws among tied policies anew at every step can postpone what it wants for ever: two policies that differ
    only in when they reach the goal are tied until the horizon forces one of them.
    """


@inner
def weigh(q: Any, alpha: float, tie: float, weights: Any) -> float:
    """Unnormalised choice probabilities: 1 for the best and its ties (alpha < 0), else q^alpha; returns their sum."""
    best = 0.0
    for i in range(q.shape[0]):
        best = max(best, np.float64(q[i]))
    total = 0.0
    threshold = best * np.exp(-tie)
    log_best = logarithm(best)
    for i in range(q.shape[0]):
        if alpha < 0.0:
            w = 1.0 if q[i] >= threshold else 0.0
        else:
            w = exponential(alpha * (logarithm(np.float64(q[i])) - log_best)) if q[i] > 0.0 else 0.0
        weights[i] = w
        total += w
    return total


@inner
def pick(weights: Any, total: float, u: float) -> int:
    """The index that the uniform number u falls on."""
    target = u * total
    cumulative = 0.0
    chosen = 0
    for i in range(weights.shape[0]):
        if weights[i] > 0.0:
            chosen = i
            cumulative += weights[i]
            if target < cumulative:
                break
    return chosen


@inner
def choose(ints: Any, theta: Any, x: Any, wf: Any, out: Any) -> None:
    """Write the probability of choosing each joint action, and the action chosen."""
    knobs = section(theta, ints, L.T_KNOBS)
    clock = section(x, ints, L.X_CLOCK)
    q_action, p_action = section(out, ints, L.O_Q_ACTION), section(out, ints, L.O_P_ACTION)
    u = uniform(clock[0], clock[1], clock[2], clock[3], AGENT_STREAM, 0)
    action = section(x, ints, L.X_ACTION)
    if ints[ints[2 * L.SCALARS] + L.S_CHOICE] == L.MARGINAL_ACTION:
        total = weigh(q_action, knobs[L.K_ALPHA], knobs[L.K_TIE], p_action)
        action[0] = pick(p_action, total, u)
        for a in range(p_action.shape[0]):
            p_action[a] /= total
        return
    q_pi = section(out, ints, L.O_Q_PI)
    weights = part(section(wf, ints, L.W_TREE_G), 0, q_pi.shape[0])
    total = weigh(q_pi, knobs[L.K_ALPHA], knobs[L.K_TIE], weights)
    first = section(ints, ints, L.POLICY_FIRST)
    block = q_pi.shape[0] // p_action.shape[0]
    policy = pick(weights, total, u)
    action[0] = first[policy] if first.shape[0] > 0 else policy // block
    fill(p_action, 0.0)
    for p in range(q_pi.shape[0]):
        a = first[p] if first.shape[0] > 0 else p // block
        p_action[a] += weights[p] / total
