"""`actinf incident`: open an incident, lead it, and see how it stands."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from actinf.cli import (
    incident_acts,
    incident_advice,
    incident_case,
    incident_catalogue,
    incident_change,
    incident_ramp,
    incident_record,
    incident_scan,
)
from actinf.cli.console import Screen
from actinf.cli.group import Group
from actinf.cli.moments import past, since_moment
from actinf.cli.office import at_office, request, settled
from actinf.lab.extras import load_extra

if TYPE_CHECKING:
    from actinf.responder.office.port import Document, Office

__all__ = ["command"]

_PURPOSE = "Working with incidents"
#: Seconds for which a server is waited for that is about to page.
_PATIENCE, _BETWEEN_LOOKS = 2.0, 0.1
_TYPES = ("api_down", "database_performance", "high_memory", "security", "other")

#: By when they are needed: whoever is woken up at night reads no more than the first.
_SECTIONS = {
    "The first five minutes": ("open", "ack", "show", "assess", "call", "advise"),
    "While it goes on": (
        "list",
        "note",
        "looked",
        "milestone",
        "assign",
        "handover",
        "severity",
        "case",
        "evidence",
        "link",
        "merge",
    ),
    "The way back": ("ramp", "check", "resolve", "reopen", "close"),
    "Afterwards": ("task", "action", "action-done", "lesson", "impact", "export"),
    "What the law wants": ("breach", "legal", "erase"),
    "What incidents come from": ("change", "scan", "findings", "catalogue"),
}


@click.group("incident", cls=Group, sections=_SECTIONS)
def command() -> None:
    """Open an incident, lead it, and see how it stands.

    It needs no server and no setting: without ACTINF_RESPOND_URL, incidents are kept in a file of this machine.
    INCIDENT is an id, the end of one (001), or `latest`.
    """


@command.command("open", short_help="Open an incident.")
@click.option("--component", required=True, help="What does not work, by any name that the catalogue has, or in words.")
@click.option("--impact", required=True, help="What users notice.")
@click.option("--severity", type=click.Choice(["P0", "P1", "P2", "P3"]), help="Without it, judged from the rest.")
@click.option("--reason", help="Why it is that severe.")
@click.option("--type", "incident_type", type=click.Choice(_TYPES), help="[default: that of the component]")
@click.option("--detected-at", metavar="TIME", help="From when its clocks count: 10m ago, 14:05, …  [default: now]")
@click.option("--degradation", type=click.FloatRange(0, 100), metavar="PERCENT", help="Of performance that is lost.")
@click.option("--affected-users", type=click.IntRange(min=0), help="How many users it affects.")
@click.option("--data-loss", is_flag=True, help="Data was lost or corrupted, or may have been: P0.")
@click.option("--down", is_flag=True, help="The system is down altogether: P0.")
@click.option("--private", is_flag=True, help="Only those who are concerned may see it; security always is.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def open_incident(*, as_json: bool, detected_at: str | None, degradation: float | None, **said: Any) -> int:
    """Open an incident: its clocks run, and whoever is on call is paged.

    actinf incident open --severity P1 --component api --impact "requests fail"
    """
    screen, now = Screen(), datetime.now(UTC)
    verbs = load_extra("actinf.responder.verbs", extra="respond", purpose=_PURPOSE)
    with at_office(screen) as office:
        opened = office.open(
            request(
                verbs.OpenIncident,
                said,
                detected_at=past(detected_at, now) if detected_at else None,
                degradation=None if degradation is None else degradation / 100,
            )
        )
        # Who is paged follows from what is due now.
        served = settled(screen, office)
        incident = _once_paged(office, opened["id"]) if served else office.incident(opened["id"])
        if as_json:
            screen.json(incident)
            return 0
        _say_what_was_not_known(screen, said["component"], incident)
        screens().print_opened(screen.out, incident, datetime.now(UTC), office.schedule())
        if not served:
            screen.say("no server runs: pages and clocks go on with the next command; actinf respond serve keeps on")
    return 0


@command.command("list", short_help="List incidents.")
@click.option("--all", "which", flag_value="all", help="Those that are over as well.")
@click.option("--resolved", "which", flag_value="resolved", help="Those that were resolved.")
@click.option("--since", metavar="TIME", help="Opened since then: 7d, 14:05, 2026-11-01.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="So many at most.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def list_incidents(*, which: str | None, since: str | None, limit: int, as_json: bool) -> int:
    """List incidents that are open, the most severe first, with the clock that runs out next."""
    screen, now = Screen(), datetime.now(UTC)
    with at_office(screen) as office:
        first = office.incidents(which or "open", since=since_moment(since, now) if since else None, limit=limit + 1)
        found = first[:limit]
        if as_json:
            screen.json(found)
        elif found:
            screens().print_list(screen.out, found, now)
        else:
            screen.out.print("there is none" if which else "no incident is open")
        if len(first) > limit:
            screen.warn(f"there are more than the {limit:,} that are listed: --limit {limit * 10}")
    return 0


@command.command("show", short_help="Show all of an incident.")
@click.argument("incident", default="latest")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def show(*, incident: str, as_json: bool) -> int:
    """Show all of an incident: its clocks, its checklist, its timeline.  Without INCIDENT the latest."""
    screen = Screen()
    with at_office(screen) as office:
        document = office.incident(incident_acts.named(incident, office))
        if as_json:
            screen.json(document)
        else:
            screens().print_incident(screen.out, document, datetime.now(UTC))
    return 0


def _say_what_was_not_known(screen: Screen, component: str, incident: Document) -> None:
    guidance = incident["guidance"]
    if guidance["component"] is None:
        near = " or ".join(map(repr, guidance["near"]))
        meant = f"; did you mean {near}?" if near else ";"
        screen.warn(
            f"the catalogue has no component {component[:80]!r}{meant} it was opened as it is said (actinf incident "
            "catalogue lists those that there are)"
        )


def _once_paged(office: Office, name: str) -> Document:
    """An incident as soon as the server has paged whoever it pages at once, which takes it a moment."""
    until = time.monotonic() + _PATIENCE
    while True:
        incident = office.incident(name)
        standing = incident["escalation"]
        due = standing is not None and standing["next_at"] is not None
        if not due or datetime.fromisoformat(standing["next_at"]) > datetime.now(UTC) or time.monotonic() > until:
            return incident
        time.sleep(_BETWEEN_LOOKS)


def screens() -> Any:
    """How incidents are shown."""
    return load_extra("actinf.cli.incident_screen", extra="respond", purpose=_PURPOSE)


for _one in (
    incident_catalogue.command,
    incident_change.command,
    incident_case.call,
    incident_case.case,
    incident_scan.scan,
    incident_scan.findings,
    incident_ramp.command,
    *incident_acts.COMMANDS,
    *incident_advice.COMMANDS,
    *incident_record.COMMANDS,
):
    command.add_command(_one)
