"""Which process serves the status page: it holds a lock beside the site, and says in it who it is.

That one outlives the responder that started it, so that the page stays up; the responder after it finds it here.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from actinf.errors import SettingError
from actinf.runtime.file_lock import BETWEEN_TRIES, locked

__all__ = ["FOLDER", "SITE", "PageServer", "end_server", "serving", "who_serves"]

#: In the data directory of the responder: all of the page's, and in it the site (a link that is replaced).
FOLDER, SITE = "status", "site"
_LOCK = "serve.lock"
_PATIENCE = 1.0
_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class PageServer:
    """A process that serves a page.

    Attributes:
        pid: of it.
        address: at which it answers.
        started_as: the digest of how a responder started it; None: somebody else did, and ends it.
        takes_subscriptions: whether its page is to ask for addresses.
    """

    pid: int
    address: str
    started_as: str | None
    takes_subscriptions: bool = False


@contextmanager
def serving(folder: Path, server: PageServer) -> Iterator[None]:
    """Be the process that serves the page, for as long as the block lasts; the system lets go of one that dies.

    Args:
        folder: of the page, which exists.
        server: this process.

    Raises:
        SettingError: another process serves it, or the folder cannot be written to.
    """
    try:
        handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SettingError(
            f"the status page cannot be served from {folder}: {error.strerror}; give another folder with --data-dir"
        ) from None
    try:
        # Who only asks for who has it holds it for a moment.
        if not locked(handle, patience=_PATIENCE):
            raise SettingError(
                f"{_named(_read(handle))} serves the status page in {folder} already: end it, or give another folder "
                "with --data-dir"
            )
        # Where the disk is full nobody learns who serves it, which is no reason not to.
        with suppress(OSError):
            os.ftruncate(handle, 0)
            os.pwrite(handle, json.dumps(asdict(server)).encode(), 0)
        yield
    finally:
        os.close(handle)


def who_serves(folder: Path) -> PageServer | None:
    """The process that serves the page; None: none does, or it does not say who it is."""
    try:
        handle = os.open(folder / _LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(handle)
    else:
        return None  # the lock is let go of with the file
    finally:
        os.close(handle)


def end_server(folder: Path, server: PageServer, *, patience: float) -> None:
    """End the process that serves the page: in order, and where it does not end, at once.

    Args:
        folder: of the page.
        server: what `who_serves` said of it: as long as it holds the lock its number is its own.
        patience: seconds that it may take.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        if who_serves(folder) != server:
            return
        with suppress(ProcessLookupError):
            os.kill(server.pid, number)
        until = time.monotonic() + patience
        while time.monotonic() < until and who_serves(folder) == server:
            time.sleep(BETWEEN_TRIES)


def _read(handle: int) -> PageServer | None:
    try:
        said = json.loads(os.pread(handle, _MOST_BYTES, 0))
        server = PageServer(**said)
    except (ValueError, TypeError):
        return None
    return server if isinstance(server.pid, int) and server.pid > 1 else None


def _named(server: PageServer | None) -> str:
    return f"process {server.pid}" if server is not None else "another process"
