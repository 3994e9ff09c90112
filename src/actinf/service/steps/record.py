"""A step as it is kept, and the reply that it always gives again.

What the compiled step reported is kept as it is: one byte that says how it is laid out, then the numbers in the agent's
dtype, little-endian: F and what inference needed (4), q(s) of every factor, the next action's marginal and
probabilities, q_pi, G.  Together with the agent this is the reply, to the last bit, at any later time.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from actinf.agent import Agent, Step
from actinf.errors import BudgetError, ServiceUnavailable
from actinf.service.agents.service import MOST_POLICIES_SHOWN
from actinf.service.steps.schemas import NewStep, StepReply, Terms

__all__ = [
    "StepRecord",
    "asked",
    "check_asked",
    "digest_of_step",
    "entropy_of",
    "kept_results",
    "numbers_of",
    "replied",
    "request_of",
    "step_of",
    "terms_of",
]

LAYOUT = b"\x01"
MOST_NUMBERS = 600_000
_NO_MORE_THAN_ZERO = np.float32(1e-38)  # its logarithm is finite in either precision


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """A step to be committed: what was asked, what came of it, and where it leaves the agent."""

    agent: UUID
    step: int
    episode: int
    time: int
    key: str | None
    digest: bytes
    request: bytes
    action: int
    free_energy: float
    results: bytes
    carry: bytes | None
    state: bytes


def request_of(body: NewStep) -> bytes:
    """What is kept of a request."""
    return body.model_dump_json(include={"observation", "executed", "include"}, exclude_defaults=True).encode()


def digest_of_step(request: bytes) -> bytes:
    """What has to agree for two requests to be the same step, beside its number."""
    return hashlib.sha256(request).digest()


def kept_results(step: Step) -> bytes:
    """The numbers of a step, as they are kept."""
    return LAYOUT + step.results().tobytes()


def entropy_of(step: Step, agent: Agent) -> float:
    """The entropy of the beliefs after a step, nats, summed over factors."""
    q = step.results()[agent.results.qs]
    return -float(q @ np.log(np.maximum(q, _NO_MORE_THAN_ZERO))) + 0.0


def step_of(agent: Agent, row: Any) -> Step:
    """The step in a row of the database."""
    kept = bytes(row.results)
    if kept[:1] != LAYOUT:
        raise ServiceUnavailable(
            f"the step {row.step} was kept by another release, in a layout ({kept[:1].hex()}) that this one cannot read"
        )
    out = np.frombuffer(kept, dtype=agent.dtype, offset=1)
    carry = None if row.carry is None else np.frombuffer(bytes(row.carry), dtype=agent.dtype)
    return Step(agent, out, row.action, row.episode, row.time, carry)


def replied(identity: UUID, number: int, step: Step, agent: Agent, include: Sequence[str]) -> StepReply:
    """The reply of a step.

    Raises:
        BudgetError: when the terms were asked for and are too many.
    """
    shown = agent.num_policies <= MOST_POLICIES_SHOWN or "policies" in include
    return StepReply.model_construct(
        agent=identity,
        step=number,
        episode=step.episode,
        time=step.time,
        action=step.action,
        qs={name: q.tolist() for name, q in step.qs.items()},
        F=step.F,
        q_pi=step.q_pi.tolist() if shown else None,
        G=step.G.tolist() if shown else None,
        terms=terms_of(step, agent) if "terms" in include else None,
    )


def numbers_of(agent: Agent, include: Sequence[str]) -> int:
    """How many numbers a reply holds."""
    policies = agent.num_policies
    numbers = sum(agent.model.num_states)
    if policies <= MOST_POLICIES_SHOWN or "policies" in include:
        numbers += 2 * policies
    if "terms" in include:
        numbers += _numbers_of_terms(agent)
    return numbers


def _numbers_of_terms(agent: Agent) -> int:
    return agent.num_policies * agent.planner.horizon * (3 * len(agent.model.modalities) + 1)


def check_asked(agent: Agent, include: Sequence[str]) -> None:
    """Refuse to reply what is too much, before anything is done.

    Raises:
        BudgetError: with the numbers.
    """
    for word, numbers in (("terms", _numbers_of_terms(agent)), ("policies", 2 * agent.num_policies)):
        if word in include and numbers > MOST_NUMBERS:
            raise BudgetError(
                f"{word!r} of {agent.num_policies:,} policies of {agent.planner.horizon} actions are {numbers:,} "
                f"numbers: at most {MOST_NUMBERS:,} are replied; leave {word!r} out of `include`, or take a shorter "
                "horizon"
            )


def terms_of(step: Step, agent: Agent) -> Terms:
    """G taken apart."""
    check_asked(agent, ["terms"])
    explained = step.explain()
    return Terms.model_construct(
        policies=explained.names,
        modalities=list(explained.modalities),
        risk=explained.risk.tolist(),
        ambiguity=explained.ambiguity.tolist(),
        novelty_A=explained.novelty_A.tolist(),
        novelty_B=explained.novelty_B.tolist(),
    )


def asked(row: Any) -> dict[str, Any]:
    """What was asked in the step of a row."""
    said: dict[str, Any] = json.loads(bytes(row.request))
    return said
