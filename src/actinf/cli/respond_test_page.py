"""`actinf respond test-page`: try whether a page would reach somebody."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from actinf.cli.console import Screen
from actinf.cli.office import at_office
from actinf.responder.channels.neutral import line

__all__ = ["command"]

_PATIENCE, _EVERY = 20.0, 0.3
_FINAL = ("sent", "given up", "withdrawn")


@click.command("test-page", short_help="Try whether a page would reach somebody.")
@click.argument("handle", required=False)
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def command(*, handle: str | None, as_json: bool) -> int:
    """Send a test page to HANDLE, else to you, and say what becomes of it in each channel; 1 where it reaches nobody.

    It goes the way that pages go, through the outbox and every channel that reaches them, and says that nothing has
    happened.
    """
    screen = Screen(quiet=as_json)
    with at_office(screen) as office:
        told = office.send_test_page(handle)
        until = time.monotonic() + _PATIENCE
        served = office.settle().served
        told = office.test_page(told["name"])
        with screen.waiting("waiting for the channels"):
            while served and not _is_over(told) and time.monotonic() < until:
                time.sleep(_EVERY)
                told = office.test_page(told["name"])
    if as_json:
        screen.json(told)
    else:
        table = Table("channel", "what became of it", box=None, header_style="bold")
        for one in told["channels"]:
            table.add_row(one["channel"], Text(line(_said(one), 400), style=_STYLES.get(one["state"], "yellow")))
        screen.out.print(table)
    return 0 if all(one["state"] == "sent" for one in told["channels"]) else 1


_STYLES = {"sent": "green", "given up": "bold red"}


def _is_over(told: dict[str, Any]) -> bool:
    return all(one["state"] in _FINAL or one["trouble"] for one in told["channels"])


def _said(one: dict[str, Any]) -> str:
    if one["state"] == "sent":
        return "sent: look whether it has arrived"
    if one["state"] == "given up":
        return f"refused: {one['trouble'] or 'no reason was given'}"
    if one["state"] == "waits" and one["trouble"]:
        at = datetime.fromisoformat(one["next_at"])
        return f"not sent yet: {one['trouble']}; tried again at {at:%H:%M:%S} UTC"
    return "not sent yet: it waits for its turn"
