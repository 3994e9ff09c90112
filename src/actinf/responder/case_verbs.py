"""What can be asked for on the cases that vendors were given in an incident."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import Field

from actinf.errors import SettingError
from actinf.responder.desk import Desk
from actinf.responder.incident import cases
from actinf.responder.incident.state import Incident
from actinf.responder.moments import Moment
from actinf.responder.verb import Line, Request, Text, Verb

__all__ = ["CloseCase", "NoteCase", "OpenCase"]

_ANSWER_BY = "Until when an answer was promised: whoever leads is reminded then. Without it none is awaited"
_WITHIN = "The same in minutes from then on."


class _Said(Request):
    """What is common to what is said of a case."""

    vendor: Line = Field(description="Its key in the directory of vendors, or what it is called.", examples=["cloud"])
    said: Text = Field(description="What was said, by either side.")
    reference: Line = Field("", description="The number that the vendor gave to the case.")
    contact: Line = Field("", description="With whom, there.")
    answer_by: Moment | None = Field(None, description=f"{_ANSWER_BY}.")
    answer_within: int | None = Field(None, ge=1, le=43_200, description=_WITHIN)

    def awaited(self, at: datetime) -> datetime | None:
        """Until when an answer is awaited."""
        if self.answer_by is not None and self.answer_within is not None:
            raise SettingError("answer_by and answer_within say the same: leave one out")
        if self.answer_within is not None:
            return at + timedelta(minutes=self.answer_within)
        return None if self.answer_by is None else self.answer_by.astimezone(UTC)


class OpenCase(_Said, Verb):
    """Write down that a vendor was asked to help."""

    verb = "case-open"

    answer_by: Moment | None = Field(
        None, description=f"{_ANSWER_BY}, but where the directory says what the vendor promised."
    )

    def run(self, desk: Desk, incident: str, by: str) -> Incident:
        """Do it; the incident as it stands afterwards."""
        known, at = desk.vendors.in_short(self.vendor), _said_at(self, desk)
        answer_by = self.awaited(at)
        if answer_by is None and known is not None and known.answers_within is not None:
            answer_by = at + timedelta(minutes=known.answers_within)
        return desk.act(
            incident,
            lambda before: cases.open_case(
                before,
                vendor=self.vendor if known is None else known.key,
                name=self.vendor if known is None else known.name,
                said=self.said,
                reference=self.reference,
                contact=self.contact,
                answer_by=answer_by,
                at=at,
            ),
            by=by,
            at=self.at,
        )


class NoteCase(_Said, Verb):
    """Write down what was said of a case; an answer is awaited from then on as it says, or none."""

    verb = "case-note"

    case: int | None = Field(None, ge=1, description="Its number, where there are several with the vendor.")

    def run(self, desk: Desk, incident: str, by: str) -> Incident:
        """Do it; the incident as it stands afterwards."""
        at = _said_at(self, desk)
        answer_by = self.awaited(at)
        return desk.act(
            incident,
            lambda before: cases.note_case(
                before,
                vendor=self.vendor,
                case=self.case,
                said=self.said,
                reference=self.reference,
                contact=self.contact,
                answer_by=answer_by,
                at=at,
            ),
            by=by,
            at=self.at,
        )


class CloseCase(Verb):
    """Say that nothing more is wanted of a vendor."""

    verb = "case-close"

    vendor: Line = Field(description="Its key in the directory of vendors, or what it is called.", examples=["cloud"])
    said: Text = Field("", description="What came of it.")
    case: int | None = Field(None, ge=1, description="Its number, where there are several with the vendor.")

    def run(self, desk: Desk, incident: str, by: str) -> Incident:
        """Do it; the incident as it stands afterwards."""
        return desk.act(
            incident,
            lambda before: cases.close_case(before, vendor=self.vendor, case=self.case, said=self.said),
            by=by,
            at=self.at,
        )


def _said_at(verb: Verb, desk: Desk) -> datetime:
    return desk.clock() if verb.at is None else verb.at.astimezone(UTC)
