"""From what a user asks for to what workers compute: a complete document, its cost, and its chunks."""

import json
from dataclasses import dataclass
from typing import Any

from actinf.errors import BudgetError
from actinf.lab.chunks import ChunkedRun
from actinf.lab.estimate import SimulationEstimate, estimate_simulation
from actinf.lab.experiment import Experiment
from actinf.lab.experiment_document import bundled_document, experiment_from_document, overridden
from actinf.runtime.settings import Settings
from actinf.service.simulations.schemas import NewSimulation

__all__ = ["Draft", "PlannedSimulation", "draft", "planned_run"]

#: Of one core, for a chunk: what a killed worker loses, and how often there is progress.
CHUNK_SECONDS = 2.0

_LEAN = ("state", "obs", "action", "F")


@dataclass(frozen=True, kw_only=True)
class PlannedSimulation:
    """What is kept of a simulation before anything is computed.

    Attributes:
        document: the experiment, complete in itself, with what is recorded decided.
        run: its chunks.
        chunk_agents: the most agents of one.
    """

    document: str
    run: ChunkedRun
    chunk_agents: int

    def values(self) -> dict[str, Any]:
        """The columns of its row that follow from it."""
        extent = self.run.experiment.extent
        return {
            "document": self.document,
            "num_agents": extent.num_agents,
            "num_steps": extent.num_steps,
            "num_episodes": extent.num_episodes,
            "engine": self.run.version,
            "chunk_agents": self.chunk_agents,
            "num_chunks": len(self.run.ranges),
            "work_total": extent.num_agents * extent.num_steps * extent.num_episodes,
        }


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is wanted, read and found not to be too large; nothing is built for it yet.

    Attributes:
        document: the experiment, complete in itself, with what is recorded decided.
        experiment: what it says; estimate: what it takes.
    """

    document: dict[str, Any]
    experiment: Experiment
    estimate: SimulationEstimate

    def planned(self) -> PlannedSimulation:
        """Build the agent, and cut the run into chunks of about two seconds.

        Raises:
            ActinfError: the settings contradict one another.
        """
        agents = self.experiment.extent.num_agents
        seconds_per_agent = self.estimate.seconds / agents
        chunk_agents = max(1, min(agents, int(CHUNK_SECONDS / max(seconds_per_agent, 1e-9))))
        run = ChunkedRun.plan(self.experiment, max_agents=chunk_agents)
        return PlannedSimulation(document=json.dumps(self.document), run=run, chunk_agents=chunk_agents)


def draft(wanted: NewSimulation, settings: Settings) -> Draft:
    """Read what is wanted, and refuse what is too large before anything is built for it.

    Raises:
        FileError: there is no such experiment, or the document is wrong: every mistake, by its place.
        BudgetError: too large for any worker, with the numbers.
    """
    given = wanted.experiment
    document = overridden(
        bundled_document(given) if isinstance(given, str) else given,
        num_agents=wanted.num_agents,
        num_steps=wanted.num_steps,
        num_episodes=wanted.num_episodes,
        seed=wanted.seed,
        record=wanted.record,
    )
    experiment = experiment_from_document(document)
    if experiment.record is None:
        document = overridden(document, record=_lean_recording(experiment))
        experiment = experiment_from_document(document)
    estimate = estimate_simulation(experiment)
    _refuse_too_large(experiment, estimate, settings)
    return Draft(document=document, experiment=experiment, estimate=estimate)


def planned_run(document: str, chunk_agents: int, engine: str) -> ChunkedRun:
    """The chunks of a simulation that was planned before, by a process of whichever version."""
    return ChunkedRun.of_document(json.loads(document), max_agents=chunk_agents, version=engine)


def _lean_recording(experiment: Experiment) -> tuple[str, ...]:
    """What is kept of every step where nobody said: who was where, saw and did what, and how surprising it was.

    Beliefs and what there is of each policy take several to a thousand times as much, and can be computed again: the
    same seed gives the same agents.
    """
    processes = [experiment.process, *(world.process for world in experiment.schedule.values())]
    one_space = all(process.factors == processes[0].factors for process in processes)
    return _LEAN if one_space else tuple(name for name in _LEAN if name != "state")


def _refuse_too_large(experiment: Experiment, estimate: SimulationEstimate, settings: Settings) -> None:
    extent = experiment.extent
    what = f"{extent.num_agents:,} agents × {extent.num_episodes:,} episodes × {extent.num_steps:,} steps"
    if estimate.memory_bytes > settings.max_memory_bytes:
        raise BudgetError(
            f"{what} with {_number(estimate.agent.num_policies)} policies would take about "
            f"{_mebibytes(estimate.memory_bytes)} of memory, and {_mebibytes(settings.max_memory_bytes)} is the most: "
            "shorten the planner's horizon, make the model smaller, or run fewer steps and episodes of each agent"
        )
    if estimate.trace_bytes > settings.max_trace_bytes:
        raise BudgetError(
            f"the trace of {what}, recording {', '.join(estimate.record)}, would take "
            f"{_mebibytes(estimate.trace_bytes)}, and {_mebibytes(settings.max_trace_bytes)} is the most: record less "
            "(record: [obs, action]), or run fewer agents, steps or episodes"
        )
    if estimate.seconds > settings.max_simulation_seconds:
        raise BudgetError(
            f"{what} would take about {_number(estimate.seconds)} s on one core, and "
            f"{settings.max_simulation_seconds:,.0f} s is the most: run fewer agents, steps or episodes, or shorten "
            "the planner's horizon"
        )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value < 1e15 else f"more than 10^{len(str(int(value))) - 1}"


def _mebibytes(size: int) -> str:
    return f"{_number(size / 2**20 if size < 2**60 else size >> 20)} MiB"
