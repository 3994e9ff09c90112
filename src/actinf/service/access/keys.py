"""Keys: what they look like, and what is kept of them.

A key is `ai_`, eight characters that name it, and 43 that are secret (256 random bits).  The name is shown and logged;
of the whole only the SHA-256 is kept: there is nothing to guess, so that a slow hash would protect nothing.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass

__all__ = ["Key", "digest_of", "is_key", "new_key"]

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_FORM = re.compile(r"ai_([a-z0-9]{8})_[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Key:
    """A new key; `text` is shown once and not kept."""

    text: str
    prefix: str
    digest: bytes


def new_key() -> Key:
    """A key that nobody has."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    text = f"ai_{prefix}_{secrets.token_urlsafe(32)}"
    return Key(text, prefix, digest_of(text))


def is_key(text: str) -> bool:
    """Whether a text has the form of a key."""
    return _FORM.fullmatch(text) is not None


def digest_of(text: str) -> bytes:
    """What is kept of a key: its SHA-256, 32 bytes."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
