"""Exact filtering by Bayes' rule on the joint of all hidden factors.

q(s_t) ∝ p(o_t | s_t) Σ_{s_{t−1}} p(s_t | s_{t−1}, u_{t−1}) q(s_{t−1}),  F = −ln p(o_t | o_<t).
(Särkkä 2013, "Bayesian Filtering and Smoothing", theorem 4.1.)  With one factor there is nothing to couple: the
compiled function is `apart.condition_apart`.
"""

from dataclasses import dataclass

from actinf.kernels.settings import check_whole

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
