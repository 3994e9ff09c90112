"""`actinf bench`: measure the engine, alone or side by side with pymdp."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from actinf.cli.console import Screen

__all__ = ["command"]


@click.command("bench")
@click.option(
    "--vs",
    "peer",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Interpreter of an environment with pymdp 1.0.4.",
)
@click.option("--rows", default="", help="Some rows only: step, batch, sweep, start, memory, or keys, with commas.")
@click.option("--repeats", type=click.IntRange(min=1), default=5, show_default=True, help="Turns of each side.")
@click.option("--json", "target", type=click.Path(path_type=Path), help="File for everything that was measured.")
def command(peer: Path | None, rows: str, repeats: int, target: Path | None) -> int:
    """Measure how fast the engine is on this machine; with --vs, both sides in turn on the same models.

    Exit code 1: the two sides do not agree.
    """
    screen = Screen()
    with screen.waiting("reading"):
        from actinf.lab.bench import Bench, render, select

        wanted = select([word.strip() for word in rows.split(",") if word.strip()])
    report = Bench(peer, repeats, screen.say).run(wanted)
    screen.out.print(render(report), markup=False, soft_wrap=True)
    if target is not None:
        target.write_text(json.dumps(asdict(report), indent=1) + "\n", encoding="utf-8")
    return 0 if all(agreement.holds for agreement in report.agreements) else 1
