"""Whom to call for an incident, and by which tap: who is on call, the duties, and the vendors whose parts have failed.

Those who fit come first: the level that was called last, a duty that the incident is about, a vendor of one of its
components or of what they rest on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from actinf.errors import SettingError
from actinf.responder.catalogue.parts import Catalogue, Component
from actinf.responder.contacts.means import Means, MeansKind
from actinf.responder.contacts.records import Contact, Vendor
from actinf.responder.incident.state import Incident
from actinf.responder.oncall.people import Person
from actinf.responder.oncall.rotation import Duty, Schedule

__all__ = ["Callee", "call_document", "people_to_call", "vendor_callee", "vendors_to_call", "without_means"]

_MOST_RESTED_ON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Callee:
    """Somebody to call.

    Attributes:
        key: names them: a handle, or the key of a vendor.
        title: why they: "Level 2: Engineering Manager", "security", "database vendor".
        name: as people call them.
        fits: whether this incident is about what they are called for.
        means: how they are reached, the first to be tried first.
        facts: what a caller has to say or know, by what it is: customer number, support, how to open a case.
        vendor: the vendor's key; empty: it is a person.
    """

    key: str
    title: str
    name: str
    fits: bool
    means: tuple[Means, ...] = field(default=(), repr=False)
    facts: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    vendor: str = ""


def people_to_call(
    incident: Incident,
    schedule: Schedule | None,
    contacts: Mapping[str, Contact],
    catalogue: Catalogue,
    now: datetime,
) -> list[Callee]:
    """Who is on call at each level and for each duty, those who fit first.

    Args:
        incident: as it stands.
        schedule: who is on call; None: nobody is known.
        contacts: by their handles; what is in none is reached as the schedule says.
        catalogue: which duty a component has.
        now: the time.
    """
    if schedule is None:
        return []
    wanted = {max(incident.level, 1), *_duties_of(incident, catalogue)}
    found: dict[str, Callee] = {}
    for post, duty in schedule.now(now).items():
        if duty is None:
            continue
        person, contact = duty.person, contacts.get(duty.person.handle)
        before = found.get(person.handle)
        found[person.handle] = Callee(
            key=person.handle,
            title=_title(post, duty) if before is None else f"{before.title}, {post}",
            name=person.name,
            fits=post in wanted or (before is not None and before.fits),
            means=_means_of(person, contact),
            facts=_facts_of(contact),
        )
    return sorted(found.values(), key=lambda one: not one.fits)  # sorting keeps the order of what is alike


def vendors_to_call(incident: Incident, vendors: Iterable[Vendor], catalogue: Catalogue) -> list[Callee]:
    """The vendors, those first whose parts have failed, then those on which these rest, each nearer one first."""
    failed = _rested_on(incident, catalogue)
    found = []
    for vendor in vendors:
        places = [failed[key] for key in map(catalogue.key_of, vendor.components) if key in failed]
        found.append((min(places, default=len(failed)), vendor_callee(vendor, fits=bool(places))))
    return [callee for _, callee in sorted(found, key=lambda one: (one[0], one[1].name.casefold()))]


def vendor_callee(vendor: Vendor, *, fits: bool) -> Callee:
    """A vendor as somebody to call."""
    return Callee(
        key=vendor.key,
        title=f"{vendor.kind} vendor" if vendor.kind != "other" else "vendor",
        name=vendor.name,
        fits=fits,
        means=vendor.means(),
        facts=_facts(vendor),
        vendor=vendor.key,
    )


def without_means(callees: Sequence[Callee]) -> list[Callee]:
    """The same for who may see names alone."""
    return [Callee(key=one.key, title=one.title, name=one.name, fits=one.fits, vendor=one.vendor) for one in callees]


def call_document(people: Sequence[Callee], vendors: Sequence[Callee], trouble: str = "") -> dict[str, Any]:
    """Whom to call, as a document; `trouble` says why contacts are missing from it."""
    return {
        "people": [_document(one) for one in people],
        "vendors": [_document(one) for one in vendors],
        "trouble": trouble or None,
    }


def _document(one: Callee) -> dict[str, Any]:
    return {
        "key": one.key,
        "title": one.title,
        "name": one.name,
        "fits": one.fits,
        "vendor": one.vendor or None,
        "means": [
            {"kind": str(means.kind), "value": means.value, "link": means.link or None, "when": means.when}
            for means in one.means
        ],
        "facts": dict(one.facts),
    }


def _title(post: int | str, duty: Duty) -> str:
    if isinstance(post, str):
        return f"Duty: {post}"
    return f"Level {post}: {duty.name}" if duty.name.casefold() != f"level {post}" else f"Level {post}"


def _duties_of(incident: Incident, catalogue: Catalogue) -> set[str]:
    """The duties that an incident is about."""
    wanted = {known.duty for known in map(catalogue.find, incident.components) if known is not None and known.duty}
    if incident.incident_type == "security":
        wanted.add("security")
    if incident.breach_known_at is not None and incident.legal_settled_at is None:
        wanted.add("legal")
    return wanted


def _rested_on(incident: Incident, catalogue: Catalogue) -> dict[str, int]:
    """What has failed, and what that rests on, by the steps between, by its key; what no catalogue has, by its name."""
    found = {catalogue.key_of(one): 0 for one in incident.components}
    waiting = list(found)
    for key in waiting:
        known: Component | None = catalogue.find(key)
        for other in known.depends_on if known is not None else ():
            if other not in found and len(found) < _MOST_RESTED_ON:
                found[other] = found[key] + 1
                waiting.append(other)
    return found


def _means_of(person: Person, contact: Contact | None) -> tuple[Means, ...]:
    """How somebody is reached: as their contact says, and by what the schedule has besides."""
    means = list(contact.means) if contact is not None else []
    given = ((MeansKind.PHONE, person.phone), (MeansKind.EMAIL, person.email), (MeansKind.CHAT, person.chat_id))
    for kind, value in given:
        if value is not None and not any((one.kind, one.value) == (kind, value) for one in means):
            try:
                means.append(Means(kind=kind, value=value))
            except SettingError:  # a schedule takes what cannot be a link
                continue
    return tuple(means)


def _facts_of(contact: Contact | None) -> tuple[tuple[str, str], ...]:
    return (("note", contact.note),) if contact is not None and contact.note else ()


def _facts(vendor: Vendor) -> tuple[tuple[str, str], ...]:
    within = "" if vendor.answers_within is None else f"within {vendor.answers_within} min"
    given = (
        ("customer number", vendor.customer),
        ("contract", vendor.contract),
        ("support", vendor.support),
        ("answer promised", within),
        ("priority case", vendor.priority_case),
    )
    return tuple((name, value) for name, value in given if value)
