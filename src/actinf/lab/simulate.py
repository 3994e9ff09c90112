"""Many agents, each in a world of its own: blocks of them in compiled loops on all cores, into a trace.

Blocks are independent: an agent's numbers depend on the seed and its own index alone, so that the number of threads and
the size of the blocks change nothing in the result.  Memory is bounded by the blocks in flight, and by the trace where
that is kept in memory; with `out` it goes to disk block by block.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import actinf
from actinf.agent import Agent
from actinf.agent.population import Population
from actinf.envs.own_world import OwnWorld
from actinf.envs.world import LinkedWorld, Mishap, World
from actinf.errors import ActinfError, BudgetError, ImpossibleObservation, SettingError, WorldError
from actinf.kernels import layout as L
from actinf.kernels.buffers import Frame, view
from actinf.lab.trace import TraceWriter, open_trace, to_dataset
from actinf.lab.trace_layout import RECORDABLE, Extent, TraceLayout
from actinf.model import Model
from actinf.model.problems import suggestion
from actinf.planning.dense import DensePlan, one_thread

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["simulate"]

BLOCK_BYTES = 16 * 2**20
MAX_TRACE_BYTES = 2 * 2**30

Arrays = dict[str, NDArray[Any]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Run:
    """A simulation, checked and lowered, before any agent moves.

    Attributes:
        agent: the shared agent; population: what differs, or None.
        worlds: the linked world of each episode.
        extent: how many agents, steps and episodes.
        seed: of the run; record: what is kept; carry_counts: whether counts outlive an episode.
        process: the tables of the first world, which name its true states; None for a world that is code.
    """

    agent: Agent
    population: Population | None
    worlds: tuple[LinkedWorld, ...]
    extent: Extent
    seed: int
    record: tuple[str, ...]
    carry_counts: bool
    process: Model | None

    @cached_property
    def learned(self) -> tuple[str, ...]:
        learning = self.agent.learning
        return tuple(part for part in "ABDE" if learning is not None and getattr(learning, part))

    @property
    def plans_alike(self) -> bool:
        """Whether agents with equal beliefs have equal outlooks: they share A and B, and plan in the kernel."""
        own = None if self.population is None else self.population.parameters
        return not self.agent.plans_densely and (own is None or len(own.A) == len(own.B) == 1)

    def thetas(self, first: int, last: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """The numbers of the agents from `first` to `last`, a row each where they differ or will come to differ."""
        agent = self.agent
        parameters = agent.parameters if self.population is None else self.population.parameters.rows(first, last)
        theta = agent.theta(parameters)
        own = agent.theta(parameters, own=True) if agent.packed_structure.joint else theta
        if self.learned and len(theta) == 1:
            theta = np.repeat(theta, last - first, axis=0)
            own = np.repeat(own, last - first, axis=0) if agent.packed_structure.joint else theta
        return theta, own


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
    run = _prepare(agent, world, num_agents, num_steps, num_episodes, seed, record, carry_counts, schedule)
    for name, value in (("threads", threads), ("block_size", block_size)):
        if value is not None:
            _whole_number(name, value, 1)
    if progress is not None and not callable(progress):
        raise SettingError(f"simulate(progress={progress!r}): expected a function of two numbers, done and in all")
    policies = run.agent.policies if {"q_pi", "G", "counts"} & set(run.record) else None
    layout = TraceLayout.plan(
        model=run.agent.model,
        process=run.process,
        record=run.record,
        extent=run.extent,
        policies=policies,
        dtype=run.agent.dtype,
        learned=run.learned,
        attrs={"version": actinf.__version__, "seed": seed},
    )
    count = threads if threads is not None else _cores()
    size = block_size if block_size is not None else _block_size(run, layout, count)
    blocks = ((first, min(first + size, run.extent.num_agents)) for first in range(0, run.extent.num_agents, size))
    if out is not None:
        if not isinstance(out, str | os.PathLike):
            raise SettingError(f"simulate(out={out!r}): expected the path of a NetCDF file")
        with TraceWriter(Path(out), layout) as writer:
            _run_blocks(run, blocks, count, progress, writer.write)
        return open_trace(out)
    if layout.nbytes > MAX_TRACE_BYTES:
        raise BudgetError(
            f"the trace of {run.extent.num_agents:,} agents × {num_episodes:,} episodes × {num_steps:,} steps would "
            f"take {layout.nbytes / 2**30:.1f} GiB of memory: record less (record=('obs', 'action')), or write it to "
            "disk (out='trace.nc')"
        )
    collected = _Collected(layout)
    _run_blocks(run, blocks, count, progress, collected.write)
    return to_dataset(layout, collected.arrays)


class _Collected:
    """A trace in memory, in the small types of its layout."""

    def __init__(self, layout: TraceLayout):
        self.arrays: Arrays = {}
        self._layout = layout

    def write(self, first: int, arrays: Arrays) -> None:
        for name, block in arrays.items():
            if name not in self.arrays:
                types = [variable.dtype for variable in self._layout.variables if variable.source == name]
                shape = (block.shape[0], self._layout.num_agents, *block.shape[2:])
                self.arrays[name] = np.empty(shape, dtype=np.result_type(*types) if types else block.dtype)
            self.arrays[name][:, first : first + block.shape[1]] = block


def _whole_number(name: str, value: Any, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value < 2**63:
        raise SettingError(f"simulate({name}={value!r}): expected a whole number of at least {low}")
    return int(value)


def _prepare(
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


def _cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _block_size(run: Run, layout: TraceLayout, threads: int) -> int:
    """Agents whose records, counts and numbers take about 16 MiB, and few enough that every thread has some blocks."""
    per_agent = 4 * layout.nbytes / max(layout.num_agents, 1) + 64
    if run.learned or run.population is not None:
        per_agent += 3 * 8 * run.agent.program.lengths["theta"]
    per_agent += 8 * run.agent.program.lengths["carry"]
    one_each, four_each = -(-run.extent.num_agents // threads), -(-run.extent.num_agents // (4 * threads))
    return int(min(max(BLOCK_BYTES // per_agent, 1), max(four_each, min(one_each, 16)), 16_384))


def _run_blocks(
    run: Run,
    blocks: Iterator[tuple[int, int]],
    threads: int,
    progress: Progress | None,
    write: Callable[[int, Arrays], Any],
) -> None:
    """Compute blocks on several threads and hand each to `write`, in order; at most twice the threads are in flight.

    In order, so that of several agents that fail it is always the same one that is told of: the first one of the first
    block in which one does.
    """
    run.agent.kernel()  # one compilation, before the threads ask for it
    local = threading.local()
    stop = threading.Event()
    done, total = 0, run.extent.num_agents * run.extent.num_steps * run.extent.num_episodes

    def compute(first: int, last: int) -> tuple[int, Arrays]:
        if not hasattr(local, "runner"):
            local.runner = _Runner(run)
        return first, local.runner.block(first, last, stop)

    def finish(future: "Future[tuple[int, Arrays]]") -> None:
        nonlocal done
        first, arrays = future.result()
        write(first, arrays)
        done += next(iter(arrays.values())).shape[1] * run.extent.num_steps * run.extent.num_episodes if arrays else 0
        if progress is not None:
            progress(done, total)

    pending: deque[Future[tuple[int, Arrays]]] = deque()
    alone = one_thread() if run.agent.plans_densely else nullcontext()
    with alone, ThreadPoolExecutor(max_workers=threads) as pool:
        try:
            for first, last in blocks:
                if len(pending) == 2 * threads:
                    finish(pending.popleft())
                pending.append(pool.submit(compute, first, last))
            while pending:
                finish(pending.popleft())
        except BaseException:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


class _Runner:
    """One thread's workspace and its way through a block."""

    def __init__(self, run: Run):
        self._run = run
        agent = run.agent
        program = agent.program
        self._kernel = agent.kernel()
        self._out = np.zeros(program.lengths["out"], dtype=agent.dtype)
        self._dense: DensePlan | None = None
        self._memory = np.zeros(0)
        wf, wi = program.workspace(agent.dtype)
        x = np.zeros(program.lengths["x"], dtype=np.int64)
        self._job = np.zeros(L.NUM_JOB, dtype=np.int64)
        own = agent.own_program.ints
        self._frame = Frame(agent.dtype, ints=program.ints, own=own, x=x, wf=wf, wi=wi, job=self._job)
        if run.plans_alike:
            plans, slots = program.recall_buffers(agent.dtype, whole=run.population is None)
            self._frame.put(plans=plans, slots=slots)

    def block(self, first: int, last: int, stop: threading.Event) -> Arrays:
        """All episodes of the agents from `first` to `last`."""
        run, agent = self._run, self._run.agent
        count = last - first
        theta, own_theta = run.thetas(first, last)
        carry = np.zeros((count, agent.program.lengths["carry"]), dtype=agent.dtype)
        prior = view(theta, agent.program.ints, L.T_PRIOR_COUNTS)
        carry[:, : prior.shape[1]] = prior
        records = self._records(count)
        counts: list[NDArray[Any]] = []
        failed = np.zeros((count, 3), dtype=np.int64)
        fresh = bool(run.learned)
        for episode, world in enumerate(run.worlds):
            if stop.is_set():
                break
            if episode and run.learned and not run.carry_counts:
                theta, own_theta = run.thetas(first, last)
                carry[:, : prior.shape[1]] = view(theta, agent.program.ints, L.T_PRIOR_COUNTS)
                fresh = True
            self._episode(episode, world, first, theta, own_theta, carry, records, failed, fresh)
            fresh = False
            mishap = world.check(self._memory)
            if mishap is not None or failed[:, 0].any():
                raise self._first_failure(mishap, first, failed, episode, records)
            if "counts" in run.record:
                counts.append(carry.copy())
        return self._arrays(records, counts, count)

    def _episode(
        self,
        episode: int,
        world: LinkedWorld,
        first: int,
        theta: NDArray[Any],
        own_theta: NDArray[Any],
        carry: NDArray[Any],
        records: Arrays,
        failed: NDArray[np.int64],
        fresh: bool,
    ) -> None:
        """One episode of a block: in one call, or, where plans are matrix products, by agents and half steps."""
        run, agent = self._run, self._run.agent
        self._memory = np.zeros(world.memory_size)
        self._frame.put(
            world=world.ints,
            numbers=world.numbers,
            hidden=np.zeros(world.scratch, dtype=np.int64),
            memory=self._memory,
        )
        steps, actions = run.extent.num_steps, agent.own_structure.num_joint_actions
        stride, own_stride = (0, 0) if len(theta) == 1 else (theta.shape[1], own_theta.shape[1])

        def call(rows: slice, begin: int, end: int, kind: int) -> None:
            count, index = rows.stop - rows.start, first + rows.start
            self._job[:] = (
                kind, count, stride, own_stride, run.seed, index, episode, begin, end, steps, world.num_factors, actions
            )  # fmt: skip
            shared = slice(None) if len(theta) == 1 else rows
            kept = {name: record[episode][rows] for name, record in records.items()}
            self._frame.put(
                theta=theta[shared], own_theta=own_theta[shared], carry=carry[rows], failed=failed[rows],
                **kept,
            )  # fmt: skip
            self._kernel(self._frame.words, self._out)

        if fresh:  # as when a session starts: what inference uses shall depend on the counts alone
            call(slice(0, len(carry)), 0, 0, L.REFRESH)
        if not agent.plans_densely:
            call(slice(0, len(carry)), 0, steps, L.WHOLE)
            return
        results = agent.results
        for a in range(len(carry)):
            if self._dense is None or run.population is not None:
                self._dense = agent.dense_plan(theta[a if len(theta) > 1 else 0])
            one = slice(a, a + 1)
            for t in range(steps):
                call(one, t, t + 1, L.SEE)
                if failed[a, 0]:
                    break
                belief = view(carry[a], agent.program.ints, L.C_BELIEF)
                self._out[results.G] = self._dense.expected_free_energy(belief, t)
                call(one, t, t + 1, L.ACT)

    def _records(self, count: int) -> Arrays:
        run, agent = self._run, self._run.agent
        episodes, steps = run.extent.num_episodes, run.extent.num_steps
        factors = max(world.num_factors for world in run.worlds)
        widths = {
            "obs": len(agent.model.num_obs),
            "action": 1,
            "state": factors,
            "qs": sum(agent.model.num_states),
            "q_pi": agent.num_policies,
            "G": agent.num_policies,
            "F": 1,
        }
        kinds = {"obs": np.int32, "action": np.int32, "state": np.int32}
        return {
            name: np.empty(
                (episodes, count, steps * width if name in run.record else 0), dtype=kinds.get(name, agent.dtype)
            )
            for name, width in widths.items()
        }

    def _arrays(self, records: Arrays, counts: list[NDArray[Any]], count: int) -> Arrays:
        run, agent = self._run, self._run.agent
        shape = (run.extent.num_episodes, count, run.extent.num_steps)
        found: Arrays = {}
        for name in ("obs", "state", "qs", "q_pi", "G"):
            if name in run.record:
                found[name] = records[name].reshape(*shape, -1)
        if "F" in run.record:
            found["F"] = records["F"].reshape(shape)
        if "action" in run.record:
            found["action"] = agent.actions.digits.astype(np.int32)[records["action"].reshape(shape)]
        if counts:
            found.update(_named_counts(agent, np.stack(counts)))
        return found

    def _first_failure(
        self, mishap: Mishap | None, first: int, failed: NDArray[np.int64], episode: int, records: Arrays
    ) -> ActinfError:
        """What stopped the first agent of a block that was stopped: its world, or an impossible observation.

        The loop asks a world to begin, to show something, to move on, to show something, …, agent after agent.
        """
        if mishap is not None and not isinstance(mishap.error, Exception | None):
            raise mishap.error  # an interrupt, for example
        stopped = failed[:, 0]
        lost, calls = int(np.argmax(stopped > 0)), 2 * self._run.extent.num_steps
        if mishap is None or (stopped.any() and mishap.call >= calls * lost + 2 * int(stopped[lost])):
            step, modality, shown = (int(number) for number in failed[lost])
            where = f"agent {first + lost}, step {step - 1} of episode {episode}"
            if modality >= 0:
                return self._no_outcome(where, self._run.worlds[episode].ints, modality, shown)
            return self._impossible(where, records["obs"][episode, lost], step - 1)
        agent = mishap.call // calls
        step = max(mishap.call % calls - 1, 0) // 2
        error = WorldError(f"agent {first + agent}, step {step} of episode {episode}: {mishap.said}")
        error.__cause__ = mishap.error
        return error

    def _no_outcome(self, where: str, world: NDArray[np.int64], modality: int, shown: int) -> WorldError:
        starts = view(world, world, L.LINK_OUTCOME_START)
        count, name = int(starts[modality + 1] - starts[modality]), self._run.agent.model.modalities[modality].name
        return WorldError(
            f"{where}: the function 'observe' of the world showed {shown} of {name!r}, where it has {count} outcomes: "
            f"expected an index from 0 to {count - 1}, or -1 for nothing"
        )

    def _impossible(self, where: str, observations: NDArray[np.int32], step: int) -> ImpossibleObservation:
        modalities = self._run.agent.model.modalities
        seen = observations.reshape(-1, len(modalities))[step : step + 1].tolist()
        shown = "".join(
            f" {[m.outcomes[o] if o >= 0 else None for m, o in zip(modalities, outcomes, strict=True)]}"
            for outcomes in seen
        )
        return ImpossibleObservation(
            f"{where}: the observation{shown} is impossible: its world shows what its model excludes. Compare the "
            "zeros of the model's A, B and D with the world's"
        )


