"""The key of the audit chain: given by a setting, or made once and kept in a file beside the database, never in it."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from actinf.errors import SettingError
from actinf.runtime.settings import Settings

__all__ = ["audit_key", "known_audit_key"]

_FILE = "audit.key"


def audit_key(settings: Settings, data_dir: Path) -> bytes:
    """The 32 bytes of the key; made, and written with rights for its owner alone, where there is none yet.

    Raises:
        SettingError: when the file is not a key.
    """
    if settings.audit_key is not None:
        return bytes.fromhex(settings.audit_key.get_secret_value())
    path = data_dir / _FILE
    if not path.exists():
        _make(path)
    return known_audit_key(settings, data_dir)


def _make(path: Path) -> None:
    """Write a new key, all of it or nothing; one that another process wrote meanwhile stays."""
    handle, beside = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # with rights for its owner alone
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_bytes(32).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        Path(beside).unlink()


def known_audit_key(settings: Settings, data_dir: Path) -> bytes:
    """The 32 bytes of the key that the log was written with; none is made.

    Raises:
        SettingError: when there is none, or the file is not a key.
    """
    if settings.audit_key is not None:
        return bytes.fromhex(settings.audit_key.get_secret_value())
    path = data_dir / _FILE
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise SettingError(
            f"the key of the audit log is not at {path} ({error.strerror}): give the data_dir of the service "
            "(--data-dir), or the key itself (ACTINF_AUDIT_KEY)"
        ) from None
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise SettingError(
            f"{path} is no key: expected 64 hexadecimal digits. Put the right file back: without it the audit log "
            "cannot be verified"
        )
    return key
