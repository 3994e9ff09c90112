"""Our side: a worker that answers the same requests as the peer's, by the public API of actinf alone.

A variant is a dtype.  Everything is warm before it is timed: one step, or one whole batch, has gone before.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import actinf as ai
from actinf.lab.bench.models import BenchModel
from actinf.lab.bench.reference import FLOOR, Episode, Posteriors
from actinf.lab.bench.world import TableWorld

__all__ = ["main"]

EPISODE = 20  # steps after which the agent and its world start again
MOST_EPISODES = 50  # that are recorded before steps are timed


def to_actinf(model: BenchModel) -> ai.Model:
    """The model of the benchmark as a model of actinf, from the very arrays that the peer reads."""
    return ai.Model.from_arrays(
        A=list(model.A),
        B=list(model.B),
        C=list(model.C),
        D=list(model.D),
        A_dependencies=model.A_dependencies,
        B_dependencies=model.B_dependencies,
    )


def make_agent(model: BenchModel, dtype: str) -> ai.Agent:
    """An agent with the default settings, but for the floor under logarithms, which is the peer's."""
    return ai.Agent(
        to_actinf(model),
        inference=ai.FixedPoint(log_floor=float(FLOOR)),
        planner=ai.Exhaustive(horizon=model.horizon),
        gamma=model.gamma,
        dtype=dtype,
    )


def actions_by_factor(agent: ai.Agent, chosen: dict[str, str]) -> Any:
    """The action of every factor as an index, 0 where a factor is not controlled."""
    model = agent.model
    names = [None if c is None else model.controls[c] for c in model.control_of_factor]
    return np.array([0 if c is None else c.actions.index(chosen[c.name]) for c in names])


def take_step(session: Any, observation: Any) -> tuple[dict[str, str], list[Any], Any]:
    """What is timed: one step, and its action, q(s) and q(pi) as NumPy arrays."""
    step = session.step(observation)
    return step.action, [np.asarray(q) for q in step.qs.values()], np.asarray(step.q_pi)


def recorded_episodes(model: BenchModel, agent: ai.Agent, seconds: float) -> list[list[list[int]]]:
    """What the agent meets in its own world, episode by episode; that of `index=i` in place i."""
    world = TableWorld(model, np.random.default_rng(0))
    episodes: list[list[list[int]]] = []
    end = time.perf_counter() + seconds
    while not episodes or (len(episodes) < MOST_EPISODES and time.perf_counter() < end):
        world.restart()
        session, observations = agent.start(seed=0, index=len(episodes)), []
        for _ in range(EPISODE):
            observations.append([int(o) for o in world.observe()])
            action, _, _ = take_step(session, observations[-1])
            world.move(actions_by_factor(agent, action))
        episodes.append(observations)
    return episodes


def time_steps(request: dict[str, Any]) -> dict[str, Any]:
    """Nanoseconds of each step of one agent over episodes that it lived through before; `seconds` of steps in all.

    The same agent takes the same actions again, so that what was recorded is what its world would show it.
    """
    model = BenchModel.load(Path(request["model"]))
    agent = make_agent(model, request["variant"])
    episodes = recorded_episodes(model, agent, request["seconds"] / 2)
    times: list[int] = []
    spent = 0
    while True:
        episode = len(times) // EPISODE % len(episodes)
        session = agent.start(seed=0, index=episode)
        for observation in episodes[episode]:
            if len(times) >= request["most"] or (spent > request["seconds"] * 1e9 and len(times) >= request["least"]):
                return {"nanoseconds": times}
            start = time.perf_counter_ns()
            take_step(session, observation)
            times.append(time.perf_counter_ns() - start)
            spent += times[-1]


