"""`actinf status`: what the public is told of the service."""

from __future__ import annotations

import click

from actinf.cli import status_maintenance, status_notices, status_serve, status_subscribers
from actinf.cli.group import Group

__all__ = ["command"]


_SECTIONS = {
    "Of an incident": ("show", "preview", "publish", "update", "withhold"),
    "Of the page": ("maintenance", "subscribers", "serve"),
}


@click.group("status", cls=Group, sections=_SECTIONS)
def command() -> None:
    """Tell the public how the service is, on a page that stays up when all else is down.

    What is P0 or P1 is told at once by itself, and whatever was told is told on to its end; of a P3, and of what is
    private, nothing is told but by hand.  INCIDENT is an id, the end of one (001), or `latest`.
    """


for _one in (*status_notices.COMMANDS, status_maintenance.command, status_serve.serve, status_subscribers.command):
    command.add_command(_one)
