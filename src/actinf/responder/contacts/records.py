"""A person who can be called, and a vendor; what is secret of them shows in no `repr`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from actinf.errors import SettingError
from actinf.responder.contacts.means import Means, MeansKind
from actinf.responder.oncall.people import Person

__all__ = ["VENDOR_KINDS", "Contact", "Vendor"]

#: What a vendor is for.
VENDOR_KINDS = ("cloud", "database", "security", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody who can be called.

    Attributes:
        handle: as in the schedule and on timelines.
        name: as others call them.
        role: what they are, as "CTO".
        means: how they are reached, the first to be tried first.
        note: what a caller should know, in one line; empty: nothing.
    """

    handle: str
    name: str
    role: str
    means: tuple[Means, ...] = field(default=(), repr=False)
    note: str = field(default="", repr=False)

    def document(self) -> dict[str, Any]:
        """All of it but the handle, in the form of a file."""
        return {
            "name": self.name,
            "role": self.role,
            "means": [_means_document(one) for one in self.means],
            **({"note": self.note} if self.note else {}),
        }

    def person(self) -> Person:
        """As whom pages take them: the first means of each kind that channels take."""
        return self.completing(Person(handle=self.handle, name=self.name, role=self.role))

    def completing(self, person: Person) -> Person:
        """Somebody of the schedule, with the means that it does not give."""
        found: dict[str, Any] = {
            "chat_id": person.chat_id or self._first(MeansKind.CHAT),
            "email": person.email or self._first(MeansKind.EMAIL),
            "phone": person.phone or self._first(MeansKind.PHONE),
        }
        for name, value in found.items():
            try:
                person = replace(person, **{name: value})
            except SettingError:
                continue  # a number that can be called and not paged, as one with an extension
        return person

    def _first(self, kind: MeansKind) -> str | None:
        of_kind = [one.value for one in self.means if one.kind is kind]
        if kind is MeansKind.PHONE:
            of_kind.sort(key=lambda number: not (number.startswith("+") and _has_no_extension(number)))
        return next(iter(of_kind), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """Whoever runs something for us, and how to have them act at once.

    Attributes:
        key: names it: `cloud`.
        name: as people call it.
        kind: one of `VENDOR_KINDS`.
        components: keys or names of parts of the catalogue that rest on it; empty: none in particular.
        portal: address of the web where a case is opened; empty: there is none.
        phone, email: of its support; empty: none.
        customer: number by which it knows us, and contract: of what was agreed; empty: none.
        support: what was bought, as "Business, 24/7".
        answers_within: minutes within which an answer was promised; None: nothing was.
        priority_case: how to open a case that somebody looks at now, in a few sentences.
    """

    key: str
    name: str
    kind: str = "other"
    components: tuple[str, ...] = ()
    portal: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    customer: str = field(default="", repr=False)
    contract: str = field(default="", repr=False)
    support: str = field(default="", repr=False)
    answers_within: int | None = None
    priority_case: str = field(default="", repr=False)

    def document(self) -> dict[str, Any]:
        """All of it but the key, in the form of a file."""
        given = {
            "for": list(self.components),
            "portal": self.portal,
            "phone": self.phone,
            "email": self.email,
            "customer": self.customer,
            "contract": self.contract,
            "support": self.support,
            "answers_within": self.answers_within,
            "priority_case": self.priority_case,
        }
        return {"name": self.name, "kind": self.kind, **{name: value for name, value in given.items() if value}}

    def means(self) -> tuple[Means, ...]:
        """How it is reached, its portal first."""
        given = ((MeansKind.WEB, self.portal), (MeansKind.PHONE, self.phone), (MeansKind.EMAIL, self.email))
        return tuple(Means(kind=kind, value=value) for kind, value in given if value)


def _means_document(one: Means) -> dict[str, str]:
    return {str(one.kind): one.value, **({"when": one.when} if one.when else {})}


def _has_no_extension(number: str) -> bool:
    return not any(letter in number for letter in "x;")
