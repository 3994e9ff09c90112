"""Reads contacts and vendors from plain values, and tells every mistake in them at once.

contacts:
  fay:
    name: Fay Sutherland
    role: CTO
    means:
      - {phone: +49 30 7654321, when: at night as well}
      - {email: fay@example.org}

vendors:
  cloud:
    name: Example Cloud
    kind: cloud
    for: [api, postgres]
    portal: https://console.example.org/support
    phone: +49 800 1234567
    customer: K-0123456
    answers_within: 60
    priority_case: Portal, Support, New case, severity "production down".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from actinf.errors import SettingError
from actinf.responder.contacts.means import EXPECTED, Means, MeansKind
from actinf.responder.contacts.records import VENDOR_KINDS, Contact, Vendor
from actinf.responder.document_text import Path, read_text, read_values
from actinf.responder.oncall.document_values import Enough, Reading
from actinf.responder.oncall.wording import LONGEST_LINE, is_line, shown

__all__ = ["ContactsFile", "VendorsFile", "contact_from", "contacts_document", "vendor_from", "vendors_document"]

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_MOST, _MOST_MEANS, _MOST_COMPONENTS, _LONGEST_TEXT = 1_000, 20, 100, 2_000
_KEY_EXPECTED = "small letters, digits, '.', '_' and '-', the first a letter or a digit"
_A_LINE = f"one line of at most {LONGEST_LINE} characters"
_VENDOR_KEYS = (
    "kind", "for", "portal", "phone", "email", "customer", "contract", "support", "answers_within", "priority_case",
)  # fmt: skip

_Made = TypeVar("_Made", Contact, Vendor)


class _Values(Reading):
    """What is refused here is not quoted: a number with a mistake in it is still somebody's number."""

    @staticmethod
    def spot(where: Path) -> str:
        return Reading.spot(where) if where else "the file"

    def refuse_secret(self, where: Path, expected: str) -> None:
        self.add(where, f"{self.spot(where)} is not what it should be: expected {expected}")


class ContactsFile:
    """Contacts as a file states them."""

    @classmethod
    def from_text(cls, text: str, name: str = "contacts") -> dict[str, Contact]:
        """The contacts of a YAML text, by their handles.

        Raises:
            SettingError: every mistake as `name:line: sentence`.
        """
        return read_text(text, name, partial(_read, "contacts", _contact))

    @classmethod
    def from_document(cls, document: object) -> dict[str, Contact]:
        """The contacts of mappings, lists and texts.

        Raises:
            SettingError: every mistake, a line for each.
        """
        return read_values(document, partial(_read, "contacts", _contact))


class VendorsFile:
    """Vendors as a file states them."""

    @classmethod
    def from_text(cls, text: str, name: str = "vendors") -> dict[str, Vendor]:
        """The vendors of a YAML text, by their keys.

        Raises:
            SettingError: every mistake as `name:line: sentence`.
        """
        return read_text(text, name, partial(_read, "vendors", _vendor))

    @classmethod
    def from_document(cls, document: object) -> dict[str, Vendor]:
        """The vendors of mappings, lists and texts.

        Raises:
            SettingError: every mistake, a line for each.
        """
        return read_values(document, partial(_read, "vendors", _vendor))


def contacts_document(contacts: Sequence[Contact]) -> dict[str, Any]:
    """Contacts in the form of a file."""
    return {"contacts": {one.handle: one.document() for one in contacts}}


def vendors_document(vendors: Sequence[Vendor]) -> dict[str, Any]:
    """Vendors in the form of a file."""
    return {"vendors": {one.key: one.document() for one in vendors}}


def contact_from(handle: str, value: object) -> Contact:
    """One contact of plain values, as `Contact.document` writes them.

    Raises:
        SettingError: every mistake, a line for each.
    """
    return ContactsFile.from_document({"contacts": {handle: value}})[handle]


def vendor_from(key: str, value: object) -> Vendor:
    """One vendor of plain values, as `Vendor.document` writes them.

    Raises:
        SettingError: every mistake, a line for each.
    """
    return VendorsFile.from_document({"vendors": {key: value}})[key]


_Read = Callable[[_Values, Path, str, object], "_Made | None"]


def _read(
    what: str, read_one: _Read[_Made], document: object
) -> tuple[dict[str, _Made] | None, list[tuple[Path, str]]]:
    values, found = _Values(), {}
    try:
        top = values.mapping((), document, required=(what,), optional=())
        if top is not None and top.get(what) is not None:
            found = _entries(values, what, read_one, top[what])
    except Enough:
        pass
    return None if values.problems else found, values.problems


