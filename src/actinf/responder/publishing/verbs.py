"""What can be asked for with what the public is told of an incident."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated

from pydantic import Field, StringConstraints

from actinf.errors import SettingError
from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.desk import Desk
from actinf.responder.incident.event import Event
from actinf.responder.incident.state import Incident
from actinf.responder.publishing import deciding
from actinf.responder.publishing.deciding import Wording
from actinf.responder.publishing.page import NoticeState, Working
from actinf.responder.verb import Line, Text, Verb

__all__ = ["NOTICE_VERBS", "Publish", "UpdateNotice", "Withhold"]

_Components = Annotated[tuple[Line, ...], Field(max_length=50)]
_Word = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True)]


class _Telling(Verb):
    """What tells the public something."""

    title: _Word = Field("", description="One line; without it: as it was, or as the template says.")
    state: NoticeState | None = Field(
        None, description="investigating, identified, monitoring, resolved or withdrawn; without it: as it stands."
    )
    impact: Working | None = Field(
        None, description="operational, degraded, partial outage or major outage; without it: by the severity."
    )
    components: _Components | None = Field(
        None, description="What users see failing, by any name of the catalogue; without it: what follows from it."
    )
    override: Text = Field("", description="Why the public is told although it usually is not: of a P3, or private.")

    @abstractmethod
    def events(self, incident: Incident, catalogue: Catalogue, service: str) -> tuple[Event, ...]:
        """What comes of it."""

    def run(self, desk: Desk, incident: str, by: str) -> Incident:
        """Do it; the incident as it stands afterwards."""
        if self.at is not None:
            raise SettingError("at is given, and the public is told when it is told: leave it out")
        service = desk.unattended.service
        return desk.act(incident, lambda before: self.events(before, desk.catalogue(), service), by=by)

    def wording(self, text: str) -> Wording:
        """What is said, with a text."""
        return Wording(
            title=self.title,
            text=text,
            state=self.state,
            impact=self.impact,
            components=self.components,
            override=self.override,
        )


class Publish(_Telling):
    """Tell the public of an incident, in words of the template or your own; told again, it is told something else."""

    verb = "publish"

    text: Text = Field("", description="What users should know; without it: what the template says.")

    def events(self, incident: Incident, catalogue: Catalogue, service: str) -> tuple[Event, ...]:
        """What comes of it."""
        return deciding.publish(incident, self.wording(self.text), catalogue, service)


class UpdateNotice(_Telling):
    """Tell the public more of an incident that it knows of."""

    verb = "update"

    text: Text = Field(description="What users should know.")

    def events(self, incident: Incident, catalogue: Catalogue, service: str) -> tuple[Event, ...]:
        """What comes of it."""
        return deciding.update(incident, self.wording(self.text), catalogue, service)


class Withhold(Verb):
    """Keep an incident from the public that it would else be told of by itself, with the reason."""

    verb = "withhold"

    reason: Text = Field(description="Why; it stays on the timeline.")

    def run(self, desk: Desk, incident: str, by: str) -> Incident:
        """Do it; the incident as it stands afterwards."""
        if self.at is not None:
            raise SettingError("at is given, and what was told cannot be withheld afterwards: leave it out")
        return desk.act(incident, lambda before: deciding.withhold(before, self.reason), by=by)


#: By their names.
NOTICE_VERBS: dict[str, type[Verb]] = {one.verb: one for one in (Publish, UpdateNotice, Withhold)}
