"""The API of contacts and vendors, and of whom to call for an incident."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from actinf.responder.contacts.document import (
    ContactsFile,
    VendorsFile,
    contact_from,
    contacts_document,
    vendor_from,
    vendors_document,
)
from actinf.responder.contacts.listing import contacts_listed, vendors_listed, whom_to_call
from actinf.responder.contacts.trial_page import fates_of
from actinf.responder.documents import contact_test_document
from actinf.responder.server.context import Asking, requires
from actinf.responder.server.incidents import require_visible

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["contacts"])

Document = dict[str, Any]

_CONTACT = {"name": "Fay Sutherland", "role": "CTO", "means": [{"phone": "+49 30 7654321", "when": "at night as well"}]}
_VENDOR = {"name": "Example Cloud", "kind": "cloud", "for": ["api"], "portal": "https://console.example.org/support"}


class OneContact(BaseModel):
    """A contact, in the form of a file."""

    model_config = ConfigDict(extra="forbid")

    contact: dict[str, Any] = Field(description="name, role, means, note.", examples=[_CONTACT])


class Contacts(BaseModel):
    """Contacts, in the form of a file."""

    model_config = ConfigDict(extra="forbid")

    contacts: dict[str, Any] = Field(description="By their handles.", examples=[{"fay": _CONTACT}])


class OneVendor(BaseModel):
    """A vendor, in the form of a file."""

    model_config = ConfigDict(extra="forbid")

    vendor: dict[str, Any] = Field(description="name, kind, for, portal, phone, …", examples=[_VENDOR])


class Vendors(BaseModel):
    """Vendors, in the form of a file."""

    model_config = ConfigDict(extra="forbid")

    vendors: dict[str, Any] = Field(description="By their keys.", examples=[{"cloud": _VENDOR}])


@router.get("/contacts", summary="List contacts")
async def list_contacts(asking: Annotated[Asking, Depends(requires("see"))]) -> Document:
    """Who there is, with the kinds of their means; numbers and addresses are shown of each by itself."""
    return await asking.server.do(lambda: contacts_listed(asking.server.parts))


@router.get("/contacts-file", summary="All contacts, in the form of a file")
async def show_contacts(asking: Annotated[Asking, Depends(requires("contacts"))]) -> Document:
    """With numbers and addresses; whose were looked at stands in the log of the office."""
    directory = asking.server.parts.directory
    return contacts_document(await asking.server.do(lambda: directory.look_at_all(by=asking.by)))


@router.get("/contacts/{handle:path}", summary="A contact")
async def show_contact(handle: str, asking: Annotated[Asking, Depends(requires("contact-look"))]) -> Document:
    """How somebody is reached; of who is not on call, a look stands in the log of the office."""
    directory = asking.server.parts.directory
    found = await asking.server.do(lambda: directory.look(handle, by=asking.by))
    return {"handle": handle, "contact": found.document()}


@router.put("/contacts/{handle:path}", summary="Set a contact")
async def set_contact(
    handle: str, body: OneContact, asking: Annotated[Asking, Depends(requires("contact-own"))]
) -> Document:
    """Keep a contact in the place of the one before; somebody else's needs the role commander."""
    if handle != asking.by:
        asking.require("contacts")

    def work() -> list[str]:
        return asking.server.parts.directory.set_contacts([contact_from(handle, body.contact)], by=asking.by)

    return {"done": await asking.server.do(work)}


@router.put("/contacts", summary="Set contacts")
async def set_contacts(body: Contacts, asking: Annotated[Asking, Depends(requires("contacts"))]) -> Document:
    """Keep each in the place of the one before of the same handle; others stay."""

    def work() -> list[str]:
        made = ContactsFile.from_document({"contacts": body.contacts})
        return asking.server.parts.directory.set_contacts(made.values(), by=asking.by)

    return {"done": await asking.server.do(work)}


@router.post("/contacts/from-schedule", summary="Move means from the schedule")
async def import_schedule(asking: Annotated[Asking, Depends(requires("contacts"))]) -> Document:
    """Move how people are reached from the schedule, where it stands in the clear, to their contacts."""
    directory = asking.server.parts.directory
    return {"moved": await asking.server.do(lambda: directory.import_schedule(by=asking.by))}


class Told(BaseModel):
    """Whether somebody was reached."""

    model_config = ConfigDict(extra="forbid")

    reached: bool = Field(description="Whether they were.")


