"""An SQLite file that any number of processes write to, one at a time; what is written is on the disk when it ends."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from actinf.errors import StoreError
from actinf.responder.store.turns import Turns

__all__ = ["SqliteFile", "Step", "close_to_others"]

_BUSY_SECONDS = 10.0

#: Brings a file from one version to the next: statements, or what is done with the file's connection and a key, in the
#: transaction that upgrades.
Step = str | Callable[[sqlite3.Connection, bytes], None]


def close_to_others(path: Path) -> None:
    """Let nobody but its owner read an SQLite file, made where it is not there, nor what SQLite keeps beside it.

    SQLite gives its log and its index the rights that the file has.  Nothing is opened here: to close a file that this
    process has open elsewhere would let go of SQLite's locks on it.  What is in the way SQLite says itself, better.
    """
    with suppress(OSError):
        path.touch(mode=0o600)
    for one in (path, *(path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", "-shm"))):
        with suppress(OSError):
            if one.is_file() and one.stat().st_mode & 0o077:
                one.chmod(0o600)


class SqliteFile:
    """A file and its tables, readable by its owner alone.

    Args:
        path: of the file, in a folder that exists.
        steps: bring it from nothing to this release.
        key: that a step may need.
        mend: what to do where it is damaged, for messages.

    Raises:
        StoreError: it cannot be used, or a later release made it.
    """

    def __init__(self, path: Path, steps: Sequence[Step], *, key: bytes = b"", mend: str):
        self.path = path
        self._mend = mend
        self._of_thread = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._turns = Turns()
        close_to_others(path)
        self._upgrade(steps, key)

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

    def _upgrade(self, steps: Sequence[Step], key: bytes) -> None:
        with self.writing() as connection:
            version: int = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > len(steps):
                raise StoreError(
                    f"{self.path} was written by a later release (version {version}; this one knows {len(steps)}): "
                    "use that release"
                )
            for step in steps[version:]:
                if callable(step):
                    step(connection, key)
                    continue
                for statement in _statements(step):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(steps)}")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            hint = "; another process holds it: try again" if "locked" in str(error) else ""
            raise StoreError(f"the store {self.path} cannot be used: {error}{hint}") from None
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path} is damaged or no such store ({error}): {self._mend}") from None


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
