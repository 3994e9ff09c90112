"""Where agents went, for worlds whose states are the cells of a map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actinf.errors import TraceError
from actinf.lab.extras import load_extra
from actinf.lab.plots.asked import check_layout, check_trace
from actinf.lab.plots.style import (
    ACCENT,
    GRID,
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

Cell = tuple[int, int]

_WIDEST = 3.6
_TALLEST = 5.0
_BAR = 0.11
_LANE = 0.07
_MOST_NAMED = 12
_MOST_SEARCHED = 1000
_FAINT, _FULL = (0.62, 0.79, 0.91), (0.133, 0.533, 0.8)


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
    height = min(_WIDEST * rows / columns, _TALLEST)
    width = height * columns / rows
    spare = [2 * (_WIDEST - width)] if width < 0.95 * _WIDEST else []
    with figure(
        f"Where the agents went{in_episode(trace, episode)}",
        f"The path of agent {agent_label(trace, agent)} from ● to ■{population}.",
        heights=[height + 0.4],
        widths=[width, width, _BAR, *spare],
    ) as (fig, axes):
        left, right, scale = axes[0, :3]
        for ax in axes[0, 3:]:
            ax.set_visible(False)
        walls(left, layout)
        _path(left, [cell for state in states if (cell := layout.cells[state]) is not None], layout)
        _name_cells(left, layout, names_of(trace[name]))
        label_panel(left, f"agent {agent_label(trace, agent)}", f"{np.count_nonzero(np.diff(states))} moves")
        mesh = _visits(right, visits)
        walls(right, layout)
        _name_cells(right, layout, names_of(trace[name]), visits)
        label_panel(right, "all agents" if count > 1 else "time spent")
        bar = fig.colorbar(mesh, cax=scale)
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


def _path(ax: Axes, cells: Sequence[Cell], layout: Layout) -> None:
    """Draw the path without its pauses, fainter at its beginning."""
    collections = load_extra("matplotlib.collections", extra="plot", purpose="Drawing a plot")
    way = [cell for at, cell in enumerate(cells) if at == 0 or cell != cells[at - 1]]
    if not way:  # it was nowhere on the map
        return
    legs = _legs(way, layout)
    first, last = (legs[0][0], legs[-1][-1]) if legs else (_point(way[0]), _point(way[0]))
    joined = [leg if at == 0 else np.vstack([legs[at - 1][-1], leg]) for at, leg in enumerate(legs)]
    shades = np.linspace(np.array(_FAINT), np.array(_FULL), max(1, len(legs)))
    ax.add_collection(
        collections.LineCollection(joined, colors=shades, linewidths=2.0, zorder=3, capstyle="round", joinstyle="round")
    )
    ax.scatter(first[0], first[1], s=52, color=INK, edgecolors=PAPER, linewidths=1.2, zorder=4)
    ax.scatter(last[0], last[1], s=52, marker="s", color=ACCENT, edgecolors=PAPER, linewidths=1.2, zorder=5)


def _legs(way: Sequence[Cell], layout: Layout) -> list[NDArray[np.float64]]:
    """Each move as a line of points (x, y).

    Moves between the same two cells run side by side, each on the right of its way; so do jumps, beside the moves.
    """
    moves = list(pairwise(way))
    times = Counter(frozenset(move) for move in moves)
    passed: Counter[frozenset[Cell]] = Counter()
    legs = []
    for move in moves:
        line = _line(*move, layout)
        lane = passed[frozenset(move)]
        passed[frozenset(move)] += 1
        if times[frozenset(move)] > 1 or _are_apart(*move):
            x, y = (line[-1] - line[0]) / np.hypot(*(line[-1] - line[0]))
            aside = np.full(2, 1.0) if len(line) == 2 else np.sin(np.linspace(0.0, np.pi, len(line)))
            line = line + _LANE * (1 + lane // 2 % 4) * aside[:, None] * np.array([-y, x])
        legs.append(line)
    return legs


def _line(begin: Cell, end: Cell, layout: Layout) -> NDArray[np.float64]:
    """A move to the next cell is straight; a jump is bent, so that it passes through free cells and no wall."""
    way = _way_round(begin, end, frozenset(cell for cell in layout.cells if cell is not None))
    if len(way) < 3:
        return np.array([_point(begin), _point(end)])
    share = np.linspace(0.0, 1.0, 25)[:, None]
    points, at = [], _point(begin)
    for cell, following in pairwise(way[1:]):
        corner = _point(cell)
        goal = _point(following) if following == end else (corner + _point(following)) / 2
        points.append((1 - share) ** 2 * at + 2 * share * (1 - share) * corner + share**2 * goal)
        at = goal
    return np.vstack(points)


def _way_round(begin: Cell, end: Cell, free: frozenset[Cell]) -> list[Cell]:
    """The shortest way over free cells; straight there where the map is too large to look for one, empty for none."""
    if not _are_apart(begin, end) or len(free) > _MOST_SEARCHED:
        return [begin, end]
    came_from: dict[Cell, Cell] = {begin: begin}
    frontier = [begin]
    while frontier and end not in came_from:
        reached = []
        for row, column in frontier:
            for cell in ((row - 1, column), (row, column + 1), (row + 1, column), (row, column - 1)):
                if cell in free and cell not in came_from:
                    came_from[cell] = (row, column)
                    reached.append(cell)
        frontier = reached
    if end not in came_from:
        return []
    way = [end]
    while way[-1] != begin:
        way.append(came_from[way[-1]])
    return way[::-1]


def _are_apart(one: Cell, other: Cell) -> bool:
    return abs(one[0] - other[0]) + abs(one[1] - other[1]) > 1


def _point(cell: Cell) -> NDArray[np.float64]:
    """The middle of a cell as (x, y)."""
    return np.array([cell[1], cell[0]], dtype=np.float64)


def _name_cells(ax: Axes, layout: Layout, names: Sequence[str], shares: NDArray[np.float64] | None = None) -> None:
    """Write the names of the states, and their shares of time, into the cells of a small map."""
    if len(layout.cells) > _MOST_NAMED:
        return
    for name, cell in zip(names, layout.cells):
        if cell is None:
            continue
        ax.text(cell[1] - 0.45, cell[0] - 0.44, name, size=8.5, color=MUTED if shares is None else INK, va="top")
        if shares is not None:
            ax.text(cell[1], cell[0], f"{100 * shares[cell]:.2g} %", size=11.0, color=INK, ha="center", va="center")


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
