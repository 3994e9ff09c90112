"""A recorded subject seen through an agent: what it would have believed, and how probable its actions were."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actinf.errors import ObservationError

if TYPE_CHECKING:
    from actinf.agent.agent import Agent

__all__ = ["Evidence", "replay"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A recording under an agent's model, T steps, P policies.

    Attributes:
        log_likelihood: Σ_t ln p(action_t | observations so far), nats.
        log_p_action: (T,) ln p of each recorded action; −inf where the agent would never have taken it, and 0 where no
            action was recorded.
        q_pi: (T, P) policy posterior at each step.
        G: (T, P) expected free energy.
        F: (T,) variational free energy.
        qs: factor → (T, num_states[f]).
    """

    log_likelihood: float
    log_p_action: NDArray[Any]
    q_pi: NDArray[Any]
    G: NDArray[Any]
    F: NDArray[Any]
    qs: dict[str, NDArray[Any]]


def replay(agent: "Agent", observations: Any, actions: Any, *, seed: int = 0) -> Evidence:
    """See `Agent.replay`."""
    if len(observations) != len(actions):
        raise ObservationError(
            f"replay got {len(observations)} observations and {len(actions)} actions: expected one action after each "
            "observation"
        )
    if len(observations) == 0:
        raise ObservationError("replay got no observation: expected at least one step")
    session = agent.start(seed)
    steps, log_p, executed = [], [], None
    for observation, action in zip(observations, actions, strict=True):
        step = session.step(observation, executed=executed)
        executed = action
        with np.errstate(divide="ignore"):
            log_p.append(0.0 if action is None else float(np.log(step.p_action[agent.actions.read(action)])))
        steps.append(step)
    return Evidence(
        log_likelihood=float(np.sum(log_p)),
        log_p_action=np.array(log_p),
        q_pi=np.stack([step.q_pi for step in steps]),
        G=np.stack([step.G for step in steps]),
        F=np.array([step.F for step in steps]),
        qs={name: np.stack([step.qs[name] for step in steps]) for name in steps[0].qs},
    )
