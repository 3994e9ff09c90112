"""Sealing what is secret, and opening it: AES-256-GCM with keys from a file that is not part of the store.

The file holds a key in each line, 64 hexadecimal digits; the first seals, each of them opens what it sealed.  Lines
that begin with # and empty ones are passed over.  What is sealed is bound to its place: put into the place of another
it does not open.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actinf.errors import ContactsLocked
from actinf.runtime.durable_files import synced_folder
from actinf.runtime.key_file import make_key_file

__all__ = ["KeyRing", "Sealed", "add_key", "key_ring", "made_key_ring", "readable_by_others"]

_BYTES, _NONCE = 32, 12
_MOST_KEYS, _MOST_READ = 100, 65_536
_ELSE = "everything but contacts and vendors works meanwhile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Something that was sealed.

    Attributes:
        key: the name of the key that opens it.
        content: the nonce, and what was sealed with its tag.
    """

    key: str
    content: bytes


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of a file.

    Attributes:
        path: of the file.
        keys: by their names, in the order of the file.
    """

    path: Path
    keys: Mapping[str, bytes] = field(repr=False)

    @property
    def first(self) -> str:
        """The name of the key that seals."""
        return next(iter(self.keys))

    def seal(self, place: str, document: Mapping[str, Any]) -> Sealed:
        """Seal a document for its place.

        Args:
            place: where it will stand, "contact/ada"; it opens nowhere else.
            document: what JSON can say.
        """
        nonce = secrets.token_bytes(_NONCE)
        plain = json.dumps(document, ensure_ascii=False).encode()
        return Sealed(
            key=self.first, content=nonce + _cipher(self.keys[self.first]).encrypt(nonce, plain, _bound(place))
        )

    def open(self, place: str, sealed: Sealed) -> dict[str, Any]:
        """What was sealed.

        Raises:
            ContactsLocked: the key is not in the file, or it was not sealed for this place.
        """
        from cryptography.exceptions import InvalidTag  # it takes a while to load, and few commands need it

        key = self.keys.get(sealed.key)
        if key is None:
            raise ContactsLocked(
                f"{place} was sealed with the key {sealed.key}, and {self.path} has "
                f"{', '.join(self.keys)}: put that key back into the file, in a line of its own; {_ELSE}"
            )
        nonce, rest = sealed.content[:_NONCE], sealed.content[_NONCE:]
        try:
            opened: dict[str, Any] = json.loads(_cipher(key).decrypt(nonce, rest, _bound(place)))
        except (InvalidTag, ValueError):
            raise ContactsLocked(
                f"{place} is not what was sealed: it was changed in the file of the store; restore it, actinf respond "
                f"restore, or set it anew; {_ELSE}"
            ) from None
        return opened


def key_ring(path: Path) -> KeyRing:
    """The keys that a file holds.

    Raises:
        ContactsLocked: there is no such file, or it holds something else.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_READ + 1)
    except OSError as error:
        raise ContactsLocked(
            f"the key of the contacts is not at {path} ({error.strerror}): put the file back, or say where it is, "
            f"ACTINF_RESPOND_CONTACTS_KEY_FILE; {_ELSE}"
        ) from None
    keys = [_key(path, number, line) for number, line in _lines(text)]
    if not keys or len(keys) > _MOST_KEYS or len(text) > _MOST_READ:
        raise ContactsLocked(
            f"{path} holds {len(keys)} keys: expected from 1 to {_MOST_KEYS}, each of 64 hexadecimal digits in a line; "
            f"{_ELSE}"
        )
    return KeyRing(path, {_name(key): key for key in keys})


def made_key_ring(path: Path) -> KeyRing:
    """As `key_ring`, of a file that is made where there is none: for a store in which nothing is sealed yet."""
    try:
        make_key_file(path)
    except OSError as error:
        raise ContactsLocked(
            f"a key for the contacts cannot be made at {path}: {error.strerror}; name another file, "
            "ACTINF_RESPOND_CONTACTS_KEY_FILE"
        ) from None
    return key_ring(path)


def add_key(path: Path) -> KeyRing:
    """Put a new key before those of a file, all of it or nothing; what they sealed opens as before.

    For one at a time.  Whoever owned the file, and had rights to it, does afterwards: where an administrator changes
    the key, the account of the responder has to read it still.

    Raises:
        ContactsLocked: the file cannot be read or written, or holds as many keys as are taken.
    """
    held = len(key_ring(path).keys)
    if held >= _MOST_KEYS:
        raise ContactsLocked(
            f"{path} holds {held} keys, and no more are taken: take out from its end those that no backup needs any "
            "more; nothing was changed"
        )
    try:
        handle, beside = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # with rights for its owner alone
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                before = path.stat()
                if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
                os.fchmod(file.fileno(), stat.S_IMODE(before.st_mode))
                file.write(f"{secrets.token_bytes(_BYTES).hex()}\n{path.read_text(encoding='ascii')}")
                file.flush()
                os.fsync(file.fileno())
            Path(beside).replace(path)
        finally:
            Path(beside).unlink(missing_ok=True)
        synced_folder(path.parent)
    except OSError as error:
        raise ContactsLocked(
            f"a new key cannot be written into {path}: {error.strerror}; nothing was changed"
        ) from None
    return key_ring(path)


def readable_by_others(path: Path) -> bool:
    """Whether others than its owner can read a file."""
    return bool(path.stat().st_mode & 0o077)


def _lines(text: bytes) -> list[tuple[int, str]]:
    lines = enumerate(text.decode("ascii", errors="replace").splitlines(), 1)
    return [(number, line.strip()) for number, line in lines if line.strip() and not line.strip().startswith("#")]


def _key(path: Path, number: int, line: str) -> bytes:
    try:
        key = bytes.fromhex(line)
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise ContactsLocked(
            f"{path}:{number}: this is no key: expected 64 hexadecimal digits. Put the right file back; {_ELSE}"
        )
    return key


def _name(key: bytes) -> str:
    """What names a key, and tells nothing of it."""
    return hashlib.sha256(b"actinf contacts key" + key).hexdigest()[:12]


def _bound(place: str) -> bytes:
    return f"actinf contacts 1/{place}".encode()


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # it takes a while to load

    return AESGCM(key)
