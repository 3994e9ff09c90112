"""What the rest of the responder asks of the directory: vendors in short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["KnowsVendors", "NoVendors", "VendorInShort"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorInShort:
    """A vendor: its key, its name, and the minutes within which it promised to answer (None: it did not)."""

    key: str
    name: str
    answers_within: int | None


class KnowsVendors(Protocol):
    """Who knows vendors."""

    def in_short(self, name: str) -> VendorInShort | None:
        """The vendor of that key or name; None: none is known, or they cannot be opened now."""
        ...


class NoVendors:
    """No vendor is known."""

    def in_short(self, name: str) -> VendorInShort | None:  # noqa: ARG002 -- none is known
        """None."""
        return None
