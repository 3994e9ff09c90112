"""`actinf maintenance`: announce work during which alerts are expected, once or every week."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.cli.group import Group
from actinf.cli.moments import ahead
from actinf.cli.office import at_office, request, settled
from actinf.cli.silence import minutes_of, part, screens, show
from actinf.errors import SettingError

__all__ = ["command"]


@click.group("maintenance", cls=Group)
def command() -> None:
    """Announce work during which alerts are expected.

    While a window goes on, the alerts that it is for open no incident; those that still fire when it ends open theirs
    then.  An incident that is open is never hidden.
    """


@command.command("add", short_help="Announce a window, once or every week.")
@click.argument("name")
@click.argument("matchers", metavar="MATCHER...", nargs=-1, required=True)
@click.option("--from", "since", metavar="TIME", help="Once: from when: 22:00, 2026-11-30T22:00.  [default: now]")
@click.option("--until", metavar="TIME", help="Once: until when, a week later at most.")
@click.option("--weekly", metavar="DAYS", help="Every week: the days on which it begins, as mon,thu.")
@click.option("--at", "opens", metavar="HH:MM", help="Every week: at which hour, by the clock of the zone.")
@click.option("--lasts", metavar="TIME", help="Every week: for how long, as 2h.")
@click.option("--zone", default="UTC", show_default=True, help="The place whose clock counts, as Europe/Berlin.")
@click.option("--private", is_flag=True, help="For alerts that are private, as those of security, and no others.")
@click.option("--dry-run", is_flag=True, help="Only say which of the known alerts it would be for.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def add(
    *,
    matchers: tuple[str, ...],
    weekly: str | None,
    lasts: str | None,
    dry_run: bool,
    as_json: bool,
    **said: Any,
) -> int:
    """Announce the window NAME for the alerts that meet every MATCHER, as component=database.

    \b
    actinf maintenance add upgrade component=database --from 22:00 --until 23:30
    actinf maintenance add backups component=database --weekly mon,thu --at 02:00 --lasts 1h --zone Europe/Berlin
    """
    screen = Screen()
    try:
        asked = request(
            part("quiet.requests").AnnounceMaintenance,
            said | _times(said, datetime.now(UTC)),
            matchers=matchers,
            days=tuple(one.strip().lower() for one in weekly.split(",")) if weekly is not None else (),
            minutes=None if lasts is None else minutes_of(lasts, "--lasts"),
        )
    except SettingError as error:
        raise SettingError(_by_options(str(error))) from None
    with at_office(screen) as office:
        if dry_run:
            found = office.would_hold_back(asked)
            show(screen, found, screens().print_preview, as_json=as_json)
            return 0
        made = office.announce(asked)
        settled(screen, office)
        show(screen, made, screens().print_announced, as_json=as_json)
    return 0


@command.command("list", short_help="List windows, and what each holds back.")
@click.option("--all", "past", is_flag=True, help="Those that are over as well.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def list_maintenance(*, past: bool, as_json: bool) -> int:
    """List the windows that go on or will, with the alerts that each holds back now."""
    screen = Screen()
    with at_office(screen) as office:
        settled(screen, office)
        found = office.maintenances(past=past)
        if found or as_json:
            show(screen, found, screens().print_maintenances, as_json=as_json)
        else:
            screen.out.print("there never was one" if past else "no maintenance is announced")
    return 0


@command.command("end", short_help="End a window for good.")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def end(*, name: str, as_json: bool) -> int:
    """End a window for good, one that comes every week as well: what it held back opens its incident at once."""
    screen = Screen()
    with at_office(screen) as office:
        ended = office.end_maintenance(name)
        settled(screen, office)
        show(screen, ended, screens().print_ended, as_json=as_json)
    return 0


def _by_options(text: str) -> str:
    """What is wrong, with the names of options in the place of those of fields."""
    for field, option in (("days", "--weekly"), ("opens", "--at"), ("minutes", "--lasts")):
        text = re.sub(rf"^{field}:", f"{option}:", text, flags=re.MULTILINE)
    return text


def _times(said: dict[str, Any], now: datetime) -> dict[str, datetime]:
    """The times that were said, in the zone that was said, too."""
    named = {name: said[name] for name in ("since", "until") if said[name] is not None}
    if not named:
        return {}
    zone = part("oncall.local_time").zone_named(said["zone"]).key
    since = ahead(named["since"], now, zone) if "since" in named else now
    # `--from 22:00 --until 01:00` ends the night after it begins.
    until = {"until": ahead(named["until"], since, zone)} if "until" in named else {}
    return ({"since": since} if "since" in named else {}) | until
