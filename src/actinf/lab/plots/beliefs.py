"""What one agent believed about each hidden factor, against what was true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actinf.errors import TraceError
from actinf.lab.plots.asked import check_layout, check_trace
from actinf.lab.plots.paths import on_the_map, walls
from actinf.lab.plots.rows import pick_rows
from actinf.lab.plots.style import (
    MUTED,
    agent_label,
    figure,
    heat_map,
    in_episode,
    label_panel,
    probability_bar,
    probability_colours,
    ring,
)
from actinf.lab.trace import names_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from actinf.envs.maps import Layout

__all__ = ["belief_maps", "beliefs"]

_MOST_STATES = 24
_MOST_FACTORS = 8
_MOST_MAPS = 12


def beliefs(trace: xr.Dataset, *, agent: int = 0, episode: int = 0) -> Figure:
    """A heat map per factor: the probability of each state after each observation, the true state ringed.

    Args:
        trace: a trace that holds `qs_<factor>`; the truth is marked when it holds `state_<factor>`.
        agent: index of the agent.
        episode: index of the episode.

    Raises:
        TraceError: the trace holds no beliefs.
    """
    check_trace(trace, agent=agent, episode=episode)
    one = trace.isel(agent=agent, episode=episode)
    factors = [str(name)[3:] for name in one.data_vars if str(name).startswith("qs_")]
    if not factors:
        raise TraceError("the trace holds no beliefs to draw: record 'qs'")
    panels = [_Panel(one, factor) for factor in factors[:_MOST_FACTORS]]
    heights = [0.52 + 0.2 * max(2 if len(panels) > 1 else 4, len(panel.labels)) for panel in panels]
    marked = "; the ring marks the true state" if any(panel.truth is not None for panel in panels) else ""
    more = f"; the first {_MOST_FACTORS} of {len(factors)} factors" if len(factors) > _MOST_FACTORS else ""
    with figure(
        f"What agent {agent_label(trace, agent)} believed{in_episode(trace, episode)}",
        f"Probability of each state after the observation of each step{marked}{more}.",
        heights=heights,
    ) as (fig, axes):
        mesh: Any = None
        for panel, ax in zip(panels, axes[:, 0]):
            mesh = heat_map(ax, panel.table, panel.labels, others=panel.others)
            label_panel(ax, panel.factor, panel.note)
            _mark_truth(ax, panel)
        axes[-1, 0].set_xlabel("step")
        probability_bar(fig, mesh, list(axes[:, 0]))
        return fig


class _Panel:
    """What one panel shows of one factor."""

    def __init__(self, one: xr.Dataset, factor: str):
        belief = one[f"qs_{factor}"]
        values = np.asarray(belief.values, dtype=np.float64)
        names = [str(name) for name in belief.coords[belief.dims[-1]].values]
        self.factor = factor
        self.truth = _true_rows(one, factor, names)
        known = [] if self.truth is None else _by_frequency(self.truth)
        rows = pick_rows(values, most=_MOST_STATES, keep=known)
        self.table = rows.table(values)
        self.labels = rows.labels(names, "states")
        self.shown = rows.shown
        self.others = rows.rest is not None
        self.note = f"{len(rows.shown)} of {rows.total:,} states, the most believed" if rows.hidden else ""


def _by_frequency(states: NDArray[np.int64]) -> list[int]:
    """The states that occur, the most frequent first."""
    found, counts = np.unique(states[states >= 0], return_counts=True)
    return [int(state) for state in found[np.argsort(-counts, kind="stable")]]


def _true_rows(one: xr.Dataset, factor: str, names: list[str]) -> NDArray[np.int64] | None:
    """The true state at each step as an index into the agent's states, -1 where the agent has no such state."""
    name = f"state_{factor}"
    if name not in one:
        return None
    index = {state: row for row, state in enumerate(names)}
    world = [index.get(state, -1) for state in names_of(one[name])]
    states = np.asarray(one[name].values, dtype=np.int64)
    return np.where(states < 0, -1, np.asarray(world, dtype=np.int64)[states])


def _mark_truth(ax: Any, panel: _Panel) -> None:
    if panel.truth is None:
        return
    row_of = {int(state): row for row, state in enumerate(panel.shown)}
    hidden = len(panel.shown) if panel.others else -1
    marks = [(step, row_of.get(int(state), hidden)) for step, state in enumerate(panel.truth) if state >= 0]
    marks = [(step, row) for step, row in marks if row >= 0]
    if marks:
        steps, rows = zip(*marks)
        ring(ax, steps, rows, float(np.clip(3600.0 / len(panel.truth), 8.0, 62.0)))


def belief_maps(trace: xr.Dataset, layout: Layout, *, agent: int = 0, episode: int = 0) -> Figure:
    """Where one agent believed itself to be, on the map, at several steps.

    Args:
        trace: a trace that holds `qs_<factor>`.
        layout: the map: which state of which factor lies where.
        agent: index of the agent.
        episode: index of the episode.

    Raises:
        TraceError: the trace holds no beliefs about the factor of the map.
        SettingError: the map is that of another world.
    """
    check_trace(trace, agent=agent, episode=episode)
    factor = getattr(layout, "factor", "")
    if factor and f"qs_{factor}" not in trace:
        raise TraceError(f"the trace holds no {f'qs_{factor}'!r} to draw on the map: record 'qs'")
    check_layout(trace, layout, f"qs_{factor}", trace[f"qs_{factor}"].shape[-1] if factor else 0)
    one = trace.isel(agent=agent, episode=episode)
    belief = np.asarray(one[f"qs_{factor}"].values, dtype=np.float64)
    names = [str(name) for name in one[f"qs_{factor}"].coords[one[f"qs_{factor}"].dims[-1]].values]
    truth = _true_rows(one, factor, names)
    rows, columns = layout.shape
    steps = np.unique(np.linspace(0, len(belief) - 1, min(_MOST_MAPS, len(belief))).round().astype(int))
    across = min(6, len(steps))
    down = -(-len(steps) // across)
    height = min(8.0 / across * rows / columns, 3.0) + 0.32
    marked = "; the ring marks where it was" if truth is not None else ""
    with figure(
        f"Where agent {agent_label(trace, agent)} believed itself to be{in_episode(trace, episode)}",
        f"Probability of each cell after the observation of a step{marked}.",
        heights=[height] * down,
        widths=[1.0] * across,
    ) as (fig, axes):
        mesh: Any = None
        for ax in axes.flat[len(steps) :]:
            ax.set_visible(False)
        for ax, step in zip(axes.flat, steps):
            mesh = ax.pcolormesh(on_the_map(belief[step], layout), cmap=probability_colours(), vmin=0.0, vmax=1.0)
            walls(ax, layout, corner=0.0)
            ax.set_title(f"step {step}", color=MUTED)
            cell = None if truth is None or truth[step] < 0 else layout.cells[truth[step]]
            if cell is not None:
                ring(ax, cell[1] + 0.5, cell[0] + 0.5, 26.0)
        probability_bar(fig, mesh, list(axes.flat))
        return fig
