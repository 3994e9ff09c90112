"""What a restore said, in a file of the archive: the pod that restores is gone soon, and its log with it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from actinf.upkeep.backup.archive import now_as_name

__all__ = ["kept"]


@contextmanager
def kept(folder: Path, say: Callable[[str], None]) -> Iterator[Callable[[str], None]]:
    """What says something and keeps it, and how the block ended, however it did.

    Args:
        folder: where a file of the time of the restore is added to.
        say: is told as well.
    """
    file = folder / f"{now_as_name()}.log"

    def note(line: str) -> None:
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        with suppress(OSError):  # a disk that is full keeps nobody from restoring
            handle = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
            with os.fdopen(handle, "a", encoding="utf-8") as stream:
                stream.write(f"{moment} {line}\n")

    def both(line: str) -> None:
        note(line)
        say(line)

    note("began")
    try:
        yield both
    except BaseException as error:
        note(f"ended by {type(error).__name__}: {error}")
        raise
    note("ended")
