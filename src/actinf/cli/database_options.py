"""The flags by which commands find the database, and the database that they find."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.cli.environment import read_settings
from actinf.lab.extras import load_extra

__all__ = ["actor_of_command", "at_hand", "database_options", "database_url_at_hand"]

_OPTIONS = (
    click.option(
        "--database-url", help="postgresql://… of the API's database; without it, the one in the data folder."
    ),
    click.option(
        "--data-dir",
        type=click.Path(file_okay=False, path_type=Path),
        help="Data folder of `actinf serve`.  [default: the user's data folder]",
    ),
)


def actor_of_command() -> str:
    """Who types: what the audit log calls them."""
    return f"cli:{getpass.getuser()}"


def database_options(function: Any) -> Any:
    """Add --database-url and --data-dir to a command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@contextmanager
def at_hand(
    purpose: str, *, database_url: str | None, data_dir: Path | None, make: bool = False
) -> Iterator[tuple[Any, Any]]:
    """The settings of this process and the database that they lead to, for as long as the block lasts.

    Args:
        purpose: what needs them, as `load_extra` takes it.
        database_url: as the flag says; None where it was not given.
        data_dir: as the flag says; None where it was not given.
        make: make the embedded database where there is none yet.
    """
    settings = read_settings(Screen(), purpose=purpose, database_url=database_url, data_dir=data_dir)
    database_module = load_extra("actinf.runtime.at_hand", extra="serve", purpose=purpose)
    with database_module.database_at_hand(settings, make=make) as database:
        yield settings, database


@contextmanager
def database_url_at_hand(purpose: str, *, make: bool = False, **where: Any) -> Iterator[str]:
    """The address of the database, for as long as the block lasts; `make` and `where` as `at_hand` takes them."""
    with at_hand(purpose, make=make, **where) as (_, database):
        yield database.url
