"""`actinf postmortem`: the report of an incident in the runbook's template, filled from its timeline."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from actinf.cli.console import Screen
from actinf.cli.incident_acts import named
from actinf.cli.moments import ahead
from actinf.cli.office import at_office
from actinf.errors import SettingError
from actinf.lab.extras import load_extra

__all__ = ["command"]

_PURPOSE = "Writing a post-mortem"


@click.command("postmortem")
@click.argument("incident")
@click.option("--to", "target", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Where to.")
@click.option(
    "--meeting", metavar="TIME", help="Write an invitation as well: 2026-12-01T10:00, in the schedule's time zone."
)
@click.option(
    "--ics", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
    help="Where the invitation goes.  [default: post-mortem-ID.ics]",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def command(*, incident: str, target: Path | None, meeting: str | None, ics: Path | None, as_json: bool) -> int:
    """Print the report of an incident as Markdown, in the runbook's template.

    Every statement names the events that it rests on, as [#12]; what no event says is named with the command that
    fills it.
    """
    screen = Screen()
    if ics is not None and meeting is None:
        raise SettingError("--ics is given, and --meeting is not: say when the meeting is")
    with at_office(screen) as office:
        name = named(incident, office)
        export = office.export(name)
        schedule = office.schedule() if meeting is not None else None
    built = load_extra("actinf.responder.record.postmortem", extra="respond", purpose=_PURPOSE)
    timeline_of = load_extra("actinf.responder.record.export", extra="respond", purpose=_PURPOSE).timeline_of
    incident_of = load_extra("actinf.responder.incident.state", extra="respond", purpose=_PURPOSE).incident_of
    timeline = timeline_of(export)
    state = incident_of(timeline)
    others = [timeline_of(one) for one in export.get("taken_up", ())]
    report = built.post_mortem(state, timeline, [(incident_of(one), one) for one in others])
    if as_json:
        screen.json(built.document(report))
    else:
        text = load_extra("actinf.responder.record.template", extra="respond", purpose=_PURPOSE).render(report)
        if target is None:
            sys.stdout.write(text)
        else:
            target.write_text(text, encoding="utf-8")
            screen.say(f"written: {target}")
    if meeting is not None:
        now = datetime.now(UTC)
        at = ahead(meeting, now, schedule.zone if schedule is not None else "UTC")
        people = built.involved(timeline, schedule)
        path = ics if ics is not None else Path(f"post-mortem-{name}.ics")
        path.write_bytes(built.meeting(state, people, at, now))
        invited = ", ".join(person.handle for person in people) or "nobody: no schedule knows who was there"
        screen.say(f"written: {path}, {at:%Y-%m-%d %H:%M} UTC, invited: {invited}")
        screen.say(f"once it is sent: actinf incident task {name} post-mortem")
    return 0
