"""The step that every agent takes: perceive, learn, plan, choose.

One compiled function serves all models and settings.
"""

from typing import Any

from numba import types

from actinf.inference.joint import marginals, refresh_joint
from actinf.inference.perceive import perceive
from actinf.kernels import layout as L
from actinf.kernels.compile import entry_point, inner
from actinf.kernels.views import section
from actinf.learning.dirichlet import count_habits, learn
from actinf.planning.choice import choose
from actinf.planning.plan import plan

__all__ = ["advance", "step"]


@inner
def advance(ints: Any, theta: Any, own: Any, own_theta: Any, carry: Any, x: Any, wf: Any, wi: Any, out: Any) -> int:
    """One step of one agent; returns a status.  An impossible observation changes nothing that is carried.

    `ints` and `theta` are the model that inference works on; `own` and `own_theta` the model's own factors: the same
    arrays, unless inference is exact and the model has several factors.
    """
    scalars = section(ints, ints, L.SCALARS)
    clock = section(x, ints, L.X_CLOCK)
    if section(x, ints, L.X_STATUS)[0] == L.PLAN_ONLY:
        plan(ints, theta, carry, clock[3], wf, wi, out)
        return L.OK
    qs = section(out, ints, L.O_QS)
    learns = scalars[L.S_LEARN_A] + scalars[L.S_LEARN_B] + scalars[L.S_LEARN_D] > 0
    previous = section(wf, ints, L.W_PREVIOUS)
    if learns:
        marginals(ints, own, section(carry, ints, L.C_BELIEF), previous)
    status = perceive(ints, theta, carry, x, wf, wi, out)
    section(x, ints, L.X_STATUS)[0] = status
    if status != L.OK:
        return L.IMPOSSIBLE
    marginals(ints, own, section(carry, ints, L.C_BELIEF), qs)
    if learns:
        learn(own, own_theta, carry, x, wf, qs, previous)
        if scalars[L.S_JOINT_MODEL] == 1:
            refresh_joint(ints, theta, own, own_theta)
    plan(ints, theta, carry, clock[3], wf, wi, out)
    count_habits(ints, theta, carry, section(out, ints, L.O_Q_PI))
    choose(ints, theta, x, wf, out)
    return L.OK


def signature(real: Any) -> Any:
    """step(ints, theta, own, own_theta, carry, x, wf, wi, out) -> status."""
    ints, floats = types.int64[::1], real[::1]
    return types.int64(ints, floats, ints, floats, floats, ints, floats, ints, floats)


@entry_point(signature)
def step(ints: Any, theta: Any, own: Any, own_theta: Any, carry: Any, x: Any, wf: Any, wi: Any, out: Any) -> int:
    """One step of one agent, called from Python; see `advance`."""
    status: int = advance(ints, theta, own, own_theta, carry, x, wf, wi, out)
    return status
