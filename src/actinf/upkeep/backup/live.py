"""The server that is copied: how its programs and our queries reach it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import conninfo

from actinf.errors import BackupError, SettingError
from actinf.runtime.logs import first_line

__all__ = ["CONNECTION", "Live", "told"]

_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}
#: Of every connection to it.  No time-out of a statement: what is read may be large.
CONNECTION: Mapping[str, Any] = {
    "application_name": "actinf backup",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "options": "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=0 -c timezone=UTC",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The server that works.

    Attributes:
        url: postgresql://… of the database, with a login that may replicate and read everything.
        binaries: the folder of PostgreSQL's programs, of the server's major version.
    """

    url: str
    binaries: Path

    @property
    def environment(self) -> dict[str, str]:
        """What PostgreSQL's programs are told by, so that no password stands in a command line.

        Raises:
            SettingError: the address is none.
        """
        try:
            parts = conninfo.conninfo_to_dict(self.url)
        except psycopg.ProgrammingError as error:
            raise SettingError(f"the address of the database is none: {first_line(error)}") from None
        return {"PGCONNECT_TIMEOUT": "5"} | {
            variable: str(parts[name]) for name, variable in _VARIABLES.items() if parts.get(name)
        }

    @contextmanager
    def connected(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection, in autocommit."""
        with psycopg.connect(self.url, autocommit=True, **CONNECTION) as connection:
            yield connection


@contextmanager
def told() -> Iterator[None]:
    """The errors of a database that is copied, or compared, as ours."""
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise BackupError(
            f"the login may not do what a backup needs: {first_line(error)}. It needs REPLICATION, the roles "
            "pg_read_all_data, pg_maintain and pg_monitor, and EXECUTE on pg_switch_wal()"
        ) from error
    except psycopg.Error as error:
        raise BackupError(f"the database does not do as it is asked: {first_line(error)}") from error
