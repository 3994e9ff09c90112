"""Planned work that the public is told of: `actinf status maintenance announce|list|start|end|cancel`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.cli.group import Group
from actinf.cli.moments import ahead
from actinf.cli.office import at_office, request, settled
from actinf.lab.extras import load_extra

__all__ = ["command"]

_PURPOSE = "Telling the public"
_IMPACTS = click.Choice(["maintenance", "operational", "degraded", "partial outage", "major outage"])
_JSON = click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")


@click.group("maintenance", short_help="Tell the public of planned work.", cls=Group)
def command() -> None:
    """Tell the public of planned work: it begins and ends by itself, at its times."""


@command.command("announce", short_help="Tell the public of planned work.")
@click.argument("title")
@click.option("--from", "since", metavar="TIME", required=True, help="From when: 22:00, in 2d, 2026-11-30T22:00.")
@click.option("--until", metavar="TIME", required=True, help="Until when: 23:30, or how long from its beginning: 2h.")
@click.option("--text", help="What users should know.  [default: its times]")
@click.option("--component", "components", multiple=True, help="That users see it on; again for another.")
@click.option("--impact", type=_IMPACTS, help="How well that works meanwhile.  [default: maintenance]")
@click.option("--expect", "expects", metavar="MATCHER", multiple=True, help="Alerts that are expected: component=db.")
@_JSON
def announce(
    *, since: str, until: str, components: tuple[str, ...], expects: tuple[str, ...], as_json: bool, **said: Any
) -> int:
    """Tell the public of the work TITLE; times are UTC, where they name no other zone.

    With --expect, a window of maintenance is made as well, for the alerts that meet every MATCHER: they open no
    incident while it goes on. It begins, ends and is cancelled with the work.

    \b
    actinf status maintenance announce "Upgrade" --from 22:00 --until 23:30 --component api --expect component=db
    """
    screen, now = Screen(), datetime.now(UTC)
    begins = ahead(since, now)
    asked = request(
        load_extra("actinf.responder.publishing.requests", extra="respond", purpose=_PURPOSE).AnnounceWork,
        said,
        since=begins,
        until=ahead(until, begins),
        components=components,
        expects=expects,
    )
    with at_office(screen) as office:
        made = office.announce_work(asked)
        settled(screen, office)
        _show(screen, [made], as_json=as_json)
    return 0


@command.command("list", short_help="List planned work.")
@click.option("--all", "past", is_flag=True, help="What is over as well.")
@_JSON
def list_works(*, past: bool, as_json: bool) -> int:
    """List the work that the public was told of and that is to come or goes on."""
    screen = Screen()
    with at_office(screen) as office:
        found = office.planned_works(past=past)
        if found or as_json:
            _show(screen, found, as_json=as_json, all_of_it=True)
        else:
            screen.out.print("there never was any" if past else "no work is planned")
    return 0


@command.command("start", short_help="Begin it now, before its time.")
@click.argument("number", type=click.IntRange(min=1))
@_JSON
def start(*, number: int, as_json: bool) -> int:
    """Say that planned work has begun, before its time."""
    return _change(number, "start", "", as_json=as_json)


@command.command("end", short_help="End it now, before its time.")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--text", default="", help='What users are told.  [default: "The work is done."]')
@_JSON
def end(*, number: int, text: str, as_json: bool) -> int:
    """Say that planned work is done, before its time."""
    return _change(number, "end", text, as_json=as_json)


@command.command("cancel", short_help="Say that it does not take place.")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--text", default="", help='What users are told.  [default: "The work does not take place."]')
@_JSON
def cancel(*, number: int, text: str, as_json: bool) -> int:
    """Say that planned work that has not begun does not take place."""
    return _change(number, "cancel", text, as_json=as_json)


def _change(number: int, what: str, text: str, *, as_json: bool) -> int:
    screen = Screen()
    requests = load_extra("actinf.responder.publishing.requests", extra="respond", purpose=_PURPOSE)
    said = request(requests.ChangeWork, {"text": text})
    with at_office(screen) as office:
        after = office.change_work(number, requests.WorkChange(what), said.text)
        settled(screen, office)
        _show(screen, [after], as_json=as_json)
    return 0


def _show(screen: Screen, found: list[dict[str, Any]], *, as_json: bool, all_of_it: bool = False) -> None:
    if as_json:
        screen.json(found if all_of_it else found[0])
        return
    printed = load_extra("actinf.cli.status_screen", extra="respond", purpose=_PURPOSE).print_work
    for one in found:
        printed(screen.out, one, datetime.now(UTC))
