"""The step that every agent takes: perceive, learn, plan, choose.

One function serves all models and settings; the loop calls it.
"""

from typing import Any

from actinf.inference.joint import marginals, refresh_joint
from actinf.inference.perceive import perceive
from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.views import part, section
from actinf.learning.dirichlet import count_habits, learn, refresh_all
from actinf.planning.choice import choose
from actinf.planning.outlook import weigh_outlook
from actinf.planning.plan import plan, policy_posterior
from actinf.planning.recall import RECALLED, keep, recall, recalls_whole_plans

__all__ = ["advance"]


@inner
def advance(
    ints: Any,
    theta: Any,
    own: Any,
    own_theta: Any,
    carry: Any,
    x: Any,
    plans: Any,
    slots: Any,
    wf: Any,
    wi: Any,
    out: Any,
) -> Any:
    """One step of one agent; returns a status.  An impossible observation changes nothing that is carried.

    `ints` and `theta` are the model that inference works on; `own` and `own_theta` the model's own factors: the same
    arrays, unless inference is exact and the model has several factors.  `plans` and `slots` are what `recall` keeps:
    empty, unless the numbers stay the same from step to step and from agent to agent.
    """
    clock = section(x, ints, L.X_CLOCK)
    asked = section(x, ints, L.X_STATUS)[0]
    if asked == L.REFRESH_ONLY:
        refresh_all(ints, theta, own, own_theta, carry)
        if section(ints, ints, L.SCALARS)[L.S_JOINT_MODEL] == 1:
            refresh_joint(ints, theta, own, own_theta)
        return L.OK
    q_pi, q_action = section(out, ints, L.O_Q_PI), section(out, ints, L.O_Q_ACTION)
    if asked == L.WHOLE_STEP or asked == L.PERCEIVE_ONLY:
        status = see(ints, theta, own, own_theta, carry, x, wf, wi, out)
        section(x, ints, L.X_STATUS)[0] = status
        if status != L.OK or asked == L.PERCEIVE_ONLY:
            return status
    if asked == L.CHOOSE_ONLY:
        policy_posterior(ints, theta, section(out, ints, L.O_G), q_pi, q_action)
    else:
        decide(ints, theta, carry, clock[3], plans, slots, wf, wi, out)
    if asked != L.PLAN_ONLY:
        count_habits(ints, theta, carry, q_pi)
        choose(ints, theta, x, wf, out)
    return L.OK


@inner
def see(ints: Any, theta: Any, own: Any, own_theta: Any, carry: Any, x: Any, wf: Any, wi: Any, out: Any) -> Any:
    """The first half of a step: perceive and learn."""
    scalars = section(ints, ints, L.SCALARS)
    learns = scalars[L.S_LEARN_A] + scalars[L.S_LEARN_B] + scalars[L.S_LEARN_D] > 0
    qs, previous = section(out, ints, L.O_QS), section(wf, ints, L.W_PREVIOUS)
    if learns:
        marginals(ints, own, section(carry, ints, L.C_BELIEF), previous)
    status = perceive(ints, theta, carry, x, wf, wi, out)
    if status != L.OK:
        return status
    marginals(ints, own, section(carry, ints, L.C_BELIEF), qs)
    if learns:
        learn(own, own_theta, carry, x, wf, qs, previous)
        if scalars[L.S_JOINT_MODEL] == 1:
            refresh_joint(ints, theta, own, own_theta)
    return L.OK


@inner
def decide(ints: Any, theta: Any, carry: Any, time: int, plans: Any, slots: Any, wf: Any, wi: Any, out: Any) -> None:
    """Plan from the carried belief, as far as that is not recalled: G, q(π) and the probabilities of the actions."""
    belief = section(carry, ints, L.C_BELIEF)
    q_pi, q_action = section(out, ints, L.O_Q_PI), section(out, ints, L.O_Q_ACTION)
    if recalls_whole_plans(slots):
        results = part(out, ints[2 * L.PLAN_BEGINS], ints[2 * L.PLAN_ENDS + 1])
        slot = recall(belief, results, plans, slots)
        if slot == RECALLED:
            return
        plan(ints, theta, carry, time, wf, wi, out)
        weigh_outlook(ints, theta, time, wf, out)
        policy_posterior(ints, theta, section(out, ints, L.O_G), q_pi, q_action)
        if slot >= 0:
            keep(belief, results, slot, plans, slots)
        return
    outlook = section(wf, ints, L.W_OUTLOOK)
    slot = recall(belief, outlook, plans, slots)
    if slot != RECALLED:
        plan(ints, theta, carry, time, wf, wi, out)
    if slot >= 0:
        keep(belief, outlook, slot, plans, slots)
    weigh_outlook(ints, theta, time, wf, out)
    policy_posterior(ints, theta, section(out, ints, L.O_G), q_pi, q_action)
