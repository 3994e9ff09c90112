"""Keys: what they look like, and what is kept of them.

A key is `ar_`, eight characters that name it, and 43 that are secret (256 random bits).  The name is shown and logged;
of the whole only the SHA-256 is kept: there is nothing to guess, so that a slow hash would protect nothing.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field

__all__ = ["Key", "digest_of", "new_key", "prefix_of"]

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_FORM = re.compile(r"ar_([a-z0-9]{8})_[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Key:
    """A new key; `text` is shown once and not kept."""

    text: str = field(repr=False)
    prefix: str


def new_key() -> Key:
    """A key that nobody has."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return Key(f"ar_{prefix}_{secrets.token_urlsafe(32)}", prefix)


def prefix_of(text: str) -> str | None:
    """The characters that name a key; None where a text has not the form of one."""
    found = _FORM.fullmatch(text)
    return None if found is None else found[1]


def digest_of(text: str) -> bytes:
    """What is kept of a secret: its SHA-256, 32 bytes."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
