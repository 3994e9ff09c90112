"""Incidents as they are shown in a terminal.  Whatever people and alerts wrote is made harmless first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from actinf.cli.incident_case import case_rows
from actinf.cli.moments import shown, words
from actinf.cli.oncall_screen import print_by_hand
from actinf.responder.channels.neutral import block, line
from actinf.responder.documents import interleaved
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.record.narrative import sentence

__all__ = ["print_incident", "print_list", "print_opened", "standing_line"]

_Document = Mapping[str, Any]

_STYLES = {"P0": "bold white on red", "P1": "bold red", "P2": "yellow", "P3": "cyan"}
_MARKS = {True: ("[x]", "green"), False: ("[!]", "bold red"), None: ("[ ]", "")}
#: The latest; --json has all.
_MOST_UPDATES = 10
#: Columns; with fewer left, what an incident is about stands on a line of its own.
_LEAST_FOR_WHAT = 40


def print_list(console: Console, incidents: Sequence[_Document], now: datetime) -> None:
    """A line for each incident; where the terminal is narrow, two."""
    heads = ("id", "", "status", "age", "clock", "lead")
    rows = [[Text(head, style="bold") for head in heads], *(_row(one, now) for one in incidents)]
    widths = [max(cell_len(row[column].plain) for row in rows) for column in range(len(heads))]
    whats = [Text("what", style="bold"), *(_what(one) for one in incidents)]
    used = sum(widths) + 2 * len(widths)
    for row, what in zip(rows, whats, strict=True):
        text = Text()
        for cell, width in zip(row, widths, strict=True):
            text.append_text(cell).append(" " * (width - cell_len(cell.plain) + 2))
        if console.width - used >= _LEAST_FOR_WHAT:
            text.append_text(what)
        elif row is not rows[0]:
            text.append("\n  ").append_text(what)
        for part in text.split("\n"):
            part.rstrip()
            part.truncate(console.width, overflow="ellipsis")
            console.print(part, no_wrap=True)


def _row(incident: _Document, now: datetime) -> list[Text]:
    lead = incident["lead"]
    return [
        Text(incident["id"]),
        _severity(incident),
        Text(incident["status"]),
        Text(words(now - _at(incident["detected_at"]))),
        _clock_that_counts(incident),
        Text(line(lead, 20) if lead else "nobody", style="" if lead else "bold"),
    ]


def _what(incident: _Document) -> Text:
    private = "(private) " if incident["private"] else ""
    return Text(f"{private}{line(incident['component'], 80)}: {line(incident['impact'], 300)}")


def print_incident(console: Console, incident: _Document, now: datetime) -> None:
    """All of an incident."""
    console.print(_title(incident), soft_wrap=True)
    console.print()
    facts = Table.grid(padding=(0, 2))
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in _facts(incident, now):
        facts.add_row(Text(name, style="dim"), value)
    console.print(facts)
    _section(console, "clocks", _clocks(incident, now))
    if incident["alerts"]:
        _section(console, "alerts", _alerts(incident, now))
    if incident["changes"]:
        _section(console, "changed shortly before", ([Text(line(change, 200))] for change in incident["changes"]))
    if incident["cases"]:
        _section(console, "cases with vendors", case_rows(incident["cases"], now))
    _section(console, "recovery checklist", _checklist(incident))
    if incident.get("updates"):
        _section(console, "updates that were sent", _updates(incident, now))
    if incident["resolved_at"]:
        _section(console, "tasks afterwards", _tasks(incident, now))
    if incident["actions"]:
        _section(console, "action items", _actions(incident, now))
    console.print(Text("\ntimeline (UTC)", style="bold"))
    console.print(_timeline(interleaved(incident)))


def print_opened(console: Console, incident: _Document, now: datetime, schedule: Schedule | None) -> None:
    """What who opened an incident has to know next; without a schedule nobody can be paged."""
    console.print(_title(incident), soft_wrap=True)
    detected = _at(incident["detected_at"])
    if now - detected > timedelta(minutes=1):
        console.print(Text(f"  since    {shown(detected, now)}, {words(now - detected)} ago"), soft_wrap=True)
    for reason in incident["reasons"]:
        console.print(Text(f"  because  {line(reason, 200)}"), soft_wrap=True)
    for clock in incident["clocks"]:
        console.print(
            Text.assemble(f"  {clock['clock']:<10} due {shown(_at(clock['due']), now)}, ", _left(clock)), soft_wrap=True
        )
    for text in _paging(incident, now, has_schedule=schedule is not None):
        console.print(text, soft_wrap=True)
    if schedule is not None and _reaches_nobody(incident):
        print_by_hand(console, schedule, now)
    for change in incident["changes"]:
        console.print(Text(f"  changed  {line(change, 200)}"), soft_wrap=True)
    for name, where in _where_to_look(incident):
        console.print(Text(f"  {name:<8} {where}"), soft_wrap=True)
    console.print(Text(f"\nnext: actinf incident ack {incident['id']}", style="bold"), soft_wrap=True)


def standing_line(incident: _Document) -> Text:
    """One line on how an incident stands."""
    lead = f"lead {line(incident['lead'], 64)}" if incident["lead"] else "no lead"
    told = Text.assemble(f"{incident['id']} ", _severity(incident), f" {incident['status']}, {lead}")
    clock = _clock_that_counts(incident)
    return Text.assemble(told, "; ", clock) if clock else told


# -------------------------------------------------------------------------------------------------------------- parts


def _title(incident: _Document) -> Text:
    word = {"P0": "critical", "P1": "high", "P2": "medium", "P3": "low"}[incident["severity"]]
    private = " (private)" if incident["private"] else ""
    return Text.assemble(
        (f"{incident['id']}  ", "bold"),
        _severity(incident),
        f" {word}  ",
        (incident["status"], "bold"),
        private,
        f"\n{line(incident['component'], 200)}: {line(incident['impact'], 500)}",
    )


def _severity(incident: _Document) -> Text:
    return Text(incident["severity"], style=_STYLES.get(incident["severity"], ""))


def _facts(incident: _Document, now: datetime) -> Iterator[tuple[str, Text]]:
    yield "lead", Text(line(incident["lead"], 64) if incident["lead"] else "nobody yet")
    detected = _at(incident["detected_at"])
    yield "detected", Text(f"{shown(detected, now)}, {words(now - detected)} ago")
    for other in incident.get("taken_up", ()):
        yield "took up", Text(f"{other['id']}, detected {shown(_at(other['detected_at']), now)}")
    if incident["acknowledged_at"]:
        acknowledged = _at(incident["acknowledged_at"])
        yield "acknowledged", Text(f"{shown(acknowledged, now)}, after {words(acknowledged - detected)}")
    if incident["resolved_at"]:
        resolved = _at(incident["resolved_at"])
        yield "resolved", Text(f"{shown(resolved, now)}, after {words(resolved - detected)}")
    for reason in incident["reasons"]:
        yield "because", Text(line(reason, 300))
    if len(incident["components"]) > 1:
        yield "components", Text(line(", ".join(incident["components"]), 300))
    for name in ("findings", "resolution"):
        if incident[name]:
            yield name, Text(block(incident[name], 2000))
    if incident["users_affected"] is not None:
        yield "affected", Text(f"{incident['users_affected']} users")
    if incident["revenue"]:
        yield "cost", Text(line(incident["revenue"], 300))
    for lesson in incident["lessons"]:
        yield "learnt", Text(block(lesson, 2000))
    if incident["room"]:
        yield "war room", Text(line(incident["room"], 80))
    shown_above = {("absorbed", other["id"]) for other in incident.get("taken_up", ())}
    for link in incident["links"]:
        if (link["relation"], link["target"]) in shown_above:
            continue
        yield line(link["relation"], 40), Text(line(link["target"], 300))
    if incident.get("escalation"):
        yield "paging", Text(_next_page(incident["escalation"], now))
    if incident["dependents"]:
        yield "fails too", Text(f"perhaps {line(', '.join(incident['dependents']), 300)}, by the catalogue")
    for name, where in _where_to_look(incident):
        yield name, Text(where)


def _where_to_look(incident: _Document) -> Iterator[tuple[str, str]]:
    guidance = incident["guidance"]
    yield "runbook", line(guidance["runbook"], 300)
    if guidance["dashboard"]:
        yield "look at", line(guidance["dashboard"], 300)


def _next_page(standing: _Document, now: datetime) -> str:
    if standing["next_at"] is None:
        return line(standing["why"], 300)
    times = f", page {standing['attempt']}" if standing["attempt"] > 1 else ""
    return f"level {standing['level']}{times}, {shown(_at(standing['next_at']), now)}: {line(standing['why'], 200)}"


def _paging(incident: _Document, now: datetime, *, has_schedule: bool) -> Iterator[Text]:
    pages = [one for one in incident["timeline"] if one["kind"] == "paged"]
    for page in pages:
        who = f"{line(page['who'], 64)}, {line(page['duty'], 80)}"
        if page["channels"]:
            yield Text(f"  paging   {who}, by {', '.join(page['channels'])}")
        else:
            yield Text(f"  paging   no channel reaches {who}: call them, actinf incident call", style="yellow")
    if any(page["channels"] for page in pages):
        return
    if _reaches_nobody(incident):
        told = "nobody: no channel reaches them; set ACTINF_RESPOND_SLACK_TOKEN, …_SMTP_URL or …_PAGER_URL"
        yield Text(f"  paging   {told}", style="yellow")
        return
    if not has_schedule and incident["severity"] != "P3":
        told = "nobody: no schedule says who is on call; write one, actinf oncall schedule --set FILE"
        yield Text(f"  paging   {told}", style="yellow")
    elif incident.get("escalation"):
        yield Text(f"  paging   {_next_page(incident['escalation'], now)}")


def _reaches_nobody(incident: _Document) -> bool:
    """Whether somebody was to be paged, and nobody could be."""
    reasons = [one["reason"] for one in incident["timeline"] if one["kind"] == "escalated"]
    return "nobody at any level can be paged" in reasons


def _clock_that_counts(incident: _Document) -> Text:
    """The clock that runs out next of those that somebody has to mind now."""
    running = {one["clock"]: one for one in incident["clocks"] if one["met_at"] is None}
    for name in ("response", "resolution"):
        if name in running:
            return Text.assemble(f"{name} ", _left(running[name]))
    rest = [one for name, one in running.items() if name.startswith(("tasks", "legal"))]
    if not rest:
        return Text("")
    first = min(rest, key=lambda one: one["seconds_left"])
    return Text.assemble(f"{first['clock']} ", _left(first))


def _left(clock: _Document) -> Text:
    left = timedelta(seconds=clock["seconds_left"])
    if clock["met_at"] is not None:
        return Text("met", style="green") if left >= timedelta(0) else Text(f"met {words(left)} late", style="red")
    if left < timedelta(0):
        return Text(f"breached {words(left)} ago", style="bold red")
    return Text(f"{words(left)} left", style="yellow" if clock["used"] >= 0.5 else "")


def _section(console: Console, name: str, rows: Iterator[list[Text]]) -> None:
    console.print(Text(f"\n{name}", style="bold"))
    table = Table.grid(padding=(0, 2))
    for row in rows:
        table.add_row(Text(""), *row)
    console.print(table)


def _clocks(incident: _Document, now: datetime) -> Iterator[list[Text]]:
    for clock in incident["clocks"]:
        if clock["clock"].startswith(("action", "case")):
            continue  # stands with its item, its case
        yield [Text(clock["clock"]), Text(f"due {shown(_at(clock['due']), now)}"), _left(clock)]


def _alerts(incident: _Document, now: datetime) -> Iterator[list[Text]]:
    for one in incident["alerts"]:
        state = Text("fires", style="red") if one["firing"] else Text("ended", style="green")
        yield [
            state,
            Text(line(one["name"], 100)),
            Text(line(one["summary"], 200)),
            Text(shown(_at(one["since"]), now)),
        ]


def _checklist(incident: _Document) -> Iterator[list[Text]]:
    for item in incident["checklist"]:
        mark, style = _MARKS[item["passed"]]
        said = "; ".join(part for part in (line(item["found"], 200), _by(item.get("update"))) if part)
        found = f"{said} ({line(item['by'], 64)})" if item["by"] else ""
        yield [Text(mark, style=style), Text(item["item"]), Text(item["text"]), Text(found)]


def _by(update: _Document | None) -> str:
    """By which message users were told."""
    if update is None:
        return ""
    named = f" {line(update['reference'], 80)}" if update["reference"] else ""
    at = f"{_at(update['sent_at']):%Y-%m-%d %H:%M} UTC"
    return f"by {line(update['channel'], 40)}{named}, {at}: {line(update['subject'], 200)}"


def _updates(incident: _Document, now: datetime) -> Iterator[list[Text]]:
    for one in incident["updates"][:_MOST_UPDATES]:
        yield [
            Text(str(one["number"])),
            Text(shown(_at(one["sent_at"]), now)),
            Text(f"{line(one['channel'], 40)} {line(one['reference'], 80)}".rstrip()),
            Text(line(one["subject"], 200)),
        ]


def _tasks(incident: _Document, now: datetime) -> Iterator[list[Text]]:
    for task in incident["tasks"]:
        done = f"done {shown(_at(task['done_at']), now)}" if task["done_at"] else ""
        yield [Text("[x]" if done else "[ ]"), Text(task["task"]), Text(task["text"]), Text(task["group"]), Text(done)]


def _actions(incident: _Document, now: datetime) -> Iterator[list[Text]]:
    for action in incident["actions"]:
        due = _at(action["due"])
        late = action["done_at"] is None and due < now
        told = "done" if action["done_at"] else f"overdue since {shown(due, now)}" if late else f"due {shown(due, now)}"
        yield [
            Text(str(action["number"])),
            Text(line(action["text"], 300)),
            Text(line(action["owner"], 64)),
            Text(told, style="bold red" if late else ""),
        ]


def _timeline(events: Sequence[_Document]) -> Table:
    table = Table.grid(padding=(0, 2))
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    day = None
    # As it happened, though some of it was written down later.
    for event in events:
        at = _at(event["at"])
        if at.date() != day:
            table.add_row(Text(""), Text(f"{at:%Y-%m-%d}", style="dim"), Text(""), Text(""))
            day = at.date()
        told_later = _at(event["recorded_at"]) - at > timedelta(minutes=1)
        later = f" (written down {_at(event['recorded_at']):%Y-%m-%d %H:%M})" if told_later else ""
        table.add_row(
            Text(""),
            Text(f"{at:%H:%M:%S}"),
            Text(line(event["by"], 64), style="dim"),
            Text.assemble((f"{event['of']}: " if event["of"] else "", "dim"), _told(event) + later),
        )
    return table


def _told(event: _Document) -> str:
    return block(sentence(event), 3000)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
