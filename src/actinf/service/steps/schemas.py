"""Steps as they are sent and received."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from actinf.model.limits import MAX_NAMES, MAX_PARTS
from actinf.runtime.problem_documents import Problem
from actinf.service.events import stream_content

__all__ = [
    "STREAM",
    "AgentStep",
    "Executed",
    "ManySteps",
    "ManyStepsReply",
    "NewStep",
    "Observation",
    "OneReply",
    "StepPage",
    "StepReply",
    "StepShown",
    "Terms",
]

# Every list is bounded, and its first mistake ends its reading: a million wrong entries are one mistake, not a million.
Weight = StrictFloat | StrictInt
Weights = Annotated[list[Weight], Field(fail_fast=True, max_length=MAX_NAMES)]
WeightsByName = Annotated[dict[str, Weight], Field(max_length=MAX_NAMES)]
Outcome = StrictStr | StrictInt | Weights | WeightsByName | None
Observation = (
    Annotated[dict[str, Outcome], Field(max_length=MAX_PARTS)]
    | Annotated[list[Outcome], Field(fail_fast=True, max_length=MAX_PARTS)]
)
Action = StrictStr | StrictInt
Executed = (
    Annotated[dict[str, Action], Field(max_length=MAX_PARTS)]
    | Annotated[list[Action], Field(fail_fast=True, max_length=MAX_PARTS)]
)
Include = Annotated[
    list[Literal["terms", "policies"]],
    Field(
        max_length=2,
        description="What else to reply: `terms`, G taken apart; `policies`, q_pi and G of more than 4,096 policies.",
    ),
]


class NewStep(BaseModel):
    """An observation, and what was done before it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"observation": {"where": "centre", "cue": "none"}}]}
    )

    observation: Observation = Field(
        description="Modality → outcome: its name, its index, a distribution by name or as a list, or null; a modality "
        "that is left out is missing.  Or a list in the order of the modalities."
    )
    executed: Executed | None = Field(
        None, description="Control → the action that was really executed before this observation; null: the one chosen."
    )
    step: int | None = Field(
        None,
        strict=True,
        ge=0,
        lt=2**62,
        description="The number that this step must have; null: whichever comes next.",
    )
    include: Include = Field(default_factory=list)


class AgentStep(NewStep):
    """A step of one agent out of several."""

    model_config = ConfigDict(extra="forbid")

    agent: UUID
    key: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="What Idempotency-Key is to one step.",
    )


class ManySteps(BaseModel):
    """Steps of many agents; several of the same agent are taken in this order."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "steps": [
                        {
                            "agent": "01997a3e-5d7c-7c39-9d51-6a1f6b1a2f10",
                            "observation": {"where": "centre", "cue": "none"},
                        }
                    ]
                }
            ]
        },
    )

    steps: list[AgentStep] = Field(min_length=1, max_length=1000)


class Terms(BaseModel):
    """G taken apart, in nats: by policy, by step ahead, by modality."""

    policies: list[str] = Field(description="The names of the policies.")
    modalities: list[str] = Field(description="The order of the innermost lists.")
    risk: list[list[list[float | None]]] = Field(description="KL from the predicted outcomes to the preferred ones.")
    ambiguity: list[list[list[float | None]]] = Field(description="Expected entropy of the outcomes.")
    novelty_A: list[list[list[float | None]]] = Field(description="Expected information about A; it lowers G.")
    novelty_B: list[list[float | None]] = Field(description="Expected information about B; it lowers G.")


class StepReply(BaseModel):
    """What an agent did, and why.  null where a number is infinite."""

    agent: UUID
    step: int = Field(description="The number of this step; steps count from 0 and go on through all episodes.")
    episode: int
    time: int = Field(description="The step within the episode.")
    action: dict[str, str] = Field(description="Control → the action chosen.")
    qs: dict[str, list[float]] = Field(description="Factor → the posterior over its states.")
    F: float | None = Field(description="Variational free energy of the observation, nats.")
    q_pi: list[float] | None = Field(description="Posterior over the policies; null: more than 4,096, not asked for.")
    G: list[float | None] | None = Field(description="Expected free energy of the policies, nats; smaller is better.")
    terms: Terms | None = Field(description="G taken apart; null: not asked for.")


class StepShown(StepReply):
    """A step that was taken."""

    created_at: datetime
    observation: Any = Field(description="What was observed, as it was sent.")
    executed: Any = Field(description="What was executed before it, as it was sent; null: the action chosen.")


STREAM = stream_content(
    "step",
    "The number of the step.",
    "The step as JSON, as readStep shows it.",
    example='{"step":3,"action":{"location":"cue"},"F":0.0}',
)
"""How the stream of steps looks."""


class StepPage(BaseModel):
    """Steps in their order."""

    items: list[StepShown]
    next: int | None = Field(description="`after` of the next page; null: this is the last for now.")
    begins: int | None = Field(
        None,
        description="The oldest step that is kept; above 0 where older ones are kept no more. null: none.",
    )


class OneReply(BaseModel):
    """How one step out of several ended: with a reply or with a problem."""

    reply: StepReply | None = None
    problem: Problem | None = None


class ManyStepsReply(BaseModel):
    """How each step ended, in the order of the request."""

    results: list[OneReply]
