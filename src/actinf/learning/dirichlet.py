"""Learning as counting: Dirichlet counts of A, B, D and E, updated once per step from the filtered marginals.

c ← c₀ + (1 − forgetting)(c − c₀) + rate·Δ, where Δ is o_t ⊗ q_t for A, q_t ⊗ q_{t−1} for B under the executed action,
q_0 for D at the first step of an episode and q_π for E.  Inference uses c / Σc.  Entries that start at zero stay at
zero. (Friston et al. 2016, "Active inference and learning", eqs. 19–21; forgetting as in Schwartenbeck et al. 2019.)
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from actinf.errors import SettingError
from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.elementary import digamma, logarithm
from actinf.kernels.rows import refresh_group, refresh_groups
from actinf.kernels.settings import check_flag, check_number
from actinf.kernels.views import part, section

__all__ = ["Learning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """What an agent learns from its own experience, and how fast.

    Attributes:
        A: learn the likelihood, all modalities.
        B: learn the transitions, all factors.
        D: learn the initial state.
        E: learn habits: the prior over policies.
        rate: what one observation adds to the counts (counts, > 0).
        forgetting: the share of what was learned that is lost at every step, 0 to 1; counts return to their prior.
        concentration: counts of the prior where the model gives probabilities but no counts: this much per column,
            times the probability.
    """

    A: bool = False
    B: bool = False
    D: bool = False
    E: bool = False
    rate: float = 1.0
    forgetting: float = 0.0
    concentration: float = 1.0

    def __post_init__(self) -> None:
        for name in ("A", "B", "D", "E"):
            check_flag("Learning", name, getattr(self, name))
        if not (self.A or self.B or self.D or self.E):
            raise SettingError(
                "Learning() learns nothing: set at least one of A, B, D and E to True, or leave learning out"
            )
        for name, low, high, expected in (
            ("rate", 1e-300, 1e300, "a positive number"),
            ("forgetting", 0.0, 1.0, "a number from 0 to 1"),
            ("concentration", 1e-300, 1e300, "a positive number"),
        ):
            object.__setattr__(self, name, check_number("Learning", name, getattr(self, name), low, high, expected))


@inner
def refresh_likelihood_column(ints: Any, theta: Any, counts: Any, column: int) -> None:
    """A, ln A, H[A] and the novelty of one column from its counts.

    Novelty: Σ_o ā_o KL[Dir(a + e_o) ‖ Dir(a)] with ā = a/Σa, where the KL is ln Σa − ln a_o + ψ(a_o + 1) − ψ(Σa + 1).
    """
    first, last = section(ints, ints, L.A_ENTRY_START)[column], section(ints, ints, L.A_ENTRY_START)[column + 1]
    a, log_a = section(theta, ints, L.T_A), section(theta, ints, L.T_LOG_A)
    floor = section(theta, ints, L.T_KNOBS)[L.K_LOG_FLOOR]
    total = 0.0
    for e in range(first, last):
        total += counts[e]
    entropy = 0.0
    for e in range(first, last):
        p = counts[e] / total
        a[e] = p
        log_a[e] = logarithm(max(np.float64(p), floor))
        if p > 0.0:
            entropy -= p * logarithm(p)
    section(theta, ints, L.T_AMBIGUITY)[column] = entropy
    novelty = section(theta, ints, L.T_NOVELTY_A)
    if novelty.shape[0] > 0:
        novelty[column] = parameter_information_gain(counts, first, last, total)


@inner
def parameter_information_gain(counts: Any, first: int, last: int, total: float) -> float:
    """Expected KL, in nats, between the Dirichlet after one more outcome and before it."""
    gain = 0.0
    common = logarithm(total) - digamma(np.float64(total) + 1.0)
    for e in range(first, last):
        c = np.float64(counts[e])
        if c > 0.0:
            gain += c / total * (common - logarithm(c) + digamma(c + 1.0))
    return gain


@inner
def refresh_transition_column(ints: Any, theta: Any, counts: Any, column: int) -> None:
    """B and its novelty for one column from its counts."""
    first, last = section(ints, ints, L.B_ENTRY_START)[column], section(ints, ints, L.B_ENTRY_START)[column + 1]
    b = section(theta, ints, L.T_B)
    total = 0.0
    for e in range(first, last):
        total += counts[e]
    for e in range(first, last):
        b[e] = counts[e] / total
    novelty = section(theta, ints, L.T_NOVELTY_B)
    if novelty.shape[0] > 0:
        novelty[column] = parameter_information_gain(counts, first, last, total)


@inner
def fade(counts: Any, prior: Any, forgetting: float) -> None:
    """c ← c₀ + (1 − forgetting)(c − c₀); without forgetting the counts are left alone, to the last bit."""
    if forgetting == 0.0:
        return
    for e in range(counts.shape[0]):
        counts[e] = prior[e] + (1.0 - forgetting) * (counts[e] - prior[e])


@inner
def probability_of_column(q: Any, ints: Any, parents: Any, strides: Any, first: int, last: int, column: int) -> float:
    """Π q(parent) at a column number."""
    start, num_states = section(ints, ints, L.STATE_START), section(ints, ints, L.NUM_STATES)
    p = 1.0
    for k in range(first, last):
        f = parents[k]
        p *= q[start[f] + (column // strides[k]) % num_states[f]]
    return p


@inner
def count_likelihood(ints: Any, theta: Any, counts: Any, obs: Any, soft: Any, qs: Any, all_changed: bool) -> None:
    """Add rate · o_t ⊗ q_t to the counts of A and refresh the columns that changed."""
    rate = section(theta, ints, L.T_KNOBS)[L.K_RATE]
    parents, parent_start = section(ints, ints, L.A_PARENT), section(ints, ints, L.A_PARENT_START)
    strides, columns = section(ints, ints, L.A_PARENT_STRIDE), section(ints, ints, L.A_COLUMN_BASE)
    entry_start, outcomes = section(ints, ints, L.A_ENTRY_START), section(ints, ints, L.A_OUTCOME)
    obs_start = section(ints, ints, L.OBS_START)
    for m in range(obs.shape[0]):
        for column in range(columns[m + 1] - columns[m]):
            p = 0.0
            if obs[m] != -1:
                p = probability_of_column(qs, ints, parents, strides, parent_start[m], parent_start[m + 1], column)
            if p > 0.0:
                for e in range(entry_start[columns[m] + column], entry_start[columns[m] + column + 1]):
                    weight = (
                        soft[obs_start[m] + outcomes[e]] if obs[m] == -2 else (1.0 if outcomes[e] == obs[m] else 0.0)
                    )
                    if counts[e] > 0.0:
                        counts[e] += rate * p * weight
            if p > 0.0 or all_changed:
                refresh_likelihood_column(ints, theta, counts, columns[m] + column)
                refresh_group(ints, theta, m, column)


@inner
def count_transitions(
    ints: Any, theta: Any, counts: Any, joint_action: int, first_step: bool, qs: Any, previous: Any, all_changed: bool
) -> None:
    """Add rate · q_t ⊗ q_{t−1} to the counts of B under the executed action and refresh the columns that changed."""
    rate = section(theta, ints, L.T_KNOBS)[L.K_RATE]
    start = section(ints, ints, L.STATE_START)
    parents, parent_start = section(ints, ints, L.B_PARENT), section(ints, ints, L.B_PARENT_START)
    strides, base = section(ints, ints, L.B_PARENT_STRIDE), section(ints, ints, L.B_COLUMN_BASE)
    entry_start, state = section(ints, ints, L.B_ENTRY_START), section(ints, ints, L.B_STATE)
    num_actions = ints[ints[2 * L.SCALARS] + L.S_ACTIONS]
    for f in range(start.shape[0] - 1):
        parent_columns = section(ints, ints, L.B_COLUMNS)[f]
        c = section(ints, ints, L.COMPONENT_OF)[f]
        in_component = section(ints, ints, L.COMPONENT_ACTION)[c * num_actions + max(joint_action, 0)]
        own = section(ints, ints, L.FACTOR_ACTION)[section(ints, ints, L.FACTOR_ACTION_START)[f] + in_component]
        if not first_step:
            for parent in range(parent_columns):
                p = probability_of_column(
                    previous, ints, parents, strides, parent_start[f], parent_start[f + 1], parent
                )
                if p > 0.0:
                    column = base[f] + own * parent_columns + parent
                    for e in range(entry_start[column], entry_start[column + 1]):
                        if counts[e] > 0.0:
                            counts[e] += rate * p * qs[start[f] + state[e]]
                    if not all_changed:
                        refresh_transition_column(ints, theta, counts, column)
        if all_changed:
            for column in range(base[f], base[f + 1]):
                refresh_transition_column(ints, theta, counts, column)


@inner
def count_initial_state(ints: Any, theta: Any, counts: Any, first_step: bool, qs: Any) -> None:
    """Add rate · q_0 to the counts of D and refresh D."""
    rate = section(theta, ints, L.T_KNOBS)[L.K_RATE]
    start, d = section(ints, ints, L.STATE_START), section(theta, ints, L.T_D)
    for f in range(start.shape[0] - 1):
        total = 0.0
        for i in range(start[f], start[f + 1]):
            if first_step and counts[i] > 0.0:
                counts[i] += rate * qs[i]
            total += counts[i]
        for i in range(start[f], start[f + 1]):
            d[i] = counts[i] / total


@inner
def count_habits(ints: Any, theta: Any, carry: Any, q_pi: Any) -> None:
    """Fade the counts of E, add rate · q_π and refresh ln E."""
    if ints[ints[2 * L.SCALARS] + L.S_LEARN_E] == 0:
        return
    knobs = section(theta, ints, L.T_KNOBS)
    counts = section(carry, ints, L.C_COUNTS_E)
    prior_counts = section(theta, ints, L.T_PRIOR_COUNTS)
    fade(
        counts,
        part(prior_counts, prior_counts.shape[0] - counts.shape[0], prior_counts.shape[0]),
        knobs[L.K_FORGETTING],
    )
    for i in range(counts.shape[0]):
        if counts[i] > 0.0:
            counts[i] += knobs[L.K_RATE] * q_pi[i]
    refresh_habits(ints, theta, counts)


@inner
def refresh_habits(ints: Any, theta: Any, counts: Any) -> None:
    """ln E from its counts."""
    log_e = section(theta, ints, L.T_LOG_E)
    total = 0.0
    for i in range(counts.shape[0]):
        total += counts[i]
    for i in range(counts.shape[0]):
        log_e[i] = logarithm(counts[i] / total)


@inner
def learn(ints: Any, theta: Any, carry: Any, x: Any, wf: Any, qs: Any, previous: Any) -> None:
    """Update the counts of A, B and D after perception, and the numbers that inference takes from them.

    `ints` and `theta` are those of the model's own factors; qs and previous are marginals over them.
    """
    scalars = section(ints, ints, L.SCALARS)
    knobs = section(theta, ints, L.T_KNOBS)
    prior_counts = section(theta, ints, L.T_PRIOR_COUNTS)
    obs, soft = section(x, ints, L.X_OBS), section(wf, ints, L.W_SOFT)
    first_step = section(x, ints, L.X_CLOCK)[3] == 0
    forgetting = knobs[L.K_FORGETTING]
    place = 0
    if scalars[L.S_LEARN_A] == 1:
        counts = section(carry, ints, L.C_COUNTS_A)
        fade(counts, part(prior_counts, 0, counts.shape[0]), forgetting)
        place += counts.shape[0]
        count_likelihood(ints, theta, counts, obs, soft, qs, forgetting > 0.0)
    if scalars[L.S_LEARN_B] == 1:
        counts = section(carry, ints, L.C_COUNTS_B)
        fade(counts, part(prior_counts, place, place + counts.shape[0]), forgetting)
        place += counts.shape[0]
        executed = section(x, ints, L.X_EXECUTED)[0]
        count_transitions(ints, theta, counts, executed, first_step, qs, previous, forgetting > 0.0)
    if scalars[L.S_LEARN_D] == 1:
        counts = section(carry, ints, L.C_COUNTS_D)
        fade(counts, part(prior_counts, place, place + counts.shape[0]), forgetting)
        count_initial_state(ints, theta, counts, first_step, qs)


@inner
def refresh_all(ints: Any, theta: Any, own: Any, own_theta: Any, carry: Any) -> None:
    """All numbers that inference takes from the carried counts, so that they depend on the counts alone.

    Done when an agent starts and when it is resumed; from then on a step refreshes what it changes.
    """
    scalars = section(own, own, L.SCALARS)
    if scalars[L.S_LEARN_A] == 1:
        counts = section(carry, own, L.C_COUNTS_A)
        for column in range(section(own, own, L.A_ENTRY_START).shape[0] - 1):
            refresh_likelihood_column(own, own_theta, counts, column)
        refresh_groups(own, own_theta)
    if scalars[L.S_LEARN_B] == 1:
        counts = section(carry, own, L.C_COUNTS_B)
        for column in range(section(own, own, L.B_ENTRY_START).shape[0] - 1):
            refresh_transition_column(own, own_theta, counts, column)
    if scalars[L.S_LEARN_D] == 1:
        counts = section(carry, own, L.C_COUNTS_D)
        count_initial_state(own, own_theta, counts, False, counts)
    if scalars[L.S_LEARN_E] == 1:
        refresh_habits(ints, theta, section(carry, ints, L.C_COUNTS_E))
