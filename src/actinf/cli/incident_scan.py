"""`actinf incident scan` and `findings`: what scanners found, and what of it opens an incident."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from actinf.cli.console import Screen
from actinf.cli.moments import shown
from actinf.cli.office import at_office
from actinf.errors import SettingError
from actinf.lab.extras import load_extra
from actinf.responder.channels.neutral import line
from actinf.runtime.wording import counted

__all__ = ["findings", "scan"]

_PURPOSE = "Working with incidents"
_ON_A_SCREEN = 50


@click.command("scan", short_help="Take the report of a scanner.")
@click.argument("report", metavar="FILE")
@click.option("--target", default="", metavar="NAME", help="What was scanned, where the report does not say it.")
@click.option("--component", default="", metavar="NAME", help="The part of the system that it is.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def scan(*, report: str, target: str, component: str, as_json: bool) -> int:
    """Take the report of a scanner, in SARIF 2.1.0; `-` reads it from the standard input.

    What is critical or high opens an incident, a private one of security; the rest is listed.  What the scan before of
    the same tool and target found, and this one does not, is gone.
    """
    screen = Screen()
    body = _read(report)
    with at_office(screen) as office:
        taken = office.take_scan(body, target=target, component=component)
        if as_json:
            screen.json(taken)
            return 0
        if not taken["scans"]:
            screen.warn("the report holds no results, not even an empty list: nothing was scanned")
        for one in taken["scans"]:
            _print(screen, one)
        if any(one["alerts"] for one in taken["scans"]):
            screen.say("see what opened: actinf incident list; all that was found: actinf incident findings")
    return 0


@click.command("findings", short_help="List what scanners found.")
@click.option("--component", metavar="NAME", help="Only of this part.")
@click.option("--past", is_flag=True, help="What was accepted in the scanner, or is gone, as well.")
@click.option("--all", "every", is_flag=True, help=f"More than the worst {_ON_A_SCREEN}.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def findings(*, component: str | None, past: bool, every: bool, as_json: bool) -> int:
    """List what the last scan of each target found, the worst first, with what became of it."""
    screen, now = Screen(), datetime.now(UTC)
    with at_office(screen) as office:
        found = office.findings(component, past=past)
        if as_json:
            screen.json(found)
            return 0
        if not found:
            screen.out.print("no scan has found anything" if past else "no scan has found anything that is still there")
            return 0
        listed = found if every else found[:_ON_A_SCREEN]
        screen.out.print(_table(listed, now))
        if len(listed) < len(found):
            screen.say(f"{len(found) - len(listed):,} more: --all")
    return 0


def _read(report: str) -> bytes:
    # A little more than is taken, so that it is refused as what it is.
    most: int = _part("intake.sarif").MOST_BYTES_OF_SCAN + 1
    if report == "-":
        return sys.stdin.buffer.read(most)
    try:
        with Path(report).open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise SettingError(f"{report} cannot be read: {error.strerror}") from None


def _print(screen: Screen, one: dict[str, Any]) -> None:
    weights = ", ".join(f"{count} {weight}" for weight, count in one["findings"].items() if count)
    screen.out.print(
        Text(
            f"{line(one['tool'])} on {line(one['target'])}, component {line(one['component'])}: {weights or 'nothing'}"
        )
    )
    said = [
        f"{counted(one['alerts'], 'alert')}, {one['listed']:,} only listed",
        f"{one['new']:,} new, {one['gone']:,} gone",
    ]
    if one["suppressed"]:
        said.append(f"{one['suppressed']:,} suppressed")
    screen.out.print(Text(f"  {'; '.join(said)}"))
    if not one["complete"]:
        screen.warn("the scanner says that it did not come to its end: what it did not find counts as still there")


def _table(found: list[dict[str, Any]], now: datetime) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("weight", style="bold", no_wrap=True)
    # Wide enough for the number of a CVE on a narrow terminal, where it is what is copied; an image's name may wrap.
    table.add_column("rule", min_width=16, overflow="fold")
    table.add_column("what and where", overflow="fold")
    for one in found:
        score = f" {one['score']:.1f}" if one["score"] is not None else ""
        more = f" (+{one['places'] - 1})" if one["places"] > 1 else ""
        what = " in ".join(filter(None, (line(one["title"], 120), line(one["place"] or "", 120))))
        table.add_row(
            Text(f"{one['weight']}{score}"),
            Text(line(one["rule"], 60)),
            Text.assemble(f"{what}{more}\n", (_standing(one, now), "dim")),
        )
    return table


def _standing(one: dict[str, Any], now: datetime) -> str:
    """Of what it is, since when, and what became of it."""
    since = shown(datetime.fromisoformat(one["since"]), now)
    return f"{line(one['component'], 60)}, since {since}: {_fate(one, now)}"


def _fate(one: dict[str, Any], now: datetime) -> str:
    """What became of a finding, in words."""
    incident = one["incident"]
    if one["fate"] == "gone":
        since = shown(datetime.fromisoformat(one["gone_at"]), now)
        return f"gone since {since}, was of incident {incident}" if incident else f"gone since {since}"
    if one["fate"] == "accepted":
        return "accepted in the scanner"
    if not one["alert"]:
        return f"listed only, was of incident {incident}" if incident else "listed only"
    if one["silenced_by"]:
        return f"held back by {line(one['silenced_by'])}"
    return f"incident {incident}" if incident else "waits to be looked at"


def _part(module: str) -> Any:
    return load_extra(f"actinf.responder.{module}", extra="respond", purpose=_PURPOSE)
