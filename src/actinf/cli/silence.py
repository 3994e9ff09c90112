"""`actinf silence`: keep alerts from being told for a while, see what is silenced, end it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from actinf.cli.console import Screen
from actinf.cli.group import Group
from actinf.cli.moments import ahead, length
from actinf.cli.office import at_office, request, settled
from actinf.errors import SettingError
from actinf.lab.extras import load_extra

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["command", "minutes_of", "part", "screens", "show"]

_PURPOSE = "Silencing alerts"
_MINUTE = timedelta(minutes=1)


@click.group("silence", cls=Group)
def command() -> None:
    """Keep alerts from being told for a while.

    A silenced alert opens no incident and joins none; it is kept, and told the moment that the silence ends, if it
    still fires.  An incident that is open is never hidden.
    """


@command.command("add", short_help="Silence alerts, from now on.")
@click.argument("matchers", metavar="MATCHER...", nargs=-1, required=True)
@click.option("--for", "lasts", metavar="TIME", help="How long: 2h, 30m, 1h 30m.")
@click.option("--until", metavar="TIME", help="Or until when: 18:00, 2026-11-24T06:00 (UTC).")
@click.option("--reason", required=True, help="Why, for whoever asks where the alerts are.")
@click.option("--private", is_flag=True, help="For alerts that are private, as those of security, and no others.")
@click.option("--dry-run", is_flag=True, help="Only say which of the known alerts it would hold back.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def add(
    *, matchers: tuple[str, ...], lasts: str | None, until: str | None, dry_run: bool, as_json: bool, **said: Any
) -> int:
    """Silence the alerts that meet every MATCHER: component=disk, severity!=P0, alertname=~"Disk.*", pod!~"canary-.+"

    It lasts for a day at most (ACTINF_RESPOND_LONGEST_SILENCE_HOURS); for work that is planned, or comes every week:
    actinf maintenance add.
    """
    screen = Screen()
    minutes = _minutes(lasts, until, datetime.now(UTC))
    asked = request(part("quiet.requests").MakeSilence, said, matchers=matchers, minutes=minutes)
    with at_office(screen) as office:
        if dry_run:
            found = office.would_hold_back(asked)
            show(screen, found, screens().print_preview, as_json=as_json)
            return 0
        made = office.silence(asked)
        settled(screen, office)
        show(screen, made, screens().print_silence_made, as_json=as_json)
    return 0


@command.command("list", short_help="List silences, and what each holds back.")
@click.option("--all", "past", is_flag=True, help="Those that are over as well.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def list_silences(*, past: bool, as_json: bool) -> int:
    """List the silences that hold, the one that ends first at the top, with the alerts that each holds back now."""
    screen = Screen()
    with at_office(screen) as office:
        settled(screen, office)
        found = office.silences(past=past)
        if found or as_json:
            show(screen, found, screens().print_silences, as_json=as_json)
        else:
            screen.out.print("there never was one" if past else "nothing is silenced")
    return 0


@command.command("end", short_help="End a silence now.")
@click.argument("number", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def end(*, number: str, as_json: bool) -> int:
    """End a silence before its time: what it held back and still fires opens its incident at once."""
    screen = Screen()
    with at_office(screen) as office:
        ended = office.end_silence(number)
        settled(screen, office)
        show(screen, ended, screens().print_ended, as_json=as_json)
    return 0


def _minutes(lasts: str | None, until: str | None, now: datetime) -> int:
    if (lasts is None) == (until is None):
        raise SettingError("--for and --until: expected one of them, as --for 2h or --until 18:00")
    if lasts is not None:
        return minutes_of(lasts, "--for")
    left = ahead(until or "", now) - now
    if left <= timedelta(0):
        raise SettingError(f"--until is {until!r}, which is over: expected a time to come")
    return -(-left // _MINUTE)


def minutes_of(text: str, option: str) -> int:
    """A length of time in whole minutes, rounded up.

    Args:
        text: as 2h.
        option: that gave it.

    Raises:
        SettingError: it is none.
    """
    found = length(text)
    if found is None or found <= timedelta(0):
        raise SettingError(f"{option} is {text[:40]!r}: expected a length of time, as 30m, 2h or 1h 30m")
    return -(-found // _MINUTE)


def part(module: str) -> Any:
    """A module of the responder, which is loaded when a command needs it."""
    return load_extra(f"actinf.responder.{module}", extra="respond", purpose=_PURPOSE)


def screens() -> Any:
    """How silences are shown."""
    return load_extra("actinf.cli.quiet_screen", extra="respond", purpose=_PURPOSE)


def show(screen: Screen, found: Any, for_people: Callable[[Console, Any, datetime], None], *, as_json: bool) -> None:
    """Show a document, or several, as JSON or for people."""
    if as_json:
        screen.json(found)
    else:
        for_people(screen.out, found, datetime.now(UTC))
