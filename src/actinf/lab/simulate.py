"""Many agents, each in a world of its own: blocks of them in compiled loops on all cores, into a trace.

Blocks are independent: an agent's numbers depend on the seed and its own index alone, so that the number of threads and
the size of the blocks change nothing in the result.  Memory is bounded by the blocks in flight, and by the trace where
that is kept in memory; with `out` it goes to disk block by block.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import actinf
from actinf.agent import Agent
from actinf.agent.population import Population
from actinf.envs.own_world import OwnWorld
from actinf.envs.world import LinkedWorld, World
from actinf.errors import BudgetError, SettingError
from actinf.lab.blocks import Collected, Progress, Run, cores, run_blocks, size_of_blocks
from actinf.lab.trace import TraceWriter, open_trace, to_dataset
from actinf.lab.trace_layout import RECORDABLE, Extent, TraceLayout
from actinf.model import Model
from actinf.model.problems import suggestion

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["prepare", "refuse_large", "simulate", "trace_layout"]

MAX_TRACE_BYTES = 2 * 2**30


def simulate(
    agent: Agent | Population,
    world: World | None = None,
    *,
    num_agents: int | None = None,
    num_steps: int,
    num_episodes: int = 1,
    seed: int = 0,
    record: Any = None,
    carry_counts: bool = True,
    schedule: Mapping[int, World] | None = None,
    threads: int | None = None,
    block_size: int | None = None,
    progress: Progress | None = None,
    out: str | os.PathLike[str] | None = None,
) -> "xr.Dataset":
    """Simulate agents in worlds of their own and return the trace.

    Args:
        agent: one agent that all share, or a Population that says what differs.
        world: the generative process; None lets the agent's model be its own world.
        num_agents: how many; a Population knows.
        num_steps: observations, and actions, in each episode.
        num_episodes: repetitions; beliefs start again from D, and counts carry over unless `carry_counts` is False.
        seed: of the run, 0 to 2**63 − 1.  Agent i draws the same numbers in every run with this seed.
        record: names out of "state", "obs", "action", "qs", "q_pi", "G", "F", "counts", one of them or several.
            Default: all that apply.
        carry_counts: whether what was learned outlives an episode.
        schedule: episode → world from that episode on (a reversal, a change of reward).
        threads: at most so many at once; default: all cores.  The result does not depend on it.
        block_size: agents computed, and written, together; the result does not depend on it either.
        progress: called as progress(agent-steps done, agent-steps in all).
        out: a NetCDF file to write block by block instead of keeping the trace in memory.  It appears when it is
            complete.

    Returns:
        The trace: an xarray.Dataset with the dimensions episode, agent and time and the names of the model; read lazily
        from the file where `out` is given.

    Raises:
        SettingError: for a setting out of its range.
        ModelError: when the world does not show what the agent observes, or lacks what it moves.
        ImpossibleObservation: when a world shows an agent what its model excludes; names the agent, the episode and the
            step.
        WorldError: when a world that is code raised an exception; names the same, and the exception is its cause.
        BudgetError: when the trace would not fit into memory.
        MissingExtra: when xarray (or, with `out`, h5netcdf) is not installed.
    """
    run = prepare(agent, world, num_agents, num_steps, num_episodes, seed, record, carry_counts, schedule)
    for name, value in (("threads", threads), ("block_size", block_size)):
        if value is not None:
            _whole_number(name, value, 1)
    if progress is not None and not callable(progress):
        raise SettingError(f"simulate(progress={progress!r}): expected a function of two numbers, done and in all")
    layout = trace_layout(run)
    count = threads if threads is not None else cores()
    size = block_size if block_size is not None else size_of_blocks(run, layout, run.extent.num_agents, count)
    blocks = range(0, run.extent.num_agents, size)
    if out is not None:
        if not isinstance(out, str | os.PathLike):
            raise SettingError(f"simulate(out={out!r}): expected the path of a NetCDF file")
        with TraceWriter(Path(out), layout) as writer:
            run_blocks(run, blocks, count, writer.write, progress=progress)
        return open_trace(out)
    refuse_large(layout)
    collected = Collected(layout)
    run_blocks(run, blocks, count, collected.write, progress=progress)
    return to_dataset(layout, collected.arrays)


def trace_layout(run: Run) -> TraceLayout:
    """How the trace of a run is laid out."""
    return TraceLayout.plan(
        model=run.agent.model,
        process=run.process,
        record=run.record,
        extent=run.extent,
        policies=run.agent.policies if {"q_pi", "G", "counts"} & set(run.record) else None,
        dtype=run.agent.dtype,
        learned=run.learned,
        attrs={"version": actinf.__version__, "seed": run.seed},
    )


def refuse_large(layout: TraceLayout) -> None:
    """Refuse to keep a trace in memory that would not fit.

    Raises:
        BudgetError: with the numbers.
    """
    if layout.nbytes > MAX_TRACE_BYTES:
        agents, episodes, steps = (layout.sizes[name] for name in ("agent", "episode", "time"))
        raise BudgetError(
            f"the trace of {agents:,} agents × {episodes:,} episodes × {steps:,} steps would "
            f"take {layout.nbytes / 2**30:.1f} GiB of memory: record less (record=('obs', 'action')), or write it to "
            "disk (out='trace.nc')"
        )


def _whole_number(name: str, value: Any, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value < 2**63:
        raise SettingError(f"simulate({name}={value!r}): expected a whole number of at least {low}")
    return int(value)


def prepare(
    agent: Agent | Population,
    world: World | None,
    num_agents: int | None,
    num_steps: int,
    num_episodes: int,
    seed: int,
    record: Any,
    carry_counts: bool,
    schedule: Mapping[int, World] | None,
) -> Run:
    """Check and lower a simulation; the arguments and the errors are those of `simulate`."""
    population = agent if isinstance(agent, Population) else None
    shared = agent.agent if isinstance(agent, Population) else agent
    if not isinstance(shared, Agent):
        raise SettingError(f"simulate({type(agent).__name__}): expected an Agent or a Population")
    if population is not None:
        if num_agents not in (None, population.size):
            raise SettingError(
                f"simulate(num_agents={num_agents}) contradicts the Population of {population.size}: leave it out"
            )
        num_agents = population.size
    extent = Extent(
        num_agents=_whole_number("num_agents", 1 if num_agents is None else num_agents, 1),
        num_steps=_whole_number("num_steps", num_steps, 1),
        num_episodes=_whole_number("num_episodes", num_episodes, 1),
    )
    if not isinstance(carry_counts, bool):
        raise SettingError(f"simulate(carry_counts={carry_counts!r}): expected True or False")
    worlds = _worlds(world if world is not None else World(shared.model), schedule, extent.num_episodes)
    process = _process(worlds[0])
    return Run(
        shared,
        population,
        _linked(worlds, shared),
        extent,
        _whole_number("seed", seed, 0),
        _recorded(record, shared, worlds),
        carry_counts,
        process,
    )


def _process(world: World) -> Model | None:
    """The model of a world that is one."""
    return None if isinstance(world, OwnWorld) else getattr(world, "process", None)


def _recorded(record: Any, agent: Agent, worlds: list[World]) -> tuple[str, ...]:
    """What is recorded: what was asked for, or all that applies."""
    names = RECORDABLE if record is None else _asked_for(record)
    if agent.learning is None and "counts" in names:
        if record is not None:
            raise SettingError("simulate(record='counts') records what is learned, but the agent has no learning")
        names = tuple(name for name in names if name != "counts")
    processes = [_process(world) for world in worlds]
    states = {None if process is None else process.factors for process in processes}
    if "state" in names and (None in states or len(states) > 1):
        if record is not None:
            nameless = [world for world, process in zip(worlds, processes, strict=True) if process is None]
            why = (
                f"the states of {nameless[0]!r} have no names" if nameless else "the scheduled worlds have other states"
            )
            raise SettingError(f"simulate(record='state'): {why}; record the observations instead")
        names = tuple(name for name in names if name != "state")
    return names


def _asked_for(record: Any) -> tuple[str, ...]:
    """The names that `record` gives, each of them known."""
    if isinstance(record, Mapping | bytes) or not isinstance(record, Iterable):
        raise SettingError(f"simulate(record={record!r}): expected names out of {', '.join(RECORDABLE)}")
    names = (record,) if isinstance(record, str) else tuple(record)
    for name in names:
        if not isinstance(name, str) or name not in RECORDABLE:
            given = (
                repr(record) if isinstance(record, str) else f"[…, {name!r}, …]" if len(names) > 1 else f"[{name!r}]"
            )
            raise SettingError(
                f"simulate(record={given}): there is no {name!r} to be recorded: expected names out of "
                f"{', '.join(RECORDABLE)}{suggestion(name, RECORDABLE)}"
            )
    return names


def _worlds(world: World, schedule: Mapping[int, World] | None, num_episodes: int) -> list[World]:
    """The world of each episode."""
    if not isinstance(world, World):
        raise SettingError(
            f"simulate(world={type(world).__name__}): expected a World; World(model) makes one of a model"
        )
    if schedule is not None and not isinstance(schedule, Mapping):
        raise SettingError(f"simulate(schedule={type(schedule).__name__}): expected a mapping from episode to World")
    for episode, later in (schedule or {}).items():
        if isinstance(episode, bool) or not isinstance(episode, int | np.integer) or not 0 <= episode < num_episodes:
            raise SettingError(
                f"simulate(schedule={{{episode!r}: …}}): there are {num_episodes} episodes, 0 to {num_episodes - 1}"
            )
        if not isinstance(later, World):
            raise SettingError(f"simulate(schedule={{{episode}: {type(later).__name__}}}): expected a World")
    worlds = [world]
    for episode in range(num_episodes):
        worlds.append((schedule or {}).get(episode, worlds[-1]))
    return worlds[1:]


def _linked(worlds: list[World], agent: Agent) -> tuple[LinkedWorld, ...]:
    linked = {id(world): world.linked(agent.model) for world in {id(world): world for world in worlds}.values()}
    return tuple(linked[id(world)] for world in worlds)
