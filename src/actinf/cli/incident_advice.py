"""What to look at next in an incident, and what the steps of the runbook showed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from actinf.cli.console import Screen
from actinf.cli.incident_acts import act, named, of_incident
from actinf.cli.office import at_office
from actinf.errors import SettingError
from actinf.lab.extras import load_extra

if TYPE_CHECKING:
    from actinf.responder.office.port import Document, Office

__all__ = ["COMMANDS"]

_PURPOSE = "Working with incidents"
#: Seconds within which advice is there, but for the first time; and for which it is waited for that time.
_SOON, _AT_LAST = 3.0, 180.0


@click.command("advise", short_help="Say what to look at next.")
@click.argument("incident", default="latest")
@click.option("--all", "everything", is_flag=True, help="All that is left to look at and to do, not the best three.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def advise(*, incident: str, everything: bool, as_json: bool) -> int:
    """Say what to look at next, or to try: what is expected to end it soonest, and what it probably is.

    It advises, and never acts.  Without INCIDENT, of the latest.
    """
    screen = Screen()
    with at_office(screen, advised=True) as office:
        advice = _once_ready(screen, office, named(incident, office))
        if as_json:
            screen.json(advice)
            return 0
        show = load_extra("actinf.cli.incident_advice_screen", extra="respond", purpose=_PURPOSE)
        show.print_advice(screen.out, advice, everything=everything)
    return 0


@click.command("looked", short_help="Say what a step of the runbook showed.")
@of_incident
@click.argument("step", required=False)
@click.argument("outcome", required=False)
@click.option("--note", help="What else was seen.")
@click.option("--list", "listed", is_flag=True, help="The names of the steps, and of what each can show.")
def looked(*, step: str | None, outcome: str | None, listed: bool, **said: Any) -> int:
    """Say what a step of the runbook showed; said again, the last word counts.

    STEP and OUTCOME are names, which --list lists; of what was done to make it better, OUTCOME is better or unchanged.
    """
    if listed:
        if step is not None:
            raise SettingError("--list lists the steps: leave STEP and OUTCOME out")
        return _list_steps(said["incident"], as_json=said["as_json"])
    if step is None or outcome is None:
        raise SettingError("looked needs a STEP and its OUTCOME, as `looked 001 pods restarting`; --list has the names")
    return act("looked", f"{step}: {outcome}", {**said, "step": step, "outcome": outcome})


def _list_steps(incident: str, *, as_json: bool) -> int:
    screen = Screen()
    with at_office(screen) as office:
        document = office.incident(named(incident, office))
        page = load_extra("actinf.responder.advising.page", extra="respond", purpose=_PURPOSE).the_page(
            document["type"]
        )
        if as_json:
            screen.json(
                {
                    "causes": page.causes,
                    "steps": [
                        {"step": one.name, "words": one.words, "outcomes": one.outcomes} for one in page.steps.values()
                    ],
                }
            )
            return 0
        load_extra("actinf.cli.incident_advice_screen", extra="respond", purpose=_PURPOSE).print_steps(screen.out, page)
    return 0


def _once_ready(screen: Screen, office: Office, incident: str) -> Document:
    """The advice; on a new installation the engine is compiled first, and it is said that this takes a while."""
    advice = office.advice(incident, patience=_SOON)
    if advice["preparing"]:
        screen.say("the engine is being prepared: a moment, or a minute or two on a new installation")
    until = time.monotonic() + _AT_LAST
    while advice["preparing"] and time.monotonic() < until:
        advice = office.advice(incident, patience=_SOON)
    return advice


COMMANDS = (advise, looked)
