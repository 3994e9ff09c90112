"""Contacts and vendors as they are listed, and whom to call, from the store: also where their key is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actinf.errors import ContactsLocked
from actinf.responder.contacts.calling import Callee, call_document, people_to_call, vendors_to_call, without_means
from actinf.responder.contacts.directory import Directory
from actinf.responder.contacts.records import Contact, Vendor
from actinf.responder.contacts.trying import Tried, TryState
from actinf.responder.incident.state import Incident
from actinf.responder.parts import Parts
from actinf.responder.store import catalogues, rosters

__all__ = ["Call", "contacts_listed", "vendors_listed", "whom_to_call"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Whom to call for an incident.

    Attributes:
        people: who is on call, and the duties.
        vendors: all that there are.
        trouble: why contacts and vendors are missing; empty: they are there.
    """

    people: Sequence[Callee]
    vendors: Sequence[Callee]
    trouble: str = ""

    def document(self) -> dict[str, Any]:
        """The same as a document."""
        return call_document(self.people, self.vendors, self.trouble)

    def for_viewers(self) -> Call:
        """The same with names alone."""
        return Call(people=without_means(self.people), vendors=without_means(self.vendors), trouble=self.trouble)


def whom_to_call(parts: Parts, incident: Incident) -> Call:
    """Whom to call for an incident; where contacts cannot be opened, by what the schedule says."""
    now = parts.clock()
    with parts.store.reading() as connection:
        schedule, catalogue = rosters.schedule(connection), catalogues.catalogue(connection)
        people: Mapping[str, Contact] = {}
        vendors: Sequence[Vendor] = ()
        trouble = ""
        on_call = schedule.now(now).values() if schedule is not None else ()
        try:
            wanted = [duty.person.handle for duty in on_call if duty is not None]
            people = {one.handle: one for one in parts.directory.contacts_of(connection, wanted)}
            vendors = parts.directory.vendors_in(connection)
        except ContactsLocked as error:
            trouble = str(error)
    return Call(
        people=people_to_call(incident, schedule, people, catalogue, now),
        vendors=vendors_to_call(incident, vendors, catalogue),
        trouble=trouble,
    )


def contacts_listed(parts: Parts) -> dict[str, Any]:
    """Who there is, and whether they are reached, without numbers; of what cannot be opened the handles, and why."""
    directory, standings = parts.directory, parts.trying.standings()
    try:
        found = [_listed(one) for one in directory.contacts()]
        trouble = None
    except ContactsLocked as error:
        found = [{"handle": handle, "name": None, "role": None, "means": []} for handle in directory.handles()]
        trouble = str(error)
    never = Tried(state=TryState.NEVER)
    tests = {one["handle"]: standings.get(one["handle"], never).document() for one in found}
    return {"contacts": [{**one, "test": tests[one["handle"]]} for one in found], "trouble": trouble}


def vendors_listed(parts: Parts) -> dict[str, Any]:
    """Which vendors there are, and for which parts; where they cannot be opened, their keys, and why."""
    directory: Directory = parts.directory
    try:
        found: list[dict[str, Any]] = [
            {"key": one.key, "name": one.name, "kind": one.kind, "for": list(one.components)}
            for one in directory.vendors()
        ]
        trouble = None
    except ContactsLocked as error:
        found = [{"key": key, "name": None, "kind": None, "for": []} for key in directory.vendor_keys()]
        trouble = str(error)
    return {"vendors": found, "trouble": trouble}


def _listed(one: Contact) -> dict[str, Any]:
    kinds = dict.fromkeys(str(means.kind) for means in one.means)
    return {"handle": one.handle, "name": one.name, "role": one.role, "means": list(kinds)}
