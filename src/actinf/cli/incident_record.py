"""What is done with an incident afterwards, and what is kept of it: tasks, action items, evidence, export, erasure."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from actinf.cli.console import Screen
from actinf.cli.incident_acts import act, must_be_now, named, of_incident, text_of
from actinf.cli.incident_evidence import evidence
from actinf.cli.moments import ahead, past, shown
from actinf.cli.office import at_office
from actinf.errors import SettingError
from actinf.lab.extras import load_extra

__all__ = ["COMMANDS"]

_PURPOSE = "Working with incidents"
_TASKS = (
    *("restored", "stakeholders", "summary", "monitoring"),
    *("timeline", "root-cause", "temporary-fixes", "customers"),
    *("post-mortem", "actions", "process", "prevention"),
)


@click.command("task", short_help="Say that a task afterwards was done.")
@of_incident
@click.argument("task", metavar="TASK", type=click.Choice(_TASKS))
@click.option("--undo", is_flag=True, help="It was not, after all.")
@click.option("--where", "text", help="Where it can be seen.")
def task(*, task: str, undo: bool, **said: Any) -> int:
    """Say that one of the twelve tasks afterwards was done; `actinf incident show` lists them."""
    return act("task", f"{task}: {'not done' if undo else 'done'}", said, task=task, done=not undo)


@click.command("action", short_help="Add something that has to change.")
@of_incident
@click.argument("text", nargs=-1, required=True)
@click.option("--owner", required=True, help="The handle of who does it.")
@click.option("--due", required=True, metavar="TIME", help="Until when: 2026-11-30, 2w, …")
def action(*, text: tuple[str, ...], due: str, **said: Any) -> int:
    """Add something that has to change, with who does it and until when."""
    now = datetime.now(UTC)
    until = ahead(due, now)
    return act(
        "action",
        lambda document: f"action item {document['actions'][-1]['number']}, due {shown(until, now)}",
        said,
        text=text_of(text),
        due=until,
    )


@click.command("action-done", short_help="Say that an action item is done.")
@of_incident
@click.argument("number", type=click.IntRange(min=1))
def action_done(*, number: int, **said: Any) -> int:
    """Say that an action item is done."""
    return act("action-done", f"action item {number} is done", said, number=number)


@click.command("impact", short_help="Say what it cost.")
@of_incident
@click.option("--users", type=click.IntRange(min=0), help="How many users it affected.")
@click.option("--revenue", help="What it cost, in money.")
def impact(**said: Any) -> int:
    """Say what it cost, for the post-mortem."""
    return act("impact", "written down", said)


@click.command("lesson", short_help="Write down what was learnt.")
@of_incident
@click.argument("text", nargs=-1, required=True)
def lesson(*, text: tuple[str, ...], **said: Any) -> int:
    """Write down what was learnt, for the post-mortem, and how the like of it can be prevented."""
    return act("lesson", "written down", said, text=text_of(text))


@click.command("breach", short_help="Say that data of people may be in wrong hands.")
@of_incident
@click.argument("what", nargs=-1, required=True)
@click.option("--aware-at", metavar="TIME", help="Since when it is known.  [default: now]")
def breach(*, what: tuple[str, ...], aware_at: str | None, **said: Any) -> int:
    """Say that data of people may have got into wrong hands: within 72 hours an authority has to be told."""
    known = {"aware_at": past(aware_at, datetime.now(UTC))} if aware_at else {}
    return act("breach", "an authority has to be told within 72 hours", said, what=text_of(what), **known)


@click.command("legal", short_help="Say that the law was satisfied.")
@of_incident
@click.argument("how", nargs=-1, required=True)
def legal(*, how: tuple[str, ...], **said: Any) -> int:
    """Say that the authority was told of a breach, or why nobody has to be."""
    return act("legal", "settled", said, how=text_of(how))


@click.command("erase", short_help="Erase what is stored of people.")
@of_incident
@click.option("--reason", required=True, help="Why; it stays on the timeline, so name nobody.")
@click.option("--yes", is_flag=True, help="Do it; nothing brings it back.")
def erase(*, yes: bool, **said: Any) -> int:
    """Erase what is stored of people with a closed incident; that it happened, and when, stays.

    Files of evidence stay, too: whoever keeps the store decides on them.
    """
    if not yes:
        raise SettingError("erasing cannot be undone: --yes does it")
    must_be_now(said, "what is personal is erased")
    return act("erase", _erased, said)


def _erased(document: dict[str, Any]) -> str:
    files = [one["sha256"][:16] for one in document["evidence"] if not one["removed_at"]]
    others = [one["target"] for one in document["links"] if one["relation"] == "absorbed"]
    told = "erased" + (f", with {', '.join(others)}, merged into it" if others else "")
    told += "\nstill there: what went out by chat and mail, and what is in backups that were taken before"
    if files:
        name = document["id"]
        told += (
            f"\nstill there, as evidence: {', '.join(files)}; actinf incident evidence remove {name} … deletes a file"
        )
    return told


@click.command("export", short_help="Write all of an incident into files.")
@click.argument("incident")
@click.option("--to", "target", required=True, metavar="FOLDER", help="Where to; - is standard output, as JSON.")
def export(*, incident: str, target: str) -> int:
    """Write all of an incident into ID.json, with its chain of MACs and its evidence, and ID.md."""
    screen = Screen()
    with at_office(screen) as office:
        document = office.export(named(incident, office))
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return 0
    folder, name = Path(target), document["incident"]["id"]
    folder.mkdir(parents=True, exist_ok=True)
    markdown_of = load_extra("actinf.responder.record.export", extra="respond", purpose=_PURPOSE).markdown_of
    for path, content in ((folder / f"{name}.json", text), (folder / f"{name}.md", markdown_of(document))):
        path.write_text(content, encoding="utf-8")
        screen.out.print(str(path), markup=False, soft_wrap=True)
    return 0


COMMANDS = (task, action, action_done, impact, lesson, breach, legal, erase, evidence, export)
