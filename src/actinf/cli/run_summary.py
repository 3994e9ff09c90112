"""The end of a run on the screen: what the agents did, how it went, where the files are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from actinf.lab.summary import shown_steps

if TYPE_CHECKING:
    from actinf.lab.experiment import Experiment
    from actinf.lab.run_record import RunRecord
    from actinf.lab.summary import Summary
    from actinf.lab.tally import Shares

__all__ = ["show_summary"]

_MOST_COLUMNS = 10
_MOST_ACTIONS = 12
_FILES = (
    ("report.html", "the report: open it in a browser"),
    ("plots", "the plots, as PNG"),
    ("trace.nc", "the trace: actinf.open_trace(folder) in Python, or xarray"),
    ("run.json", "what was run, with what, and its digest"),
)


def show_summary(console: Console, experiment: Experiment, folder: Path, record: RunRecord, summary: Summary) -> None:
    """Print the end of a run."""
    console.print(Text(summary.headline, style="bold"))
    last = experiment.extent.num_episodes - 1
    for shares in summary.actions:
        for episode in sorted({0, last}):
            which = f", episode {episode}" if last else ""
            console.print()
            console.print(Text(f"{shares.control}: share of the agents at each step{which}", style="dim"))
            console.print(_shares_table(shares, episode))
    console.print()
    for said in summary.outcomes():
        console.print(Text(said))
    speed = f"{summary.microseconds_per_step:.3g} µs each"
    console.print(Text(f"{summary.num_steps:,} agent-steps in {record.seconds:.3g} s: {speed}. Seed {record.seed}."))
    console.print()
    width = max(len(str(folder / name)) for name, _ in _FILES)
    for name, said in _FILES:
        if (folder / name).exists():
            line = Text.assemble((f"{folder / name!s:<{width}}  ", "cyan"), (said, "dim"))
            console.print(line, soft_wrap=True)
    console.print(Text(f"why? actinf explain {folder} --agent 0 --step 0", style="dim"), soft_wrap=True)


def _shares_table(shares: Shares, episode: int) -> Table:
    """Actions as rows, steps as columns; each share as bright as it is large."""
    share = shares.share[episode]
    steps = shown_steps(len(share), _MOST_COLUMNS)
    table = Table(box=None, padding=(0, 1), show_edge=False)
    table.add_column("step", style="bold", no_wrap=True)
    for step in steps:
        table.add_column(str(step), justify="right", no_wrap=True)
    order = np.argsort(-share.mean(axis=0), kind="stable")
    shown = np.sort(order[:_MOST_ACTIONS])
    for action in shown:
        table.add_row(shares.names[action], *(_cell(float(share[step, action])) for step in steps))
    if len(order) > len(shown):
        rest = 1.0 - share[:, shown].sum(axis=1)
        table.add_row(f"{len(order) - len(shown)} others", *(_cell(float(rest[step])) for step in steps))
    return table


def _cell(share: float) -> Text:
    if share < 0.005:
        return Text("·", style="dim")
    style = "bold green" if share >= 0.5 else "green" if share >= 0.1 else "dim"
    return Text(f"{share:.0%}", style=style)
