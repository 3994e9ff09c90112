"""Locks of files that the system lets go of where a process dies."""

from __future__ import annotations

import fcntl
import time

__all__ = ["BETWEEN_TRIES", "locked"]

#: Seconds.
BETWEEN_TRIES = 0.05


def locked(handle: int, *, patience: float = 0.0) -> bool:
    """Lock an open file for this process alone.

    Args:
        handle: of the file; closing it lets go of the lock.
        patience: seconds to wait for a process that has it.

    Returns:
        Whether the lock is ours.
    """
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(BETWEEN_TRIES)
        else:
            return True
