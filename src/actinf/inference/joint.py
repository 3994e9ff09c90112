"""Between a model's own factors and the joint factor of exact inference: marginals, and refreshed numbers."""

from typing import Any

from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.rows import refresh_groups
from actinf.kernels.views import copy_into, fill, section

__all__ = ["marginals", "refresh_joint"]


@inner
def marginals(ints: Any, own: Any, belief: Any, qs: Any) -> None:
    """qs = marginals over the model's own factors; a copy unless the belief is over the joint (last factor fastest)."""
    if ints[ints[2 * L.SCALARS] + L.S_JOINT_MODEL] == 0:
        copy_into(belief, qs)
        return
    num_states, start = section(own, own, L.NUM_STATES), section(own, own, L.STATE_START)
    fill(qs, 0.0)
    for joint in range(belief.shape[0]):
        p = belief[joint]
        if p > 0.0:
            rest = joint
            for f in range(num_states.shape[0] - 1, -1, -1):
                qs[start[f] + rest % num_states[f]] += p
                rest //= num_states[f]


@inner
def refresh_joint(ints: Any, theta: Any, own: Any, own_theta: Any) -> None:
    """Bring the joint model's numbers in line with those of the model's own factors, after learning."""
    scalars = section(own, own, L.SCALARS)
    num_factors = scalars[L.S_FACTORS]
    if scalars[L.S_LEARN_A] == 1:
        source, columns = section(ints, ints, L.ENTRY_SOURCE_A), section(ints, ints, L.COLUMN_SOURCE_A)
        gather(section(own_theta, own, L.T_A), source, section(theta, ints, L.T_A))
        gather(section(own_theta, own, L.T_LOG_A), source, section(theta, ints, L.T_LOG_A))
        gather(section(own_theta, own, L.T_AMBIGUITY), columns, section(theta, ints, L.T_AMBIGUITY))
        if section(theta, ints, L.T_NOVELTY_A).shape[0] > 0:
            gather(section(own_theta, own, L.T_NOVELTY_A), columns, section(theta, ints, L.T_NOVELTY_A))
        refresh_groups(ints, theta)
    if scalars[L.S_LEARN_B] == 1:
        source, columns = section(ints, ints, L.ENTRY_SOURCE_B), section(ints, ints, L.COLUMN_SOURCE_B)
        b, own_b = section(theta, ints, L.T_B), section(own_theta, own, L.T_B)
        for e in range(b.shape[0]):
            p = 1.0
            for f in range(num_factors):
                p *= own_b[source[e * num_factors + f]]
            b[e] = p
        novelty, own_novelty = section(theta, ints, L.T_NOVELTY_B), section(own_theta, own, L.T_NOVELTY_B)
        for column in range(novelty.shape[0]):
            gain = 0.0
            for f in range(num_factors):
                gain += own_novelty[columns[column * num_factors + f]]
            novelty[column] = gain
    if scalars[L.S_LEARN_D] == 1:
        num_states, start = section(own, own, L.NUM_STATES), section(own, own, L.STATE_START)
        d, own_d = section(theta, ints, L.T_D), section(own_theta, own, L.T_D)
        for joint in range(d.shape[0]):
            p = 1.0
            rest = joint
            for f in range(num_factors - 1, -1, -1):
                p *= own_d[start[f] + rest % num_states[f]]
                rest //= num_states[f]
            d[joint] = p


@inner
def gather(values: Any, source: Any, out: Any) -> None:
    """out[i] = values[source[i]]."""
    for i in range(out.shape[0]):
        out[i] = values[source[i]]
