"""What every request about an incident is: the base of those of `actinf.responder.verbs`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from actinf.responder.desk import Desk
from actinf.responder.incident.decisions import LONGEST_TEXT
from actinf.responder.incident.event import Event
from actinf.responder.incident.state import Incident
from actinf.responder.moments import Moment

__all__ = ["Decision", "Line", "Request", "Text", "Verb"]

#: A text that somebody writes, and a line of it.
Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]
Line = Annotated[str, StringConstraints(max_length=500)]


class Request(BaseModel):
    """What can be asked for; a field that nobody knows is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Verb(Request, ABC):
    """Something to do with an incident."""

    verb: ClassVar[str]

    at: Moment | None = Field(None, description="When it happened, where it is told of the past.")

    @abstractmethod
    def run(self, desk: Desk, incident: str, by: str) -> Incident:
        """Do it; the incident as it stands afterwards."""


class Decision(Verb):
    """What is decided from how the incident stands, and adds events to its timeline."""

    @abstractmethod
    def events(self, incident: Incident, by: str) -> tuple[Event, ...]:
        """What comes of it."""

    def run(self, desk: Desk, incident: str, by: str) -> Incident:
        """Do it; the incident as it stands afterwards."""
        return desk.act(incident, lambda before: self.events(before, by), by=by, at=self.at)
