"""The database of this process: the one that the settings name, or the embedded one, started when it is needed.

Several processes may use the embedded one at once.  Each holds a shared lock while it does; whoever ends last gets the
exclusive one, and stops the server.
"""

import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import psycopg

from actinf.errors import DatabaseError, SettingError
from actinf.runtime.data_directory import default_data_directory
from actinf.runtime.embedded_postgres import EmbeddedPostgres
from actinf.runtime.logs import first_line
from actinf.runtime.preparation import is_prepared, prepare
from actinf.runtime.settings import Settings

__all__ = ["Database", "data_directory", "database_at_hand"]

_LOG = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
_REST_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Database:
    """Where the data is.

    Attributes:
        url: postgresql://….
        data_dir: of this process: audit key and anchor.
        disk: the folder of the embedded server; None where the database is elsewhere.
    """

    url: str
    data_dir: Path
    disk: Path | None


def data_directory(settings: Settings) -> Path:
    """The folder for what this process keeps, made where it is not there.

    Raises:
        SettingError: when it cannot be made or written.
    """
    folder = _named_folder(settings)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(
            f"data_dir is {folder}, which cannot be made: {error.strerror}; give --data-dir another"
        ) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingError(f"data_dir is {folder}, which this user cannot write: give --data-dir another")
    return folder.resolve()


def _named_folder(settings: Settings) -> Path:
    return settings.data_dir if settings.data_dir is not None else default_data_directory()


@contextmanager
def database_at_hand(settings: Settings, *, make: bool = True, keep_alive: bool = False) -> Iterator[Database]:
    """The database, for as long as the block lasts.

    Args:
        settings: of the process.
        make: make the embedded database where there is none yet; who only reads or works for others would find an
            empty one, which nobody uses.
        keep_alive: start the embedded server again when it dies.

    Raises:
        DatabaseError: the embedded server does not start, with what its log says.
        SettingError: there is no embedded database, and none is to be made.
    """
    if settings.database_url is None and not make:
        _refuse_empty(_named_folder(settings))
    folder = data_directory(settings)
    if settings.database_url is not None:
        yield Database(url=settings.database_url.get_secret_value(), data_dir=folder, disk=None)
        return
    with (folder / "users.lock").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        server = EmbeddedPostgres(directory=folder / "postgres")
        url = server.start()
        if make:
            _see_that_it_is_prepared(url)
        try:
            with _kept_alive(server) if keep_alive else nullcontext():
                yield Database(url=url, data_dir=folder, disk=folder / "postgres")
        finally:
            _stop_if_last(server, users)


def _refuse_empty(folder: Path) -> None:
    if not EmbeddedPostgres(directory=folder / "postgres").is_made:
        raise SettingError(
            f"there is no database of a service in {folder}: start `actinf serve` first, give the data folder of the "
            "one that runs (--data-dir or ACTINF_DATA_DIR), or the address of your own database (--database-url or "
            "ACTINF_DATABASE_URL)"
        )


def _see_that_it_is_prepared(url: str) -> None:
    """Have at home what operators have: the same roles, statistics and views.  The service works without them."""
    try:
        if not is_prepared(url):
            prepare(url)
    except (psycopg.Error, DatabaseError) as error:
        _LOG.warning("the embedded database is not prepared for its operators: %s", first_line(error))


def _stop_if_last(server: EmbeddedPostgres, users: TextIO) -> None:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # another process still uses it, and stops it
    server.stop()


@contextmanager
def _kept_alive(server: EmbeddedPostgres) -> Iterator[None]:
    """Look after the server twice a second, until the block ends."""
    ended = threading.Event()

    def look_after() -> None:
        while not ended.wait(_LOOK_SECONDS):
            try:
                if not server.running:
                    _LOG.error("the embedded database has died: starting it again")
                    server.start()
                    _LOG.info("the embedded database is back")
            except (DatabaseError, OSError) as error:
                _LOG.error("the embedded database does not start: %s", error)
                ended.wait(_REST_SECONDS)

    keeper = threading.Thread(target=look_after, name="keeper of the database", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
