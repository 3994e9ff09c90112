"""The pages of contacts and vendors: who there is, how one is reached, and a text to change that."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from actinf.errors import Forbidden, NotFound, OutOfTurn, SettingError
from actinf.responder.contacts.calling import Callee, vendor_callee
from actinf.responder.contacts.document import ContactsFile, VendorsFile, contacts_document, vendors_document
from actinf.responder.contacts.listing import contacts_listed, vendors_listed, whom_to_call
from actinf.responder.contacts.means import Means, MeansKind
from actinf.responder.contacts.trying import CODE
from actinf.responder.document_text import plain_values
from actinf.responder.incident.cases import Case
from actinf.responder.incident.state import Incident
from actinf.responder.oncall.document_writing import yaml_of
from actinf.responder.server.context import Server, ServerParts
from actinf.runtime.origin import is_of_this_address
from actinf.web.incidents.filled import BLANK, Filled
from actinf.web.incidents.pages import page
from actinf.web.incidents.visitors import Actor, Filing, Looker, Visitor

__all__ = ["call_shown", "router"]

router = APIRouter()

_AT_LINE = re.compile(r"^line:([0-9]+): ", re.MULTILINE)
_EXAMPLE = """\
contacts:
  fay:
    name: Fay Sutherland
    role: CTO
    means:
    - {phone: "+49 30 7654321", when: at night as well}
    - {email: fay@example.org}
"""
_CONTACT = """\
contacts:
  {handle}:
    name: {handle}
    role: DevOps Engineer
    means:
    # At least one: take the # away.
    # - {{phone: "+49 30 1234567"}}
    # - {{email: {handle}@example.org}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A means as the page shows it."""

    kind: str
    value: str
    link: str
    when: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Called:
    """Somebody to call, as the page shows them."""

    key: str
    title: str
    name: str
    fits: bool
    vendor: str
    cases: list[Case]
    means: list[_Shown]
    facts: list[tuple[str, str]]


def call_shown(server: Server, visitor: Visitor, incident: Incident) -> dict[str, Any]:
    """Whom to call for an incident, as its page shows it to somebody."""
    found = whom_to_call(server.parts, incident)
    if not visitor.may("contact-look"):
        found = found.for_viewers()
    cases = list(incident.cases.values())
    vendors = [_called(one, cases=[case for case in cases if case.vendor == one.vendor]) for one in found.vendors]
    known = {one.vendor for one in vendors}
    others = [case for case in cases if case.vendor not in known]
    return {
        "people": [_called(one) for one in found.people],
        "first": _first_number(found.people, visitor.handle),
        # Whoever was asked is near at hand, whatever they are for.
        "vendors": [replace(one, fits=one.fits or any(case.is_open for case in one.cases)) for one in vendors],
        "others": {name: [case for case in others if case.name == name] for name in {case.name: 0 for case in others}},
        "trouble": found.trouble,
    }


def _first_number(people: Sequence[Callee], but: str) -> dict[str, str] | None:
    """Who stands first and can be called, but for who looks; None: nobody."""
    for one in people:
        phones = [means.link for means in one.means if means.kind is MeansKind.PHONE]
        if phones and one.key != but:
            return {"name": one.name, "link": phones[0]}
    return None


@router.get("/contacts")
async def show_contacts(server: ServerParts, visitor: Looker) -> Response:
    """Who there is."""
    visitor.require("see")
    return await _listed(server, visitor)


@router.post("/contacts/add")
async def add(server: ServerParts, filing: Actor) -> Response:
    """Take contacts and vendors from a text; where it is refused, show it again."""
    visitor, text = filing.visitor, _text(filing)
    visitor.require("contacts")

    def work() -> None:
        given = plain_values(text, "line")[0]
        kinds = [kind for kind in ("contacts", "vendors") if isinstance(given, dict) and given.get(kind) is not None]
        if len(kinds) != 1 or len(given) != 1:
            raise SettingError("the text begins with neither contacts: nor vendors: alone: expected one of them")
        _keep(server, kinds[0], text, visitor.handle)

    try:
        await server.do(work)
    except SettingError as error:
        return await _listed(server, visitor, Filled("add", {"text": text}, {"text": str(error)}), 422)
    return RedirectResponse("/contacts", 303)


