"""A step that an agent is to take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from actinf.client.operation import plain

__all__ = ["NextStep", "Observation"]

Observation = Mapping[str, Any] | Sequence[Any]
"""Modality → outcome, or the outcomes in the order of the modalities."""


class Named(Protocol):
    """An agent of a service, of either client."""

    @property
    def id(self) -> str:
        """What names it there."""


@dataclass(frozen=True)
class NextStep:
    """A step that an agent is to take.

    Args:
        agent: the agent, or its id.
        observation: modality → outcome, by name or index, as probabilities, or None where it is missing; or all of
            them in the order of the modalities.
        executed: control → the action that was really executed before this observation; None: the one chosen.
        step: the number that this step must have; None: whichever comes next.
        include: what else to reply: `"terms"`, G taken apart; `"policies"`, q_pi and G of more than 4,096 policies.
        key: names the step for the service, which takes it once however often it is sent; None: one is drawn.  Give
            keys of your own, each new for its agent, to send steps again that `step_many` raised an error for.
    """

    agent: Named | str
    observation: Observation
    executed: Mapping[str, Any] | Sequence[Any] | None = field(default=None, kw_only=True)
    step: int | None = field(default=None, kw_only=True)
    include: Sequence[str] = field(default=(), kw_only=True)
    key: str | None = field(default=None, kw_only=True)

    @property
    def agent_id(self) -> str:
        """What names the agent in the service."""
        return self.agent if isinstance(self.agent, str) else self.agent.id

    def to_plain(self) -> dict[str, Any]:
        """As it is sent; what has its default is left out."""
        asked: dict[str, Any] = {"observation": plain(self.observation)}
        if self.executed is not None:
            asked["executed"] = plain(self.executed)
        if self.step is not None:
            asked["step"] = int(self.step)
        if self.include:
            asked["include"] = [self.include] if isinstance(self.include, str) else list(self.include)
        return asked
