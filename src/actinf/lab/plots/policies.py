"""How one agent weighed its policies: their posterior over time, and the expected free energy taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actinf.agent import Explanation
from actinf.errors import SettingError, TraceError
from actinf.lab.explain import Terms
from actinf.lab.plots.asked import check_trace
from actinf.lab.plots.rows import pick_rows, unbroken
from actinf.lab.plots.style import (
    GRID,
    INK,
    MUTED,
    PALETTE,
    PAPER,
    agent_label,
    figure,
    heat_map,
    in_episode,
    label_panel,
    probability_bar,
    scale_end,
    shorten,
)

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["expected_free_energy", "policies_compared", "policy_posterior"]

_MOST_POLICIES = 14
_FEW_MORE = 6
_LONGEST_LABEL = 40
_THEN = " > "


def policy_posterior(trace: xr.Dataset, *, agent: int = 0, episode: int = 0) -> Figure:
    """A heat map of the probability of each policy at each step.

    Args:
        trace: a trace that holds `q_pi`.
        agent: index of the agent.
        episode: index of the episode.

    Raises:
        TraceError: the trace holds no posterior over policies.
    """
    check_trace(trace, agent=agent, episode=episode)
    if "q_pi" not in trace:
        raise TraceError("the trace holds no posterior over policies to draw: record 'q_pi'")
    values = np.asarray(trace["q_pi"].isel(agent=agent, episode=episode).values, dtype=np.float64)
    names = [str(name) for name in trace.coords["policy"].values]
    rows = pick_rows(values, most=_MOST_POLICIES)
    labels = rows.labels(_in_short(names), "policies")
    with figure(
        f"How agent {agent_label(trace, agent)} weighed its policies{in_episode(trace, episode)}",
        "Posterior probability of each policy at each step; a policy reads from the next action to the last.",
        heights=[0.5 + 0.21 * max(4, len(labels))],
    ) as (fig, axes):
        ax = axes[0, 0]
        top = scale_end(values[:, rows.shown])
        mesh = heat_map(ax, rows.table(values), labels, others=rows.hidden > 0, top=top, longest=_LONGEST_LABEL)
        note = f"{len(rows.shown)} of {rows.total:,}, the most probable; grey: all others" if rows.hidden else ""
        label_panel(ax, "policy", note)
        ax.set_xlabel("step")
        probability_bar(fig, mesh, [ax])
        return fig


def expected_free_energy(
    why: Explanation | Terms, *, title: str = "What the policies promise", subtitle: str = ""
) -> Figure:
    """The best policies at one step: expected free energy stacked by term, and the probability that results.

    Args:
        why: what `step.explain()` returns.
        title: the heading.
        subtitle: says which agent and which step.

    Raises:
        SettingError: `why` is no explanation.
    """
    terms = _terms(why)
    order = _best(terms)
    stack = _Stack(
        parts={name: values[order] for name, values in terms.parts.items()},
        total=terms.G[order],
        labels=[f"{value:.2f}" for value in terms.G[order]],
        axis="expected free energy G (nats): the lower the better",
        panel="G by term",
    )
    return _draw_stack(terms, order, stack, title, subtitle)


def policies_compared(why: Explanation | Terms, *, title: str = "Why this action", subtitle: str = "") -> Figure:
    """The best policies at one step beside the very best: by which terms they are worse, and their probability.

    What all policies share, often most of G, is left out; what remains is what decided.

    Args:
        why: what `step.explain()` returns.
        title: the heading.
        subtitle: says which agent and which step.

    Raises:
        SettingError: `why` is no explanation.
    """
    terms = _terms(why)
    order = _best(terms)
    best = order[0]
    worse = terms.G[order] - terms.G[best]
    stack = _Stack(
        parts={name: values[order] - values[best] for name, values in terms.parts.items()},
        total=worse,
        labels=["the best", *("as good" if value < 1e-9 else f"{value:+.3f}" for value in worse[1:])],
        axis=f"G beyond that of the best policy, {terms.G[best]:.2f} nats: the lower the better",
        panel="what makes the others worse",
    )
    return _draw_stack(terms, order, stack, title, subtitle)


def _terms(why: Explanation | Terms) -> Terms:
    if isinstance(why, Terms):
        return why
    if not isinstance(why, Explanation):
        raise SettingError(
            f"a plot of policies was asked for of why={type(why).__name__}: expected an Explanation, which "
            "step.explain() returns"
        )
    return Terms.of(why)


@dataclass(frozen=True, kw_only=True)
class _Stack:
    """What is stacked: the parts of each row, their sum, what is written beside it, and what the axis measures."""

    parts: dict[str, NDArray[np.float64]]
    total: NDArray[np.float64]
    labels: list[str]
    axis: str
    panel: str


def _best(terms: Terms) -> NDArray[np.int64]:
    """The best policies, about as many as fit; of policies that tie all or none, where that can be had."""
    order = terms.best(len(terms.labels))
    if len(order) <= _MOST_POLICIES + _FEW_MORE:
        return order
    return order[: unbroken(np.minimum.accumulate(_score(terms)[order]), _MOST_POLICIES)]


def _score(terms: Terms) -> NDArray[np.float64]:
    """What policies are ranked by: ln E − γ·G, of excluded ones a number that is lower than any."""
    return np.maximum(terms.log_E - terms.gamma * terms.G, -1e300)


def _left_out(terms: Terms, order: NDArray[np.int64]) -> str:
    """How many policies are not shown, and whether some of them are as good as the last that is."""
    count = len(terms.labels)
    if len(order) == count:
        return ""
    score = _score(terms)
    tied = int(np.count_nonzero(np.abs(score - score[order[-1]]) <= 1e-9))
    tied -= int(np.count_nonzero(np.abs(score[order] - score[order[-1]]) <= 1e-9))
    as_good = f"; {tied:,} more {'is' if tied == 1 else 'are'} as good as the last" if tied else ""
    return f"The best {len(order)} of {count:,} are shown{as_good}."


def _in_short(labels: Sequence[str]) -> list[str]:
    """Names of policies that fit: where one is too long, repeated actions are counted, then whole actions left out."""
    if max(map(len, labels), default=0) <= _LONGEST_LABEL:
        return list(labels)
    return [_fitting([_counted(run) for run in _runs(label.split(_THEN))]) for label in labels]


def _runs(actions: Sequence[str]) -> list[tuple[str, int]]:
    return [(action, len(list(group))) for action, group in groupby(actions)]


def _counted(run: tuple[str, int]) -> str:
    action, times = run
    return action if times == 1 else f"{action} ×{times}"


def _fitting(actions: list[str]) -> str:
    """The actions, the first ones and the last, as many as fit."""
    label = _THEN.join(actions)
    for kept in range(len(actions) - 1, 1, -1):
        if len(label) <= _LONGEST_LABEL:
            break
        head = (kept + 1) // 2
        label = _THEN.join([*actions[:head], "…", *actions[len(actions) - (kept - head) :]])
    return label


def _draw_stack(terms: Terms, order: NDArray[np.int64], stack: _Stack, title: str, subtitle: str) -> Figure:
    labels = [shorten(label, _LONGEST_LABEL) for label in _in_short([terms.labels[policy] for policy in order])]
    with figure(
        title,
        f"{subtitle} {_left_out(terms, order)}".strip(),
        heights=[0.62 + 0.27 * max(3, len(order))],
        widths=[3.4, 1.0],
    ) as (fig, axes):
        left, right = axes[0]
        _stack_bars(left, stack)
        left.set_yticks(range(len(order)), labels)
        left.set_xlabel(stack.axis)
        label_panel(left, stack.panel)
        probability = terms.q_pi[order]
        right.barh(range(len(order)), probability, color=PALETTE[0], height=0.62)
        for row, value in enumerate(probability):
            right.text(value + 0.03, row, _percent(value), va="center", size=8.0, color=MUTED)
        right.set(xlim=(0, 1.22), xticks=[0, 0.5, 1.0], xticklabels=["0", "½", "1"], yticks=[])
        right.set_xlabel("probability")
        label_panel(right, "q(π)")
        for ax in (left, right):
            ax.set_ylim(len(order) - 0.4, -0.6)
            ax.spines["left"].set_visible(False)
            ax.tick_params(axis="y", length=0)
        handles, names = left.get_legend_handles_labels()
        fig.legend(handles, names, loc="outside lower left", ncols=len(names))
        return fig


def _stack_bars(ax: Axes, stack: _Stack) -> None:
    """Stack the parts of each row: what adds goes to the right of zero, what relieves to its left."""
    rows = np.arange(len(stack.total))
    right, left = np.zeros(len(rows)), np.zeros(len(rows))
    for colour, (name, part) in zip(PALETTE, stack.parts.items()):
        if not np.any(np.abs(part) > 1e-12):
            continue
        ax.barh(
            rows,
            part,
            left=np.where(part >= 0, right, left),
            color=colour,
            height=0.62,
            label=name,
            edgecolor=PAPER,
            linewidth=0.6,
        )
        right += np.clip(part, 0, None)
        left += np.clip(part, None, 0)
    ax.axvline(0.0, color=GRID, linewidth=0.8, zorder=0)
    ax.scatter(
        stack.total, rows, marker="D", s=20, color=INK, edgecolors=PAPER, linewidths=0.8, zorder=4, label="their sum"
    )
    low, high = min(left.min(), 0.0), max(right.max(), stack.total.max(), 1e-6)
    for row, (value, label) in enumerate(zip(stack.total, stack.labels)):
        beside = (max(right[row], value), row)
        ax.annotate(label, beside, (7, 0), textcoords="offset points", va="center", size=8.0, color=MUTED)
    ax.set_xlim(low - 0.02 * (high - low), high + 0.13 * (high - low))


def _percent(value: float) -> str:
    """A probability in per cent, without pretending to more than one knows."""
    if value >= 0.995 or value == 0.0:
        return f"{value:.0%}"
    return "<1%" if value < 0.005 else f"{value:.0%}"