@router.post("/contacts/from-schedule")
async def import_schedule(server: ServerParts, filing: Actor) -> Response:
    """Move how people are reached from the schedule to their contacts."""
    visitor = filing.visitor
    visitor.require("contacts")
    try:
        await server.do(lambda: server.parts.directory.import_schedule(by=visitor.handle))
    except SettingError as error:
        return await _listed(server, visitor, Filled("add", {}, {"": str(error)}), 422)
    return RedirectResponse("/contacts", 303)


@router.get("/contacts/confirm/{code}")
async def ask_to_confirm(code: str) -> Response:
    """A page that says for whoever got a test that it has arrived, by a tap: programs that look at links do not tap."""
    return page("contact_confirm.html", visitor=None, code=code if CODE.fullmatch(code) else "", done=False)


@router.post("/contacts/confirm/{code}")
async def confirm(code: str, request: Request, server: ServerParts) -> Response:
    """Take it that a test arrived; whoever has the code needs no account."""
    if not is_of_this_address(request, request.headers.get("origin", "")):
        raise Forbidden("this was sent from elsewhere than from the page that the link leads to: open the link anew")
    await server.do(lambda: server.parts.trying.confirm(code))
    return page("contact_confirm.html", visitor=None, code="", done=True)


@router.post("/contacts/{handle}/test")
async def try_contact(handle: str, server: ServerParts, filing: Actor) -> Response:
    """Send a test, or say by hand how it ended."""
    visitor, how = filing.visitor, filing.text("how")
    trying = server.parts.trying
    if how in ("reached", "not reached"):
        visitor.require("test-page-others")
        work: Callable[[], object] = partial(trying.said, handle, reached=how == "reached", by=visitor.handle)
    else:
        visitor.require("test-page" if handle == visitor.handle else "test-page-others")
        work = partial(trying.ask, handle, by=visitor.handle)
    try:
        await server.do(work)
    except (SettingError, OutOfTurn) as error:
        return await _contact(server, visitor, handle, Filled("test", {}, {"": str(error)}), 422)
    server.machinery.something_happened()
    return RedirectResponse(f"/contacts/{handle}", 303)


@router.get("/contacts/{handle}")
async def show_contact(handle: str, server: ServerParts, visitor: Looker) -> Response:
    """How somebody is reached."""
    visitor.require("contact-look")
    return await _contact(server, visitor, handle)


@router.post("/contacts/{handle}")
async def set_contact(handle: str, server: ServerParts, filing: Actor) -> Response:
    """Change a contact; somebody else's needs the role commander."""
    visitor, text = filing.visitor, _text(filing)
    visitor.require("contact-own" if handle == visitor.handle else "contacts")
    try:
        await server.do(lambda: _keep(server, "contacts", text, visitor.handle, only=handle))
    except SettingError as error:
        return await _contact(server, visitor, handle, Filled("set", {"text": text}, {"text": str(error)}), 422)
    return RedirectResponse(f"/contacts/{handle}", 303)


@router.post("/contacts/{handle}/remove")
async def remove_contact(handle: str, server: ServerParts, filing: Actor) -> Response:
    """Erase a contact."""
    visitor = filing.visitor
    visitor.require("contacts")
    await server.do(lambda: server.parts.directory.remove_contact(handle, by=visitor.handle))
    return RedirectResponse("/contacts", 303)


@router.get("/vendors/{key}")
async def show_vendor(key: str, server: ServerParts, visitor: Looker) -> Response:
    """How a vendor is reached."""
    visitor.require("contact-look")
    return await _vendor(server, visitor, key)


@router.post("/vendors/{key}")
async def set_vendor(key: str, server: ServerParts, filing: Actor) -> Response:
    """Change a vendor."""
    visitor, text = filing.visitor, _text(filing)
    visitor.require("contacts")
    try:
        await server.do(lambda: _keep(server, "vendors", text, visitor.handle, only=key))
    except SettingError as error:
        return await _vendor(server, visitor, key, Filled("set", {"text": text}, {"text": str(error)}), 422)
    return RedirectResponse(f"/vendors/{key}", 303)


@router.post("/vendors/{key}/remove")
async def remove_vendor(key: str, server: ServerParts, filing: Actor) -> Response:
    """Remove a vendor."""
    visitor = filing.visitor
    visitor.require("contacts")
    await server.do(lambda: server.parts.directory.remove_vendor(key, by=visitor.handle))
    return RedirectResponse("/contacts", 303)


