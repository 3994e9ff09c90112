"""`actinf incident ramp`: the way back, step by step, each one only when the one before has proved itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from actinf.cli.console import Screen
from actinf.cli.documents import read_document
from actinf.cli.group import Group
from actinf.cli.incident_acts import named
from actinf.cli.office import at_office, request, settled
from actinf.lab.extras import load_extra

if TYPE_CHECKING:
    from actinf.responder.office.port import Document, Office

__all__ = ["command"]

_PURPOSE = "Working with incidents"


@click.group("ramp", cls=Group, short_help="Bring a service back step by step.")
def command() -> None:
    """Bring a service back step by step: smoke test, reduced load, 3 replicas, 15 minutes of soak, 5 replicas.

    A server carries it out (actinf respond serve), each step only when the one before has passed.  What is not as it
    should be stops it; where that takes no replica away, it puts back what it set.
    """


def _of_ramp(function: Callable[..., int]) -> Callable[..., int]:
    for decorate in (
        click.option("--json", "as_json", is_flag=True, help="Say it as JSON."),
        click.argument("incident"),
    ):
        function = decorate(function)
    return function


def _may_go_down(function: Callable[..., int]) -> Callable[..., int]:
    for decorate in (
        click.option("--yes-down", is_flag=True, help="Say it a second time; one of both alone is refused."),
        click.option("--down", is_flag=True, help="Replicas may be taken away."),
    ):
        function = decorate(function)
    return function


@command.command("start", short_help="Begin a ramp.")
@_of_ramp
@_may_go_down
@click.option("--plan", metavar="FILE", help="Another plan than the runbook's, in YAML or JSON; - for standard input.")
@click.option("--dry-run", is_flag=True, help="Only say what it would do, with the cluster as it stands.")
def start(*, incident: str, plan: str | None, dry_run: bool, as_json: bool, down: bool, yes_down: bool) -> int:
    """Begin a ramp of an open incident; with --dry-run only say what it would do.

    Exit code 1 where a dry run finds that it would not begin.
    """
    screen = Screen()
    asked = request(
        _part("ramp.requests").StartRamp, {}, plan=None if plan is None else _plan(plan), down=down, yes_down=yes_down
    )
    with at_office(screen) as office:
        name = named(incident, office)
        if dry_run:
            found = office.preview_ramp(name, asked)
            _show(screen, found, _screens().print_preview, as_json=as_json)
            return 1 if found["problems"] else 0
        _said(screen, office, office.start_ramp(name, asked), as_json=as_json)
    return 0


@command.command("show", short_help="Show how far a ramp is.")
@click.argument("incident", default="latest")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def show(*, incident: str, as_json: bool) -> int:
    """Show how far the ramp of an incident is: its steps, and what it waits for.  Without INCIDENT the latest."""
    screen = Screen()
    with at_office(screen) as office:
        _show(screen, office.ramp(named(incident, office)), _screens().print_ramp, as_json=as_json)
    return 0


@command.command("pause", short_help="Let a ramp wait.")
@_of_ramp
@click.option("--reason", help="Why.")
def pause(**said: Any) -> int:
    """Let a ramp wait; a trial that is under way ends, and nothing follows it."""
    return _direct("pause", said)


@command.command("resume", short_help="Let a ramp go on.")
@_of_ramp
@click.option("--reason", help="Why.")
def resume(**said: Any) -> int:
    """Let a ramp go on that is paused, or was held: what was held begins its step anew, with what is there as given."""
    return _direct("resume", said)


@command.command("pass", short_help="Let a step pass on your word.")
@_of_ramp
@click.option("--reason", required=True, help="On what grounds; it stands on the timeline.")
def let_pass(**said: Any) -> int:
    """Let the trial or the soak that a ramp is at pass on your word: where nothing is measured, somebody has to say.

    A trial that is under way is stopped, so that what follows does not meet its load.
    """
    return _direct("pass", said)


@command.command("abort", short_help="End a ramp, and leave all as it is.")
@_of_ramp
@click.option("--reason", help="Why.")
def abort(**said: Any) -> int:
    """End a ramp, and leave all as it is; a trial that is under way is stopped."""
    return _direct("abort", said)


@command.command("rollback", short_help="Put back what a ramp set.")
@_of_ramp
@_may_go_down
@click.option("--reason", help="Why.")
def rollback(**said: Any) -> int:
    """Put back what a ramp set; where that takes replicas away, only with --down --yes-down."""
    return _direct("rollback", said)


def _direct(direction: str, said: dict[str, Any]) -> int:
    screen = Screen()
    incident, as_json = said.pop("incident"), said.pop("as_json")
    requests = _part("ramp.requests")
    asked = request(requests.DirectRamp, said)
    with at_office(screen) as office:
        told = office.direct_ramp(named(incident, office), requests.Direction(direction), asked)
        _said(screen, office, told, as_json=as_json)
    return 0


def _said(screen: Screen, office: Office, document: Document, *, as_json: bool) -> None:
    served = settled(screen, office)
    _show(screen, document, _screens().print_ramp, as_json=as_json)
    if not served and document["state"] in ("runs", "goes back"):
        screen.warn("no server runs, and nothing of it is done without one: actinf respond serve")


def _plan(file: str) -> dict[str, Any]:
    document: dict[str, Any] = read_document(_part("ramp.plan").Plan, file, "a plan").document()
    return document


def _show(screen: Screen, found: Document, for_people: Callable[..., None], *, as_json: bool) -> None:
    if as_json:
        screen.json(found)
    else:
        for_people(screen.out, found, datetime.now(UTC))


def _part(module: str) -> Any:
    return load_extra(f"actinf.responder.{module}", extra="respond", purpose=_PURPOSE)


def _screens() -> Any:
    return load_extra("actinf.cli.ramp_screen", extra="respond", purpose=_PURPOSE)
