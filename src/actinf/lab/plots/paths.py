"""Where agents went, for worlds whose states are the cells of a map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actinf.errors import TraceError
from actinf.lab.plots.style import (
    ACCENT,
    GRID,
    HEAT,
    INK,
    MUTED,
    PAPER,
    figure,
    label_panel,
    plain_bar,
    probability_colours,
)
from actinf.lab.tally import state_shares

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from actinf.envs.maps import Layout

__all__ = ["on_the_map", "paths"]


def on_the_map(values: NDArray[Any], layout: Layout) -> NDArray[np.float64]:
    """Values by state (state,) as (row, column), summed where states share a cell; cells without a state are NaN."""
    chart = np.full(layout.shape, np.nan)
    for value, cell in zip(values, layout.cells):
        if cell is not None:
            chart[cell] = np.nansum([chart[cell], value])
    return chart


def paths(trace: xr.Dataset, layout: Layout, *, agent: int = 0, episode: int = 0) -> Figure:
    """The path of one agent on the map, and the share of time that the population spent in each cell.

    Args:
        trace: a trace that holds `state_<factor>`.
        layout: the map: which state of which factor lies where.
        agent: index of the agent.
        episode: index of the episode.

    Raises:
        TraceError: the trace does not hold the true states.
    """
    name = f"state_{layout.factor}"
    if name not in trace:
        raise TraceError(f"the trace holds no {name!r} to draw a path: record 'state'")
    rows, columns = layout.shape
    states = np.asarray(trace[name].isel(agent=agent, episode=episode).values, dtype=np.int64)
    visits = on_the_map(state_shares(trace, layout.factor).share[episode].mean(axis=0), layout)
    where = f"; episode {episode} of {trace.sizes['episode']}" if trace.sizes["episode"] > 1 else ""
    count = trace.sizes["agent"]
    population = f"; the shade is the share of time of all {count:,} agents" if count > 1 else ""
    height = 3.6 * rows / columns + 0.4
    with figure(
        "Where the agents went",
        f"The path of agent {agent} from ● to ■{population}{where}.",
        heights=[min(height, 9.0)],
        widths=[1.0, 1.0],
    ) as (fig, axes):
        left, right = axes[0]
        _grid(left, rows, columns)
        _path(left, [cell for state in states if (cell := layout.cells[state]) is not None])
        label_panel(left, f"agent {agent}", f"{len(states)} steps, {int(np.count_nonzero(np.diff(states)))} moves")
        mesh = _visits(right, visits)
        label_panel(right, "all agents" if count > 1 else "time spent")
        bar = fig.colorbar(mesh, ax=right, fraction=0.04, pad=0.02, aspect=24)
        bar.set_label("share of time", color=MUTED)
        bar.ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
        plain_bar(bar)
        return fig


def _grid(ax: Axes, rows: int, columns: int) -> None:
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal", xticks=[], yticks=[])
    lines: dict[str, Any] = {"color": GRID, "linewidth": 0.7, "zorder": 0}
    ax.hlines(np.arange(rows + 1) - 0.5, -0.5, columns - 0.5, **lines)
    ax.vlines(np.arange(columns + 1) - 0.5, -0.5, rows - 0.5, **lines)
    ax.spines[["left", "bottom"]].set_visible(False)


def _path(ax: Axes, cells: Sequence[tuple[int, int]]) -> None:
    """Draw the path; visits of the same cell are moved apart a little, the same way each time."""
    y, x = np.array(cells, dtype=np.float64).reshape(-1, 2).T
    turn = np.arange(len(cells)) * 2.399963
    radius = 0.16 * (np.arange(len(cells)) % 7) / 6.0
    px, py = x + radius * np.cos(turn), y + radius * np.sin(turn)
    fade = np.linspace(0.35, 1.0, max(1, len(cells) - 1))
    for at in range(len(cells) - 1):
        ax.plot(px[at : at + 2], py[at : at + 2], color=HEAT, linewidth=1.9, alpha=float(fade[at]), zorder=2,
                solid_capstyle="round")  # fmt: skip
    ax.scatter(px[:1], py[:1], s=46, color=INK, edgecolors=PAPER, linewidths=1.2, zorder=3)
    ax.scatter(px[-1:], py[-1:], s=46, marker="s", color=ACCENT, edgecolors=PAPER, linewidths=1.2, zorder=4)


def _visits(ax: Axes, visits: NDArray[np.float64]) -> Any:
    rows, columns = visits.shape
    mesh = ax.pcolormesh(
        np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5, visits, cmap=probability_colours(),
        vmin=0.0, vmax=max(float(np.nanmax(visits)), 1e-12), edgecolors=GRID, linewidth=0.5, clip_on=False,
    )  # fmt: skip
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal", xticks=[], yticks=[])
    ax.spines[["left", "bottom"]].set_visible(False)
    return mesh
