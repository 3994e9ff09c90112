"""`actinf switches`: see and throw the circuit breakers of the API."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from actinf.cli.console import Screen
from actinf.cli.database_options import actor_of_command, at_hand, database_options
from actinf.cli.group import Group
from actinf.cli.keys import audited_database
from actinf.lab.extras import load_extra

__all__ = ["command"]

_PURPOSE = "Throwing the API's switches"


@click.group("switches", cls=Group)
def command() -> None:
    """See and throw the circuit breakers of the API; processes that run follow within 5 s."""


@command.command("list", short_help="List the switches and who holds them.")
@database_options
def list_switches(**where: Any) -> int:
    """List the switches, where they are held, by whom and why."""
    screen = Screen()
    commands = load_extra("actinf.service.switches.commands", extra="serve", purpose=_PURPOSE)
    repository = load_extra("actinf.service.switches.repository", extra="serve", purpose=_PURPOSE)
    with at_hand(_PURPOSE, **where) as (_, database):
        rows = {row.name: row for row in commands.list_switches(database)}
    table = Table("switch", "position", "guards", "changed by", "when", "reason", box=None, header_style="bold")
    for name, guards in repository.NAMES.items():
        row = rows.get(name)
        thrown = ("auto", guards, "", "", "") if row is None else (
            row.position, guards, row.changed_by, f"{row.changed_at:%Y-%m-%d %H:%M}", row.reason
        )  # fmt: skip
        table.add_row(name, *thrown)
    screen.out.print(table)
    return 0


@command.command("set", short_help="Hold a breaker, or let it decide again.")
@click.argument("name")
@click.argument("position", type=click.Choice(["auto", "open", "closed"]))
@click.option("--reason", required=True, help="Why: for the audit log, and whoever looks next.")
@database_options
def put_switch(name: str, position: str, reason: str, **where: Any) -> int:
    """Hold a breaker open (refuse) or closed (never refuse), or let failures decide again (auto)."""
    screen = Screen()
    commands = load_extra("actinf.service.switches.commands", extra="serve", purpose=_PURPOSE)
    with audited_database(_PURPOSE, **where) as (database, audit):
        commands.put_switch(database, audit, actor=actor_of_command(), name=name, position=position, reason=reason)
    screen.say(f"the switch {name} is {position} now")
    return 0