def _entries(values: _Values, what: str, read_one: _Read[_Made], given: object) -> dict[str, _Made]:
    listed = values.names((what,), given, f"a mapping of {'handles' if what == 'contacts' else 'keys'} to {what}")
    if len(listed) > _MOST:
        values.add((what,), f"{what} has {len(listed):,} entries: at most {_MOST:,} are taken")
        return {}
    found: dict[str, _Made] = {}
    for name, value in listed.items():
        if not _KEY.fullmatch(name):
            values.refuse((what, name), name, f"at most 64 {_KEY_EXPECTED}")
            continue
        one = read_one(values, (what, name), name, value)
        if one is not None:
            found[name] = one
    return found


def _contact(values: _Values, where: Path, handle: str, value: object) -> Contact | None:
    given = values.mapping(where, value, required=("name", "role"), optional=("means", "note"))
    if given is None:
        return None
    listed = values.entries(
        (*where, "means"), given.get("means") or [], "means, as {phone: +49 30 1234567}", may_be_empty=True
    )
    if len(listed) > _MOST_MEANS:
        values.add((*where, "means"), f"{values.spot(where)} has {len(listed)} means: at most {_MOST_MEANS} are taken")
        return None
    means = [_means(values, (*where, "means", number), one) for number, one in enumerate(listed)]
    name, role = (_line(values, (*where, key), given.get(key)) for key in ("name", "role"))
    note = _line(values, (*where, "note"), given.get("note"))
    if name and role and None not in means:
        return Contact(
            handle=handle, name=name, role=role, note=note, means=tuple(one for one in means if one is not None)
        )
    return None


def _means(values: _Values, where: Path, value: object) -> Means | None:
    kinds = tuple(map(str, MeansKind))
    if not isinstance(value, Mapping):
        values.refuse_secret(where, f"one of {', '.join(kinds)}, and where wanted when, as {{phone: +49 30 1234567}}")
        return None
    given = values.mapping(where, value, required=(), optional=(*kinds, "when")) or {}
    named = [kind for kind in MeansKind if given.get(str(kind)) is not None]
    if len(named) != 1:
        values.add(where, f"{values.spot(where)} has {len(named)} of {', '.join(kinds)}: expected one of them")
        return None
    kind, when = named[0], _line(values, (*where, "when"), given.get("when"))
    text = given[str(kind)]
    try:
        return Means(kind=kind, value=text.strip() if isinstance(text, str) else "", when=when)
    except SettingError:
        values.refuse_secret((*where, str(kind)), EXPECTED[kind])
        return None


def _vendor(values: _Values, where: Path, key: str, value: object) -> Vendor | None:
    given = values.mapping(where, value, required=("name",), optional=_VENDOR_KEYS)
    if given is None:
        return None
    before = len(values.problems)
    listed = values.entries((*where, "for"), given.get("for") or [], "parts of the catalogue", may_be_empty=True)
    if len(listed) > _MOST_COMPONENTS:
        values.add(
            (*where, "for"), f"{values.spot(where)} has {len(listed)} parts: at most {_MOST_COMPONENTS} are taken"
        )
    within = given.get("answers_within")
    vendor = Vendor(
        key=key,
        name=_line(values, (*where, "name"), given.get("name")),
        kind=values.choice((*where, "kind"), given.get("kind"), VENDOR_KINDS) or "other",
        components=tuple(
            filter(None, (_line(values, (*where, "for", number), one) for number, one in enumerate(listed[:1000])))
        ),
        portal=_reached(values, (*where, "portal"), given.get("portal"), MeansKind.WEB),
        phone=_reached(values, (*where, "phone"), given.get("phone"), MeansKind.PHONE),
        email=_reached(values, (*where, "email"), given.get("email"), MeansKind.EMAIL),
        customer=_line(values, (*where, "customer"), given.get("customer")),
        contract=_line(values, (*where, "contract"), given.get("contract")),
        support=_line(values, (*where, "support"), given.get("support")),
        answers_within=None if within is None else values.count((*where, "answers_within"), within),
        priority_case=_text(values, (*where, "priority_case"), given.get("priority_case")),
    )
    return vendor if len(values.problems) == before else None


def _reached(values: _Values, where: Path, value: object, kind: MeansKind) -> str:
    if value is None or value == "":
        return ""
    try:
        return Means(kind=kind, value=value.strip() if isinstance(value, str) else "").value
    except SettingError:
        values.refuse_secret(where, EXPECTED[kind])
        return ""


def _line(values: _Values, where: Path, value: object) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, str) and is_line(value):
        return value.strip()
    values.refuse_secret(where, _A_LINE)
    return ""


def _text(values: _Values, where: Path, value: object) -> str:
    """A few sentences; lines in it stay, and what turns or hides text goes when it is shown."""
    if value is None:
        return ""
    if isinstance(value, str) and len(value) <= _LONGEST_TEXT and "\0" not in value:
        return value.strip()
    values.add(where, f"{values.spot(where)} is {shown(value)}: expected a text of at most {_LONGEST_TEXT} characters")
    return ""
