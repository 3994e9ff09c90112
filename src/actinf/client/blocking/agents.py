"""Agents of a service: made, found, listed, stepped, reset and deleted."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from actinf.client import operations
from actinf.client.blocking.paging import all_of
from actinf.client.next_step import NextStep, Observation
from actinf.client.operations import ModelReference
from actinf.client.replies import AgentRecord, AgentSummary, StepReply, TakenStep

if TYPE_CHECKING:
    from actinf.client.blocking.connection import Connection

__all__ = ["Agents", "RemoteAgent"]


class Agents:
    """The agents of the workspace: `client.agents`."""

    def __init__(self, connection: Connection):
        self._connection = connection

    def create(
        self,
        model: ModelReference,
        *,
        name: str | None = None,
        seed: int | None = None,
        observation: Observation | None = None,
        **settings: Any,
    ) -> RemoteAgent:
        """Make an agent.

        Args:
            model: an `ai.Model`, its document, its hash, its name or `name@version`, or one that comes with the
                service, such as `"tmaze"`.
            name: what it is called, for people.
            seed: of its random stream; None: drawn by the service.
            observation: what it observes first: it takes its first step at once, whose reply is `first`.
            settings: `inference`, `planner`, `choice`, `learning`, `gamma`, `alpha`, `dtype`, as `ai.Agent` takes them,
                or in the plain values of an experiment file: `planner={"exhaustive": {"horizon": 2}}`.

        Returns:
            The agent, before its first step.

        Raises:
            ModelError, SettingError, BudgetError: with what is wrong in the model or the settings.
            ObservationError: the model does not know the observation, or excludes it; no agent was made.
            NotFound: there is no such model.
        """
        told = {"name": name, "seed": seed, "observation": observation, **settings}
        made = self._connection.send(operations.create_agent(model, told))
        return RemoteAgent(self._connection, made, made.first)

    def get(self, agent: str) -> RemoteAgent:
        """The agent with an id.

        Raises:
            NotFound: there is none in the workspace.
        """
        return RemoteAgent(self._connection, self._connection.send(operations.read_agent(agent)))

    def list(self, *, page_size: int = 100) -> Iterator[AgentSummary]:
        """All agents of the workspace, the oldest first; pages are fetched as they are needed.

        Args:
            page_size: agents in one request, up to 1,000.
        """
        return all_of(self._connection, lambda after: operations.list_agents(after, page_size))


class RemoteAgent:
    """An agent that lives in the service.  Steps that were answered are kept, whatever happens to anyone.

    Attributes:
        record: the agent as it was when it was made, found, or last reset; its names and settings never change.
        first: the reply of the step with which it was made, if it was.
    """

    def __init__(self, connection: Connection, record: AgentRecord, first: StepReply | None = None):
        self._connection = connection
        self.record = record
        self.first = first

    @property
    def id(self) -> str:
        """What names it in the service."""
        return self.record.id

    def step(
        self,
        observation: Observation,
        *,
        executed: Mapping[str, Any] | Sequence[Any] | None = None,
        step: int | None = None,
        include: Sequence[str] = (),
        key: str | None = None,
    ) -> StepReply:
        """Give it an observation: it infers, plans, chooses, and answers when the step is durable.

        Args:
            observation: modality → outcome, by name or index, as probabilities, or None where it is missing; or all
                of them in the order of the modalities.
            executed: control → the action that was really executed before this observation; None: the one chosen.
            step: the number that this step must have; None: whichever comes next.
            include: what else to reply: `"terms"`, G taken apart; `"policies"`, q_pi and G of more than 4,096 policies.
            key: the `Idempotency-Key` of the step, for who sends it again after a crash; None: a new one.

        Raises:
            ObservationError: the model does not know the observation.
            ImpossibleObservation: the model excludes it; the agent stands where it stood.
            Conflict: another step than `step` comes next.
            NotFound: the agent was deleted.
            ServiceUnavailable: it is not known whether the step was taken: send it again with the same `key`.
        """
        wanted = NextStep(self.id, observation, executed=executed, step=step, include=include)
        return self._connection.send(operations.take_step(wanted, key))

    def steps(self, *, after: int = -1, page_size: int = 100) -> Iterator[TakenStep]:
        """The steps that it took, in their order; pages are fetched as they are needed.

        Args:
            after: the number of the step before the first one shown.
            page_size: steps in one request, up to 1,000.
        """
        return all_of(self._connection, lambda at: operations.list_steps(self.id, at, page_size), after)

    def events(self, *, after: int | None = None) -> Generator[TakenStep, None, None]:
        """Its steps as they are taken, by whomever, each once; where the connection breaks, it is taken up again.

        The generator waits for the next step, and ends when the agent is deleted; close it to end it earlier.

        Args:
            after: the number of the step before the first one shown; None: those that are taken from now on.
        """
        last = (self.read()).next_step - 1 if after is None else after
        for event in self._connection.events(operations.agent_events(self.id), last):
            if event.name == "step":
                yield operations.read_taken_step(event.data)
            elif event.name == "deleted":
                return

    def reset(self, *, carry_counts: bool = True) -> AgentRecord:
        """Begin its next episode: beliefs start again from D.

        Args:
            carry_counts: whether what was learned is kept.
        """
        self.record = self._connection.send(operations.reset_agent(self.id, carry_counts=carry_counts))
        return self.record

    def read(self) -> AgentRecord:
        """Where it stands now."""
        self.record = self._connection.send(operations.read_agent(self.id))
        return self.record

    def delete(self) -> None:
        """Remove it and its steps."""
        self._connection.send(operations.delete_agent(self.id))

    def __repr__(self) -> str:
        called = f" {self.record.name!r}" if self.record.name else ""
        return f"<RemoteAgent {self.id}{called} at {self._connection.url}>"
