"""What the agents of a population did: the share of each action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actinf.errors import TraceError
from actinf.lab.plots.asked import check_trace
from actinf.lab.plots.style import (
    INK,
    MUTED,
    OTHERS,
    PALETTE,
    PAPER,
    figure,
    in_episode,
    label_panel,
    mark_changes,
    said_of_changes,
    shorten,
    step_ticks,
)
from actinf.lab.tally import Shares, action_shares_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["action_shares", "action_shares_by_episode"]

_MOST_ACTIONS = 8
_HEIGHT = 2.35


def action_shares(trace: xr.Dataset, *, episode: int = 0) -> Figure:
    """The share of the agents that took each action at each step.

    Args:
        trace: a trace that holds `action_<control>`.
        episode: index of the episode.

    Raises:
        TraceError: the trace holds no actions.
    """
    check_trace(trace, episode=episode)
    shares = _shares(trace)
    who = _who(trace.sizes["agent"])
    with figure(
        f"What the agents did{in_episode(trace, episode)}",
        f"Share of {who} that took each action at each step.",
        heights=[_HEIGHT] * len(shares),
    ) as (fig, axes):
        for one, ax in zip(shares, axes[:, 0]):
            _stack(ax, one, one.share[episode])
        axes[-1, 0].set_xlabel("step")
        return fig


def action_shares_by_episode(trace: xr.Dataset, *, changes: Sequence[int] = ()) -> Figure:
    """The share of each action in each episode, over all steps and agents.

    Args:
        trace: a trace that holds `action_<control>`.
        changes: episodes at which the world changed, marked by a line.

    Raises:
        TraceError: the trace holds no actions.
    """
    check_trace(trace)
    shares = _shares(trace)
    with figure(
        "How behaviour changed over the episodes",
        f"Share of each action among all steps of {_who(trace.sizes['agent'])}, by episode{said_of_changes(changes)}.",
        heights=[_HEIGHT] * len(shares),
    ) as (fig, axes):
        for one, ax in zip(shares, axes[:, 0]):
            _stack(ax, one, one.share.mean(axis=1))
            mark_changes(ax, changes, INK)
        axes[-1, 0].set_xlabel("episode")
        return fig


def _shares(trace: xr.Dataset) -> list[Shares]:
    shares = action_shares_of(trace)
    if not shares:
        raise TraceError("the trace holds no actions to draw: record 'action'")
    return shares


def _who(count: int) -> str:
    return f"the {count:,} agents" if count > 1 else "the one agent"


def _stack(ax: Axes, shares: Shares, share: NDArray[np.float64]) -> None:
    """Stack the shares (time, action) as bars, each action named at the right edge where there is room."""
    order = np.argsort(-share.mean(axis=0), kind="stable")
    shown = np.sort(order[:_MOST_ACTIONS] if share.shape[1] > _MOST_ACTIONS else order)
    hidden = np.setdiff1d(np.arange(share.shape[1]), shown)
    parts = [(shares.names[a], PALETTE[at % len(PALETTE)], share[:, a]) for at, a in enumerate(shown)]
    if hidden.size:
        parts.append((f"{hidden.size} others", OTHERS, share[:, hidden].sum(axis=1)))
    steps = np.arange(len(share))
    base = np.zeros(len(share))
    gap = 0.7 if len(share) <= 60 else 0.0
    for name, colour, part in parts:
        ax.bar(
            steps, part, bottom=base, width=1.0, color=colour, edgecolor=PAPER, linewidth=gap, label=shorten(name, 22)
        )
        base += part
    ax.set(xlim=(-0.5, len(share) - 0.5), ylim=(0, 1), yticks=[0, 0.5, 1.0], yticklabels=["0", "50 %", "100 %"])
    ax.set_ylabel("share of agents" if shares.num_agents > 1 else "action taken")
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(axis="both", length=0)
    step_ticks(ax, len(share))
    label_panel(ax, shares.control)
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(
        handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.005, 0.5), handlelength=0.9, handleheight=0.9,
        labelcolor=MUTED,
    )  # fmt: skip
