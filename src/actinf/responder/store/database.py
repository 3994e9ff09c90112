"""The store: one SQLite file beside its key, written to by any number of processes, one at a time.

A command and the server may both have it open.  What is written is on the disk when `writing` ends.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from actinf.errors import StoreError
from actinf.responder.store.schema import STEPS
from actinf.responder.store.sqlite_file import SqliteFile
from actinf.runtime.key_file import make_key_file, read_key_file

__all__ = ["FILE", "KEY", "Store", "moment_of", "ticks"]

#: The files of a store in its folder.
FILE, KEY = "responder.db", "responder.key"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def ticks(moment: datetime) -> int:
    """Whole microseconds since 1970."""
    return (moment - _EPOCH) // _TICK


def moment_of(ticks: int) -> datetime:
    """The moment that `ticks` counted."""
    return _EPOCH + ticks * _TICK


class Store(SqliteFile):
    """The tables, and the key of the timelines' chain.

    Args:
        folder: where both are; made where it is not there.

    Raises:
        StoreError: the folder or the file cannot be used, or a later release made it.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_key_file(folder / KEY)
        except OSError as error:
            raise StoreError(
                f"the store cannot be made in {folder}: {error.strerror}; give another folder, by "
                "ACTINF_RESPOND_DATA_DIR"
            ) from None
        self.key = read_key_file(
            folder / KEY, needed_for="the timelines", missing="put the file back, from the backup of the store"
        )
        super().__init__(folder / FILE, STEPS, key=self.key, mend="restore it, actinf respond restore")
