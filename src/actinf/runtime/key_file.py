"""A key of 32 bytes in a file of its own: made once, readable by its owner alone."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from actinf.errors import SettingError
from actinf.runtime.durable_files import synced_folder

__all__ = ["make_key_file", "read_key_file"]

_BYTES = 32


def make_key_file(path: Path) -> None:
    """Write a new key where there is none, all of it or nothing; one that another process wrote meanwhile stays."""
    if path.exists():
        return
    handle, beside = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # with rights for its owner alone
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_bytes(_BYTES).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        Path(beside).unlink()
    synced_folder(path.parent)


def read_key_file(path: Path, *, needed_for: str, missing: str) -> bytes:
    """The 32 bytes of the key.

    Args:
        path: of the file, 64 hexadecimal digits.
        needed_for: what goes without it, for the message; "the audit log", say.
        missing: how to mend that it is not there, for the message.

    Raises:
        SettingError: there is no such file, or it is no key.
    """
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise SettingError(f"the key of {needed_for} is not at {path} ({error.strerror}): {missing}") from None
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise SettingError(
            f"{path} is no key: expected 64 hexadecimal digits. Put the right file back: without it {needed_for} "
            "cannot be verified"
        )
    return key
