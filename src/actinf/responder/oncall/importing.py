"""A calendar taken into a schedule: its shifts become exceptions, and what is no longer in it ends.

A calendar is a set, known by its name: taken again unchanged, it changes nothing.  What the rotation says anyhow needs
no exception, and what somebody arranged by hand counts before what a calendar says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from actinf.errors import SettingError
from actinf.responder.oncall.ical_shifts import Shift
from actinf.responder.oncall.overrides import Origin, Override
from actinf.responder.oncall.rotation import CTO_LEVEL, Duty, Schedule
from actinf.responder.oncall.wording import one_of, shown

__all__ = ["Plan", "Reading", "planned"]

_MOST_MISTAKES = 50
_Piece = tuple[int | str, str, datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a calendar is to be understood.

    Attributes:
        file: its name, for messages.
        calendar: what it is known by when it comes again.
        level: the level or duty that it is for; None: the first, and of a file of ours what it says itself.
        until: how far ahead it was read; None: to its end.
        known_as: handles, by the names that it has for people.
        only_known: pass over events that name nobody who is known.
        addresses: mail addresses by handle, of people whose own the schedule does not have.
    """

    file: str
    calendar: str
    level: int | str | None = None
    until: datetime | None = None
    known_as: Mapping[str, str]
    only_known: bool = False
    addresses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What comes of a calendar.

    Attributes:
        schedule: as it then is.
        added, ended: exceptions that begin to hold, and that hold no longer.
        kept: how many hold as they did.
        shifts: how many the calendar has.
        notes: what one should know, a sentence each.
    """

    schedule: Schedule
    added: tuple[Override, ...]
    ended: tuple[Override, ...]
    kept: int
    shifts: int
    notes: tuple[str, ...]


def planned(schedule: Schedule, shifts: Sequence[Shift], reading: Reading, *, by: str, now: datetime) -> Plan:
    """What comes of the shifts of a calendar.

    Args:
        schedule: as it holds.
        shifts: of the calendar, by their beginning.
        reading: how it is to be understood.
        by: the handle of who takes it in.
        now: the time; what is past stays.

    Raises:
        SettingError: somebody is not known, two are on call at once, or there is no such level; each with its line.
    """
    notes: list[str] = []
    placed = _placed(schedule, shifts, reading, notes)
    mine = [one for one in schedule.overrides if one.until > now and _is_of(schedule, one, reading)]
    left = replace(schedule, overrides=tuple(one for one in schedule.overrides if one not in mine))
    wanted = [piece for post, who, shift in placed for piece in _pieces(left, post, who, shift, now, notes)]
    there = {(one.level, one.who, max(one.since, now), one.until): one for one in mine}
    kept = [there[piece] for piece in wanted if piece in there]
    ended = [one for one in mine if one not in kept]
    past = [replace(one, until=now) for one in ended if one.since < now]
    number = max((one.number for one in schedule.overrides), default=0)
    added = [
        Override(
            number=number + place,
            level=post,
            who=who,
            since=since,
            until=until,
            by=by,
            why=f"calendar {reading.calendar}",
            made=now,
            origin=Origin.IMPORT,
        )
        for place, (post, who, since, until) in enumerate((one for one in wanted if one not in there), start=1)
    ]
    after = replace(left, overrides=tuple(sorted((*left.overrides, *past, *kept, *added), key=lambda one: one.number)))
    return Plan(
        schedule=after,
        added=tuple(added),
        ended=tuple(ended),
        kept=len(kept),
        shifts=len(placed),
        notes=(*notes, *_holes(placed, now)),
    )


def _is_of(schedule: Schedule, one: Override, reading: Reading) -> bool:
    """Whether an exception came of a calendar, and that says something of it as it was read now."""
    if one.origin is not Origin.IMPORT or one.why != f"calendar {reading.calendar}":
        return False
    is_read = reading.until is None or one.since < reading.until
    return is_read and (reading.level is None or one.level == _post(schedule, reading.level))


def _placed(
    schedule: Schedule, shifts: Sequence[Shift], reading: Reading, notes: list[str]
) -> list[tuple[int | str, str, Shift]]:
    """Each shift with its post and with who has it.

    Raises:
        SettingError: every mistake, a line for each.
    """
    mistakes: list[str] = []
    wanted = None if reading.level is None else _post(schedule, reading.level)
    wrong = sorted({handle for handle in reading.known_as.values() if handle not in schedule.people})
    mistakes += [
        f"{shown(handle)} is not in the schedule: expected {one_of(schedule.people, handle)}" for handle in wrong
    ]
    placed: list[tuple[int | str, str, Shift]] = []
    passed_over = 0
    for shift in shifts:
        post = _post_of(schedule, shift, wanted)
        if post is None:
            continue
        who, why = _who(schedule, shift, reading)
        if who is None and reading.only_known:
            passed_over += 1
        elif who is None:
            mistakes.append(f"{reading.file}:{shift.line}: {shown(shift.summary)}: {why}")
        else:
            placed.append((post, who, shift))
    mistakes += [] if mistakes else _overlaps(placed, reading.file)
    if mistakes:
        said = list(dict.fromkeys(mistakes))
        more = len(said) - _MOST_MISTAKES
        raise SettingError("\n".join(said[:_MOST_MISTAKES]) + (f"\nand {more} more" if more > 0 else ""))
    if passed_over:
        notes.append(f"passed over, since they name nobody who is known: {passed_over} of {len(shifts)} shifts")
    return placed


def _post(schedule: Schedule, level: int | str) -> int | str:
    key = CTO_LEVEL if level == "cto" else level
    if key not in schedule.posts:
        raise SettingError(f"{shown(level)} is no level or duty here: expected {one_of(schedule.posts, level)}")
    return key


def _post_of(schedule: Schedule, shift: Shift, wanted: int | str | None) -> int | str | None:
    """The post of a shift; None: it is of another one than is wanted."""
    if not shift.post:
        return 1 if wanted is None else wanted
    stated = int(shift.post) if shift.post.isdecimal() and len(shift.post) < 4 else shift.post
    if stated not in schedule.posts or (wanted is not None and stated != wanted):
        return None
    return stated


def _who(schedule: Schedule, shift: Shift, reading: Reading) -> tuple[str | None, str]:
    """Whose a shift is, by what says most; else None, and why nobody is found."""
    if shift.who in schedule.people:
        return shift.who, ""
    texts = (*shift.named, shift.summary)
    told = {handle for name, handle in reading.known_as.items() if any(_says(text, name) for text in texts)}
    addresses = {one.handle: one.email or reading.addresses.get(one.handle, "") for one in schedule.people.values()}
    by_address = {handle for handle, address in addresses.items() if any(_says(text, address) for text in texts)}
    by_name = {one.handle for one in schedule.people.values() if any(_says(text, one.name) for text in texts)}
    by_handle = {one.handle for one in schedule.people.values() if any(_says(text, one.handle) for text in texts)}
    for found in (told, by_address, by_name, by_handle):
        if len(found) == 1:
            return next(iter(found)), ""
        if found:
            several = " and ".join(sorted(found))
            return None, f"it names {several}: expected one of them; say whom it means, --map NAME=HANDLE"
    named = f" ({', '.join(shift.named[:3])})" if shift.named else ""
    return None, f"nobody in the schedule is named by it{named}: say who it is, --map NAME=HANDLE"


def _says(text: str, name: str) -> bool:
    """Whether a text holds a name as a word of its own, in large or small letters."""
    if not name:
        return False
    return re.search(rf"(?<![\w.-])(?<!\w@){re.escape(name)}(?![\w@-]|\.\w)", text, re.IGNORECASE) is not None


def _overlaps(placed: Sequence[tuple[int | str, str, Shift]], file: str) -> list[str]:
    """Where two people are on call at one post."""
    found = []
    for post in dict.fromkeys(post for post, _, _ in placed):
        latest: tuple[str, Shift] | None = None
        for _, who, shift in (one for one in placed if one[0] == post):
            if latest is not None and latest[0] != who and shift.since < latest[1].until:
                found.append(
                    f"{file}:{shift.line}: {shown(shift.summary)}: {who} from {_moment(shift.since)} while "
                    f"{latest[0]} is on call until {_moment(latest[1].until)} (line {latest[1].line}): expected one "
                    f"person at a time at {_called(post)}"
                )
            if latest is None or shift.until > latest[1].until:
                latest = (who, shift)
    return found


def _pieces(left: Schedule, post: int | str, who: str, shift: Shift, now: datetime, notes: list[str]) -> list[_Piece]:
    """The parts of a shift that need an exception: neither said by the rotation, nor arranged otherwise by hand."""
    since, found = max(shift.since, now), list[_Piece]()
    arranged = sorted((one for one in left.overrides if one.level == post), key=lambda one: one.since)
    for duty in left.timeline(post, since, shift.until):
        by_hand = next((one for one in arranged if one.since < duty.until and one.until > duty.since), None)
        if isinstance(duty, Duty) and duty.person.handle == who:
            continue
        if isinstance(duty, Duty) and duty.why != "rotation" and by_hand is not None:
            notes.append(
                f"left to {duty.person.handle}, by exception {by_hand.number}: {_called(post)} from "
                f"{_moment(duty.since)} to {_moment(duty.until)}, where the calendar has {who}"
            )
            continue
        if found and found[-1][3] == duty.since:
            found[-1] = (post, who, found[-1][2], duty.until)
        else:
            found.append((post, who, duty.since, duty.until))
    return found


def _holes(placed: Sequence[tuple[int | str, str, Shift]], now: datetime) -> list[str]:
    """Where a calendar has nobody between its first and its last shift."""
    found = []
    for post in dict.fromkeys(post for post, _, _ in placed):
        ends: list[tuple[datetime, datetime]] = []
        for _, _, shift in (one for one in placed if one[0] == post):
            if ends and shift.since <= ends[-1][1]:
                ends[-1] = (ends[-1][0], max(ends[-1][1], shift.until))
            else:
                ends.append((shift.since, shift.until))
        found += [
            f"the calendar has nobody at {_called(post)} from {_moment(before)} to {_moment(after)}: the rotation holds"
            for (_, before), (after, _) in pairwise(ends)
            if after > now
        ]
    return found[:20] + ([f"and {len(found) - 20} more such times"] if len(found) > 20 else [])


def _called(post: int | str) -> str:
    return f"level {post}" if isinstance(post, int) else post


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
