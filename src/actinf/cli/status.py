"""`actinf status`: what the public is told of the service."""

from __future__ import annotations

import click

from actinf.cli import status_serve, status_subscribers
from actinf.cli.group import Group

__all__ = ["command"]


@click.group("status", cls=Group)
def command() -> None:
    """Tell the public how the service is, on a page that stays up when all else is down."""


for _one in (status_serve.serve, status_subscribers.command):
    command.add_command(_one)
