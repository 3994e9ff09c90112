"""What is done with an incident from its acknowledgement to its end; each command is one verb of the responder."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from actinf.cli.console import Screen
from actinf.cli.moments import past, shown
from actinf.cli.office import acting, at_office, request
from actinf.errors import SettingError
from actinf.lab.extras import load_extra
from actinf.responder.channels.neutral import line

if TYPE_CHECKING:
    from actinf.responder.office.port import Document, Office

__all__ = ["COMMANDS", "act", "must_be_now", "named", "of_incident", "text_of"]

_PURPOSE = "Working with incidents"
_SEVERITIES = click.Choice(["P0", "P1", "P2", "P3"])
_CHECKLIST = ("stable", "dependencies", "alerts", "performance", "users")
_NUMBERED = re.compile(r"(page-\d{1,9}|\d{1,18})", re.ASCII)
_MILESTONES = {
    "investigation": "investigation started",
    "root-cause": "root cause identified",
    "fix": "fix implemented",
}


def named(incident: str, office: Office) -> str:
    """The whole id of the incident that is meant."""
    full_name = load_extra("actinf.responder.office.naming", extra="respond", purpose=_PURPOSE).full_name
    name: str = full_name(incident, office.names)
    return name


def of_incident(function: Callable[..., int]) -> Callable[..., int]:
    """Add what every command on one incident takes: INCIDENT, --at and --json."""
    for decorate in (
        click.option("--json", "as_json", is_flag=True, help="Say it as JSON."),
        click.option("--at", metavar="TIME", help="When it happened: 10m ago, 14:05, …  [default: now]"),
        click.argument("incident"),
    ):
        function = decorate(function)
    return function


def act(verb: str, outcome: str | Callable[[Document], str], said: dict[str, Any], **known: Any) -> int:
    """Do something with an incident, and say how it stands.

    Args:
        verb: of `actinf.responder.verbs.VERBS`.
        outcome: what is said was done.
        said: what was typed: of `of_incident`, and fields of the verb; None was not typed.
        known: the other fields of the verb.
    """
    screen, now = Screen(), datetime.now(UTC)
    incident, as_json, at = (said.pop(name) for name in ("incident", "as_json", "at"))
    when = past(at, now) if at else None
    kind = load_extra("actinf.responder.verbs", extra="respond", purpose=_PURPOSE).VERBS[verb]
    with at_office(screen) as office:
        if "into" in said:
            said["into"] = named(said["into"], office)
        document = office.act(named(incident, office), request(kind, said, at=when, **known))
        # Said before what is due goes out: a channel may be slow.
        if as_json:
            screen.json(document)
            return 0
        told = outcome if isinstance(outcome, str) else outcome(document)
        happened = f", as of {shown(when, now)}" if when is not None else ""
        for one in f"{told}{happened}".splitlines():
            screen.out.print(line(one), markup=False, soft_wrap=True)
        standing = load_extra("actinf.cli.incident_screen", extra="respond", purpose=_PURPOSE).standing_line
        screen.out.print(standing(document), soft_wrap=True)
    return 0


def must_be_now(said: Mapping[str, Any], what: str) -> None:
    """Refuse --at where something cannot have happened before it is written down."""
    if said["at"] is not None:
        raise SettingError(f"{what} when it is typed: leave --at out")


def text_of(words: tuple[str, ...]) -> str:
    """What was typed, or, for a lone -, what comes by standard input."""
    return sys.stdin.read() if words == ("-",) else " ".join(words)


@click.command("ack", short_help="Say that you are there: paging ends.")
@of_incident
def ack(**said: Any) -> int:
    """Say that you are there: paging ends, and you lead where nobody does."""
    return act("ack", f"acknowledged by {acting()}: nobody else is paged", said)


@click.command("assign", short_help="Give the lead to somebody.")
@of_incident
@click.argument("who")
def assign(*, who: str, **said: Any) -> int:
    """Give the lead to somebody, by their handle."""
    return act("assign", f"{who} leads", said, to=who)


@click.command("handover", short_help="Pass the lead on.")
@of_incident
@click.argument("who")
@click.option("--note", help="What the next one has to know.")
def handover(*, who: str, **said: Any) -> int:
    """Pass the lead on, with what the next one has to know."""
    return act("handover", f"handed over to {who}", said, to=who)


@click.command("assess", short_help="Write down the initial assessment.")
@of_incident
@click.option("--severity", type=_SEVERITIES, required=True, help="How severe it is.")
@click.option("--component", "components", multiple=True, required=True, help="What does not work; again for another.")
@click.option("--impact", required=True, help="What users notice.")
@click.option("--findings", required=True, help="What is known so far.")
def assess(**said: Any) -> int:
    """Write down the initial assessment; all four are needed."""
    return act("assess", "assessed", said)


@click.command("note", short_help="Write something down.")
@of_incident
@click.argument("text", nargs=-1, required=True)
def note(*, text: tuple[str, ...], **said: Any) -> int:
    """Write down what was seen or done; TEXT is - for standard input."""
    return act("note", "noted", said, text=text_of(text))


@click.command("milestone", short_help="Say that a milestone was reached.")
@of_incident
@click.argument("milestone", metavar="MILESTONE", type=click.Choice(list(_MILESTONES)))
@click.argument("text", nargs=-1)
@click.option("--cause", metavar="NAME", help="Of root-cause: which of those that `looked --list` lists.")
def reach(*, milestone: str, text: tuple[str, ...], **said: Any) -> int:
    """Say that a milestone was reached, and how that is known; said again, it is corrected.

    MILESTONE is investigation, root-cause or fix; detection and restoration come with opening and resolving.
    """
    name = _MILESTONES[milestone]
    return act("milestone", f"reached: {name}", said, milestone=name, text=text_of(text))


@click.command("severity", short_help="Make it more or less severe.")
@of_incident
@click.argument("severity", metavar="SEVERITY", type=_SEVERITIES)
@click.option("--reason", required=True, help="Why.")
def severity(*, severity: str, **said: Any) -> int:
    """Make it more or less severe; its clocks keep their start."""
    return act("severity", f"{severity} from now on", said, severity=severity)


@click.command("check", short_help="Say how an item of the recovery checklist stands.")
@of_incident
@click.argument("item", metavar="[ITEM]", type=click.Choice(_CHECKLIST), required=False)
@click.option("--passed", "passed", flag_value="passed", help="It is as it should be.")
@click.option("--failed", "passed", flag_value="failed", help="It is not.")
@click.option("--unknown", "passed", flag_value="unknown", help="It cannot be told.")
@click.option("--found", help="What was seen; of users, how else they were told.")
@click.option("--sent", metavar="N", help="Of users: the update that told them, as `show` numbers it, or latest.")
@click.option("--by-machine", is_flag=True, help="Let Prometheus tell the four items that it can.")
def check(
    *, item: str | None, passed: str | None, found: str | None, sent: str | None, by_machine: bool, **said: Any
) -> int:
    """Say how an item of the recovery checklist stands, or let Prometheus tell.

    ITEM is stable, dependencies, alerts, performance or users.  Users are passed by the update that told them, --sent,
    or by how else they were told, --found.
    """
    if by_machine:
        if any(one is not None for one in (item, passed, found, sent)):
            raise SettingError("--by-machine looks at all items itself: leave out the item and how it stands")
        must_be_now(said, "a machine looks")
        return act("check-by-machine", _looked, said)
    if item is None:
        raise SettingError(f"check needs an item, one of {', '.join(_CHECKLIST)}, or --by-machine")
    if sent is not None:
        if passed not in (None, "passed"):
            raise SettingError(f"--sent says that users were told, and --{passed} that they were not: leave one out")
        if sent != "latest" and not _NUMBERED.fullmatch(sent):
            raise SettingError(
                f"--sent is {sent[:40]!r}: expected a number as `actinf incident show` has it, or latest"
            )
        passed, said["message"] = "passed", int(sent) if sent.isdigit() else sent
    if passed is None:
        raise SettingError("check needs how it stands: one of --passed, --failed, --unknown")
    how = {"passed": True, "failed": False, "unknown": None}[passed]
    return act("check", f"{item}: {passed}", said, item=item, passed=how, found=found or "")


@click.command("resolve", short_help="Call it over.")
@of_incident
@click.option("--how", help="What was done; it becomes the resolution of the post-mortem.")
@click.option("--cause", metavar="NAME", help="What it was, one of those that `looked --list` lists.")
def resolve(**said: Any) -> int:
    """Call it over: the resolution clock stops, and the tasks afterwards begin to count."""
    return act("resolve", _resolved, said)


def _looked(document: Document) -> str:
    told = {True: "well", False: "NOT well", None: "cannot be told"}
    return "\n".join(
        "; ".join(filter(None, (f"{one['item']}: {told[one['passed']]}", one["found"])))
        for one in document["checklist"]
        if one["at"]
    )


def _resolved(document: Document) -> str:
    open_items = [one["item"] for one in document["checklist"] if one["passed"] is not True]
    told = "resolved" + (f"; not checked off: {', '.join(open_items)}" if open_items else "")
    if "users" in open_items and document["updates"]:
        told += f"\nonce users were told that it is over: actinf incident check {document['id']} users --sent latest"
    return told


@click.command("reopen", short_help="Say that it was not over.")
@of_incident
@click.option("--reason", required=True, help="Why.")
def reopen(**said: Any) -> int:
    """Say that it was not over: whoever is on call is paged again, and the resolution clock goes on."""
    return act("reopen", "reopened", said)


@click.command("merge", short_help="Let it go on as another incident.")
@of_incident
@click.option("--into", required=True, metavar="INCIDENT", help="The other.")
def merge(**said: Any) -> int:
    """Let it go on as another incident, which takes its alerts."""
    must_be_now(said, "incidents are merged")
    return act("merge", lambda other: f"goes on as {other['id']}", said)


@click.command("link", short_help="Say what it has to do with.")
@of_incident
@click.argument("target")
@click.option("--relation", default="related", show_default=True, help="How: caused by, ticket, …")
def link(**said: Any) -> int:
    """Say what it has to do with: another incident, a ticket, a page."""
    return act("link", "linked", said)


@click.command("close", short_help="Say that there was nothing.")
@of_incident
@click.option("--false-positive", is_flag=True, help="It was no incident; needed.")
@click.option("--reason", required=True, help="Why it looked as if there was.")
def close(*, false_positive: bool, **said: Any) -> int:
    """Close what was no incident; what was one is resolved."""
    if not false_positive:
        raise SettingError("close is for what was no incident: --false-positive says so; to end one, resolve it")
    return act("close", "closed: there was nothing", said)


COMMANDS = (ack, assign, handover, assess, note, reach, severity, check, resolve, reopen, merge, link, close)
