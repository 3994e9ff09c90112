"""What can be asked for with the schedule: the same by the command line, over HTTP and from a page.

Each request is one class: its fields are what has to be said, and `changed` is the schedule that comes of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from actinf.responder.oncall.rotation import Schedule

__all__ = ["DUTY_CHANGES", "Cancel", "DutyChange", "StandIn", "Swap", "Take"]

_Name = Annotated[str, StringConstraints(max_length=100)]
_Why = Annotated[str, StringConstraints(max_length=200)]


class DutyChange(BaseModel, ABC):
    """An exception to the rotation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    change: ClassVar[str]

    def told(self) -> str:
        """What was asked for, in words, for the log."""
        said = self.model_dump(mode="json", exclude_unset=True)
        return ", ".join(f"{name} {value}" for name, value in said.items() if value not in (None, ""))

    @abstractmethod
    def changed(self, schedule: Schedule, *, by: str, now: datetime) -> Schedule:
        """The schedule that comes of it.

        Args:
            schedule: as it holds.
            by: the handle of who asks.
            now: the time.

        Raises:
            SettingError: no such post or person, or a time that makes no sense.
        """


class StandIn(DutyChange):
    """Somebody stands in at a post for a time."""

    change = "override"

    level: int | _Name = Field(description="The level, from 1, or a duty: cto, security, legal.")
    who: _Name = Field(description="The handle of who stands in.")
    since: AwareDatetime | None = Field(None, description="From when; without it: from now on.")
    until: AwareDatetime = Field(description="Until when, not included.")
    why: _Why = Field("", description="Why, in one line.")

    def changed(self, schedule: Schedule, *, by: str, now: datetime) -> Schedule:
        """As `DutyChange.changed`."""
        return schedule.override(
            self.level, self.who, self.since or now, self.until, by=by, why=self.why.strip(), made=now
        )


class Swap(DutyChange):
    """Two people take each other's shifts."""

    change = "swap"

    level: int | _Name = Field(description="The level, from 1, or a duty: cto, security, legal.")
    first: AwareDatetime = Field(description="A time in the one shift.")
    second: AwareDatetime = Field(description="A time in the other.")
    why: _Why = Field("", description="Why, in one line.")

    def changed(self, schedule: Schedule, *, by: str, now: datetime) -> Schedule:
        """As `DutyChange.changed`."""
        return schedule.swap(self.level, self.first, self.second, by=by, why=self.why.strip(), made=now)


class Take(DutyChange):
    """Somebody takes over, from now on until the shift ends."""

    change = "take"

    level: int | _Name = Field(description="The level, from 1, or a duty: cto, security, legal.")
    who: _Name | None = Field(None, description="The handle of who takes over; without it: who asks.")
    why: _Why = Field("", description="Why, in one line.")

    def changed(self, schedule: Schedule, *, by: str, now: datetime) -> Schedule:
        """As `DutyChange.changed`."""
        return schedule.take(self.level, self.who or by, by=by, why=self.why.strip(), made=now)


class Cancel(DutyChange):
    """An exception ends, both halves where it is a swap; what is past of it stays."""

    change = "cancel"

    number: int = Field(ge=1, description="Its number.")

    def changed(self, schedule: Schedule, *, by: str, now: datetime) -> Schedule:  # noqa: ARG002 -- as its kin
        """As `DutyChange.changed`."""
        return schedule.cancel(self.number, made=now)


#: By their names, which are those of the commands and the ends of the addresses.
DUTY_CHANGES: dict[str, type[DutyChange]] = {one.change: one for one in DutyChange.__subclasses__()}
