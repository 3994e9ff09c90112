"""Why an action was chosen: G of every policy taken apart by term, modality and time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actinf.kernels import layout as L
from actinf.kernels.buffers import Frame, view

if TYPE_CHECKING:
    from actinf.agent.agent import Agent
    from actinf.agent.session import Step

__all__ = ["Explanation", "explain_step"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The terms of G, in nats, with P policies, horizon H, M modalities.

    Σ over τ and m of risk + ambiguity − novelty_A, less Σ over τ of novelty_B, is G.

    Attributes:
        policies: (P, H, controls) action indices.
        names: a label for each policy.
        modalities: names, in the order of the last axes.
        risk: (P, H, M) KL[q(o|π) ‖ p(o)].
        ambiguity: (P, H, M) E_q(s)[H[A]].
        novelty_A: (P, H, M) expected information about A.
        novelty_B: (P, H) expected information about B.
        log_E: (P,) ln of the policy prior, zeros when there is none.
        gamma: policy precision.
        G, q_pi: (P,); q_action: (joint actions,).
        action: control → action chosen.
    """

    policies: NDArray[np.int64]
    names: list[str]
    modalities: tuple[str, ...]
    risk: NDArray[Any]
    ambiguity: NDArray[Any]
    novelty_A: NDArray[Any]
    novelty_B: NDArray[Any]
    log_E: NDArray[Any]
    gamma: float
    G: NDArray[Any]
    q_pi: NDArray[Any]
    q_action: NDArray[Any]
    action: dict[str, str]


def explain_step(agent: "Agent", step: "Step") -> Explanation:
    """Plan once more from the step's beliefs, keeping the terms."""
    program, tree = agent.terms_program, agent.tree
    ints = program.ints
    carry = step.carried()
    theta = agent.theta(
        agent.parameters if agent.learning is None else agent.counts_as_parameters(carry), program=program
    )[0]
    wf, wi = program.workspace(agent.dtype)
    x = np.zeros(program.lengths["x"], dtype=np.int64)
    view(x, ints, L.X_CLOCK)[3] = step.time
    view(x, ints, L.X_STATUS)[0] = L.PLAN_ONLY
    out = np.zeros(program.lengths["out"], dtype=agent.dtype)
    job = np.zeros(L.NUM_JOB, dtype=np.int64)
    frame = Frame(
        agent.dtype, ints=ints, theta=theta, own=ints, own_theta=theta, carry=carry, x=x, wf=wf, wi=wi, job=job
    )
    agent.kernel()(frame.words, out)
    num_modalities, horizon = len(agent.model.modalities), agent.planner.horizon
    offsets = np.concatenate(([0], np.cumsum(tree.size[1:])[:-1])).astype(np.int64)
    prefixes = _prefixes(agent) + offsets
    terms = view(wf, ints, L.W_TERMS)[: tree.num_prefixes * num_modalities * 3].reshape(-1, num_modalities, 3)[prefixes]
    edges = view(wf, ints, L.W_EDGE_TERMS)[prefixes]
    return Explanation(
        policies=agent.policies,
        names=agent.policy_names(),
        modalities=tuple(modality.name for modality in agent.model.modalities),
        risk=terms[..., 0],
        ambiguity=terms[..., 1],
        novelty_A=terms[..., 2],
        novelty_B=edges.reshape(-1, horizon),
        log_E=_log_habits(agent, step, view(theta, ints, L.T_LOG_E)),
        gamma=float(agent.gamma),
        G=step.G.copy(),
        q_pi=step.q_pi.copy(),
        q_action=step.q_action.copy(),
        action=step.action,
    )


def _log_habits(agent: "Agent", step: "Step", carried: NDArray[Any]) -> NDArray[Any]:
    """ln of the policy prior that the step planned with.

    Where habits are learned, the carried counts have moved on since: what the step added is taken off again.
    """
    learning = agent.learning
    if learning is not None and learning.E and learning.forgetting < 1.0:
        after = view(step.carried(), agent.program.ints, L.C_COUNTS_E).astype(np.float64)
        prior = agent.parameters.counts_E[0]
        before = prior + (after - learning.rate * step.q_pi - prior) / (1.0 - learning.forgetting)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(np.where(prior > 0.0, before, 0.0) / before[prior > 0.0].sum()))
    if learning is not None and learning.E:  # all that was learned is forgotten at each step: only q_π knows it
        with np.errstate(divide="ignore"):
            log_e = np.log(step.q_pi) + agent.gamma * step.G
        return np.asarray(log_e - np.logaddexp.reduce(log_e))
    return carried.copy() if len(carried) else np.zeros(agent.num_policies)


def _prefixes(agent: "Agent") -> NDArray[np.int64]:
    """(P, H) the prefix of each length that each policy begins with, counted within its length."""
    tree, horizon = agent.tree, agent.planner.horizon
    found = np.empty((tree.num_policies, horizon), dtype=np.int64)
    if tree.exhaustive:
        for depth in range(1, horizon + 1):
            found[:, depth - 1] = np.arange(tree.num_policies) // (tree.num_policies // tree.size[depth])
        return found
    at = tree.leaf
    for depth in range(horizon, 0, -1):
        found[:, depth - 1] = at
        at = tree.parent[tree.start[depth] + at]
    return found
