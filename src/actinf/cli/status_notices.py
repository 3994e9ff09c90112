"""What the public is told of incidents: `actinf status preview|publish|update|withhold|show`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from actinf.cli.console import Screen
from actinf.cli.incident_acts import named, text_of
from actinf.cli.office import at_office, request, settled
from actinf.lab.extras import load_extra

if TYPE_CHECKING:
    from actinf.responder.office.port import Document

__all__ = ["COMMANDS"]

_PURPOSE = "Telling the public"
_STATES = click.Choice(["investigating", "identified", "monitoring", "resolved", "withdrawn"])
_IMPACTS = click.Choice(["operational", "degraded", "partial outage", "major outage"])
_JSON = click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")


@click.command("preview", short_help="Show what users read of an incident, or would.")
@click.argument("incident", default="latest")
@_JSON
def preview(*, incident: str, as_json: bool) -> int:
    """Show exactly what the public was told of an incident, and what would be published; nothing is changed."""
    screen = Screen()
    with at_office(screen) as office:
        _show(screen, office.incident(named(incident, office)), as_json=as_json)
    return 0


@click.command("publish", short_help="Tell the public of an incident.")
@click.argument("incident")
@click.option("--text", help="What users should know.  [default: what the template says]")
@click.option("--title", help="One line.  [default: what the template says]")
@click.option("--state", type=_STATES, help="[default: as it stands]")
@click.option("--component", "components", multiple=True, help="That users see failing; again for another.")
@click.option("--impact", type=_IMPACTS, help="[default: by the severity]")
@click.option("--override", metavar="REASON", help="Why it is told although it is P3, or private.")
@_JSON
def publish(*, incident: str, components: tuple[str, ...], as_json: bool, **said: Any) -> int:
    """Tell the public of an incident now, or tell it otherwise: see what would be told with actinf status preview."""
    return _tell("publish", incident, said | _named(components), as_json=as_json)


@click.command("update", short_help="Tell the public more of it.")
@click.argument("incident")
@click.argument("text", nargs=-1, required=True)
@click.option("--state", type=_STATES, help="How it stands from now on.  [default: as before]")
@click.option("--title", help="Another title.")
@click.option("--component", "components", multiple=True, help="That users see failing from now on; again for another.")
@click.option("--impact", type=_IMPACTS, help="How bad it is from now on.  [default: as before]")
@_JSON
def update(*, incident: str, text: tuple[str, ...], components: tuple[str, ...], as_json: bool, **said: Any) -> int:
    """Tell the public more of an incident that it knows of; TEXT of - is read from standard input."""
    return _tell("update", incident, said | _named(components) | {"text": text_of(text)}, as_json=as_json)


@click.command("withhold", short_help="Keep an incident from the public.")
@click.argument("incident")
@click.option("--reason", required=True, help="Why the public is not told.")
@_JSON
def withhold(*, incident: str, as_json: bool, reason: str) -> int:
    """Keep an incident from the public that would be told of it by itself: a P2, within two hours.

    Of one that is private it says that somebody has decided: nobody is reminded any more.
    """
    return _tell("withhold", incident, {"reason": reason}, as_json=as_json)


@click.command("show", short_help="Show what is public now.")
@_JSON
def show(*, as_json: bool) -> int:
    """Show what the page says now: the parts of the service, and what goes on."""
    screen = Screen()
    with at_office(screen) as office:
        page = office.public_page()
        if as_json:
            screen.json(page)
        else:
            _screens().print_page(screen.out, page, datetime.now(UTC))
    return 0


COMMANDS = (preview, publish, update, withhold, show)


def _named(components: tuple[str, ...]) -> dict[str, Any]:
    return {"components": components} if components else {}


def _tell(verb: str, incident: str, said: dict[str, Any], *, as_json: bool) -> int:
    screen = Screen()
    kind = load_extra("actinf.responder.verbs", extra="respond", purpose=_PURPOSE).VERBS[verb]
    with at_office(screen) as office:
        document = office.act(named(incident, office), request(kind, said))
        settled(screen, office)
        _show(screen, document, as_json=as_json)
    return 0


def _show(screen: Screen, incident: Document, *, as_json: bool) -> None:
    if as_json:
        screen.json(incident["public"])
    else:
        _screens().print_public(screen.out, incident, datetime.now(UTC))


def _screens() -> Any:
    return load_extra("actinf.cli.status_screen", extra="respond", purpose=_PURPOSE)