class Code(BaseModel):
    """That a test arrived."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(max_length=40, description="As it stands in the message.", examples=["ABCD-EFGH-JKMN"])


@router.post("/contacts/confirm", summary="Say that a test arrived")
async def confirm(body: Code, asking: Annotated[Asking, Depends(requires("see"))]) -> Document:
    """By the code that it holds; whose test it was."""
    return {"handle": await asking.server.do(lambda: asking.server.parts.trying.confirm(body.code))}


@router.post("/contacts/{handle}/test", status_code=201, summary="Try whether a contact is reached")
async def try_contact(handle: str, asking: Annotated[Asking, Depends(requires("test-page"))]) -> Document:
    """Send a test with a code, by which they say that it arrived; somebody else's needs the role commander."""
    if handle != asking.by:
        asking.require("test-page-others")
    parts = asking.server.parts

    def work() -> Document:
        name = parts.trying.ask(handle, by=asking.by)
        return contact_test_document(name, fates_of(parts.desk, name))

    document = await asking.server.do(work)
    asking.server.machinery.something_happened()
    return document


@router.post("/contacts/{handle}/tested", summary="Say whether a contact was reached")
async def tell_tested(
    handle: str, body: Told, asking: Annotated[Asking, Depends(requires("test-page-others"))]
) -> Document:
    """By hand, as after a call."""
    await asking.server.do(lambda: asking.server.parts.trying.said(handle, reached=body.reached, by=asking.by))
    return {"done": [f"{handle} was {'reached' if body.reached else 'not reached'}"]}


@router.delete("/contacts/{handle:path}", summary="Erase a contact")
async def remove_contact(handle: str, asking: Annotated[Asking, Depends(requires("contacts"))]) -> Document:
    """Erase it, with what is known of whether they were reached."""
    await asking.server.do(lambda: asking.server.parts.directory.remove_contact(handle, by=asking.by))
    return {"done": [f"{handle} was removed"]}


@router.get("/vendors", summary="List vendors")
async def list_vendors(asking: Annotated[Asking, Depends(requires("see"))]) -> Document:
    """Who there is, and for which parts; the rest is shown of each by itself."""
    return await asking.server.do(lambda: vendors_listed(asking.server.parts))


@router.get("/vendors-file", summary="All vendors, in the form of a file")
async def show_vendors(asking: Annotated[Asking, Depends(requires("contact-look"))]) -> Document:
    """With numbers of customers and contracts."""
    return vendors_document(await asking.server.do(asking.server.parts.directory.vendors))


@router.get("/vendors/{key:path}", summary="A vendor")
async def show_vendor(key: str, asking: Annotated[Asking, Depends(requires("contact-look"))]) -> Document:
    """How it is reached, what is agreed, and how a case is opened that somebody looks at now."""
    found = await asking.server.do(lambda: asking.server.parts.directory.vendor(key))
    return {"key": key, "vendor": found.document()}


@router.put("/vendors/{key:path}", summary="Set a vendor")
async def set_vendor(key: str, body: OneVendor, asking: Annotated[Asking, Depends(requires("contacts"))]) -> Document:
    """Keep a vendor in the place of the one before."""

    def work() -> list[str]:
        return asking.server.parts.directory.set_vendors([vendor_from(key, body.vendor)], by=asking.by)

    return {"done": await asking.server.do(work)}


@router.put("/vendors", summary="Set vendors")
async def set_vendors(body: Vendors, asking: Annotated[Asking, Depends(requires("contacts"))]) -> Document:
    """Keep each in the place of the one before of the same key; others stay."""

    def work() -> list[str]:
        made = VendorsFile.from_document({"vendors": body.vendors})
        return asking.server.parts.directory.set_vendors(made.values(), by=asking.by)

    return {"done": await asking.server.do(work)}


@router.delete("/vendors/{key:path}", summary="Remove a vendor")
async def remove_vendor(key: str, asking: Annotated[Asking, Depends(requires("contacts"))]) -> Document:
    """Remove it; what it was asked in incidents stays on their timelines."""
    await asking.server.do(lambda: asking.server.parts.directory.remove_vendor(key, by=asking.by))
    return {"done": [f"{key} was removed"]}


@router.get("/incidents/{incident}/call", summary="Whom to call for an incident")
async def show_call(incident: str, asking: Annotated[Asking, Depends(requires("contact-look"))]) -> Document:
    """Who is on call, the duties and the vendors, those first whom it is about, each with the links to tap."""

    def work() -> Document:
        return whom_to_call(asking.server.parts, require_visible(asking, incident)).document()

    return await asking.server.do(work)
