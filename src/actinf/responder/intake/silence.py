"""What is not to be told: silences, and windows of maintenance.

Both choose alerts by their labels.  A quieted alert opens no incident and joins none; it is kept all the same, with
what quieted it.  What is private and what is not never quiet one another: who may not see what is private could else
hide it, and a silence that most do not see could hide what they have to mend.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from actinf.errors import SettingError
from actinf.responder.intake.pattern import Pattern

__all__ = ["Comparison", "Maintenance", "Matcher", "Once", "Period", "Quiet", "Silence", "Weekly", "quieted"]

_MATCHER = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*(.*?)\s*", re.DOTALL)
_LONGEST_VALUE = 1000
_MOST_MATCHERS = 20
_LONGEST_WINDOW = timedelta(weeks=1)


class Comparison(StrEnum):
    """How a label is compared."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LIKE = "=~"
    NOT_LIKE = "!~"


@dataclass(frozen=True, kw_only=True, slots=True)
class Matcher:
    """A condition on one label; a label that is not there counts as an empty one.

    Args:
        name: of the label.
        comparison: equal, not equal, like a pattern, or not like it.
        value: the text, or the pattern (see `actinf.responder.intake.pattern`), which has to match the whole label.

    Raises:
        SettingError: there is no name, the value is too long, or the pattern is none.
    """

    name: str
    comparison: Comparison
    value: str
    _pattern: Pattern | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.name:
            raise SettingError("a matcher has no name: expected that of a label")
        if len(self.value) > _LONGEST_VALUE:
            raise SettingError(f"the value of a matcher has {len(self.value)} characters: at most {_LONGEST_VALUE}")
        is_pattern = self.comparison in (Comparison.LIKE, Comparison.NOT_LIKE)
        object.__setattr__(self, "_pattern", Pattern(self.value) if is_pattern else None)

    @classmethod
    def read(cls, text: str) -> "Matcher":
        """Read a matcher as people write it, with or without quotes: `severity=~"P2|P3"`.

        Raises:
            SettingError: it is none.
        """
        found = _MATCHER.fullmatch(text)
        if found is None:
            raise SettingError(f"{text!r} is no matcher: expected a label, one of = != =~ !~, and a value")
        name, comparison, value = found.groups()
        if len(value) >= 2 and value[0] == value[-1] == '"':
            value = value[1:-1]
        return cls(name=name, comparison=Comparison(comparison), value=value)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet it."""
        found = labels.get(self.name, "")
        is_alike = found == self.value if self._pattern is None else self._pattern.matches(found)
        return is_alike != (self.comparison in (Comparison.NOT_EQUAL, Comparison.NOT_LIKE))

    def __str__(self) -> str:
        return f'{self.name}{self.comparison}"{self.value}"'


@dataclass(frozen=True, kw_only=True, slots=True)
class Silence:
    """What somebody does not want to be told for a while.

    Args:
        id: of it.
        matchers: an alert has to meet all of them.
        starts_at: from when on.
        ends_at: until when.
        by: whom it was made.
        reason: why.
        private: whether it is for alerts that are private, and for no others.

    Raises:
        SettingError: it ends before it starts, a time has no zone, or it would silence everything.
    """

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    by: str
    reason: str
    private: bool = False

    def __post_init__(self) -> None:
        _require_order(f"the silence {self.id}".strip(), self.starts_at, self.ends_at)
        _require_choice(f"the silence {self.id}".strip(), self.matchers)

    def is_active(self, at: datetime) -> bool:
        """Whether it holds at a moment."""
        return self.starts_at <= at < self.ends_at

    def silences(self, labels: Mapping[str, str], at: datetime) -> bool:
        """Whether it holds for an alert with these labels."""
        return self.is_active(at) and self.quiets(labels)

    def quiets(self, labels: Mapping[str, str]) -> bool:
        """Whether it is for an alert with these labels, whenever it holds."""
        return all(matcher.matches(labels) for matcher in self.matchers)


class Period(Protocol):
    """When something goes on."""

    def running(self, at: datetime) -> tuple[datetime, datetime] | None:
        """From when until when it goes on, UTC, where a moment is within; else None."""
        ...

    def upcoming(self, at: datetime) -> tuple[datetime, datetime] | None:
        """As `running`, where it goes on; else the next time that it does; None: it never will again."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Once:
    """A period that does not come again.

    Args:
        starts_at: from when on.
        ends_at: until when, a week later at most.

    Raises:
        SettingError: it ends before it starts, it lasts longer than a week, or a time has no zone.
    """

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        _require_order("a window of maintenance", self.starts_at, self.ends_at)
        if self.ends_at - self.starts_at > _LONGEST_WINDOW:
            raise SettingError(
                f"a window of maintenance goes from {self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%Y-%m-%d %H:%M}: "
                "expected a week at most; announce the next week when it comes"
            )

    def running(self, at: datetime) -> tuple[datetime, datetime] | None:
        """The period, where a moment is within; else None."""
        return (self.starts_at, self.ends_at) if self.starts_at <= at < self.ends_at else None

    def upcoming(self, at: datetime) -> tuple[datetime, datetime] | None:
        """The period, where it is not over; else None."""
        return (self.starts_at, self.ends_at) if at < self.ends_at else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Weekly:
    """A period that comes every week, by the clock on the wall of some place.

    It begins when that clock shows its hour.  In the night in which the hour is left out it begins as much later as
    is left out; where the hour comes twice, with the first.  It lasts as long as it says, in real time, both nights.

    Args:
        weekdays: on which it begins; 0 is Monday.
        opens: at which hour.
        lasts: how long, a week at most.
        zone: the place, "Europe/Berlin".

    Raises:
        SettingError: there is no such day or place, or it lasts no time or longer than a week.
    """

    weekdays: frozenset[int]
    opens: time
    lasts: timedelta
    zone: str
    _place: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= set(range(7)):
            raise SettingError(f"weekdays is {sorted(self.weekdays)}: expected some of 0 (Monday) to 6 (Sunday)")
        if self.opens.tzinfo is not None:
            raise SettingError(f"opens is {self.opens}: expected an hour without a zone, which `zone` gives")
        if not timedelta(0) < self.lasts <= timedelta(weeks=1):
            raise SettingError(f"lasts is {self.lasts}: expected more than nothing and at most a week")
        try:
            object.__setattr__(self, "_place", ZoneInfo(self.zone))
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise SettingError(f"zone is {self.zone!r}: expected a place as 'Europe/Berlin', or 'UTC'") from error

    def running(self, at: datetime) -> tuple[datetime, datetime] | None:
        """The occurrence that a moment is within, the one that ends last; else None."""
        # By a clock that is set back, the day here may be the one after that on which it began.
        today = at.astimezone(self._place).date() + timedelta(days=1)
        days = (today - timedelta(days=back) for back in range(self.lasts.days + 4))
        for day in days:
            if day.weekday() in self.weekdays:
                starts_at = self._opening(day)
                if starts_at <= at < starts_at + self.lasts:
                    return starts_at, starts_at + self.lasts
        return None

    def upcoming(self, at: datetime) -> tuple[datetime, datetime]:
        """The occurrence that a moment is within, else the next one."""
        running = self.running(at)
        if running is not None:
            return running
        today = at.astimezone(self._place).date() - timedelta(days=1)
        days = (today + timedelta(days=ahead) for ahead in range(10))
        starts_at = min(
            opening for day in days if day.weekday() in self.weekdays and (opening := self._opening(day)) > at
        )
        return starts_at, starts_at + self.lasts

    @property
    def never_ends(self) -> bool:
        """Whether each occurrence lasts until the next one has begun."""
        days = sorted(self.weekdays)
        gaps = [after - before for before, after in zip(days, [*days[1:], days[0] + 7], strict=True)]
        return self.lasts >= timedelta(days=max(gaps))

    def _opening(self, day: date) -> datetime:
        return datetime.combine(day, self.opens.replace(fold=0), self._place).astimezone(UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Maintenance:
    """Work on a part of the system, during which its alerts are expected.

    Args:
        name: what is done.
        matchers: which alerts are expected; all of them have to be met.
        period: when.
        by: whom it was announced.
        private: whether it is for alerts that are private, and for no others.

    Raises:
        SettingError: it would quiet everything.
    """

    name: str
    matchers: tuple[Matcher, ...]
    period: Period
    by: str
    private: bool = False

    def __post_init__(self) -> None:
        _require_choice(f"the maintenance {self.name!r}", self.matchers)

    def quiets(self, labels: Mapping[str, str]) -> bool:
        """Whether it is for an alert with these labels, whenever it goes on."""
        return all(matcher.matches(labels) for matcher in self.matchers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Quiet:
    """Why an alert is not told.

    Args:
        what: quiets it: "silence 3", "maintenance upgrade".
        why: in a sentence.
        until: when that ends.
    """

    what: str
    why: str
    until: datetime


def quieted(
    labels: Mapping[str, str],
    at: datetime,
    silences: Iterable[Silence] = (),
    maintenances: Iterable[Maintenance] = (),
    *,
    private: bool = False,
) -> Quiet | None:
    """What keeps an alert from being told at a moment.

    Args:
        labels: of the alert.
        at: the moment.
        silences: all that there are.
        maintenances: all that there are.
        private: whether the alert is private: only what was made for such ones quiets it, and that quiets no others.

    Returns:
        What lasts longest; None: nothing, it is to be told.
    """
    found = [
        Quiet(what=f"silence {silence.id}", why=f"silenced by {silence.by}: {silence.reason}", until=silence.ends_at)
        for silence in silences
        if silence.private == private and silence.silences(labels, at)
    ]
    for maintenance in maintenances:
        running = maintenance.period.running(at)
        if running is not None and maintenance.private == private and maintenance.quiets(labels):
            why = f"maintenance, announced by {maintenance.by}: {maintenance.name}"
            found.append(Quiet(what=f"maintenance {maintenance.name}", why=why, until=running[1]))
    return max(found, key=lambda quiet: quiet.until, default=None)


def _require_order(what: str, starts_at: datetime, ends_at: datetime) -> None:
    if starts_at.tzinfo is None or ends_at.tzinfo is None:
        raise SettingError(f"{what} goes from {starts_at} to {ends_at}: expected times with their zones")
    if ends_at <= starts_at:
        raise SettingError(f"{what} goes from {starts_at} to {ends_at}: expected an end after the start")


def _require_choice(what: str, matchers: tuple[Matcher, ...]) -> None:
    """Refuse what an alert without any label would meet: it says nothing of what it is for."""
    if len(matchers) > _MOST_MATCHERS:
        raise SettingError(f"{what} has {len(matchers)} matchers: expected {_MOST_MATCHERS} at most")
    if all(matcher.matches({}) for matcher in matchers):
        raise SettingError(
            f"{what} would quiet every alert: expected a matcher that an empty label does not meet, as component=api"
        )
