"""One agent's episode as a table: what it saw, believed and did at each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from actinf.lab.replay import replay_episode
from actinf.lab.report.page import Html, join, paragraph, table
from actinf.lab.trace import names_of

if TYPE_CHECKING:
    import xarray as xr

    from actinf.agent import Agent
    from actinf.lab.experiment import Experiment

__all__ = ["story"]

_MOST_STEPS = 200


def story(experiment: Experiment, agent: Agent, trace: xr.Dataset, *, index: int, episode: int) -> Html:
    """A row per step: observations, the most probable state of each factor, the action, the surprise."""
    one = replay_episode(agent, experiment, trace, index=index, episode=episode).isel(agent=0, episode=0)
    model = experiment.model
    seen = {m.name: _names(one[f"obs_{m.name}"]) for m in model.modalities}
    did = {c.name: _names(one[f"action_{c.name}"]) for c in model.controls}
    believed = {f.name: _most_probable(one[f"qs_{f.name}"], f.states) for f in model.factors}
    steps = min(one.sizes["time"], _MOST_STEPS)
    head = [
        "step",
        *(f"saw: {name}" for name in seen),
        *(f"believed: {name}" for name in believed),
        *(f"did: {name}" for name in did),
        "F (nats)",
    ]
    rows = [
        (
            t,
            *(values[t] for values in seen.values()),
            *(values[t] for values in believed.values()),
            *(values[t] for values in did.values()),
            f"{float(one['F'][t]):.3f}",
        )
        for t in range(steps)
    ]
    shown = table(head, rows, numbers=[0, len(head) - 1])
    if steps == one.sizes["time"]:
        return shown
    return join([shown, paragraph(f"The first {steps} of {one.sizes['time']:,} steps.", "muted")])


def _names(values: xr.DataArray) -> list[str]:
    names = names_of(values)
    return [names[int(value)] if value >= 0 else "missing" for value in values.values]


def _most_probable(belief: xr.DataArray, states: tuple[str, ...]) -> list[str]:
    values = np.asarray(belief.values, dtype=np.float64)
    best = values.argmax(axis=1)
    return [f"{states[s]} {values[t, s]:.0%}" if values[t, s] < 0.995 else states[s] for t, s in enumerate(best)]
