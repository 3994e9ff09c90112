"""The key of the audit chain: given by a setting, or made once and kept in a file beside the database, never in it."""

from pathlib import Path

from actinf.runtime.key_file import make_key_file, read_key_file
from actinf.runtime.settings import Settings

__all__ = ["audit_key", "known_audit_key"]

_FILE = "audit.key"


def audit_key(settings: Settings, data_dir: Path) -> bytes:
    """The 32 bytes of the key; made, and written with rights for its owner alone, where there is none yet.

    Raises:
        SettingError: when the file is not a key.
    """
    if settings.audit_key is None:
        make_key_file(data_dir / _FILE)
    return known_audit_key(settings, data_dir)


def known_audit_key(settings: Settings, data_dir: Path) -> bytes:
    """The 32 bytes of the key that the log was written with; none is made.

    Raises:
        SettingError: when there is none, or the file is not a key.
    """
    if settings.audit_key is not None:
        return bytes.fromhex(settings.audit_key.get_secret_value())
    return read_key_file(
        data_dir / _FILE,
        needed_for="the audit log",
        missing="give the data_dir of the service (--data-dir), or the key itself (ACTINF_AUDIT_KEY)",
    )
