"""The key of the audit chain: given by a setting, or made once and kept in a file beside the database, never in it."""

import os
import secrets
from pathlib import Path

from actinf.errors import SettingError
from actinf.runtime.settings import Settings

__all__ = ["audit_key"]


def audit_key(settings: Settings, data_dir: Path) -> bytes:
    """The 32 bytes of the key; made, and written with rights for its owner alone, where there is none yet.

    Raises:
        SettingError: when the file is not a key.
    """
    if settings.audit_key is not None:
        return bytes.fromhex(settings.audit_key.get_secret_value())
    path = data_dir / "audit.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        text = path.read_text(encoding="ascii", errors="replace").strip()
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if len(key) != 32:
            raise SettingError(
                f"{path} is no key: expected 64 hexadecimal digits. Put the right file back: without it the audit log "
                "cannot be verified (a new key starts where the old chain ends, and verification says so)"
            ) from None
        return key
    key = secrets.token_bytes(32)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key
