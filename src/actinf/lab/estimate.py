"""What a simulation will cost, told before anything is built for it: memory, the size of the trace, and time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from actinf.agent.estimate import MOST, AgentEstimate, estimate_agent
from actinf.errors import SettingError
from actinf.lab.blocks import BLOCK_BYTES
from actinf.lab.experiment import Experiment, bytes_of_trace, choose_recording, learned_parts

__all__ = ["SimulationEstimate", "estimate_simulation"]

SECONDS_PER_TRACE_BYTE = 1e-8  # to put it into its place, and to pack or write it
LONGEST_LABEL = 2**7  # bytes of the object that holds a policy's label, beside its letters
BYTES_PER_WORLD_ENTRY = 2**7  # of a world that is linked to an agent
RECORDED_TIMES = 3  # a number is in the types of the kernels, in those of the trace, and on its way


@dataclass(frozen=True, kw_only=True)
class SimulationEstimate:
    """What a simulation will cost.

    Attributes:
        agent: what one of its agents costs.
        record: what it records.
        num_steps: of all agents in all episodes.
        memory_bytes: that it takes while it runs: an upper bound.  A trace that is kept in memory comes on top.
        trace_bytes: of all numbers of the trace, as `TraceLayout.nbytes`.
        seconds: on one core: an order of magnitude.
    """

    agent: AgentEstimate
    record: tuple[str, ...]
    num_steps: int
    memory_bytes: int
    trace_bytes: int
    seconds: float


def estimate_simulation(
    experiment: Experiment, *, record: Iterable[str] | None = None, threads: int = 1
) -> SimulationEstimate:
    """What an experiment will cost; nothing is built for it, and nothing is refused that could not be run.

    Args:
        experiment: what would be run, in its extent.
        record: what would be recorded; by default what the experiment says, or what is chosen by size.
        threads: that would compute it.

    Raises:
        SettingError: a number of threads below 1.
        TraceError: a name in `record` is not known.
    """
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise SettingError(f"estimate_simulation(threads={threads!r}): expected a whole number of at least 1")
    settings, extent = experiment.agent, experiment.extent
    agent = estimate_agent(
        experiment.model,
        planner=settings.planner,
        inference=settings.inference,
        learning=settings.learning,
        dtype=settings.dtype,
    )
    asked = experiment.record if record is None else tuple(record)
    chosen = choose_recording(experiment, agent.num_policies) if asked is None else asked
    size = bytes_of_trace(experiment, chosen, agent.num_policies)
    life = RECORDED_TIMES * size // extent.num_agents + agent.bytes_per_agent
    in_flight = min(2 * threads * (2 * BLOCK_BYTES + life), life * extent.num_agents)
    num_steps = extent.num_agents * extent.num_steps * extent.num_episodes
    return SimulationEstimate(
        agent=agent,
        record=chosen,
        num_steps=num_steps,
        memory_bytes=agent.bytes
        + (threads - 1) * agent.bytes_per_thread
        + in_flight
        + _bytes_of_labels(experiment, chosen, agent.num_policies)
        + _bytes_of_worlds(experiment),
        trace_bytes=size,
        seconds=num_steps * agent.seconds_per_step + SECONDS_PER_TRACE_BYTE * float(min(size, MOST)),
    )


def _bytes_of_labels(experiment: Experiment, record: tuple[str, ...], num_policies: int) -> int:
    """The policies as arrays and as texts, where the trace names them."""
    names_policies = {"q_pi", "G"} & set(record) or "E" in learned_parts(experiment.agent.learning)
    if not names_policies and "counts" not in record:
        return 0
    longest = sum(max(len(action) for action in control.actions) + 3 for control in experiment.model.controls)
    per_policy = experiment.agent.planner.horizon * (8 * 4 * max(len(experiment.model.controls), 1) + 4 * longest)
    return num_policies * (per_policy + LONGEST_LABEL)


def _bytes_of_worlds(experiment: Experiment) -> int:
    processes = [experiment.process, *(world.process for world in experiment.schedule.values())]
    distinct = {id(process): process for process in processes}.values()
    entries = sum(table.nnz + table.num_columns for process in distinct for table in (*process.A, *process.B))
    actions = max(experiment.model.num_controls, default=1)
    return BYTES_PER_WORLD_ENTRY * (entries + actions)
