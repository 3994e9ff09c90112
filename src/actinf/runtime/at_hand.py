"""The database of this process: the one that the settings name, or the embedded one, started when it is needed.

Several processes may use the embedded one at once.  Each holds a shared lock while it does; whoever ends last gets the
exclusive one, and stops the server.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from actinf.errors import SettingError
from actinf.runtime.data_directory import default_data_directory
from actinf.runtime.embedded_postgres import EmbeddedPostgres
from actinf.runtime.settings import Settings

__all__ = ["Database", "data_directory", "database_at_hand"]


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
    folder = settings.data_dir if settings.data_dir is not None else default_data_directory()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(
            f"data_dir is {folder}, which cannot be made: {error.strerror}; give --data-dir another"
        ) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingError(f"data_dir is {folder}, which this user cannot write: give --data-dir another")
    return folder.resolve()


@contextmanager
def database_at_hand(settings: Settings) -> Iterator[Database]:
    """The database, for as long as the block lasts.

    Raises:
        DatabaseError: the embedded server does not start, with what its log says.
    """
    folder = data_directory(settings)
    if settings.database_url is not None:
        yield Database(url=settings.database_url.get_secret_value(), data_dir=folder, disk=None)
        return
    with (folder / "users.lock").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        server = EmbeddedPostgres(directory=folder / "postgres")
        url = server.start()
        try:
            yield Database(url=url, data_dir=folder, disk=folder / "postgres")
        finally:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # another process still uses it, and stops it
            else:
                server.stop()
