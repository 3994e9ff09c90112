"""`actinf incident change`: what was done to the system; most incidents follow something of that."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from actinf.cli.console import Screen
from actinf.cli.moments import past, shown
from actinf.cli.office import at_office, request
from actinf.errors import SettingError
from actinf.lab.extras import load_extra
from actinf.responder.channels.neutral import line

__all__ = ["command"]

_PURPOSE = "Working with incidents"


@click.command("change", short_help="Tell of a change to the system, or list them.")
@click.argument("kind", required=False, metavar="[deploy|migration|flag|scale]")
@click.argument("what", nargs=-1)
@click.option("--at", metavar="TIME", help="When it happened: 10m ago, 14:05, …  [default: now]")
@click.option("--url", help="Where to look, an address of the web.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def command(*, kind: str | None, what: tuple[str, ...], at: str | None, url: str | None, as_json: bool) -> int:
    """Tell of a change to the system; without one, list those of the last seven days.

    An incident that opens shows the last five changes before it: put this at the end of what deploys.
    """
    screen, now = Screen(), datetime.now(UTC)
    if kind is None and (at is not None or url is not None):
        raise SettingError('--at and --url are of a change: say it as well, actinf incident change deploy "api 1.4.2"')
    with at_office(screen) as office:
        if kind is None:
            found = office.changes()
            if as_json:
                screen.json(found)
            elif found:
                screen.out.print(_table(found, now))
            else:
                screen.out.print("no change was told of in the last seven days")
            return 0
        asked = request(
            _part("changing").TellChange,
            {"kind": kind, "url": url, "at": None if at is None else past(at, now)},
            what=" ".join(what),
        )
        told = office.tell_change(asked)
        if as_json:
            screen.json(told)
        else:
            screen.out.print(_line(told, now))
    return 0


def _table(found: list[dict[str, Any]], now: datetime) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for one in found:
        table.add_row(*map(Text, _cells(one, now)))
    return table


def _line(one: dict[str, Any], now: datetime) -> Text:
    when, kind, what = _cells(one, now)
    return Text(f"{kind}, {when}: {what}")


def _cells(one: dict[str, Any], now: datetime) -> tuple[str, str, str]:
    told = f"{line(one['what'])} ({line(one['by'], 64)})"
    if one["url"]:
        told += f" {line(one['url'], 200)}"
    return (
        shown(datetime.fromisoformat(one["at"]), now),
        one["kind"],
        told,
    )


def _part(module: str) -> Any:
    return load_extra(f"actinf.responder.{module}", extra="respond", purpose=_PURPOSE)
