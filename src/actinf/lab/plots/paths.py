"""Where agents went, for worlds whose states are the cells of a map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actinf.errors import TraceError
from actinf.lab.extras import load_extra
from actinf.lab.plots.asked import check_layout, check_trace
from actinf.lab.plots.style import (
    ACCENT,
    GRID,
    HEAT,
    INK,
    MUTED,
    OTHERS,
    PAPER,
    agent_label,
    figure,
    in_episode,
    label_panel,
    plain_bar,
    probability_colours,
)
from actinf.lab.tally import state_shares
from actinf.lab.trace import names_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from actinf.envs.maps import Layout

__all__ = ["on_the_map", "paths", "walls"]

_TALLEST = 5.0
_MOST_NAMED = 12


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
        SettingError: the map is that of another world.
    """
    check_trace(trace, agent=agent, episode=episode)
    name = f"state_{getattr(layout, 'factor', '')}"
    if name != "state_" and name not in trace:
        raise TraceError(f"the trace holds no {name!r} to draw a path: record 'state'")
    check_layout(trace, layout, name)
    rows, columns = layout.shape
    states = np.asarray(trace[name].isel(agent=agent, episode=episode).values, dtype=np.int64)
    visits = on_the_map(state_shares(trace, layout.factor).share[episode].mean(axis=0), layout)
    count = trace.sizes["agent"]
    population = f"; the shade is the share of time of all {count:,} agents" if count > 1 else ""
    height = min(3.6 * rows / columns, _TALLEST) + 0.4
    with figure(
        "Where the agents went",
        f"The path of agent {agent_label(trace, agent)} from ● to ■{population}{in_episode(trace, episode)}.",
        heights=[height],
        widths=[1.0, 1.0],
    ) as (fig, axes):
        left, right = axes[0]
        walls(left, layout)
        _path(left, [cell for state in states if (cell := layout.cells[state]) is not None])
        _name_cells(left, layout, names_of(trace[name]))
        label_panel(left, f"agent {agent_label(trace, agent)}", f"{np.count_nonzero(np.diff(states))} moves")
        mesh = _visits(right, visits)
        walls(right, layout)
        label_panel(right, "all agents" if count > 1 else "time spent")
        bar = fig.colorbar(mesh, ax=right, fraction=0.04, pad=0.02, aspect=24)
        bar.set_label("share of time", color=MUTED)
        top = float(np.nanmax(visits))
        ticks = [top * share for share in (0.0, 0.05, 0.25, 1.0)]
        bar.set_ticks(ticks, labels=[f"{100 * tick:.2g} %" for tick in ticks])
        plain_bar(bar)
        return fig


def walls(ax: Axes, layout: Layout, *, corner: float = -0.5) -> None:
    """Draw the outline of the map, its grid, and its walls: the cells that no state lies in.

    Args:
        ax: where to draw.
        layout: the map.
        corner: where the first cell begins.
    """
    rows, columns = layout.shape
    ax.set(
        xlim=(corner, columns + corner), ylim=(rows + corner, corner), aspect="equal", xticks=[], yticks=[], anchor="NW"
    )
    ax.spines[["left", "bottom"]].set_visible(False)
    lines: dict[str, Any] = {"color": GRID, "linewidth": 0.5, "zorder": 1, "clip_on": False}
    ax.hlines(np.arange(rows + 1) + corner, corner, columns + corner, **lines)
    ax.vlines(np.arange(columns + 1) + corner, corner, rows + corner, **lines)
    free = set(layout.cells)
    for row in range(rows):
        for column in range(columns):
            if (row, column) not in free:
                ax.add_patch(rectangle(column + corner, row + corner))


def rectangle(x: float, y: float) -> Any:
    """A cell of wall."""
    patches = load_extra("matplotlib.patches", extra="plot", purpose="Drawing a plot")
    return patches.Rectangle((x, y), 1.0, 1.0, facecolor=OTHERS, edgecolor=OTHERS, linewidth=0.4, zorder=2)


def _path(ax: Axes, cells: Sequence[tuple[int, int]]) -> None:
    """Draw the path without its pauses; a cell that is visited again is passed a little beside its centre."""
    way = [cell for at, cell in enumerate(cells) if at == 0 or cell != cells[at - 1]]
    visits: dict[tuple[int, int], int] = {}
    points = np.empty((len(way), 2))
    for at, (row, column) in enumerate(way):
        turn = visits.get((row, column), 0)
        visits[row, column] = turn + 1
        radius = 0.0 if turn == 0 else 0.13 + 0.1 * ((turn % 5) / 5.0)
        points[at] = column + radius * np.cos(2.399963 * turn), row + radius * np.sin(2.399963 * turn)
    fade = np.linspace(0.4, 1.0, max(1, len(way) - 1))
    for at in range(len(way) - 1):
        ax.plot(*points[at : at + 2].T, color=HEAT, linewidth=2.0, alpha=fade[at], zorder=3, solid_capstyle="round")
    ax.scatter(points[:1, 0], points[:1, 1], s=52, color=INK, edgecolors=PAPER, linewidths=1.2, zorder=4)
    ax.scatter(
        points[-1:, 0], points[-1:, 1], s=52, marker="s", color=ACCENT, edgecolors=PAPER, linewidths=1.2, zorder=5
    )


def _name_cells(ax: Axes, layout: Layout, names: Sequence[str]) -> None:
    """Write the names of the states into the cells of a small map."""
    if len(layout.cells) > _MOST_NAMED:
        return
    for name, cell in zip(names, layout.cells):
        if cell is not None:
            ax.text(cell[1] - 0.44, cell[0] + 0.4, name, size=8.0, color=MUTED, va="bottom")


def _visits(ax: Axes, visits: NDArray[np.float64]) -> Any:
    """Shade each cell by the share of time; small shares are spread, so that a path shows beside a place to stay."""
    rows, columns = visits.shape
    colours = load_extra("matplotlib.colors", extra="plot", purpose="Drawing a plot")
    return ax.pcolormesh(
        np.arange(columns + 1) - 0.5,
        np.arange(rows + 1) - 0.5,
        visits,
        cmap=probability_colours(),
        norm=colours.PowerNorm(0.5, vmin=0.0, vmax=max(float(np.nanmax(visits)), 1e-12)),
    )
