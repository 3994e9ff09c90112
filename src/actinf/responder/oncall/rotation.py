"""The schedule: levels of escalation and named duties, each filled by turns, with exceptions.

Who is on call at an instant is computed from the dates of the rotation, not by a walk from its start: one question
costs the arithmetic of the post's layers and a look at its exceptions.  At a post there is one person at a time, or
nobody.  A schedule never changes: what changes it returns another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from types import MappingProxyType

from actinf.errors import SettingError
from actinf.responder.document_text import read_text, read_values
from actinf.responder.oncall.calendar import Calendar
from actinf.responder.oncall.document import DUTIES, Parts, read
from actinf.responder.oncall.document_writing import written, yaml_of
from actinf.responder.oncall.local_time import LATEST, utc, zone_named
from actinf.responder.oncall.overrides import Origin, Override, cut
from actinf.responder.oncall.people import Person
from actinf.responder.oncall.shifts import Post, standing
from actinf.responder.oncall.wording import one_of, shown

#: The level that is the CTO, which is called by that name as well.
CTO_LEVEL = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Somebody on call.

    Attributes:
        person: who it is.
        level: the level of escalation, from 1; 0 for a named duty.
        since: when it began, in UTC.
        until: when it ends, not included, in UTC.
        why: "rotation", or the exception that put them there: "override by …", "swap by …", "took over …".
        name: the name of the level or of the duty.
    """

    person: Person
    level: int
    since: datetime
    until: datetime
    why: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfilled:
    """A time in which nobody is on call at a post: [since, until), in UTC."""

    level: int
    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Who is on call when.

    Attributes:
        zone: the time zone in which times are shown, and that of whatever names no other.
        people: everybody who is named anywhere, by handle.
        levels: whom to call first, whom next; level 1 is the first.
        business_hours: when what is no emergency may wake nobody, and may be worked on.
        duties: who has the duties beside the levels, by name: "security", "legal".
        overrides: the exceptions, in the order in which they were made.
    """

    zone: str
    people: Mapping[str, Person]
    levels: tuple[Post, ...]
    business_hours: Calendar
    duties: Mapping[str, str] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        zone_named(self.zone)
        object.__setattr__(self, "people", MappingProxyType(dict(self.people)))
        object.__setattr__(self, "duties", MappingProxyType(dict(self.duties)))
        mistakes = [] if self.levels else ["levels is an empty list: a schedule needs at least one level"]
        mistakes += [
            f"{name!r} is no duty: expected {one_of(DUTIES, name)}" for name in self.duties if name not in DUTIES
        ]
        named = [(post.name, handle) for post in self.levels for handle in post.members]
        named += [*self.duties.items()]
        named += [(f"exception {one.number}", one.who) for one in self.overrides]
        mistakes += [
            f"{where} names {shown(handle)}: add them to people, or take {one_of(self.people, handle)}"
            for where, handle in named
            if handle not in self.people
        ]
        mistakes += [
            f"exception {one.number} is for {shown(one.level)}: expected {one_of(self.posts, one.level)}"
            for one in self.overrides
            if one.level not in self.posts
        ]
        mistakes += [
            f"exceptions {one.number} and {other.number} overlap with the same number: expected the later one to have "
            "the higher number"
            for one, other in pairwise(sorted(self.overrides, key=lambda one: (one.number, str(one.level), one.since)))
            if one.number == other.number and one.level == other.level and other.since < one.until
        ]
        if mistakes:
            raise SettingError("\n".join(mistakes))

    @classmethod
    def from_document(cls, document: object) -> Schedule:
        """The schedule that plain values state: mappings, lists and texts, as `document` returns them.

        Raises:
            SettingError: every mistake, one a line, with its place, its value, what was expected and how to mend it.
        """
        return cls._of(read_values(document, read))

    @classmethod
    def from_text(cls, text: str, name: str = "schedule") -> Schedule:
        """The schedule that a YAML text states.

        Args:
            text: the YAML; every scalar in it is taken as it is written, so that 10:00 is no number of seconds.
            name: what the text is called in messages.

        Raises:
            SettingError: every mistake as `name:line: sentence`.
        """
        return cls._of(read_text(text, name, read))

    @classmethod
    def _of(cls, parts: Parts) -> Schedule:
        return cls(
            zone=parts.zone,
            people=parts.people,
            levels=parts.levels,
            business_hours=parts.business_hours,
            duties=parts.duties,
            overrides=parts.overrides,
        )

    def document(self) -> dict[str, object]:
        """The schedule as mappings, lists and texts, from which `from_document` makes the same one again."""
        parts = Parts(
            zone=self.zone,
            people=dict(self.people),
            levels=self.levels,
            business_hours=self.business_hours,
            duties=dict(self.duties),
            overrides=self.overrides,
        )
        return written(parts)

    def text(self) -> str:
        """The YAML of the document, from which `from_text` makes the same schedule again."""
        return yaml_of(self.document())

    # ------------------------------------------------------------------------------------------------- what it says

    @property
    def posts(self) -> tuple[int | str, ...]:
        """All posts: levels by number, then duties by name."""
        return (*range(1, len(self.levels) + 1), *self.duties)

    def post(self, level: int | str) -> Post:
        """The post of a level, from 1, or of a duty; "cto" is level 4.

        Raises:
            SettingError: there is none.
        """
        key = self._key(level)
        return self.levels[key - 1] if isinstance(key, int) else standing(key, self.duties[key], self.zone)

    def on_call(self, level: int | str, at: datetime) -> Duty | None:
        """Who is on call at `at`, an aware time; None where nobody is.

        Raises:
            SettingError: there is no such level or duty, or the time has no time zone.
        """
        found = self.coverage(level, at)
        return found if isinstance(found, Duty) else None

    def coverage(self, level: int | str, at: datetime) -> Duty | Unfilled:
        """As `on_call`, and where nobody is on call, from when and until when: the year 9999 where that has no end."""
        key, post, at = self._key(level), self.post(level), utc(at)
        number = key if isinstance(key, int) else 0
        made = [one for one in self.overrides if one.level == key]
        rule = post.stretch(at)
        chosen, since, until = cut(made, at, rule.since, rule.until)
        if chosen is not None:
            handle, why = chosen.who, _why(chosen, made, since, until)
        elif rule.handle is not None:
            handle, why = rule.handle, "rotation"
        else:
            return Unfilled(level=number, name=post.name, since=since, until=until)
        return Duty(person=self.people[handle], level=number, since=since, until=until, why=why, name=post.name)

    def timeline(self, level: int | str, since: datetime, until: datetime) -> Iterator[Duty | Unfilled]:
        """Everything that `coverage` says in [since, until), in order, cut to it: without a break or an overlap."""
        at, until = utc(since), utc(until)
        begins = at
        while at < until:
            found = self.coverage(level, at)
            at = found.until
            yield replace(found, since=max(found.since, begins), until=min(at, until))

    def now(self, at: datetime) -> Mapping[int | str, Duty | None]:
        """Who is on call at every post."""
        return {level: self.on_call(level, at) for level in self.posts}

    # ------------------------------------------------------------------------------------------------- exceptions

    def override(
        self, level: int | str, who: str, since: datetime, until: datetime, *, by: str, why: str, made: datetime
    ) -> Schedule:
        """The schedule in which `who` stands in at a post.  What is past when it is made (`made`) stays as it was.

        Raises:
            SettingError: no such post or person, a time that is over or empty, or no name of whoever makes it.
        """
        made = utc(made)
        if utc(until) <= made:
            raise SettingError(
                f"until is {utc(until).isoformat()}, which is past: who was on call is on record; expected a time "
                f"after {made.isoformat()}"
            )
        return self._with(
            Override(
                number=self._next_number(),
                level=self._key(level),
                who=self._handle(who),
                since=max(utc(since), made),
                until=until,
                by=by,
                why=why,
                made=made,
            )
        )

    def swap(
        self, level: int | str, first: datetime, second: datetime, *, by: str, why: str = "", made: datetime
    ) -> Schedule:
        """The schedule in which the two people on call at `first` and at `second` have each other's shifts.

        The shifts are those that are valid now, exceptions included; of one that has begun, what is left is swapped.

        Raises:
            SettingError: nobody is on call at one of the times, it is the same person, or a shift is over.
        """
        made = utc(made)
        one, other = (self._duty_to_swap(level, at, made) for at in (first, second))
        if one.person.handle == other.person.handle:
            raise SettingError(
                f"both shifts, from {one.since.isoformat()} and from {other.since.isoformat()}, are those of "
                f"{one.person.handle!r}: expected times in the shifts of two people"
            )
        number, key = self._next_number(), self._key(level)
        halves = (
            Override(
                number=number,
                level=key,
                who=whose.person.handle,
                since=max(shift.since, made),
                until=shift.until,
                by=by,
                why=why,
                made=made,
                origin=Origin.SWAP,
            )
            for shift, whose in ((one, other), (other, one))
        )
        return self._with(*halves)

    def take(self, level: int | str, who: str, *, by: str, why: str = "", made: datetime) -> Schedule:
        """The schedule in which `who` is on call from now (`made`) until the end of the shift that it takes over.

        Where nobody is on call, until somebody is.

        Raises:
            SettingError: they are on call there already, or nobody is and nobody will be.
        """
        made = utc(made)
        handle, current = self._handle(who), self.coverage(level, made)
        if isinstance(current, Duty) and current.person.handle == handle:
            ends = f"{current.until.astimezone(zone_named(self.zone)):%Y-%m-%d %H:%M} ({self.zone})"
            raise SettingError(f"{handle!r} is on call as {current.name} already, until {ends}: nothing to take")
        until = self._filled_again(level, current) if isinstance(current, Unfilled) else current.until
        return self._with(
            Override(
                number=self._next_number(),
                level=self._key(level),
                who=handle,
                since=made,
                until=until,
                by=by,
                why=why,
                made=made,
                origin=Origin.TAKE,
            )
        )

    def cancel(self, number: int, *, made: datetime) -> Schedule:
        """The schedule without an exception, both halves where it is a swap, from now (`made`) on.

        Raises:
            SettingError: there is none of that number, or it is over.
        """
        made = utc(made)
        numbers = sorted({one.number for one in self.overrides if one.until > made})
        if number not in numbers:
            raise SettingError(f"exception {number} does not exist or is over: expected {one_of(numbers)}")
        left = (
            replace(one, until=made) if one.number == number and one.since < made < one.until else one
            for one in self.overrides
            if one.number != number or one.since < made
        )
        return replace(self, overrides=tuple(left))

    def _with(self, *made: Override) -> Schedule:
        return replace(self, overrides=(*self.overrides, *made))

    def _next_number(self) -> int:
        return max((one.number for one in self.overrides), default=0) + 1

    def _duty_to_swap(self, level: int | str, at: datetime, made: datetime) -> Duty:
        duty = self.on_call(level, at)
        if duty is None:
            raise SettingError(
                f"nobody is on call as {self.post(level).name} at {utc(at).isoformat()}: nothing to swap"
            )
        if duty.until <= made:
            raise SettingError(
                f"the shift of {duty.person.handle!r} ended at {duty.until.isoformat()}: a shift that is over cannot "
                "be swapped"
            )
        return duty

    def _filled_again(self, level: int | str, gap: Unfilled) -> datetime:
        while gap.until < LATEST:
            following = self.coverage(level, gap.until)
            if isinstance(following, Duty):
                return gap.until
            gap = following
        raise SettingError(f"nobody is on call as {gap.name}, and nobody will be: write an override, which has an end")

    def _key(self, level: int | str) -> int | str:
        key = CTO_LEVEL if level == "cto" else level
        if key not in self.posts or isinstance(key, bool):
            raise SettingError(f"{shown(level)} is no level or duty here: expected {one_of(self.posts, level)}")
        return key

    def _handle(self, who: str) -> str:
        if who not in self.people:
            raise SettingError(f"{shown(who)} is not in the schedule: expected {one_of(self.people, who)}")
        return who


def _why(chosen: Override, made: list[Override], since: datetime, until: datetime) -> str:
    """The exception that counts, and the last of those that it goes before."""
    beaten = [one for one in made if one.number < chosen.number and one.meets(since, until)]
    if not beaten:
        return chosen.told()
    last = max(beaten, key=lambda one: (one.number, one.since))
    return f"{chosen.told()}, made later than, and so before: {last.told()}"
