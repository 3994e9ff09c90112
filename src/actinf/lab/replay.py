"""Leads a recorded agent back to any of its steps, by feeding its session with what it saw and did.

The random streams are keyed by seed, agent, episode and step, so that a replayed agent is the recorded one: its beliefs
and its reasons are recomputed rather than stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actinf.errors import TraceError
from actinf.lab.explain import Reasons
from actinf.lab.trace import to_dataset
from actinf.lab.trace_layout import Extent, TraceLayout

if TYPE_CHECKING:
    import xarray as xr

    from actinf.agent import Agent, Step
    from actinf.lab.experiment import Experiment
    from actinf.model import Model

__all__ = ["Lived", "can_be_replayed", "explain_step", "replay_episode", "steps_of"]


def _needed(model: Model) -> tuple[list[str], list[str]]:
    """The variables of a trace by which an agent is replayed: observations and actions."""
    return [f"obs_{modality.name}" for modality in model.modalities], [f"action_{c.name}" for c in model.controls]


def can_be_replayed(trace: xr.Dataset, model: Model) -> bool:
    """Whether what agents saw and did was recorded."""
    observations, actions = _needed(model)
    return {*observations, *actions} <= set(map(str, trace.data_vars))


class Lived:
    """What one agent saw and did, episode by episode.

    Attributes:
        observations: outcome indices (episode, time, modality), -1 where missing.
        actions: action indices (episode, time, control).
    """

    def __init__(self, trace: xr.Dataset, experiment: Experiment, agent: int):
        """Take one agent's observations and actions out of a trace.

        Raises:
            TraceError: the agent does not exist, or its observations or actions were not recorded.
        """
        model = experiment.model
        count = trace.sizes["agent"]
        if not 0 <= agent < count:
            raise TraceError(f"there is no agent {agent}: the run has {count:,}, counted from 0")
        observations, actions = _needed(model)
        self.observations, self.actions = _stack(trace, agent, observations), _stack(trace, agent, actions)


def _stack(trace: xr.Dataset, agent: int, names: list[str]) -> NDArray[np.int64]:
    missing = [name for name in names if name not in trace]
    if missing:
        raise TraceError(
            f"{missing[0]!r} was not recorded, and without it no agent can be replayed: record 'obs' and 'action'"
        )
    shape = (trace.sizes["episode"], trace.sizes["time"], len(names))
    stacked = np.empty(shape, dtype=np.int64)
    for at, name in enumerate(names):
        stacked[:, :, at] = trace[name].isel(agent=agent).values
    return stacked


def steps_of(agent: Agent, experiment: Experiment, lived: Lived, index: int, episode: int) -> Iterator[Step]:
    """The steps of one episode of one agent, computed again.

    Args:
        agent: the agent that was simulated.
        experiment: what was run.
        lived: what the agent saw and did.
        index: the agent's row.
        episode: which episode; those before it are lived through again when the agent learns.

    Yields:
        The steps in order.

    Raises:
        TraceError: the agent does otherwise than recorded, so that the trace is of another model or version.
    """
    if not 0 <= episode < len(lived.observations):
        raise TraceError(f"there is no episode {episode}: the run has {len(lived.observations):,}, counted from 0")
    session = agent.start(seed=experiment.seed, index=index)
    remembers = agent.learning is not None and experiment.carry_counts
    for earlier in range(episode):
        if remembers:
            for _ in _live(session, lived, earlier):
                pass
        session.next_episode(carry_counts=experiment.carry_counts)
    yield from _live(session, lived, episode)


def _live(session: Any, lived: Lived, episode: int) -> Iterator[Step]:
    executed = None
    for time, (seen, did) in enumerate(zip(lived.observations[episode], lived.actions[episode])):
        observation = [None if outcome < 0 else int(outcome) for outcome in seen]
        step = session.step(observation, executed=executed)
        executed = [int(action) for action in did]
        if tuple(executed) != tuple(step.action_index):
            raise TraceError(
                f"replayed, the agent does {tuple(step.action_index)} at step {time} of episode {episode}, but the "
                f"trace says {tuple(executed)}: it is of another model, seed or version"
            )
        yield step


def explain_step(
    agent: Agent, experiment: Experiment, trace: xr.Dataset, *, index: int, episode: int, time: int
) -> Reasons:
    """Why one agent did what it did at one step.

    Args:
        agent: the agent that was simulated.
        experiment: what was run.
        trace: what was recorded: observations and actions at the least.
        index, episode, time: which agent, and when.

    Raises:
        TraceError: there is no such agent, episode or step, or the trace is of another model or version.
    """
    lived = Lived(trace, experiment, index)
    if not 0 <= time < trace.sizes["time"]:
        raise TraceError(f"there is no step {time}: an episode has {trace.sizes['time']:,}, counted from 0")
    steps = steps_of(agent, experiment, lived, index, episode)
    step = next(step for at, step in enumerate(steps) if at == time)
    model = experiment.model
    outcomes = lived.observations[episode, time]
    observed = {
        modality.name: None if outcome < 0 else modality.outcomes[outcome]
        for modality, outcome in zip(model.modalities, outcomes)
    }
    return Reasons.of(agent, step, observed, called=index, number=time)


def replay_episode(agent: Agent, experiment: Experiment, trace: xr.Dataset, *, index: int, episode: int) -> xr.Dataset:
    """One agent's episode with everything in it, whatever was recorded: a trace of one agent and one episode.

    Raises:
        TraceError: observations or actions were not recorded, or the trace is of another model or version.
    """
    lived = Lived(trace, experiment, index)
    steps = list(steps_of(agent, experiment, lived, index, episode))
    arrays: dict[str, NDArray[Any]] = {
        "obs": lived.observations[episode][None, None],
        "action": lived.actions[episode][None, None],
        "qs": np.array([np.concatenate(list(step.qs.values())) for step in steps])[None, None],
        "q_pi": np.array([step.q_pi for step in steps])[None, None],
        "G": np.array([step.G for step in steps])[None, None],
        "F": np.array([step.F for step in steps])[None, None],
    }
    layout = TraceLayout.plan(
        model=experiment.model,
        policies=agent.policies,
        extent=Extent(num_agents=1, num_steps=len(steps)),
        record=tuple(arrays),
        dtype=agent.dtype,
    )
    one = to_dataset(layout, arrays)
    for name in trace.data_vars:
        if str(name).startswith("state_"):
            one[name] = trace[name].isel(agent=[index], episode=[episode]).load()
    return one.assign_coords(agent=[index], episode=[episode])
