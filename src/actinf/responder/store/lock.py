"""Who does by itself what is due in a store: one process at a time.

Any number of processes write to a store, one transaction after another.  Pages and messages are sent outside of
transactions, and so by one process alone: the server as long as it runs, else each command for a moment.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actinf.runtime.file_lock import locked

__all__ = ["sole"]

_FILE = "responder.lock"


@contextmanager
def sole(folder: Path, *, patience: float = 0.0) -> Iterator[bool]:
    """Be the only process that does what is due, for as long as the block lasts.

    Args:
        folder: of the store.
        patience: seconds to wait for a process that is at it.

    Yields:
        Whether it is this one; the system lets go of a process that dies.
    """
    handle = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield locked(handle, patience=patience)
    finally:
        os.close(handle)