def _named_counts(agent: Agent, carry: NDArray[Any]) -> Arrays:
    """Carried counts, (episode, agent, …), by the names of the tables, in the storage order of each table."""
    ints, structure, model = agent.program.ints, agent.own_structure, agent.model
    found: Arrays = {}
    for section, letter, tables, names in (
        (L.C_COUNTS_A, "pA", structure.A, [modality.name for modality in model.modalities]),
        (L.C_COUNTS_B, "pB", structure.B, [factor.name for factor in model.factors]),
    ):
        flat, at = view(carry, ints, section), 0
        if flat.shape[-1]:
            for name, columns in zip(names, tables, strict=True):
                stored = np.empty((*flat.shape[:2], columns.num_entries), dtype=flat.dtype)
                stored[:, :, columns.source] = flat[:, :, at : at + columns.num_entries]
                found[f"{letter}_{name}"] = stored
                at += columns.num_entries
    flat, at = view(carry, ints, L.C_COUNTS_D), 0
    if flat.shape[-1]:
        for factor in model.factors:
            found[f"pD_{factor.name}"] = flat[:, :, at : at + len(factor.states)]
            at += len(factor.states)
    habits = view(carry, ints, L.C_COUNTS_E)
    if habits.shape[-1]:
        found["pE"] = habits
    return found
