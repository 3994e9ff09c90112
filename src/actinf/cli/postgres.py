"""`actinf postgres`: the PostgreSQL of an installation, as the one program of a container."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.cli.group import Group
from actinf.cli.passwords import passwords_of_environment
from actinf.lab.extras import load_extra

__all__ = ["command"]

_PURPOSE = "Running the database"
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group("postgres", cls=Group)
def command() -> None:
    """Run the PostgreSQL of an installation."""


@command.command("run", short_help="Run PostgreSQL in the foreground.")
@click.option(
    "--data", type=_FOLDER, default="/data", show_default=True, envvar="ACTINF_POSTGRES_DATA",
    help="Volume of the data folders; its file `current` says which one is used.",
)  # fmt: skip
@click.option(
    "--archive", type=_FOLDER, default="/archive", show_default=True, envvar="ACTINF_POSTGRES_ARCHIVE",
    help="Volume whose folder wal/ takes the log of changes.",
)  # fmt: skip
@click.option(
    "--listen", default="0.0.0.0:5432", show_default=True, envvar="ACTINF_POSTGRES_LISTEN", help="HOST:PORT."
)  # fmt: skip
@click.option(
    "--socket-folder", type=_FOLDER, default="/run/actinf", show_default=True, envvar="PGHOST",
    help="Folder of the Unix socket, by which programs beside it come without a password.",
)  # fmt: skip
@click.option(
    "--max-connections", type=click.IntRange(20, 10_000), default=100, show_default=True,
    envvar="ACTINF_POSTGRES_MAX_CONNECTIONS", help="Connections, all together; 8 are kept for operators.",
)  # fmt: skip
@click.option(
    "--shared-buffers", default="128MB", show_default=True, envvar="ACTINF_POSTGRES_SHARED_BUFFERS",
    help="Memory for pages, in PostgreSQL's words.",
)  # fmt: skip
def run(**given: Any) -> int:
    """Run PostgreSQL in the foreground until it is told to end; the first time, make it.

    As root the server runs under another account.  SIGTERM sends clients away and ends it; SIGHUP reads the settings
    again.  Every flag can be set by a variable: ACTINF_POSTGRES_DATA …  The logins' passwords come by variables alone:
    those in ACTINF_DATABASE_OWNER_URL and ACTINF_DATABASE_URL, ACTINF_OPERATOR_PASSWORD, ACTINF_BACKUP_PASSWORD.
    """
    screen = Screen()
    server = load_extra("actinf.upkeep.database.server", extra="serve", purpose=_PURPOSE)
    address = load_extra("actinf.upkeep.address", extra="serve", purpose=_PURPOSE)
    settings = server.ServerSettings(
        volume=given["data"].absolute(),
        archive=given["archive"].absolute(),
        listen=address.Address.parse(given["listen"]),
        socket_folder=given["socket_folder"].absolute(),
        max_connections=given["max_connections"],
        shared_buffers=given["shared_buffers"],
        passwords=passwords_of_environment(_PURPOSE),
    )
    return int(server.run_server(settings, screen.say))
