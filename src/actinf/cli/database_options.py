"""The flags by which commands find the database, and the database that they find."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from actinf.lab.extras import load_extra

__all__ = ["actor_of_command", "at_hand", "database_options", "database_url_at_hand"]

_OPTIONS = (
    click.option("--database-url", help="postgresql://… instead of the embedded database."),
    click.option(
        "--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Folder of the embedded database."
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
def at_hand(purpose: str, database_url: str | None, data_dir: Path | None) -> Iterator[tuple[Any, Any]]:
    """The settings of this process and the database that they lead to, for as long as the block lasts."""
    settings_module = load_extra("actinf.runtime.settings", extra="serve", purpose=purpose)
    database_module = load_extra("actinf.runtime.at_hand", extra="serve", purpose=purpose)
    settings = settings_module.Settings.read(database_url=database_url, data_dir=data_dir)
    with database_module.database_at_hand(settings) as database:
        yield settings, database


@contextmanager
def database_url_at_hand(purpose: str, database_url: str | None, data_dir: Path | None) -> Iterator[str]:
    """The address of the database, for as long as the block lasts."""
    with at_hand(purpose, database_url, data_dir) as (_, database):
        yield database.url
