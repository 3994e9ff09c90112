"""Blocks of agents: computed in compiled loops on several threads, handed over in order, stopped when that is asked.

Blocks are independent: an agent's numbers depend on the seed and its own index alone, so that the number of threads and
the size of the blocks change nothing in the result.  A thread runs compiled code for about a tenth of a second at a
time, so that a run can be stopped, and can tell how far it is, however slow its planner.  What a run consists of is
decided in `actinf.lab.simulate`; where the numbers go is the caller's.
"""

import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actinf.agent import Agent
from actinf.agent.population import Population
from actinf.envs.world import LinkedWorld, Mishap
from actinf.errors import ActinfError, ImpossibleObservation, Stopped, WorldError
from actinf.kernels import layout as L
from actinf.kernels.buffers import Frame, view
from actinf.lab.trace_layout import Extent, TraceLayout
from actinf.model import Model
from actinf.planning.dense import DensePlan, one_thread

__all__ = ["Arrays", "Collected", "Progress", "Run", "ShouldStop", "cores", "run_blocks", "size_of_blocks"]

BLOCK_BYTES = 16 * 2**20
CALL_SECONDS = 0.1
TELL_SECONDS = 1.0
SECONDS_PER_NUMBER = 1e-8  # of the workspace, in a step: a first guess, which the first calls correct

Arrays = dict[str, NDArray[Any]]
Progress = Callable[[int, int], None]
ShouldStop = Callable[[], bool]


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
        """The parts of the model that are learned, out of "A", "B", "D", "E"."""
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


class Collected:
    """The arrays of a range of agents in memory, in the small types of the layout, written block by block.

    Attributes:
        arrays: by name, each (episode, agents of the range, …).
        written: (agents of the range,) whether an agent's numbers are there.
    """

    def __init__(self, layout: TraceLayout, first: int = 0, last: int | None = None):
        """Room for the agents from `first` to before `last`; by default all of the layout."""
        self.arrays: Arrays = {}
        self._layout, self._first = layout, first
        self.written = np.zeros((layout.num_agents if last is None else last) - first, dtype=bool)

    def write(self, first: int, arrays: Arrays) -> None:
        """Take a block whose first agent is `first`."""
        at = first - self._first
        for name, block in arrays.items():
            if name not in self.arrays:
                types = [variable.dtype for variable in self._layout.variables if variable.source == name]
                shape = (block.shape[0], len(self.written), *block.shape[2:])
                self.arrays[name] = np.empty(shape, dtype=np.result_type(*types) if types else block.dtype)
            self.arrays[name][:, at : at + block.shape[1]] = block
            self.written[at : at + block.shape[1]] = True


def cores(control_group: Path = Path("/sys/fs/cgroup")) -> int:
    """The processors that this process may use: those of the machine, less what a container may not have.

    Args:
        control_group: where the kernel tells of the container's share.
    """
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(here, _share_of_processors(control_group))))


def _share_of_processors(control_group: Path) -> float:
    """How many processors' time a container may have; without a limit, or outside of one, infinitely much."""
    try:
        quota, period = (control_group / "cpu.max").read_text("ascii").split()
        return int(quota) / int(period)
    except (OSError, ValueError):  # "max", or another kind of system
        pass
    try:
        folder = control_group / "cpu"
        quota, period = ((folder / f"cpu.cfs_{name}_us").read_text("ascii") for name in ("quota", "period"))
        return int(quota) / int(period) if int(quota) > 0 else math.inf
    except (OSError, ValueError):
        return math.inf


