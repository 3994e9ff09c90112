"""`actinf keys`: make, list and revoke the keys of the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
from rich.table import Table

from actinf.cli.console import Screen
from actinf.cli.database_options import actor_of_command, at_hand, database_options
from actinf.cli.group import Group
from actinf.lab.extras import load_extra

__all__ = ["audited_database", "command"]

_PURPOSE = "Working with the API's keys"


@contextmanager
def audited_database(purpose: str, *, make: bool = False, **where: Any) -> Iterator[tuple[Any, Any]]:
    """The database and its audit log, for commands that change something; the arguments are those of `at_hand`."""
    log = load_extra("actinf.service.audit.log", extra="serve", purpose=purpose)
    secret = load_extra("actinf.service.audit.secret", extra="serve", purpose=purpose)
    schema = load_extra("actinf.service.schema_version", extra="serve", purpose=purpose)
    with at_hand(purpose, make=make, **where) as (settings, database):
        if settings.database_url is None:
            schema.upgrade(database.url)
        yield database, log.AuditLog(secret.audit_key(settings, database.data_dir))


@click.group("keys", cls=Group)
def command() -> None:
    """Make, list and revoke the keys of the API."""


@command.command("create", short_help="Make a key and print it, this once.")
@click.option("--name", default="", help="What it is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=("read", "run"),
    show_default=True,
    type=click.Choice(["read", "run", "operate", "admin"]),
    help="What it may do; again for another.",
)
@click.option("--workspace", default="default", show_default=True, help="Whose it is; made where there is none.")
@click.option("--expires-in-days", "days", type=click.IntRange(1, 3650), help="After which it ends.  [default: never]")
@database_options
def create(name: str, scopes: tuple[str, ...], workspace: str, days: int | None, **where: Any) -> int:
    """Make a key and print it, this once."""
    screen = Screen()
    commands = load_extra("actinf.service.access.commands", extra="serve", purpose=_PURPOSE)
    with audited_database(_PURPOSE, make=True, **where) as (database, audit):
        key = commands.create_key(
            database,
            audit,
            actor=actor_of_command(),
            workspace=workspace,
            name=name or "made by hand",
            scopes=scopes,
            days=days,
        )
    screen.say(f"The key {key.prefix} of the workspace {workspace!r}, for {', '.join(scopes)}. It is shown this once:")
    click.echo(key.text)
    return 0


@command.command("list", short_help="List the keys, without their secrets.")
@database_options
def list_keys(**where: Any) -> int:
    """List the keys; what is secret of them is not known."""
    screen = Screen()
    commands = load_extra("actinf.service.access.commands", extra="serve", purpose=_PURPOSE)
    with audited_database(_PURPOSE, **where) as (database, _):
        rows = commands.list_keys(database)
    table = Table("prefix", "workspace", "name", "scopes", "state", "last used", box=None, header_style="bold")
    for row in rows:
        table.add_row(row.prefix, row.workspace, row.name, ", ".join(row.scopes), _state(row), _when(row.last_used_at))
    screen.out.print(table if rows else "there are no keys: actinf keys create")
    return 0


def _state(row: Any) -> str:
    if row.revoked_at is not None:
        return f"revoked {_when(row.revoked_at)}"
    if row.expires_at is not None:
        past = row.expires_at < datetime.now(row.expires_at.tzinfo)
        return f"{'expired' if past else 'until'} {_when(row.expires_at)}"
    return "valid"


def _when(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


@command.command("revoke", short_help="End a key, within 5 s everywhere.")
@click.argument("prefix")
@database_options
def revoke(prefix: str, **where: Any) -> int:
    """End a key, given by its eight characters: at once, and within 5 s in processes that run."""
    screen = Screen()
    commands = load_extra("actinf.service.access.commands", extra="serve", purpose=_PURPOSE)
    with audited_database(_PURPOSE, **where) as (database, audit):
        commands.revoke_key(database, audit, actor=actor_of_command(), prefix=prefix)
    screen.say(f"the key {prefix} is revoked")
    return 0
