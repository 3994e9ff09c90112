"""`actinf bench`: measure the engine, alone or side by side with pymdp."""

from __future__ import annotations

from pathlib import Path

import click

from actinf.cli.console import Screen

__all__ = ["command"]


@click.command("bench")
@click.option(
    "--vs", "peer", type=click.Path(path_type=Path), help="Interpreter of an environment that has pymdp 1.0.4."
)
def command(peer: Path | None) -> int:
    """Measure the engine's speed on this machine; with --vs, both in turn on the same models."""
    screen = Screen()
    screen.say(f"not there yet {peer}")
    return 1
