"""`actinf oncall`: who is on call, and exceptions to it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from actinf.cli.console import Screen
from actinf.cli.documents import read_document
from actinf.cli.group import Group
from actinf.cli.moments import ahead, length, past
from actinf.cli.office import acting, at_office, request
from actinf.errors import SettingError
from actinf.lab.extras import load_extra

if TYPE_CHECKING:
    from actinf.responder.office.port import Office
    from actinf.responder.oncall.gaps import Finding
    from actinf.responder.oncall.rotation import Schedule

__all__ = ["command"]

_PURPOSE = "Working with the schedule"
_NONE_SET = "no schedule is set: write one into a file, actinf oncall schedule --set FILE"
_HORIZON = timedelta(days=28)


_SECTIONS = {
    "Now": ("now", "take", "override", "swap", "cancel"),
    "The schedule": ("schedule", "gaps", "load", "import", "export.ics"),
}


@click.group("oncall", cls=Group, sections=_SECTIONS)
def command() -> None:
    """Say who is on call, set the schedule, take over, swap, stand in.

    LEVEL is the level of escalation, from 1, or a duty: cto, security, legal.
    """


@command.command("now", short_help="Say who is on call.")
@click.option("--at", metavar="TIME", help="At another time: 2h, 14:05, 2026-12-24T20:00, …  [default: now]")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def now_on_call(*, at: str | None, as_json: bool) -> int:
    """Say who is on call, at every level and for every duty; 1 where nobody is at the first level."""
    screen, now = Screen(), datetime.now(UTC)
    with at_office(screen) as office:
        schedule = _schedule(office)
        when = ahead(at, now, schedule.zone) if at else now
        if as_json:
            documents = load_extra("actinf.responder.documents", extra="respond", purpose=_PURPOSE)
            screen.json(documents.duties_document(schedule, when))
        else:
            _screens().print_duties(screen.out, schedule, when)
    return 0 if schedule.on_call(1, when) is not None else 1


@command.command("schedule", short_help="Show the schedule, or set another.")
@click.option(
    "--set", "file", metavar="FILE", help="Let the schedule in a file hold from now on; - for standard input."
)
@click.option("--check", metavar="FILE", help="Only say what is wrong with the schedule in a file.")
@click.option("--anyway", is_flag=True, help="Set it although a page could reach nobody.")
@click.option("--days", type=click.IntRange(1, 366), default=14, show_default=True, help="How many to show.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON, in the form that a file has.")
def schedule(*, file: str | None, check: str | None, anyway: bool, days: int, as_json: bool) -> int:
    """Show who is on call in the days to come, or let the schedule in a file hold.

    What is wrong with a new one, and was not with the one before, is said before it is saved; one by which a page could
    reach nobody is refused without --anyway.
    """
    screen, now = Screen(), datetime.now(UTC)
    if file is not None and check is not None:
        raise SettingError("--set and --check: expected one of them")
    if check is not None:
        return _check(screen, _read(check), now)
    with at_office(screen) as office:
        if file is not None:
            return _set(screen, office, _read(file), now, anyway=anyway)
        found = _schedule(office)
        if as_json:
            screen.json(found.document())
        else:
            _screens().print_schedule(screen.out, found, now, now + timedelta(days=days))
    return 0


def _check(screen: Screen, read: Schedule, now: datetime) -> int:
    found = _gaps().findings(read, now, now + _HORIZON)
    if any(one.kind == "unreachable" for one in found):  # by the file alone: their contacts may say how
        with at_office(screen) as office:
            found = _gaps().findings(read, now, now + _HORIZON, contacts=_contacts(office))
    _say(screen, found)
    grave = sum(one.is_grave for one in found)
    if not found:
        screen.out.print(f"nothing is wrong with it in the next {_HORIZON.days} days")
    return 1 if grave else 0


def _set(screen: Screen, office: Office, read: Schedule, now: datetime, *, anyway: bool) -> int:
    before, until = office.schedule(), now + _HORIZON
    gaps, known = _gaps(), _contacts(office)
    if before is None:
        found = gaps.findings(read, now, until, contacts=known)
    else:
        found = gaps.new_findings(before, read, now, until, contacts=known)
    _say(screen, found)
    grave = sum(one.is_grave for one in found)
    if grave and not anyway:
        raise SettingError(
            f"the schedule was not saved, since in the next {_HORIZON.days} days a page could reach nobody "
            f"({grave} of the findings above): mend it, or save it --anyway"
        )
    kept = _exceptions_lost(before, read, now)
    office.set_schedule(read)
    screen.out.print(f"saved by {acting()}: it holds from now on")
    if kept:
        screen.warn(f"exceptions of the schedule before that are not in this one: {', '.join(map(str, kept))}")
    _screens().print_duties(screen.out, read, now)
    _hint_at_contacts(screen, read)
    return 0


def _hint_at_contacts(screen: Screen, read: Schedule) -> None:
    """Say that numbers need not stand in the schedule, which everybody sees who may look."""
    in_the_clear = sum(one.is_reachable for one in read.people.values())
    if in_the_clear:
        screen.say(
            f"whoever sees the schedule sees how {in_the_clear} of {len(read.people)} are reached; actinf contacts "
            "import --from-schedule keeps that sealed, and pages reach them as before"
        )


def _contacts(office: Office) -> set[str]:
    """The handles of those of whom a contact says how they are reached."""
    return {one["handle"] for one in office.address_book.contacts()["contacts"]}


def _exceptions_lost(before: Schedule | None, read: Schedule, now: datetime) -> list[int]:
    """The numbers of exceptions to come that a new schedule does not have."""
    if before is None:
        return []
    kept = {(one.level, one.who, one.since, one.until) for one in read.overrides}
    return sorted(
        {
            one.number
            for one in before.overrides
            if one.until > now and (one.level, one.who, one.since, one.until) not in kept
        }
    )


@command.command("override", short_help="Let somebody stand in.")
@click.argument("level")
@click.argument("who")
@click.option("--from", "since", metavar="TIME", help="From when.  [default: now]")
@click.option("--until", required=True, metavar="TIME", help="Until when: 4h, 18:00, 2026-12-27T09:00, …")
@click.option("--why", default="", help="Why, in one line.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def override(*, level: str, since: str | None, until: str, as_json: bool, **said: Any) -> int:
    """Let WHO stand in at a level or for a duty, for a time."""

    def asked(schedule: Schedule, now: datetime) -> Any:
        return request(
            _duties().StandIn,
            said,
            level=_level(level),
            since=ahead(since, now, schedule.zone) if since else None,
            until=ahead(until, now, schedule.zone),
        )

    return _change(asked, as_json=as_json)


@command.command("swap", short_help="Let two people swap shifts.")
@click.argument("level")
@click.argument("first", metavar="TIME")
@click.argument("second", metavar="TIME")
@click.option("--why", default="", help="Why, in one line.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def swap(*, level: str, first: str, second: str, as_json: bool, **said: Any) -> int:
    """Let the two who are on call at two times have each other's shifts."""

    def asked(schedule: Schedule, now: datetime) -> Any:
        times = {"first": ahead(first, now, schedule.zone), "second": ahead(second, now, schedule.zone)}
        return request(_duties().Swap, said, level=_level(level), **times)

    return _change(asked, as_json=as_json)


