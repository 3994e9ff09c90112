"""Small files that are there whole or not at all, also after the machine loses power."""

import os
import secrets
from pathlib import Path

from actinf.runtime.server_account import ServerAccount

__all__ = ["made_folder", "synced_folder", "written"]


def written(path: Path, text: str, account: ServerAccount | None = None, *, mode: int = 0o644) -> None:
    """Put a text in the place of what a file held.

    Args:
        path: of the file; its folder exists.
        text: what it is to hold.
        account: whose it is to be; None: of who runs this.
        mode: who may read it.

    Raises:
        OSError: it cannot be written.
    """
    # A new name that must not exist: no link leads root to a file that is none of the account's business.
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    file = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            if account is not None and account.is_other:
                os.fchown(stream.fileno(), account.uid, account.gid)
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    synced_folder(path.parent)


def synced_folder(folder: Path) -> None:
    """Wait until the disk has what was made, renamed or removed in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def made_folder(folder: Path, account: ServerAccount, *, mode: int = 0o700) -> None:
    """Make a folder of the account, where it is not there.

    Raises:
        OSError: it cannot be made.
    """
    if folder.is_dir():
        return
    folder.mkdir(parents=True)
    if account.is_other:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(mode)
    synced_folder(folder.parent)
