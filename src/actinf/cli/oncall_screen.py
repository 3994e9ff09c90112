"""Who is on call, as it is shown in a terminal: times in the zone of the schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from actinf.responder.channels.neutral import line
from actinf.responder.oncall.gaps import Finding
from actinf.responder.oncall.load import Load
from actinf.responder.oncall.rotation import Duty, Schedule, Unfilled

__all__ = [
    "load_document",
    "print_by_hand",
    "print_changes",
    "print_duties",
    "print_findings",
    "print_load",
    "print_schedule",
]

#: What has no end within that time is shown without one.
_FAR = timedelta(days=90)


def print_duties(console: Console, schedule: Schedule, at: datetime) -> None:
    """Who is on call at every post."""
    table = _table("level", "as", "who", "until", "why")
    for post in schedule.posts:
        found = next(_stretches(schedule, post, at, at + _FAR))
        until = "" if found.until >= at + _FAR else _moment(found.until, schedule)
        table.add_row(Text(str(post)), Text(_as(found)), _who(found), Text(until), _why(found))
    console.print(table)
    console.print(Text(f"{_moment(at, schedule)}, times in {schedule.zone}", style="dim"))


def print_schedule(console: Console, schedule: Schedule, since: datetime, until: datetime) -> None:
    """Who is on call when, and the exceptions to come."""
    table = _table("level", "as", "from", "who", "why")
    for post in schedule.posts:
        for place, found in enumerate(_stretches(schedule, post, since, until)):
            first = place == 0
            table.add_row(
                Text(str(post) if first else ""),
                Text(_as(found) if first else ""),
                Text("now" if first else _moment(found.since, schedule)),
                _who(found),
                _why(found),
            )
    console.print(table)
    console.print(Text(f"until {_moment(until, schedule)}, times in {schedule.zone}", style="dim"))
    _print_exceptions(console, schedule, since)


def print_by_hand(console: Console, schedule: Schedule, at: datetime) -> None:
    """Whom to call by hand, where no channel pages them: the first who is on call, and all ways to reach them."""
    for level in range(1, len(schedule.levels) + 1):
        duty = schedule.on_call(level, at)
        if duty is not None and duty.person.is_reachable:
            person = duty.person
            ways = ", ".join(line(way, 100) for way in (person.phone, person.email, person.chat_id) if way)
            console.print(
                Text(f"  by hand  {line(person.name, 60)}, {line(duty.name, 60)}: {ways}", style="yellow"),
                soft_wrap=True,
            )
            return
    console.print(
        Text("  by hand  actinf incident call says whom, and how they are reached", style="yellow"), soft_wrap=True
    )


def print_changes(console: Console, before: Schedule, after: Schedule, now: datetime) -> None:
    """What a change of the exceptions came to."""
    known = {(one.number, one.since, one.until) for one in before.overrides}
    left = {(one.number, one.since, one.until) for one in after.overrides}
    for one in after.overrides:
        if (one.number, one.since, one.until) not in known and one.until > now:
            console.print(
                Text(
                    f"{one.number}: {one.who} at {one.level}, {_moment(one.since, after)} to "
                    f"{_moment(one.until, after)} ({line(one.told(), 200)})"
                )
            )
    for number in sorted({one[0] for one in known - left}):
        console.print(Text(f"{number}: ended"))
    print_duties(console, after, now)


def print_taken(console: Console, taken: dict[str, Any], zone: str, *, dry_run: bool) -> None:
    """What came of a calendar, or would."""
    place = ZoneInfo(zone)
    for name, word in (("ended", "ends"), ("added", "new")):
        for one in taken[name]:
            since, until = (datetime.fromisoformat(one[end]).astimezone(place) for end in ("since", "until"))
            console.print(
                Text(f"{word}  {one['who']} at {one['level']}, {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}")
            )
    anyhow = taken["shifts"] - len(taken["added"]) - taken["kept"]
    said = f"{taken['shifts']} shifts: {len(taken['added'])} new, {taken['kept']} as before"
    said += f", {anyhow} held anyhow" if anyhow > 0 else ""
    said += f"; {len(taken['ended'])} no longer in it"
    ends = "nothing was saved (--dry-run)" if dry_run else "saved" if taken["saved"] else "nothing to change"
    console.print(Text(f"{said}. {ends[0].upper()}{ends[1:]}"))


def print_findings(console: Console, found: Sequence[Finding]) -> None:
    """What is wrong, the grave first."""
    for one in found:
        mark = ("grave", "bold red") if one.is_grave else ("minor", "yellow")
        console.print(Text.assemble(mark, f"  {line(one.sentence, 500)}"), soft_wrap=True)


def print_load(console: Console, load: Load) -> None:
    """How the work was spread."""
    table = _table("who", "shifts", "hours", "pages", "incidents", "shifts over two")
    for one in load.people:
        over = Text(str(one.shifts_over_the_mark), style="bold red" if one.shifts_over_the_mark else "")
        table.add_row(one.handle, str(one.shifts), f"{one.hours:.0f}", str(one.pages), str(one.events), over)
    console.print(table)
    shares = ", ".join(f"level {level} {share:.2f}" for level, share in load.fairness.items())
    console.print(Text(f"how evenly the hours are shared, 1 being evenly: {shares}", style="dim"))


def load_document(load: Load) -> dict[str, Any]:
    """The same for programs."""
    return {
        "people": [
            {
                "who": one.handle,
                "shifts": one.shifts,
                "hours": round(one.hours, 2),
                "pages": one.pages,
                "incidents": one.events,
                "shifts_over_the_mark": one.shifts_over_the_mark,
            }
            for one in load.people
        ],
        "fairness": {str(level): round(share, 4) for level, share in load.fairness.items()},
    }


def _print_exceptions(console: Console, schedule: Schedule, now: datetime) -> None:
    coming = [one for one in schedule.overrides if one.until > now]
    if not coming:
        return
    console.print(Text("\nexceptions", style="bold"))
    table = _table("number", "level", "who", "from", "until", "how")
    for one in coming:
        table.add_row(
            Text(str(one.number)),
            Text(str(one.level)),
            Text(one.who),
            Text(_moment(one.since, schedule)),
            Text(_moment(one.until, schedule)),
            Text(line(one.told(), 200)),
        )
    console.print(table)


def _table(*heads: str) -> Table:
    table = Table(*heads, box=None, header_style="bold", pad_edge=False)
    for column in table.columns:
        column.no_wrap = column.header in ("from", "until")
    return table


def _as(found: Duty | Unfilled) -> str:
    return line(found.name, 60)


def _who(found: Duty | Unfilled) -> Text:
    if isinstance(found, Unfilled):
        return Text("nobody", style="bold red")
    reach = "" if found.person.is_reachable else ", cannot be reached"
    return Text(f"{found.person.handle} ({line(found.person.name, 60)}{reach})", style="" if not reach else "bold red")


def _why(found: Duty | Unfilled) -> Text:
    return Text(line(found.why, 200) if isinstance(found, Duty) else "")


def _stretches(schedule: Schedule, post: int | str, since: datetime, until: datetime) -> Iterator[Duty | Unfilled]:
    """Who is on call at a post, one after another; shifts of the same person that follow one another are one."""
    held: Duty | Unfilled | None = None
    for found in schedule.timeline(post, since, until):
        if held is None:
            held = found
        elif _who(held) == _who(found) and _why(held) == _why(found):
            held = replace(held, until=found.until)
        else:
            yield held
            held = found
    if held is not None:
        yield held


def _moment(at: datetime, schedule: Schedule) -> str:
    return f"{at.astimezone(ZoneInfo(schedule.zone)):%a %Y-%m-%d %H:%M}"
