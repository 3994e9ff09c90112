"""Simulations as they are sent and received."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from actinf.lab.trace_layout import RECORDABLE
from actinf.service.events import stream_content

__all__ = ["STREAM", "NewSimulation", "Progress", "SimulationPage", "SimulationShown", "SimulationSummary", "Status"]

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class NewSimulation(BaseModel):
    """A simulation to be run: an experiment, and what shall be otherwise than it says."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"experiment": "tmaze", "num_agents": 10_000, "num_steps": 50, "seed": 1}]},
    )

    experiment: str | dict[str, Any] = Field(
        description="The name of an experiment or a model that comes with the service; a model of the workspace by "
        "name, `name@version` or hash; or a whole experiment document, whose `model` may be one of these."
    )
    num_agents: int | None = Field(None, ge=1, lt=2**53, description="Agents; null: what the experiment says.")
    num_steps: int | None = Field(None, ge=1, lt=2**53, description="Steps of an episode; null: likewise.")
    num_episodes: int | None = Field(None, ge=1, lt=2**53, description="Episodes; null: likewise.")
    seed: int | None = Field(None, ge=0, lt=2**63, description="Of all random streams; null: likewise.")
    record: list[str] | None = Field(
        None,
        max_length=len(RECORDABLE),
        description=f"What the trace holds, out of {', '.join(RECORDABLE)}; null: what the experiment says, or else "
        "states, observations, actions and F, some 15 bytes a step.",
    )
    name: str = Field("", max_length=100, description="What it is called, for people.")


class Progress(BaseModel):
    """How far a simulation is."""

    chunks_done: int = Field(description="Ranges of agents that are computed and kept: no failure loses them.")
    num_chunks: int
    steps_done: int = Field(description="Steps of all agents so far.")
    steps_total: int


class SimulationSummary(BaseModel):
    """A simulation in a list."""

    id: UUID
    name: str
    status: Status
    num_agents: int
    num_steps: int
    num_episodes: int
    progress: Progress
    created_at: datetime
    started_at: datetime | None = Field(description="When a worker first took it up.")
    finished_at: datetime | None


class SimulationShown(SimulationSummary):
    """A simulation, whole but for its experiment and its trace."""

    version: int = Field(description="Grows with every change of what is shown here.")
    engine: str = Field(description="The version of actinf that computes it.")
    attempts: int = Field(description="How often a worker took it up.")
    seconds: float = Field(description="Wall-clock time that was computed for its chunks, seconds.")
    error: str | None = Field(description="Why it failed.")
    summary: dict[str, Any] | None = Field(description="What came out, in sentences and numbers, when it succeeded.")


class SimulationPage(BaseModel):
    """Simulations, the newest first."""

    items: list[SimulationSummary]
    next: UUID | None = Field(description="`after` of the next page; null: this is the last.")


STREAM = stream_content(
    "simulation",
    "The version of the simulation: it grows with every change.",
    "The simulation as JSON, as readSimulation shows it.",
    example='{"status":"running","progress":{"steps_done":1000}}',
)
"""How the stream of a simulation looks."""
