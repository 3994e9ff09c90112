"""Agents as they are sent and received."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from actinf.service.steps.schemas import Observation, StepReply

__all__ = ["AgentMade", "AgentPage", "AgentShown", "AgentSummary", "NewAgent", "Reset"]


class NewAgent(BaseModel):
    """An agent to be made.  Its settings are those of an experiment file, under `agent:`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"model": "tmaze", "planner": {"exhaustive": {"horizon": 2}}, "seed": 1},
                {
                    "model": "tmaze",
                    "planner": {"exhaustive": {"horizon": 2}},
                    "observation": {"where": "centre", "cue": "none"},
                },
            ]
        },
    )

    model: str | dict[str, Any] = Field(
        description="A hash, a name, `name@version`, one that comes with the service, or a whole model document."
    )
    name: str = Field("", max_length=100, description="What it is called, for people.")
    seed: int | None = Field(
        None, strict=True, ge=0, lt=2**63, description="Of its random stream; null draws one, which is shown and kept."
    )
    inference: Any = Field(
        "fixed_point", description="How states are inferred: `fixed_point`, `exact`, or one with settings."
    )
    planner: Any = Field(
        "exhaustive", description="How policies are evaluated, for example `{exhaustive: {horizon: 2}}`."
    )
    choice: Any = Field("marginal_action", description="What is chosen: `marginal_action` or `best_policy`.")
    learning: dict[str, Any] | None = Field(
        None, description="What is learned, for example `{A: true}`; null: nothing."
    )
    gamma: float = Field(16.0, strict=True, ge=0, le=1e9, description="Policy precision.")
    alpha: float | None = Field(
        None, strict=True, gt=0, le=1e9, description="Action precision; null: the most probable action."
    )
    dtype: str = Field("float64", pattern="^float(64|32)$", description="Of all beliefs and parameters.")
    observation: Observation | None = Field(
        None, description="What it observes first: it takes its first step at once. null: it waits for one."
    )

    def settings(self) -> dict[str, Any]:
        """The settings under the names of an experiment file."""
        names = ("inference", "planner", "choice", "learning", "gamma", "alpha", "dtype")
        return {name: getattr(self, name) for name in names}


class AgentSummary(BaseModel):
    """An agent in a list."""

    id: UUID
    name: str
    model: str = Field(description="The hash of its model.")
    next_step: int = Field(description="The number of the step that comes next; steps count from 0.")
    episode: int
    created_at: datetime


class AgentShown(AgentSummary):
    """An agent, whole."""

    seed: int
    settings: dict[str, Any] = Field(description="How it infers, plans, chooses and learns.")
    time: int = Field(description="Steps of this episode so far.")
    factors: dict[str, list[str]] = Field(description="Hidden factors and their states: the order of `qs`.")
    modalities: dict[str, list[str]] = Field(description="What it observes, and the outcomes.")
    controls: dict[str, list[str]] = Field(description="What it can do, and the actions.")
    num_policies: int
    policies: list[str] | None = Field(
        description="The policies in the order of `q_pi` and `G`: actions joined by + over controls, by > over time; "
        "null: more than 4,096."
    )


class AgentMade(AgentShown):
    """A new agent."""

    first: StepReply | None = Field(description="Its first step; null: no observation was sent.")


class AgentPage(BaseModel):
    """Agents, the oldest first."""

    items: list[AgentSummary]
    next: UUID | None = Field(description="`after` of the next page; null: this is the last.")


class Reset(BaseModel):
    """How the next episode begins."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"carry_counts": True}]})

    carry_counts: bool = Field(True, strict=True, description="Whether what was learned is kept.")