@command.command("take", short_help="Take over now.")
@click.argument("level", default="1")
@click.option("--who", help="Let somebody else take over.  [default: you]")
@click.option("--why", default="", help="Why, in one line.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def take(*, level: str, as_json: bool, **said: Any) -> int:
    """Take over at a level or for a duty, from now on until the shift ends."""
    return _change(lambda schedule, now: request(_duties().Take, said, level=_level(level)), as_json=as_json)  # noqa: ARG005


@command.command("cancel", short_help="End an exception.")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def cancel(*, number: int, as_json: bool) -> int:
    """End an exception, by its number; both halves where it is a swap."""
    return _change(lambda schedule, now: request(_duties().Cancel, {}, number=number), as_json=as_json)  # noqa: ARG005


def _change(asked: Callable[[Schedule, datetime], Any], *, as_json: bool) -> int:
    """Ask for an exception, and say what comes of it; what it makes wrong is said, and does not stop it."""
    screen, now = Screen(), datetime.now(UTC)
    with at_office(screen) as office:
        before = _schedule(office)
        after = office.change_duties(asked(before, now))
        now = datetime.now(UTC)  # it holds from a moment ago
        if as_json:
            screen.json(after.document())
        else:
            _screens().print_changes(screen.out, before, after, now)
        _say(screen, _gaps().new_findings(before, after, now, now + _HORIZON, contacts=_contacts(office)))
    return 0


@command.command("gaps", short_help="Say what is wrong with the schedule.")
@click.option("--days", type=click.IntRange(1, 366), default=28, show_default=True, help="How far to look ahead.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def gaps(*, days: int, as_json: bool) -> int:
    """Say where nobody is on call, cannot be reached, or escalation reaches nobody new; 1 where a page is lost."""
    screen, now = Screen(), datetime.now(UTC)
    with at_office(screen) as office:
        schedule, until = _schedule(office), now + timedelta(days=days)
        found = _gaps().findings(schedule, now, until, contacts=_contacts(office))
        if as_json:
            screen.json([_finding(one) for one in found])
        elif found:
            _screens().print_findings(screen.out, found)
        else:
            screen.out.print(f"nothing is wrong in the next {days} days")
    return 1 if any(one.is_grave for one in found) else 0


@command.command("load", short_help="Say how the work is spread.")
@click.option("--since", default="28d", show_default=True, metavar="TIME", help="From when: 28d, 2026-11-01, …")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def load(*, since: str, as_json: bool) -> int:
    """Say how many shifts, hours, pages and incidents each person had, and how evenly."""
    screen, now = Screen(), datetime.now(UTC)
    lasted = length(since)
    with at_office(screen) as office:
        schedule = _schedule(office)
        start = now - lasted if lasted is not None else past(since, now, schedule.zone)
        spread = load_extra("actinf.responder.oncall.load", extra="respond", purpose=_PURPOSE)
        found = spread.load(schedule, start, now, _pages(office, start, spread.Page))
        screens = _screens()
        if as_json:
            screen.json(screens.load_document(found))
        else:
            screens.print_load(screen.out, found)
    return 0


def _pages(office: Office, since: datetime, page: Any) -> Iterator[Any]:
    """The pages since a time, of incidents that were opened in the month before it or later, or are open."""
    names = {*office.names("all", since=since - timedelta(days=30)), *office.names("open")}
    for name in sorted(names):
        for event in office.incident(name)["timeline"]:
            if event["kind"] == "paged":
                yield page(
                    at=datetime.fromisoformat(event["at"]),
                    handle=event["who"],
                    level=event["level"] or event["duty"],
                    incident=name,
                )


@command.command("export.ics", short_help="Write duties for a calendar.")
@click.option("--who", help="Whose.  [default: everybody's]")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How far ahead.")
@click.option("--to", "target", default="-", show_default=True, metavar="FILE", help="Where to.")
def export(*, who: str | None, days: int, target: str) -> int:
    """Write who is on call as an iCalendar file, for the calendar on a phone."""
    screen, now = Screen(), datetime.now(UTC)
    ical = load_extra("actinf.responder.oncall.ical", extra="respond", purpose=_PURPOSE)
    with at_office(screen) as office:
        written: bytes = ical.exported(_schedule(office), now, now + timedelta(days=days), made=now, handle=who)
    if target == "-":
        sys.stdout.write(written.decode())
    else:
        Path(target).write_bytes(written)
        screen.say(target)
    return 0


@command.command("import", short_help="Take a calendar in.")
@click.argument("file", metavar="FILE")
@click.option("--level", metavar="LEVEL", help="For which level or duty.  [default: 1; our own files say it]")
@click.option("--map", "names", multiple=True, metavar="NAME=HANDLE", help="Whom a name in it means; may be repeated.")
@click.option("--calendar", default="", metavar="NAME", help="What it is known by.  [default: what it says]")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How far ahead.")
@click.option("--only-known", is_flag=True, help="Pass over events that name nobody in the schedule.")
@click.option("--anyway", is_flag=True, help="Take it although a page could reach nobody.")
@click.option("--dry-run", is_flag=True, help="Only say what would come of it.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
def take_calendar(*, file: str, level: str | None, names: tuple[str, ...], as_json: bool, **said: Any) -> int:
    """Take the shifts of a calendar in, an iCalendar file; - for standard input.

    Its shifts become exceptions; what it had when it was taken before, and has no longer, ends. People are known by
    their address, name or handle.
    """
    screen, taking = Screen(), load_extra("actinf.responder.taking_in", extra="respond", purpose=_PURPOSE)
    content = _content(file)
    asked = request(
        taking.TakeCalendar,
        said,
        file="calendar.ics" if file == "-" else Path(file).name,
        level=None if level is None else _level(level),
        known_as=taking.known_names(names),
    )
    with at_office(screen) as office:
        taken = office.take_calendar(content, asked)
        if as_json:
            screen.json(taken)
        else:
            _screens().print_taken(screen.out, taken, _schedule(office).zone, dry_run=said["dry_run"])
        for sentence in (*taken["notes"], *taken["findings"]):
            screen.warn(sentence)
    return 0


# -------------------------------------------------------------------------------------------------------------- parts


def _content(file: str) -> bytes:
    most: int = load_extra("actinf.responder.oncall.ical_shifts", extra="respond", purpose=_PURPOSE).MOST_BYTES + 1
    if file == "-":
        return sys.stdin.buffer.read(most)
    try:
        with Path(file).open("rb") as opened:
            return opened.read(most)
    except OSError as error:
        raise SettingError(f"{file} cannot be read: {error.strerror}") from None


def _schedule(office: Office) -> Schedule:
    found = office.schedule()
    if found is None:
        raise SettingError(_NONE_SET)
    return found


def _read(file: str) -> Schedule:
    kind: type[Schedule] = load_extra("actinf.responder.oncall.rotation", extra="respond", purpose=_PURPOSE).Schedule
    return read_document(kind, file, "a schedule")


def _level(text: str) -> int | str:
    return int(text) if text.isdecimal() and len(text) < 4 else text


def _say(screen: Screen, found: tuple[Finding, ...]) -> None:
    for one in found:
        screen.warn(one.sentence)


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "grave": one.is_grave,
        "sentence": one.sentence,
        "since": one.since.isoformat(),
        "until": one.until.isoformat(),
        "levels": list(one.levels),
        "who": one.who,
    }


def _gaps() -> Any:
    return load_extra("actinf.responder.oncall.gaps", extra="respond", purpose=_PURPOSE)


def _duties() -> Any:
    return load_extra("actinf.responder.duties", extra="respond", purpose=_PURPOSE)


def _screens() -> Any:
    return load_extra("actinf.cli.oncall_screen", extra="respond", purpose=_PURPOSE)
