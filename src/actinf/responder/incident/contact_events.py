"""What can happen to contacts and vendors, for the log of the office; numbers and addresses are in none of it.

`digest` is the SHA-256 of all that is sealed afterwards, as it is sealed: it tells nothing of what that says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from actinf.responder.incident.event import Event, personal

__all__ = ["ContactLookedAt", "ContactSet", "ContactsSealedAnew", "VendorSet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSet(Event):
    """A contact was made, changed or removed; `change` says which."""

    kind: ClassVar[str] = "contact"
    change: str
    handle: str = personal()
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLookedAt(Event):
    """Somebody looked at how a person is reached who was not on call then."""

    kind: ClassVar[str] = "contact looked at"
    handle: str = personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorSet(Event):
    """A vendor was made, changed or removed; `change` says which."""

    kind: ClassVar[str] = "vendor"
    change: str
    vendor: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsSealedAnew(Event):
    """All contacts and vendors are sealed with another key, by its name."""

    kind: ClassVar[str] = "contacts sealed anew"
    key: str
    count: int
    digest: str