def replay(request: dict[str, Any]) -> dict[str, Any]:
    """q(s) and q(pi) at every step of an episode that was recorded elsewhere, with the actions that were executed."""
    model, episode = BenchModel.load(Path(request["model"])), Episode.load(Path(request["episode"]))
    agent = make_agent(model, request["variant"])
    controlled = [f for f, c in enumerate(agent.model.control_of_factor) if c is not None]
    session, executed, states, policies = agent.start(seed=0), None, [], []
    for observation, action in zip(episode.observations, episode.actions, strict=True):
        step = session.step([int(o) for o in observation], executed=executed)
        executed = [int(action[f]) for f in controlled]
        states.append([np.array(q) for q in step.qs.values()])
        policies.append(np.array(step.q_pi))
    by_factor = tuple(np.stack([qs[f] for qs in states]) for f in range(len(model.D)))
    Posteriors(by_factor, np.stack(policies)).save(Path(request["out"]))
    return {}


def simulate(agent: Any, world: ai.World, agents: int, steps: int, seed: int) -> Any:
    """A batch with only observations and actions recorded."""
    return ai.simulate(agent, world, num_agents=agents, num_steps=steps, seed=seed, record=("obs", "action"))


def time_batch(request: dict[str, Any]) -> dict[str, Any]:
    """Seconds of each whole run of a batch, up to the dataset in memory."""
    model, agents, steps = BenchModel.load(Path(request["model"])), request["agents"], request["steps"]
    agent: Any = make_agent(model, request["variant"])
    world = ai.World(to_actinf(model))
    if request["individual"]:
        with np.load(request["individual"]) as file:
            preferences = {name: file[f"C{m}"] for m, name in enumerate(m.name for m in agent.model.modalities)}
            agent = ai.Population(agent, size=agents, gamma=file["gamma"], C=preferences)
    simulate(agent, world, agents, steps, 0)
    times = []
    for repeat in range(request["repeats"]):
        start = time.perf_counter()
        simulate(agent, world, agents, steps, repeat)
        times.append(time.perf_counter() - start)
    return {"seconds": times, "peak_bytes": peak_bytes()}


def peak_bytes() -> int:
    """The highest resident memory of this process so far.

    Not ru_maxrss where it can be helped: that one remembers the parent's memory across vfork and exec.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def versions(_: dict[str, Any]) -> dict[str, Any]:
    """What the figures were measured with."""
    from importlib.metadata import version

    return {"versions": {name: version(name) for name in ("actinf", "numba", "numpy")}}


OPERATIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "versions": versions,
    "step": time_steps,
    "replay": replay,
    "batch": time_batch,
}


def serve(requests: Iterator[str], answer: Callable[[dict[str, Any]], None]) -> None:
    """Answer requests until stdin ends."""
    for line in requests:
        request = json.loads(line)
        answer(OPERATIONS[request["op"]](request))


def first_result(path: str, agents: int, steps: int, variant: str) -> dict[str, Any]:
    """What a fresh process must do before it knows anything: one step of one agent, or a run of a batch."""
    model = BenchModel.load(Path(path))
    agent = make_agent(model, variant)
    if agents == 0:
        _, _, q_pi = take_step(agent.start(seed=0), [0] * len(model.A))
        shape = q_pi.shape
    else:
        shape = tuple(simulate(agent, ai.World(agent.model), agents, steps, 0).sizes.values())
    return {"shape": shape, "peak_bytes": peak_bytes()}


def main() -> None:
    """Serve, or with --first take one measurement and leave."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", metavar="MODEL", help="one step with this model, or a run of --agents, and leave")
    parser.add_argument("--agents", type=int, default=0)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--variant", choices=["float64", "float32"], default="float64")
    arguments = parser.parse_args()

    # What libraries print must not come between the lines of the protocol.
    protocol = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def answer(record: dict[str, Any]) -> None:
        protocol.write(json.dumps(record) + "\n")

    if arguments.first:
        answer(first_result(arguments.first, arguments.agents, arguments.steps, arguments.variant))
    else:
        serve(iter(sys.stdin.readline, ""), answer)


if __name__ == "__main__":
    main()