def size_of_blocks(run: Run, layout: TraceLayout, num_agents: int, threads: int) -> int:
    """Agents whose records, counts and numbers take about 16 MiB, and few enough that every thread has some blocks.

    Args:
        run, layout: what is computed and kept.
        num_agents: to be computed, at most those of the layout.
        threads: that compute them.
    """
    per_agent = 4 * layout.nbytes / max(layout.num_agents, 1) + 64
    if run.learned or run.population is not None:
        per_agent += 3 * 8 * run.agent.program.lengths["theta"]
    per_agent += 8 * run.agent.program.lengths["carry"]
    one_each, four_each = -(-num_agents // threads), -(-num_agents // (4 * threads))
    return int(min(max(BLOCK_BYTES // per_agent, 1), max(four_each, min(one_each, 16)), 16_384))


def run_blocks(
    run: Run,
    agents: range,
    threads: int,
    write: Callable[[int, Arrays], Any],
    *,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> None:
    """Compute blocks on several threads and hand each to `write`, in order; at most twice the threads are in flight.

    In order, so that of several agents that fail it is always the same one that is told of: the first one of the first
    block in which one does.  All functions are called in the caller's thread.

    Args:
        run: what is computed.
        agents: the agents, in steps of the size of a block.
        threads: that compute.
        write: takes the index of a block's first agent, and its arrays.
        progress: called as progress(agent-steps done, agent-steps in all) after each block, and now and then between.
        should_stop: asked several times a second; when it says so, work ends within a few tenths of a second, or after
            the step in which each thread is where one takes longer.

    Raises:
        Stopped: because `should_stop` said so.
        ImpossibleObservation, WorldError: an agent could not go on.
    """
    run.agent.kernel()  # one compilation, before the threads ask for it
    crew = _Crew(run, agents, progress, should_stop)
    pending: deque[Future[tuple[int, Arrays]]] = deque()

    def finish() -> None:
        first, arrays = crew.awaited(pending[0])
        pending.popleft()
        write(first, arrays)
        crew.tell()

    alone = one_thread() if run.agent.plans_densely else nullcontext()
    with alone, ThreadPoolExecutor(max_workers=threads) as pool:
        try:
            for first in agents:
                if len(pending) == 2 * threads:
                    finish()
                pending.append(pool.submit(crew.compute, first, min(first + agents.step, agents.stop)))
            while pending:
                finish()
        except BaseException:
            crew.stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


class _Crew:
    """The threads of a run: each with a runner of its own, all watched by the one that waits for them."""

    def __init__(self, run: Run, agents: range, progress: Progress | None, should_stop: ShouldStop | None):
        self.stop = threading.Event()
        self._run = run
        self._local = threading.local()
        self._runners: list[_Runner] = []
        self._total = (agents.stop - agents.start) * run.extent.num_steps * run.extent.num_episodes
        self._progress, self._should_stop = progress, should_stop
        self._told = time.monotonic()

    def compute(self, first: int, last: int) -> tuple[int, Arrays]:
        """A block, on one of the threads."""
        if not hasattr(self._local, "runner"):
            self._local.runner = _Runner(self._run, self.stop)
            self._runners.append(self._local.runner)
        return first, self._local.runner.block(first, last)

    def awaited(self, future: "Future[tuple[int, Arrays]]") -> tuple[int, Arrays]:
        """What a thread computed, once it has; meanwhile, ask whether to stop and tell how far the work is."""
        while True:
            if self._should_stop is not None and self._should_stop():
                raise Stopped("the simulation was stopped before its end, because that was asked for")
            if wait((future,), timeout=CALL_SECONDS).done:
                return future.result()
            if time.monotonic() - self._told > TELL_SECONDS:
                self.tell()

    def tell(self) -> None:
        """Tell how far the work is."""
        self._told = time.monotonic()
        if self._progress is not None:
            self._progress(sum(runner.steps_done for runner in self._runners), self._total)


class _Pace:
    """How many agent-steps take about as long as a thread may be deaf to a stop."""

    def __init__(self, seconds_per_step: float):
        self._seconds_per_step = seconds_per_step

    @property
    def steps(self) -> int:
        """At least one."""
        return max(1, int(CALL_SECONDS / self._seconds_per_step))

    def took(self, steps: int, seconds: float) -> None:
        """Learn from a call: at once that steps are slower than thought, by and by that they are quicker."""
        measured = max(seconds / steps, 1e-9)
        self._seconds_per_step = max(measured, self._seconds_per_step / 8)


class _Runner:
    """One thread's workspace and its way through a block."""

    def __init__(self, run: Run, stop: threading.Event):
        self._run, self._stop = run, stop
        self.steps_done = 0
        agent = run.agent
        program = agent.program
        self._pace = _Pace(SECONDS_PER_NUMBER * (program.lengths["wf"] + program.lengths["wi"]))
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

    def block(self, first: int, last: int) -> Arrays:
        """All episodes of the agents from `first` to `last`.

        Raises:
            Stopped: half-way; ImpossibleObservation, WorldError: an agent could not go on.
        """
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
            if episode and run.learned and not run.carry_counts:
                theta, own_theta = run.thetas(first, last)
                carry[:, : prior.shape[1]] = view(theta, agent.program.ints, L.T_PRIOR_COUNTS)
                fresh = True
            self._episode(episode, world, first, theta, own_theta, carry, records, failed, fresh)
            if self._stop.is_set():
                raise Stopped("the block was left half-way")
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
        """One episode of a block: in few calls, or, where plans are matrix products, by agents and half steps."""
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
            self._live(call, failed)
            return
        for a in range(len(carry)):
            if self._dense is None or run.population is not None:
                self._dense = agent.dense_plan(theta[a if len(theta) > 1 else 0])
            self._live_by_products(call, self._dense, a, carry[a], failed[a])

    def _live(self, call: Callable[[slice, int, int, int], None], failed: NDArray[np.int64]) -> None:
        """Whole steps: many agents in a call, or some steps of one agent where that takes long enough.

        The world, the action and the beliefs of the agent stay in the frame from one stretch of steps to the next.
        """
        steps, at = self._run.extent.num_steps, 0
        while at < len(failed):
            rows, begin = slice(at, min(at + max(1, self._pace.steps // steps), len(failed))), 0
            while begin < steps and not failed[at, 0]:
                if self._stop.is_set():
                    return
                end = steps if rows.stop - at > 1 else min(begin + self._pace.steps, steps)
                started, done = time.perf_counter(), (rows.stop - at) * (end - begin)
                call(rows, begin, end, L.WHOLE)
                self._pace.took(done, time.perf_counter() - started)
                self.steps_done += done
                begin = end
            at = rows.stop

    def _live_by_products(
        self,
        call: Callable[[slice, int, int, int], None],
        plan: DensePlan,
        a: int,
        carry: NDArray[Any],
        failed: NDArray[np.int64],
    ) -> None:
        """All steps of agent `a` of the block, in halves around a plan that is made by products of matrices."""
        agent, one = self._run.agent, slice(a, a + 1)
        for t in range(self._run.extent.num_steps):
            if self._stop.is_set():
                return
            call(one, t, t + 1, L.SEE)
            if failed[0]:
                return
            self._out[agent.results.G] = plan.expected_free_energy(view(carry, agent.program.ints, L.C_BELIEF), t)
            call(one, t, t + 1, L.ACT)
            self.steps_done += 1

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
