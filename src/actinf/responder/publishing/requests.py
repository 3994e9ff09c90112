"""What can be asked for with planned work: the same by the command line and over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from actinf.errors import SettingError
from actinf.responder.moments import Moment
from actinf.responder.publishing.page import Working
from actinf.responder.publishing.work import LONGEST_NOTICE, LONGEST_TITLE

__all__ = ["AnnounceWork", "ChangeWork", "WorkChange"]

_Title = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TITLE, strip_whitespace=True)]
_Text = Annotated[str, StringConstraints(max_length=LONGEST_NOTICE, strip_whitespace=True)]
_Name = Annotated[str, StringConstraints(max_length=200)]
_Matcher = Annotated[str, StringConstraints(max_length=1200)]
_LONGEST, _FARTHEST = timedelta(days=31), timedelta(days=366)
_SKEW = timedelta(minutes=1)


class AnnounceWork(BaseModel):
    """Tell the public of planned work; it begins and ends by itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: _Title = Field(description="What is done, in a line.", examples=["Database upgrade"])
    text: _Text = Field("", description="What users should know; without it: its times.")
    since: Moment = Field(description="From when.")
    until: Moment = Field(description="Until when.")
    components: Annotated[tuple[_Name, ...], Field(max_length=50)] = Field(
        (), description="What users see of it, by any name of the catalogue.", examples=[["api"]]
    )
    impact: Working = Field(
        Working.MAINTENANCE,
        description="How well it works meanwhile: maintenance, operational, degraded, partial outage or major outage.",
    )
    expects: Annotated[tuple[_Matcher, ...], Field(max_length=20)] = Field(
        (),
        description="Alerts that are expected meanwhile, as `component=postgres`: a window of maintenance is made, "
        "too. Without: none is.",
        examples=[["component=postgres"]],
    )

    def times(self, now: datetime) -> tuple[datetime, datetime]:
        """From when until when.

        Raises:
            SettingError: they make no sense.
        """
        since, until = self.since.astimezone(UTC), self.until.astimezone(UTC)
        if since < now - _SKEW:
            raise SettingError(f"since is {_moment(since)}, which is over: expected a time after {_moment(now)}")
        if until <= since:
            raise SettingError(f"until is {_moment(until)}, and since {_moment(since)}: expected a later time")
        if until - since > _LONGEST:
            raise SettingError(f"it lasts {(until - since).days} days: expected {_LONGEST.days} at most")
        if since - now > _FARTHEST:
            raise SettingError(f"since is {_moment(since)}: expected a time within {_FARTHEST.days} days")
        return max(since, now), until


class WorkChange(StrEnum):
    """What is done with it before its time."""

    START = "start"
    END = "end"
    CANCEL = "cancel"


class ChangeWork(BaseModel):
    """Begin it, end it, or say that it does not take place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: _Text = Field("", description="What users are told of that; without it: that it is so.")


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
