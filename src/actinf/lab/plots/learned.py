"""What agents learned: the probabilities that moved most, episode by episode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actinf.errors import TraceError
from actinf.lab.plots.asked import check_trace
from actinf.lab.plots.free_energy import sample_agents
from actinf.lab.plots.style import (
    MUTED,
    PALETTE,
    figure,
    label_panel,
    mark_changes,
    said_of_changes,
    shorten,
    step_ticks,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["learned_probabilities"]

_MOST_LINES = 6
_MOST_TABLES = 4
_MOST_VALUES = 4_000_000
_SMALLEST_MOVE = 0.005


@dataclass(frozen=True)
class _Line:
    """One probability over the episodes: what it is of, its mean over the agents, and the middle half of them."""

    label: str
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def learned_probabilities(trace: xr.Dataset, *, changes: Sequence[int] = ()) -> Figure:
    """Curves of the learned probabilities that moved most over the episodes, a panel for each table.

    Args:
        trace: a trace that holds counts (`pA_<modality>`, `pB_<factor>`, `pD_<factor>`).
        changes: episodes at which the world changed, marked by a line.

    Raises:
        TraceError: the trace holds no counts, or none that moved from episode to episode.
    """
    check_trace(trace)
    names = [str(name) for name in trace.data_vars if str(name)[:3] in ("pA_", "pB_", "pD_")]
    if not names:
        raise TraceError("the trace holds no counts to draw: record 'counts'")
    panels = [(name, lines) for name in names if (lines := list(_lines(trace[name])))][:_MOST_TABLES]
    if not panels:
        raise TraceError("the counts of the trace hardly move from episode to episode: there is nothing to draw")
    count = trace.sizes["agent"]
    who = f"mean of {count:,} agents, and the middle half of them" if count > 1 else "of the one agent"
    with figure(
        "What the agents learned",
        f"The probabilities that moved most, at the end of each episode: {who}{said_of_changes(changes)}.",
        heights=[2.5] * len(panels),
    ) as (fig, axes):
        for (name, lines), ax in zip(panels, axes[:, 0]):
            _draw(ax, lines)
            label_panel(ax, f"{name[1]}: {name[3:]}")
            mark_changes(ax, changes)
        axes[-1, 0].set_xlabel("episode")
        return fig


def _lines(counts: xr.DataArray) -> Iterator[_Line]:
    """The entries of a table whose mean probability moved most, the first of them moved most."""
    size = int(np.prod([counts.sizes[dim] for dim in counts.dims if dim != "agent"]))
    sample = sample_agents(counts.sizes["agent"])
    stride = max(sample.step, -(-counts.sizes["agent"] * size // _MOST_VALUES))
    values = np.asarray(counts.isel(agent=slice(0, None, stride)).values, dtype=np.float64)
    total = values.sum(axis=2, keepdims=True)
    probability = np.divide(values, total, out=np.zeros_like(values), where=total > 0)
    shape = probability.shape[2:]
    flat = probability.reshape(*probability.shape[:2], -1)
    mean = flat.mean(axis=1)
    moved = np.where(_complements(values).ravel(), 0.0, np.ptp(mean, axis=0))
    for entry in np.argsort(-moved, kind="stable")[:_MOST_LINES]:
        if moved[entry] < _SMALLEST_MOVE:
            return
        low, high = np.quantile(flat[:, :, entry], [0.25, 0.75], axis=1)
        yield _Line(_label(counts, np.unravel_index(int(entry), shape)), mean[:, entry], low, high)


def _complements(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The second of the two outcomes of each column that has two, (row, ...): it is one minus the first."""
    possible = np.any(values > 0.0, axis=(0, 1))
    second = possible & (np.cumsum(possible, axis=0) == 2)
    return np.asarray(second & (possible.sum(axis=0, keepdims=True) == 2))


def _label(counts: xr.DataArray, index: tuple[np.intp, ...]) -> str:
    """`"reward | arm_1"`: the row, given the names of its column, with the factor's where rows have the same names."""
    rows, *columns = counts.dims[2:]
    names = {dim: [str(name) for name in counts.coords[dim].values] for dim in (rows, *columns)}
    row = names[rows][index[0]]
    given = [
        names[dim][at] if set(names[dim]).isdisjoint(names[rows]) else f"{dim} {names[dim][at]}"
        for dim, at in zip(columns, index[1:])
        if names[dim] != ["-"]
    ]
    return f"{row} | {', '.join(given)}" if given else row


def _draw(ax: Axes, lines: list[_Line]) -> None:
    for line, colour in zip(lines, PALETTE):
        episodes = np.arange(len(line.mean))
        ax.fill_between(episodes, line.low, line.high, color=colour, alpha=0.14, linewidth=0)
        ax.plot(episodes, line.mean, color=colour, linewidth=1.6, label=shorten(line.label, 34))
    ax.set(ylim=(-0.02, 1.02), yticks=[0, 0.5, 1.0], yticklabels=["0", "½", "1"], ylabel="probability")
    ax.set_xlim(-0.35, len(lines[0].mean) - 0.65)
    ax.grid(axis="y")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    step_ticks(ax, len(lines[0].mean))
    ax.legend(loc="center left", bbox_to_anchor=(1.005, 0.5), handlelength=1.2, labelcolor=MUTED)
