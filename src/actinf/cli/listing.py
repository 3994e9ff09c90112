"""`actinf list`: what comes with actinf, a line each."""

from __future__ import annotations

import click
from rich.table import Table
from rich.text import Text

from actinf.cli.console import Screen

__all__ = ["command"]


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def command(*, as_json: bool) -> int:
    """List the bundled experiments, models and worlds."""
    screen = Screen(quiet=as_json)
    with screen.waiting("reading"):
        from actinf.lab.catalogue import catalogue

        found = catalogue()
    if as_json:
        screen.json({kind: [{"name": name, "is": said} for name, said in entries] for kind, entries in found.items()})
        return 0
    table = Table.grid(padding=(0, 2))
    for at, (kind, entries) in enumerate(found.items()):
        if at:
            table.add_row("", "")
        table.add_row(Text(kind, style="bold"), "")
        for name, said in entries:
            table.add_row(Text(f"  {name}", style="cyan", no_wrap=True), Text(said))
    screen.out.print(table)
    screen.out.print(Text("\nrun one: actinf run NAME", style="dim"))
    return 0
