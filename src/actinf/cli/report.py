"""`actinf report`: how well incidents were responded to, against what is promised."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click
from rich.table import Table

from actinf.cli.console import Screen
from actinf.cli.moments import length, past
from actinf.cli.office import at_office
from actinf.lab.extras import load_extra
from actinf.runtime.wording import counted

if TYPE_CHECKING:
    from actinf.responder.record.report import Figures, Row, Summary

__all__ = ["command"]

_PURPOSE = "Reporting on incidents"


@click.command("report")
@click.option("--since", default="90d", show_default=True, metavar="TIME", help="Incidents opened since: 90d, a date.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON; times in seconds.")
def command(*, since: str, as_json: bool) -> int:
    """Report on incidents: how soon they were acknowledged, mitigated and resolved, and who was paged.

    p50 and p95 are observed values; below five incidents there is no p95.  "within" is how many were within what is
    promised, of those for which it can be told.
    """
    screen, now = Screen(quiet=as_json), datetime.now(UTC)
    lasted = length(since)
    begin = now - lasted if lasted is not None else past(since, now)
    module = load_extra("actinf.responder.record.report", extra="respond", purpose=_PURPOSE)
    with at_office(screen) as office, screen.waiting("reading"):
        documents = [office.incident(name) for name in office.names("all", since=begin)]
        found = module.summary(documents, office.schedule(), begin, now)
    if as_json:
        screen.json(_document(found))
        return 0
    opened = counted(found.incidents, "incident")
    screen.out.print(
        f"{opened} since {begin:%Y-%m-%d %H:%M} UTC: {found.still_open} open, {found.false_alarms} false alarms, "
        f"{found.merged} merged into others"
    )
    if found.rows:
        screen.out.print(_table(found.rows))
    ran_out = ", ".join(f"{clock} {count}" for clock, count in found.breaches.items()) or "none"
    screen.out.print(f"clocks that ran out: {ran_out}", markup=False)
    if found.load is not None:
        screen.out.print(_pages(found))
    return 0


def _table(rows: tuple[Row, ...]) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for name in ("type", "severity", "n", "acknowledge", "mitigate", "resolve"):
        table.add_column(name, justify="right" if name == "n" else "left")
    for row in rows:
        times = (row.acknowledge, row.mitigate, row.resolve)
        table.add_row(row.incident_type, row.severity.value, str(row.incidents), *map(_figures, times))
    return table


def _figures(one: Figures) -> str:
    if one.p50 is None and not one.told:
        return "none yet"
    parts = [f"p50 {_lasted(one.p50)}"] if one.p50 is not None else []
    parts += [f"p95 {_lasted(one.p95)}"] if one.p95 is not None else []
    parts += [f"within {one.within}/{one.told}"] if one.within is not None else []
    return ", ".join(parts) + f" (n={one.n})"


def _pages(found: Summary) -> Table:
    table = Table(box=None, padding=(0, 2), header_style="dim")
    for name in ("who", "shifts", "hours", "pages", "incidents", "shifts over the mark"):
        table.add_column(name, justify="left" if name == "who" else "right")
    for person in found.load.people if found.load is not None else ():
        counts = (person.shifts, round(person.hours), person.pages, person.events, person.shifts_over_the_mark)
        table.add_row(person.handle, *map(str, counts))
    return table


def _lasted(seconds: float) -> str:
    minutes = timedelta(seconds=seconds) / timedelta(minutes=1)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _document(found: Summary) -> dict[str, object]:
    shifts = [
        {
            "who": shift.duty.person.handle,
            "level": shift.duty.level or shift.duty.name,
            "since": shift.duty.since.isoformat(),
            "until": shift.duty.until.isoformat(),
            "incidents": shift.incidents,
        }
        for shift in (found.load.shifts if found.load is not None else ())
    ]
    return {
        "since": found.since.isoformat(timespec="seconds"),
        "until": found.until.isoformat(timespec="seconds"),
        "incidents": found.incidents,
        "open": found.still_open,
        "false_alarms": found.false_alarms,
        "merged": found.merged,
        "breaches": found.breaches,
        "rows": [asdict(row) for row in found.rows],
        "people": [asdict(person) for person in (found.load.people if found.load is not None else ())],
        "shifts": shifts,
    }
