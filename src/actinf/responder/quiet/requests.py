"""What can be asked for to keep alerts from being told: the same by the command line, over HTTP and from a page."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_serializer, field_validator

from actinf.errors import SettingError
from actinf.responder.intake.silence import Matcher, Once, Weekly
from actinf.responder.moments import Moment

__all__ = ["AnnounceMaintenance", "MakeSilence", "Weekday"]

_Matcher = Annotated[str, StringConstraints(max_length=1200)]
_Reason = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True)]
_Line = Annotated[str, StringConstraints(max_length=80, strip_whitespace=True)]
_NAME = re.compile(r"\w[\w .,+-]{0,79}")
_HOUR = re.compile(r"([01]?\d|2[0-3]):[0-5]\d")
_WEEK = 7 * 24 * 60


class Weekday(StrEnum):
    """A day on which a window begins."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    matchers: Annotated[tuple[_Matcher, ...], Field(max_length=20)] = Field(
        description='Which alerts: `component=api`, `severity!=P0`, `alertname=~"Disk.*"`; all of them have to be met.',
        examples=[["component=api", "severity=~P[23]"]],
    )
    private: bool = Field(
        False, description="For alerts that are private, and no others; only who sees what is private may say so."
    )

    def read(self) -> tuple[Matcher, ...]:
        """Its matchers.

        Raises:
            SettingError: one is none.
        """
        return tuple(Matcher.read(one) for one in self.matchers)


class MakeSilence(_Request):
    """Keep alerts from being told, from now on, for a while."""

    minutes: int = Field(ge=1, le=525_600, description="How long it lasts.", examples=[120])
    reason: _Reason = Field(description="Why; whoever asks where the alerts are reads it.", examples=["new disks"])

    @field_validator("reason")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value:
            raise ValueError("is empty: say why, in one line, for whoever asks where the alerts are")
        return value


class AnnounceMaintenance(_Request):
    """Announce work during which alerts are expected: once, from `since` to `until`, or every week, on `days`."""

    name: _Line = Field(description="What is done; its end is asked for by that name.", examples=["database upgrade"])
    since: Moment | None = Field(None, description="Once: from when; without it: from now on.")
    until: Moment | None = Field(None, description="Once: until when, a week later at most.")
    days: tuple[Weekday, ...] = Field((), description="Every week: the days on which it begins.", examples=[["mon"]])
    opens: time | None = Field(None, description="Every week: at which hour, by the clock of `zone`.")
    minutes: int | None = Field(None, ge=1, le=_WEEK, description="Every week: how long it lasts.")
    zone: _Line = Field("UTC", description="Every week: the place, as Europe/Berlin.")

    @field_validator("opens", mode="before")
    @classmethod
    def _is_hour(cls, value: object) -> object:
        if isinstance(value, str) and _HOUR.fullmatch(value.strip()) is None:
            raise ValueError("expected an hour and a minute, as 22:00")
        return value.strip().zfill(5) if isinstance(value, str) else value

    @field_serializer("opens", when_used="json-unless-none")
    def _as_hour(self, value: time) -> str:
        return value.isoformat(timespec="minutes")

    @field_validator("name")
    @classmethod
    def _is_name(cls, value: str) -> str:
        if _NAME.fullmatch(value) is None:
            raise ValueError(
                "expected a letter or a digit, and then at most 79 letters, digits, blanks, '.', ',', '_', '+' and '-'"
            )
        return value

    def period(self, now: datetime) -> Once | Weekly:
        """When it goes on.

        Args:
            now: the time.

        Raises:
            SettingError: it is not said, said twice, or makes no sense.
        """
        if self.days or self.opens is not None or self.minutes is not None:
            return self._weekly()
        if self.until is None:
            raise SettingError(
                "nothing says when it ends: say until when, or, of one that comes every week, its days, hour and length"
            )
        if self.until <= now:
            raise SettingError(f"until is {self.until:%Y-%m-%d %H:%M} UTC, which is over: expected a time to come")
        return Once(starts_at=self.since or now, ends_at=self.until)

    def _weekly(self) -> Weekly:
        if self.since is not None or self.until is not None:
            raise SettingError("it is said to come once, with its beginning or end, and every week: say either")
        said = (
            ("its days", self.days or None),
            ("the hour at which it begins", self.opens),
            ("how long it lasts", self.minutes),
        )
        missing = [name for name, value in said if value is None]
        if missing or self.opens is None or self.minutes is None:
            raise SettingError(f"one that comes every week lacks {' and '.join(missing)}")
        weekdays = frozenset(list(Weekday).index(day) for day in self.days)
        period = Weekly(weekdays=weekdays, opens=self.opens, lasts=timedelta(minutes=self.minutes), zone=self.zone)
        if period.never_ends:
            raise SettingError(
                f"each window lasts {self.minutes} minutes, until the next one begins, so that it would never end: "
                "expected a time between them"
            )
        return period
