"""What changed from episode to episode: surprise, and how often agents got what they prefer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actinf.errors import TraceError
from actinf.lab.plots.asked import check_trace
from actinf.lab.plots.free_energy import bands, draw_bands, sample_agents
from actinf.lab.plots.style import figure, label_panel, mark_changes, said_of_changes, step_ticks
from actinf.lab.tally import mean_free_energy, preferred_shares

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["learning_curves"]

_MOST_PANELS = 4


def learning_curves(
    trace: xr.Dataset, *, preferences: Mapping[str, NDArray[Any]] | None = None, changes: Sequence[int] = ()
) -> Figure:
    """Curves over the episodes: free energy of a step, and the share of steps with the most preferred outcome.

    Args:
        trace: a trace of several episodes that holds `F`, `obs_<modality>`, or both.
        preferences: log-preferences by modality, as `model.C` holds them: (outcome,), or (time, outcome), of which the
            last row counts.
        changes: episodes at which the world changed, marked by a line.

    Raises:
        TraceError: the trace holds nothing that could be drawn.
    """
    check_trace(trace)
    curves: list[tuple[str, str, NDArray[np.float64]]] = []
    surprise = mean_free_energy(trace)
    if surprise is not None:
        curves.append(("surprise", "mean F of a step (nats)", surprise))
    for name, share in preferred_shares(trace, preferences or {}).items():
        curves.append((f"preferred outcome: {name.replace(': ', ' = ')}", "share of steps", share))
    if not curves:
        raise TraceError("the trace holds neither 'F' nor observations with preferences: nothing to draw")
    shown = curves[:_MOST_PANELS]
    count = trace.sizes["agent"]
    who = f"{count:,} agents" if count > 1 else "the one agent"
    with figure(
        "What changed over the episodes",
        f"Each episode's mean over its steps, for {who}{said_of_changes(changes)}.",
        heights=[2.2] * len(shown),
    ) as (fig, axes):
        for (title, unit, values), ax in zip(shown, axes[:, 0]):
            _curve(ax, values, f"{count:,} agents")
            ax.set_ylabel(unit)
            if unit.startswith("share"):
                ax.set(ylim=(-0.02, 1.02), yticks=[0, 0.5, 1.0], yticklabels=["0", "50 %", "100 %"])
            label_panel(ax, title)
            mark_changes(ax, changes)
        axes[0, 0].legend(loc="upper right", ncols=4, bbox_to_anchor=(1.0, 1.2), borderaxespad=0.0, handlelength=1.4)
        axes[-1, 0].set_xlabel("episode")
        return fig


def _curve(ax: Axes, values: NDArray[np.float64], who: str) -> None:
    """Draw the mean over agents, and the bands of the population."""
    episodes = np.arange(len(values))
    quantiles = bands(values[:, sample_agents(values.shape[1])].T)
    quantiles[2] = values.mean(axis=1)
    if values.shape[1] > 1:
        draw_bands(ax, episodes, quantiles, who, middle="mean")
    else:
        ax.plot(episodes, quantiles[2], marker="o", markersize=3.6, label="the one agent")
    ax.set_xlim(-0.35, len(values) - 0.65)
    ax.grid(axis="y")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    step_ticks(ax, len(values))
