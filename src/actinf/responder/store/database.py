"""The store: one SQLite file beside its key, written to by any number of processes, one at a time.

A command and the server may both have it open.  What is written is on the disk when `writing` ends.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from actinf.errors import StoreError
from actinf.responder.store.schema import STEPS
from actinf.responder.store.turns import Turns
from actinf.runtime.key_file import make_key_file, read_key_file

__all__ = ["FILE", "KEY", "Store", "moment_of", "ticks"]

#: The files of a store in its folder.
FILE, KEY = "responder.db", "responder.key"
_BUSY_SECONDS = 10.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def ticks(moment: datetime) -> int:
    """Whole microseconds since 1970."""
    return (moment - _EPOCH) // _TICK


def moment_of(ticks: int) -> datetime:
    """The moment that `ticks` counted."""
    return _EPOCH + ticks * _TICK


class Store:
    """The tables, and the key of the timelines' chain.

    Args:
        folder: where both are; made where it is not there.

    Raises:
        StoreError: the folder or the file cannot be used, or a later release made it.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.path = folder / FILE
        self._of_thread = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._turns = Turns()
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
        self._upgrade()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A view of the store that does not change while it is read."""
        connection = self._connection()
        if connection.in_transaction:
            yield connection
            return
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write; all of it is there afterwards, on the disk, or nothing; within another, with all of that.

        Raises:
            StoreError: another process has held the store for ten seconds, or the disk is full.
        """
        connection = self._connection()
        if connection.in_transaction:
            if not getattr(self._of_thread, "writes", False):
                raise StoreError("a transaction that reads cannot go on to write: end it first")
            yield connection  # what is begun within another is a part of it
            return
        # Threads of this process come one after another; SQLite itself would have them try now and then.
        with self._turns.mine():
            with self._told():
                connection.execute("BEGIN IMMEDIATE")
            self._of_thread.writes = True
            try:
                yield connection
                with self._told():
                    connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                self._of_thread.writes = False

    def copy_to(self, target: Path) -> None:
        """Copy the store, as it is at one moment, while others write to it."""
        with sqlite3.connect(target) as copy, self._told():
            self._connection().backup(copy)
        copy.close()

    def settle(self) -> None:
        """Bring what was written lately from the log into the file, so that the log holds nothing any more."""
        with self._told():
            self._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._guard:
            for connection in self._all:
                connection.close()
            self._all.clear()
            self._of_thread = threading.local()

    def _connection(self) -> sqlite3.Connection:
        held: sqlite3.Connection | None = getattr(self._of_thread, "connection", None)
        if held is None:
            with self._told():
                held = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
                held.row_factory = sqlite3.Row
                held.execute("PRAGMA journal_mode = WAL")
                held.execute("PRAGMA synchronous = FULL")
                held.execute("PRAGMA foreign_keys = ON")
                held.execute("PRAGMA trusted_schema = OFF")
                held.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten
            self._of_thread.connection = held
            with self._guard:
                self._all.append(held)
        return held

    def _upgrade(self) -> None:
        with self.writing() as connection:
            version: int = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > len(STEPS):
                raise StoreError(
                    f"{self.path} was written by a later release (version {version}; this one knows {len(STEPS)}): "
                    "use that release"
                )
            for step in STEPS[version:]:
                if callable(step):
                    step(connection, self.key)
                    continue
                for statement in _statements(step):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(STEPS)}")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            hint = "; another process holds it: try again" if "locked" in str(error) else ""
            raise StoreError(f"the store {self.path} cannot be used: {error}{hint}") from None
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self.path} is damaged or no store of the responder ({error}): restore it, actinf respond restore"
            ) from None


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
