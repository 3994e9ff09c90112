"""How surprising the observations were: variational free energy over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actinf.errors import TraceError
from actinf.lab.plots.asked import check_trace
from actinf.lab.plots.style import ACCENT, GRID, PALETTE, figure, in_episode, step_ticks

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["bands", "draw_bands", "free_energy", "sample_agents"]

_MOST_SAMPLED = 20_000


def sample_agents(count: int) -> slice:
    """Agents evenly picked from a large population, so that quantiles need no more memory than a plot is worth."""
    return slice(0, count, max(1, -(-count // _MOST_SAMPLED)))


def bands(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quantiles 5, 25, 50, 75 and 95 per cent over agents: (5, time) of (agent, time)."""
    quantiles: NDArray[np.float64] = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
    return quantiles


def free_energy(trace: xr.Dataset, *, agent: int = 0, episode: int = 0) -> Figure:
    """Free energy of one agent at each step, with the spread over the population.

    Args:
        trace: a trace that holds `F`.
        agent: index of the agent.
        episode: index of the episode.

    Raises:
        TraceError: the trace holds no free energy.
    """
    check_trace(trace, agent=agent, episode=episode)
    if "F" not in trace:
        raise TraceError("the trace holds no free energy to draw: record 'F'")
    count = trace.sizes["agent"]
    sample = sample_agents(count)
    values = np.asarray(trace["F"].isel(episode=episode, agent=sample).values, dtype=np.float64)
    one = np.asarray(trace["F"].isel(episode=episode, agent=agent).values, dtype=np.float64)
    steps = np.arange(values.shape[1])
    sampled = f" (bands: every {sample.step}th agent)" if sample.step > 1 else ""
    with figure(
        f"How surprising the observations were{in_episode(trace, episode)}",
        f"Variational free energy F of each step, in nats: the lower, the better expected{sampled}.",
        heights=[2.7],
    ) as (fig, axes):
        ax = axes[0, 0]
        if count > 1:
            draw_bands(ax, steps, bands(values), f"{count:,} agents")
        ax.plot(steps, one, color=ACCENT, linewidth=1.6, marker="o", markersize=3.6, label=f"agent {agent}")
        ax.set(xlabel="step", ylabel="F (nats)", xlim=(-0.35, len(steps) - 0.65))
        ax.grid(axis="y")
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        step_ticks(ax, len(steps))
        ax.legend(loc="upper right", ncols=4, bbox_to_anchor=(1.0, 1.16), borderaxespad=0.0, handlelength=1.4)
        return fig


def draw_bands(
    ax: Axes, x: NDArray[np.int64], quantiles: NDArray[np.float64], who: str, *, middle: str = "median"
) -> None:
    """Draw the middle (median or mean) and the bands that hold half and nine tenths of the agents."""
    low, lower, median, upper, high = quantiles
    ax.fill_between(x, low, high, color=PALETTE[0], alpha=0.14, linewidth=0, label="90 % of the agents")
    ax.fill_between(x, lower, upper, color=PALETTE[0], alpha=0.26, linewidth=0, label="50 %")
    ax.plot(x, median, color=PALETTE[0], linewidth=1.6, label=f"{middle} of {who}")
    ax.axhline(0.0, color=GRID, linewidth=0.8, zorder=0)
