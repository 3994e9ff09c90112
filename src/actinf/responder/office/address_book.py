"""Contacts and vendors at an office: of this machine, or of a server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol
from urllib.parse import quote

from actinf.responder.contacts.document import (
    ContactsFile,
    VendorsFile,
    contact_from,
    contacts_document,
    vendor_from,
    vendors_document,
)
from actinf.responder.contacts.listing import contacts_listed, vendors_listed, whom_to_call
from actinf.responder.contacts.records import Contact, Vendor
from actinf.responder.contacts.trial_page import fates_of
from actinf.responder.documents import contact_test_document
from actinf.responder.parts import Parts

__all__ = ["AddressBook", "LocalAddressBook", "RemoteAddressBook"]

Document = dict[str, Any]


class AddressBook(Protocol):
    """Contacts and vendors, for one person.

    Every method raises errors of `actinf.errors`: NotFound, SettingError for what was asked; ContactsLocked where the
    key is missing; StoreError, ServiceError for what cannot be reached.
    """

    def contacts(self) -> Document:
        """Who there is, as `actinf.responder.contacts.listing.contacts_listed` says it."""
        ...

    def contact(self, handle: str) -> Contact:
        """One contact, with how they are reached; the look is logged where they are not on call."""
        ...

    def all_contacts(self) -> Sequence[Contact]:
        """All contacts, as `contact`."""
        ...

    def set_contacts(self, made: Sequence[Contact]) -> Sequence[str]:
        """Keep contacts in the place of those of the same handles; what was done."""
        ...

    def import_schedule(self) -> Sequence[str]:
        """Move how people are reached from the schedule to their contacts; of whom."""
        ...

    def remove_contact(self, handle: str) -> None:
        """Erase a contact."""
        ...

    def try_contact(self, handle: str) -> Document:
        """Send somebody a test with a code: its name, and what became of it in each channel."""
        ...

    def confirm(self, code: str) -> str:
        """Take it that a test arrived, by its code; whose it was."""
        ...

    def tell_tested(self, handle: str, *, reached: bool) -> None:
        """Write down whether somebody was reached."""
        ...

    def vendors(self) -> Document:
        """Which there are, as `actinf.responder.contacts.listing.vendors_listed` says it."""
        ...

    def vendor(self, key: str) -> Vendor:
        """One vendor."""
        ...

    def all_vendors(self) -> Sequence[Vendor]:
        """All vendors."""
        ...

    def set_vendors(self, made: Sequence[Vendor]) -> Sequence[str]:
        """Keep vendors in the place of those of the same keys; what was done."""
        ...

    def remove_vendor(self, key: str) -> None:
        """Remove a vendor."""
        ...

    def whom_to_call(self, incident: str) -> Document:
        """Whom to call for an incident, given by its whole id, as `actinf.responder.contacts.calling` says it."""
        ...


class LocalAddressBook:
    """Works on a store; see `AddressBook` for what it does.

    Args:
        parts: of the responder.
        by: the handle of who acts.
    """

    def __init__(self, parts: Parts, by: str):
        self._parts = parts
        self._by = by

    def contacts(self) -> Document:
        """As `AddressBook.contacts`."""
        return contacts_listed(self._parts)

    def contact(self, handle: str) -> Contact:
        """As `AddressBook.contact`."""
        return self._parts.directory.look(handle, by=self._by)

    def all_contacts(self) -> Sequence[Contact]:
        """As `AddressBook.all_contacts`."""
        return self._parts.directory.look_at_all(by=self._by)

    def set_contacts(self, made: Sequence[Contact]) -> Sequence[str]:
        """As `AddressBook.set_contacts`."""
        return self._parts.directory.set_contacts(made, by=self._by)

    def import_schedule(self) -> Sequence[str]:
        """As `AddressBook.import_schedule`."""
        return self._parts.directory.import_schedule(by=self._by)

    def remove_contact(self, handle: str) -> None:
        """As `AddressBook.remove_contact`."""
        self._parts.directory.remove_contact(handle, by=self._by)

    def try_contact(self, handle: str) -> Document:
        """As `AddressBook.try_contact`."""
        name = self._parts.trying.ask(handle, by=self._by)
        return contact_test_document(name, fates_of(self._parts.desk, name))

    def confirm(self, code: str) -> str:
        """As `AddressBook.confirm`."""
        handle: str = self._parts.trying.confirm(code)
        return handle

    def tell_tested(self, handle: str, *, reached: bool) -> None:
        """As `AddressBook.tell_tested`."""
        self._parts.trying.said(handle, reached=reached, by=self._by)

    def vendors(self) -> Document:
        """As `AddressBook.vendors`."""
        return vendors_listed(self._parts)

    def vendor(self, key: str) -> Vendor:
        """As `AddressBook.vendor`."""
        return self._parts.directory.vendor(key)

    def all_vendors(self) -> Sequence[Vendor]:
        """As `AddressBook.all_vendors`."""
        return self._parts.directory.vendors()

    def set_vendors(self, made: Sequence[Vendor]) -> Sequence[str]:
        """As `AddressBook.set_vendors`."""
        return self._parts.directory.set_vendors(made, by=self._by)

    def remove_vendor(self, key: str) -> None:
        """As `AddressBook.remove_vendor`."""
        self._parts.directory.remove_vendor(key, by=self._by)

    def whom_to_call(self, incident: str) -> Document:
        """As `AddressBook.whom_to_call`."""
        return whom_to_call(self._parts, self._parts.desk.incident(incident)).document()


class RemoteAddressBook:
    """Asks a server; see `AddressBook` for what it does.

    Args:
        ask: sends a request, by its method and its path, and returns what was answered.
    """

    def __init__(self, ask: Callable[..., Document]):
        self._ask = ask

    def contacts(self) -> Document:
        """As `AddressBook.contacts`."""
        return self._ask("GET", "/v1/contacts")

    def contact(self, handle: str) -> Contact:
        """As `AddressBook.contact`."""
        return contact_from(handle, self._ask("GET", _path("contacts", handle))["contact"])

    def all_contacts(self) -> Sequence[Contact]:
        """As `AddressBook.all_contacts`."""
        return list(ContactsFile.from_document(self._ask("GET", "/v1/contacts-file")).values())

    def set_contacts(self, made: Sequence[Contact]) -> Sequence[str]:
        """As `AddressBook.set_contacts`; one alone may be one's own, which needs less of a role."""
        if len(made) == 1:
            said = {"contact": made[0].document()}
            done: Sequence[str] = self._ask("PUT", _path("contacts", made[0].handle), json=said)["done"]
        else:
            done = self._ask("PUT", "/v1/contacts", json=contacts_document(made))["done"]
        return done

    def import_schedule(self) -> Sequence[str]:
        """As `AddressBook.import_schedule`."""
        moved: Sequence[str] = self._ask("POST", "/v1/contacts/from-schedule")["moved"]
        return moved

    def remove_contact(self, handle: str) -> None:
        """As `AddressBook.remove_contact`."""
        self._ask("DELETE", _path("contacts", handle))

    def try_contact(self, handle: str) -> Document:
        """As `AddressBook.try_contact`."""
        return self._ask("POST", f"{_path('contacts', handle)}/test")

    def confirm(self, code: str) -> str:
        """As `AddressBook.confirm`."""
        handle: str = self._ask("POST", "/v1/contacts/confirm", json={"code": code})["handle"]
        return handle

    def tell_tested(self, handle: str, *, reached: bool) -> None:
        """As `AddressBook.tell_tested`."""
        self._ask("POST", f"{_path('contacts', handle)}/tested", json={"reached": reached})

    def vendors(self) -> Document:
        """As `AddressBook.vendors`."""
        return self._ask("GET", "/v1/vendors")

    def vendor(self, key: str) -> Vendor:
        """As `AddressBook.vendor`."""
        return vendor_from(key, self._ask("GET", _path("vendors", key))["vendor"])

    def all_vendors(self) -> Sequence[Vendor]:
        """As `AddressBook.all_vendors`."""
        return list(VendorsFile.from_document(self._ask("GET", "/v1/vendors-file")).values())

    def set_vendors(self, made: Sequence[Vendor]) -> Sequence[str]:
        """As `AddressBook.set_vendors`."""
        done: Sequence[str] = self._ask("PUT", "/v1/vendors", json=vendors_document(made))["done"]
        return done

    def remove_vendor(self, key: str) -> None:
        """As `AddressBook.remove_vendor`."""
        self._ask("DELETE", _path("vendors", key))

    def whom_to_call(self, incident: str) -> Document:
        """As `AddressBook.whom_to_call`."""
        return self._ask("GET", f"/v1/incidents/{incident}/call")


def _path(what: str, name: str) -> str:
    return f"/v1/{what}/{quote(name, safe='')}"
