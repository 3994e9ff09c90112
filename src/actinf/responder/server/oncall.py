"""The API of the schedule: who is on call, and exceptions to it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from actinf.responder.contacts.trial_page import ask_for_contact_test, fates_of
from actinf.responder.documents import contact_test_document, duties_document
from actinf.responder.duties import DUTY_CHANGES, DutyChange
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.server.context import Asking, AskingUser, requires
from actinf.responder.taking_in import TakeCalendar, known_names, take_in

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["on call"])

Document = dict[str, Any]


class NewSchedule(BaseModel):
    """A schedule that is to hold from now on."""

    model_config = ConfigDict(extra="forbid")

    schedule: dict[str, Any] = Field(
        description="zone, people, levels, and where wanted business_hours, duties and overrides, as in the file."
    )


@router.get("/me", summary="Who asks")
async def me(asking: AskingUser) -> Document:
    """As whom a key acts, and what it may do."""
    return {"handle": asking.who.handle, "role": asking.who.role, "security": asking.who.security}


@router.get("/oncall", summary="Who is on call")
async def on_call(asking: Annotated[Asking, Depends(requires("see"))]) -> Document:
    """Who is on call now at every post; without a schedule there is none."""
    parts = asking.server.parts
    schedule = await asking.server.do(parts.desk.schedule)
    return duties_document(schedule, parts.clock())


@router.get("/schedule", summary="The schedule")
async def show_schedule(asking: Annotated[Asking, Depends(requires("see"))]) -> Document:
    """The schedule that holds, with its exceptions; null where none was ever set."""
    return _answer(await asking.server.do(asking.server.parts.desk.schedule))


@router.put("/schedule", summary="Set the schedule")
async def set_schedule(body: NewSchedule, asking: Annotated[Asking, Depends(requires("schedule"))]) -> Document:
    """Let a schedule hold from now on, in the place of the one before."""

    def work() -> Schedule:
        schedule = Schedule.from_document(body.schedule)
        asking.server.parts.desk.set_schedule(schedule, by=asking.by)
        return schedule

    schedule = await asking.server.do(work)
    asking.server.machinery.something_happened()
    return _answer(schedule)


class CalendarQuery(BaseModel):
    """How a calendar is taken in, as an address says it."""

    model_config = ConfigDict(extra="forbid")

    level: str | None = Field(None, max_length=100, description="A level, from 1, or a duty.", examples=["1"])
    calendar: str = Field("", max_length=150, description="What it is known by.", examples=["team"])
    file: str = Field("calendar.ics", max_length=150, description="Its name, for messages.", examples=["team.ics"])
    known_as: list[str] = Field(
        [], max_length=500, description="Whom a name in it means, NAME=HANDLE.", examples=[["Ada L.=ada"]]
    )
    days: int = Field(90, ge=1, le=366, description="How far ahead it is taken.")
    only_known: bool = Field(False, description="Pass over events that name nobody in the schedule.")
    anyway: bool = Field(False, description="Take it although a page could reach nobody.")
    dry_run: bool = Field(False, description="Only say what would come of it.")

    def asked(self) -> TakeCalendar:
        """The same as every way of asking has it."""
        level = int(self.level) if self.level and self.level.isdecimal() and len(self.level) < 4 else self.level
        said = self.model_dump(exclude={"level", "known_as"})
        return TakeCalendar(level=level, known_as=known_names(self.known_as), **said)


_CALENDAR = {
    "requestBody": {
        "required": True,
        "content": {"text/calendar": {"schema": {"type": "string"}, "example": "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"}},
    }
}


@router.post("/schedule/import", summary="Take a calendar in", openapi_extra=_CALENDAR)
async def take_calendar(
    request: Request,
    asking: Annotated[Asking, Depends(requires("schedule"))],
    said: Annotated[CalendarQuery, Query()],
) -> Document:
    """Shifts of an iCalendar file become exceptions; those that it had before, and has no longer, end."""
    asked = said.asked()
    content, desk = await request.body(), asking.server.parts.desk
    taken = await asking.server.do(lambda: take_in(desk, content, asked, by=asking.by))
    asking.server.machinery.something_happened()
    return taken


class NewContactTest(BaseModel):
    """A try whether a page would reach somebody."""

    model_config = ConfigDict(extra="forbid")

    who: str | None = Field(None, max_length=100, description="The handle of whom; without it: who asks.")


@router.post("/oncall/test-page", status_code=201, summary="Send a test page")
async def send_test_page(body: NewContactTest, asking: Annotated[Asking, Depends(requires("test-page"))]) -> Document:
    """Send a test page on the way that pages take; somebody else's needs the role commander."""
    who, desk = body.who or asking.by, asking.server.parts.desk
    if who != asking.by:
        asking.require("test-page-others")

    def work() -> Document:
        name = ask_for_contact_test(desk, who)
        return contact_test_document(name, fates_of(desk, name))

    document = await asking.server.do(work)
    asking.server.machinery.something_happened()
    return document


@router.get("/oncall/test-page/{name}", summary="What became of a test page")
async def show_test_page(name: str, asking: Annotated[Asking, Depends(requires("see"))]) -> Document:
    """By channel: sent, given up and why, or when it is tried again."""
    desk = asking.server.parts.desk
    return contact_test_document(name, await asking.server.do(lambda: fates_of(desk, name)))


def _answer(schedule: Schedule | None) -> Document:
    return {"schedule": None if schedule is None else schedule.document()}


def _operation(change: type[DutyChange]) -> Callable[..., Coroutine[Any, Any, Document]]:
    """The operation that makes or ends one sort of exception."""

    async def act(body: DutyChange, asking: Asking) -> Document:
        desk = asking.server.parts.desk
        schedule = await asking.server.do(lambda: desk.change_duties(body, by=asking.by))
        asking.server.machinery.something_happened()
        return _answer(schedule)

    act.__annotations__ = {
        "body": change,
        "asking": Annotated[Asking, Depends(requires(change.change))],
        "return": Document,
    }
    return act


for _name, _change in DUTY_CHANGES.items():
    router.add_api_route(
        f"/schedule/{_name}",
        _operation(_change),
        methods=["POST"],
        name=f"schedule_{_name}",
        summary=(_change.__doc__ or _name).splitlines()[0],
        operation_id=f"schedule_{_name}",
    )
