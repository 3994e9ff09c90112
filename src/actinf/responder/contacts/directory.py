"""Use cases on contacts and vendors: kept sealed in the store, opened where somebody may see them.

The file of the keys is read anew each time: a key that is added or put back counts at once, in every process.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from actinf.errors import ContactsLocked, NotFound, SettingError
from actinf.responder.contacts.document import contact_from, vendor_from
from actinf.responder.contacts.erasing import erase_contact
from actinf.responder.contacts.means import Means, MeansKind
from actinf.responder.contacts.port import VendorInShort
from actinf.responder.contacts.records import Contact, Vendor
from actinf.responder.contacts.sealing import KeyRing, Sealed, add_key, key_ring, made_key_ring
from actinf.responder.incident.contact_events import ContactLookedAt, ContactSet, ContactsSealedAnew, VendorSet
from actinf.responder.incident.event import Event
from actinf.responder.incident.office_events import ScheduleSet
from actinf.responder.oncall.people import Person
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.oncall.wording import one_of, shown
from actinf.responder.store import contacts, office, rosters
from actinf.responder.store.contacts import Kind
from actinf.responder.store.database import Store

__all__ = ["KEY_FILE", "Directory"]

_LOG = logging.getLogger(__name__)

#: The file of the keys in the folder of the store, where no other is named.
KEY_FILE = "contacts.key"
#: Looks of one person at another are so far apart to be written down twice.
_LOOKS_APART = timedelta(hours=1)
_MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class Directory:
    """Contacts and vendors of a store.

    Attributes:
        store: where they are.
        clock: the time.
        key_file: with the keys.
    """

    store: Store
    clock: Callable[[], datetime]
    key_file: Path
    _looks: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _told: set[str] = field(default_factory=set)

    # ------------------------------------------------------------------------------------------------------- people

    def contacts(self) -> list[Contact]:
        """All contacts, by their handles.

        Raises:
            ContactsLocked: their key is missing, or is another.
        """
        with self.store.reading() as connection:
            return self.contacts_in(connection)

    def contacts_in(self, connection: sqlite3.Connection) -> list[Contact]:
        """As `contacts`, in a view of the store that is open."""
        return self._opened_of(contacts.sealed_all(connection, "contact"))

    def contacts_of(self, connection: sqlite3.Connection, handles: Iterable[str]) -> list[Contact]:
        """The contacts of some people, of those who have one, in a view of the store that is open.

        Raises:
            ContactsLocked: their key is missing, or is another.
        """
        found = {handle: contacts.sealed(connection, "contact", handle) for handle in dict.fromkeys(handles)}
        return self._opened_of({handle: one for handle, one in found.items() if one is not None})

    def _opened_of(self, found: Mapping[str, Sealed]) -> list[Contact]:
        keys = key_ring(self.key_file) if found else None
        return [contact_from(name, _opened(keys, "contact", name, one)) for name, one in found.items()]

    def handles(self) -> list[str]:
        """Whose contacts there are; that can be told without the key."""
        with self.store.reading() as connection:
            return contacts.names(connection, "contact")

    def contact(self, handle: str) -> Contact:
        """One contact.

        Raises:
            NotFound: there is none of that handle.
            ContactsLocked: their key is missing, or is another.
        """
        with self.store.reading() as connection:
            found = self._contact(connection, handle)
            if found is None:
                known = contacts.names(connection, "contact")
                raise NotFound(f"no contact is called {shown(handle)}: expected {one_of(known, handle)}")
            return found

    def look(self, handle: str, *, by: str) -> Contact:
        """One contact, for somebody who wants to know how they are reached; of who is not on call that is logged."""
        found, now = self.contact(handle), self.clock()
        if handle == by or not self._is_new_look(by, handle, now):
            return found
        with self.store.writing() as connection:
            if self._is_on_call(connection, handle, now):
                return found
            self._log(connection, [ContactLookedAt(handle=handle)], by)
        self._remember_look(by, handle, now)  # only now: where the disk is full, the next try is not let past the log
        return found

    def look_at_all(self, *, by: str) -> list[Contact]:
        """All contacts, as `look`."""
        return [self.look(handle, by=by) for handle in self.handles()]

    def set_contacts(self, made: Iterable[Contact], *, by: str) -> list[str]:
        """Keep contacts, in the place of those of the same handles; what was done, a sentence each."""
        with self.store.writing() as connection:
            return self._keep(connection, "contact", {one.handle: one.document() for one in made}, by)

    def remove_contact(self, handle: str, *, by: str) -> None:
        """Erase a contact, with the trials of it; also how they are reached in schedules that no longer hold.

        Raises:
            NotFound: there is none.
        """
        with self.store.writing() as connection:
            if not erase_contact(connection, self.store.key, handle, by=by, now=self.clock()):
                known = contacts.names(connection, "contact")
                raise NotFound(f"no contact is called {shown(handle)}: expected {one_of(known, handle)}")
        self.store.settle()

    def import_schedule(self, *, by: str) -> list[str]:
        """Move how people are reached from the schedule, where it stands in the clear, to their contacts.

        Returns:
            The handles of whom something was moved.

        Raises:
            SettingError: there is no schedule.
            ContactsLocked: the key is missing, or is another.
        """
        with self.store.writing() as connection:
            schedule = rosters.schedule(connection)
            if schedule is None:
                raise SettingError("no schedule is set from which anything could be moved: actinf oncall schedule")
            open_ones = [person for person in schedule.people.values() if person.is_reachable]
            made = {person.handle: self._with_means_of(connection, person).document() for person in open_ones}
            if not made:
                return []
            self._keep(connection, "contact", made, by)
            people = {
                handle: replace(person, chat_id=None, email=None, phone=None)
                for handle, person in schedule.people.items()
            }
            moved = f"how {len(made)} are reached was moved to the contacts"
            digest = rosters.set_schedule(connection, replace(schedule, people=people), by=by, now=self.clock())
            self._log(connection, [ScheduleSet(change="set", what=moved, digest=digest)], by)
            for handle in made:
                rosters.forget_means(connection, handle)
        self.store.settle()
        return sorted(made)

    # ------------------------------------------------------------------------------------------------------- vendors

    def vendors(self) -> list[Vendor]:
        """All vendors, by their keys.

        Raises:
            ContactsLocked: their key is missing, or is another.
        """
        with self.store.reading() as connection:
            return self.vendors_in(connection)

    def vendors_in(self, connection: sqlite3.Connection) -> list[Vendor]:
        """As `vendors`, in a view of the store that is open."""
        found = contacts.sealed_all(connection, "vendor")
        keys = key_ring(self.key_file) if found else None
        return [vendor_from(name, _opened(keys, "vendor", name, one)) for name, one in found.items()]

    def vendor_keys(self) -> list[str]:
        """Which vendors there are; that can be told without the key."""
        with self.store.reading() as connection:
            return contacts.names(connection, "vendor")

    def vendor(self, key: str) -> Vendor:
        """One vendor.

        Raises:
            NotFound: there is none of that key.
            ContactsLocked: their key is missing, or is another.
        """
        with self.store.reading() as connection:
            found = contacts.sealed(connection, "vendor", key)
            if found is None:
                raise _no_vendor(connection, key)
            return vendor_from(key, _opened(key_ring(self.key_file), "vendor", key, found))

    def in_short(self, name: str) -> VendorInShort | None:
        """The vendor of that key or name; None: none is known, or they cannot be opened now."""
        wanted = name.strip().casefold()
        try:
            found = [one for one in self.vendors() if wanted in (one.key, one.name.casefold())]
        except (ContactsLocked, SettingError):
            return None
        return (
            VendorInShort(key=found[0].key, name=found[0].name, answers_within=found[0].answers_within)
            if found
            else None
        )

    def set_vendors(self, made: Iterable[Vendor], *, by: str) -> list[str]:
        """Keep vendors, in the place of those of the same keys; what was done, a sentence each."""
        with self.store.writing() as connection:
            return self._keep(connection, "vendor", {one.key: one.document() for one in made}, by)

    def remove_vendor(self, key: str, *, by: str) -> None:
        """Remove a vendor; what it was asked in incidents stays on their timelines.

        Raises:
            NotFound: there is none.
        """
        with self.store.writing() as connection:
            if not contacts.remove(connection, "vendor", key):
                raise _no_vendor(connection, key)
            self._log(
                connection, [VendorSet(change="removed", vendor=key, digest=office.sealed_digest(connection))], by
            )
        self.store.settle()

    # ---------------------------------------------------------------------------------------------------------- keys

    def seal_anew(self, *, by: str, new: bool = False) -> tuple[int, str]:
        """Seal everything with the first key of the file, all of it or nothing; how many, and the name of the key.

        Args:
            by: who does it.
            new: whether a new key is put at the head of the file first; it stays there where the rest fails.

        Raises:
            ContactsLocked: a key is missing that something was sealed with, or the file cannot be read or written.
        """
        # The file is changed while the store is held: of two who put a key into it at once one would lose the other's,
        # and with it what that had sealed.
        with self.store.writing() as connection:
            keys, count = add_key(self.key_file) if new else key_ring(self.key_file), 0
            kinds: tuple[Kind, ...] = ("contact", "vendor")
            for kind in kinds:
                for name, one in contacts.sealed_all(connection, kind).items():
                    place = f"{kind}/{name}"
                    contacts.seal_anew(connection, kind, name, keys.seal(place, keys.open(place, one)))
                    count += 1
            if count:
                event = ContactsSealedAnew(key=keys.first, count=count, digest=office.sealed_digest(connection))
                self._log(connection, [event], by)
        self.store.settle()
        return count, keys.first

    # ------------------------------------------------------------------------------------------------------ for pages

    def reach(self, connection: sqlite3.Connection, person: Person) -> Person:
        """Somebody of the schedule, with the means of their contact that it does not give; a page is never stopped."""
        if person.chat_id and person.email and person.phone:
            return person
        try:
            found = self._contact(connection, person.handle)
        except (ContactsLocked, SettingError) as error:
            if str(error) not in self._told:  # once for each trouble: every page would say it
                self._told.add(str(error))
                _LOG.error("people are reached by what the schedule says alone: %s", error)
            return person
        return person if found is None else found.completing(person)

    def person(self, connection: sqlite3.Connection, handle: str, schedule: Schedule | None) -> Person | None:
        """Whoever a message is for, with all their means; None: nobody is called so."""
        known = schedule.people.get(handle) if schedule is not None else None
        if known is not None:
            return self.reach(connection, known)
        try:
            found = self._contact(connection, handle)
        except (ContactsLocked, SettingError):
            return None
        return None if found is None else found.person()

    # --------------------------------------------------------------------------------------------------------- inside

    def _contact(self, connection: sqlite3.Connection, handle: str) -> Contact | None:
        found = contacts.sealed(connection, "contact", handle)
        if found is None:
            return None
        return contact_from(handle, _opened(key_ring(self.key_file), "contact", handle, found))

    def _keep(
        self, connection: sqlite3.Connection, kind: Kind, made: Mapping[str, Mapping[str, object]], by: str
    ) -> list[str]:
        if not made:
            return []
        keys, now, told = self._keys(connection), self.clock(), []
        for name, document in made.items():
            is_new = contacts.keep(connection, kind, name, keys.seal(f"{kind}/{name}", document), by=by, now=now)
            told.append((name, "made" if is_new else "changed"))
        digest = office.sealed_digest(connection)
        events: list[Event] = [
            ContactSet(change=change, handle=name, digest=digest)
            if kind == "contact"
            else VendorSet(change=change, vendor=name, digest=digest)
            for name, change in told
        ]
        self._log(connection, events, by)
        return [f"{name} was {change}" for name, change in told]

    def _keys(self, connection: sqlite3.Connection) -> KeyRing:
        """The keys to seal with; made where nothing is sealed that another could have sealed."""
        used = contacts.keys_in_use(connection)
        if not used:
            return made_key_ring(self.key_file)
        keys = key_ring(self.key_file)
        if not used & keys.keys.keys():
            raise ContactsLocked(
                f"{self.key_file} has {', '.join(keys.keys)}, and what is there was sealed with {', '.join(used)}: "
                "put the right file back, so that not each part needs a key of its own"
            )
        return keys

    def _with_means_of(self, connection: sqlite3.Connection, person: Person) -> Contact:
        """The contact of somebody, with the means that the schedule gives of them before those that it had."""
        known = self._contact(connection, person.handle) or Contact(
            handle=person.handle, name=person.name, role=person.role
        )
        given = ((MeansKind.PHONE, person.phone), (MeansKind.EMAIL, person.email), (MeansKind.CHAT, person.chat_id))
        try:
            means = [Means(kind=kind, value=value) for kind, value in given if value]
        except SettingError as error:
            raise SettingError(f"{person.handle}, in the schedule: {error}; nothing was moved") from None
        rest = [one for one in known.means if not any((one.kind, one.value) == (new.kind, new.value) for new in means)]
        return replace(known, means=(*means, *rest))

    def _is_on_call(self, connection: sqlite3.Connection, handle: str, now: datetime) -> bool:
        schedule = rosters.schedule(connection)
        return schedule is not None and any(
            duty is not None and duty.person.handle == handle for duty in schedule.now(now).values()
        )

    def _is_new_look(self, by: str, handle: str, now: datetime) -> bool:
        with self._guard:
            before = self._looks.get((by, handle))
            return before is None or now - before >= _LOOKS_APART

    def _remember_look(self, by: str, handle: str, now: datetime) -> None:
        with self._guard:
            self._looks.pop((by, handle), None)
            self._looks[by, handle] = now
            if len(self._looks) > _MOST_REMEMBERED:
                del self._looks[next(iter(self._looks))]

    def _log(self, connection: sqlite3.Connection, events: Sequence[Event], by: str) -> None:
        for event in events:
            office.record(connection, self.store.key, event, by=by, now=self.clock())


def _opened(keys: KeyRing | None, kind: Kind, name: str, one: Sealed) -> object:
    return {} if keys is None else keys.open(f"{kind}/{name}", one)


def _no_vendor(connection: sqlite3.Connection, key: str) -> NotFound:
    return NotFound(f"no vendor is called {shown(key)}: expected {one_of(contacts.names(connection, 'vendor'), key)}")