def _keep(server: Server, kind: str, text: str, by: str, *, only: str = "") -> None:
    directory = server.parts.directory
    try:
        found: dict[str, Any] = (ContactsFile if kind == "contacts" else VendorsFile).from_text(text, "line")
    except SettingError as error:
        raise SettingError(_AT_LINE.sub(r"line \1: ", str(error))) from None
    if only and list(found) != [only]:
        raise SettingError(f"the text is of {', '.join(found)[:80] or 'nobody'}: expected {only} alone")
    if kind == "contacts":
        directory.set_contacts(found.values(), by=by)
    else:
        directory.set_vendors(found.values(), by=by)


async def _listed(server: Server, visitor: Visitor, filled: Filled = BLANK, status: int = 200) -> Response:
    def work() -> dict[str, Any]:
        contacts, vendors, schedule = (
            contacts_listed(server.parts),
            vendors_listed(server.parts),
            server.parts.desk.schedule(),
        )
        return {
            "now": server.parts.clock(),
            "contacts": [{**one, "test": _with_times(one["test"])} for one in contacts["contacts"]],
            "vendors": [{**one, "for_": one["for"]} for one in vendors["vendors"]],
            "trouble": contacts["trouble"] or vendors["trouble"],
            "in_schedule": sum(one.is_reachable for one in schedule.people.values()) if schedule is not None else 0,
        }

    values = await server.do(work)
    return page("contacts.html", status, visitor=visitor, filled=filled, example=_EXAMPLE, **values)


async def _contact(
    server: Server, visitor: Visitor, handle: str, filled: Filled = BLANK, status: int = 200
) -> Response:
    directory, trying = server.parts.directory, server.parts.trying
    try:
        found = await server.do(lambda: directory.look(handle, by=visitor.handle))
    except NotFound:
        if handle != visitor.handle:
            raise
        found = None
    shown = None
    if found is not None:
        facts = (("note", found.note),) if found.note else ()
        shown = _called(
            Callee(key=handle, title=found.role, name=found.name, fits=True, means=found.means, facts=facts)
        )
    return page(
        "contact.html",
        status,
        visitor=visitor,
        filled=filled,
        title=found.name if found is not None else handle,
        shown=shown,
        path=f"/contacts/{handle}",
        text=yaml_of(contacts_document([found])) if found is not None else _CONTACT.format(handle=handle),
        test=(await server.do(trying.standings)).get(handle) if found is not None else None,
        may_try=visitor.may("test-page" if handle == visitor.handle else "test-page-others"),
        may_say=visitor.may("test-page-others"),
        now=server.parts.clock(),
        may_change=visitor.may("contacts" if handle != visitor.handle else "contact-own"),
        may_remove=visitor.may("contacts"),
    )


async def _vendor(server: Server, visitor: Visitor, key: str, filled: Filled = BLANK, status: int = 200) -> Response:
    found = await server.do(lambda: server.parts.directory.vendor(key))
    return page(
        "contact.html",
        status,
        visitor=visitor,
        filled=filled,
        title=found.name,
        shown=_called(vendor_callee(found, fits=True)),
        path=f"/vendors/{key}",
        text=yaml_of(vendors_document([found])),
        may_change=visitor.may("contacts"),
        may_remove=visitor.may("contacts"),
    )


def _with_times(test: dict[str, Any]) -> dict[str, Any]:
    return {**test, "at": datetime.fromisoformat(test["at"]) if test["at"] else None}


def _text(filing: Filing) -> str:
    return filing.text("text").replace("\r\n", "\n")


def _called(one: Callee, *, cases: Sequence[Case] = ()) -> _Called:
    return _Called(
        key=one.key,
        title=one.title,
        name=one.name,
        fits=one.fits,
        vendor=one.vendor,
        cases=list(cases),
        means=[_means(means) for means in one.means],
        facts=list(one.facts),
    )


def _means(one: Means) -> _Shown:
    return _Shown(
        kind=str(one.kind),
        value=one.value,
        link=one.link,
        when=one.when,
        host=urlsplit(one.value).hostname or "" if one.kind == "web" else "",
    )
