"""Counts over a whole population, read block by block of agents so that memory does not grow with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actinf.lab.trace import names_of

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Shares", "action_shares_of", "mean_free_energy", "preferred_shares", "state_shares"]

_BLOCK_VALUES = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How often each value of one variable was taken.

    Attributes:
        control: what the variable is about: the name of the control, modality or factor.
        names: names of its values.
        share: share of the agents (episode, time, value); sums to one unless values are missing.
        num_agents: number of agents.
    """

    control: str
    names: list[str]
    share: NDArray[np.float64]
    num_agents: int


def action_shares_of(trace: xr.Dataset) -> list[Shares]:
    """The share of each action at each step, a record per control; empty when no actions were recorded."""
    return [_shares(trace, str(name), "action_") for name in trace.data_vars if str(name).startswith("action_")]


def state_shares(trace: xr.Dataset, factor: str) -> Shares:
    """The share of the agents that truly were in each state of a factor of the world."""
    return _shares(trace, f"state_{factor}", "state_")


def preferred_shares(trace: xr.Dataset, preferences: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float64]]:
    """How often agents saw what they prefer most.

    Args:
        trace: a trace that holds `obs_<modality>`.
        preferences: log-preferences by modality, (outcome,), or (time, outcome), of which the last row counts; a
            modality without a single most preferred outcome is left out.

    Returns:
        For each modality, under the name `"modality: outcome"`, the share of steps (episode, agent).
    """
    found = {}
    for modality, values in preferences.items():
        name = f"obs_{modality}"
        last = np.atleast_2d(values)[-1]
        best = np.flatnonzero(last == np.max(last))
        if name not in trace or len(best) != 1:
            continue
        blocks = [np.mean(block == best[0], axis=2) for block in _blocks(trace[name])]
        outcome = names_of(trace[name])[int(best[0])]
        found[f"{modality}: {outcome}"] = np.concatenate(blocks, axis=1)
    return found


def mean_free_energy(trace: xr.Dataset) -> NDArray[np.float64] | None:
    """Free energy of a step in nats, (episode, agent): the mean over the steps; `None` when it was not recorded."""
    if "F" not in trace:
        return None
    return np.concatenate([np.mean(block, axis=2, dtype=np.float64) for block in _blocks(trace["F"])], axis=1)


def _shares(trace: xr.Dataset, name: str, prefix: str) -> Shares:
    variable = trace[name]
    names = names_of(variable)
    episodes, agents, steps = (variable.sizes[dim] for dim in ("episode", "agent", "time"))
    counts = np.zeros((episodes, steps, len(names)), dtype=np.int64)
    cell = np.arange(episodes * steps, dtype=np.int64).reshape(episodes, 1, steps) * len(names)
    for block in _blocks(variable):
        where = (cell + block)[block >= 0]
        counts += np.bincount(where, minlength=counts.size).reshape(counts.shape)
    return Shares(control=name.removeprefix(prefix), names=names, share=counts / max(agents, 1), num_agents=agents)


def _blocks(variable: xr.DataArray) -> Iterator[NDArray[Any]]:
    """The values (episode, agents of the block, time), a block of agents at a time."""
    agents = variable.sizes["agent"]
    width = max(1, _BLOCK_VALUES // max(1, variable.sizes["episode"] * variable.sizes["time"]))
    for first in range(0, agents, width):
        yield np.asarray(variable.isel(agent=slice(first, first + width)).values)
