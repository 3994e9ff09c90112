"""What a superuser does to a PostgreSQL once so that the service can work on it and people can look after it.

Roles, statistics and the compatibility views, as SQL beside this file.  The tables are none of its business: migrations
make them, as a login that is no superuser.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from actinf.errors import DatabaseError
from actinf.runtime.logs import first_line

__all__ = ["Passwords", "is_prepared", "make_database", "prepare", "prepare_once"]

_FOLDER = Path(__file__).parent
_ROLES, _DATABASE = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("roles.sql", "database.sql"))
_DIGEST = hashlib.sha256((_ROLES + _DATABASE).encode()).hexdigest()[:16]
_NOTE = f"Makes what is typed from memory work. Prepared by actinf, {_DIGEST}."

_ONE_AT_A_TIME = 7_349_003
_PARAMETERS: dict[str, Any] = {
    "connect_timeout": 5,
    # Also on a server whose transactions are read-only by default; and what is made lies where it is said to lie.
    "options": "-c default_transaction_read_only=off -c search_path=public -c lock_timeout=5s -c statement_timeout=60s",
    "application_name": "actinf preparation",
}


@dataclass(frozen=True, kw_only=True)
class Passwords:
    """The passwords of the logins; None leaves one as it is, and a login that never had one cannot come by network."""

    owner: str | None = field(default=None, repr=False)
    service: str | None = field(default=None, repr=False)
    operator: str | None = field(default=None, repr=False)
    backup: str | None = field(default=None, repr=False)

    def by_login(self) -> dict[str, str]:
        """Those that are given, under the names of their logins."""
        given = {
            "actinf_owner": self.owner,
            "actinf_service": self.service,
            "actinf_operator": self.operator,
            "actinf_backup": self.backup,
        }
        return {login: password for login, password in given.items() if password is not None}


def is_prepared(superuser: str) -> bool:
    """Whether a database was prepared by this release.

    Args:
        superuser: how to connect to it, as an address or as libpq's words.

    Raises:
        psycopg.Error: it cannot be asked.
    """
    with psycopg.connect(superuser, autocommit=True, **_PARAMETERS) as connection:
        row = connection.execute(
            "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = 'compat'"
        ).fetchone()
    return row == (_NOTE,)


def prepare(superuser: str, *, passwords: Passwords | None = None) -> None:
    """Make the roles, and prepare one database; where that was done before, bring it to what this release wants.

    Args:
        superuser: how to connect to the database, as an address or as libpq's words.
        passwords: of the logins.

    Raises:
        DatabaseError: the server's settings or the login do not allow it; nothing was changed.
        psycopg.Error: the server does not do it, now.
    """
    with psycopg.connect(superuser, **_PARAMETERS) as connection:
        _refuse_what_cannot_be_prepared(connection)
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_ONE_AT_A_TIME,))
        # Not even what a password is checked against is kept among the statistics or in the server's log.
        connection.execute("SET LOCAL pg_stat_statements.track_utility = off")
        connection.execute("SET LOCAL log_min_duration_statement = -1")
        connection.execute("SET LOCAL log_statement = 'none'")
        _run(connection, _ROLES)
        for login, password in (passwords or Passwords()).by_login().items():
            verifier = connection.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256")
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(login), sql.Literal(verifier.decode()))
            )
        _run(connection, _DATABASE)
        connection.execute(sql.SQL("COMMENT ON SCHEMA compat IS {}").format(sql.Literal(_NOTE)))


def prepare_once(superuser: str, *, passwords: Passwords | None = None) -> None:
    """As `prepare`, for somebody who reads the error: that of the server becomes one of ours.

    Raises:
        DatabaseError: the database cannot be reached or prepared; nothing was changed.
    """
    try:
        prepare(superuser, passwords=passwords)
    except psycopg.Error as error:
        raise DatabaseError(f"the database was not prepared: {first_line(error)}") from error


def make_database(superuser: str, name: str, *, owner: str = "actinf_owner") -> None:
    """Make a database where it is missing, with its owner's role.

    Args:
        superuser: how to connect to another database of the server.
        name: of the database.
        owner: the role that owns it.

    Raises:
        psycopg.Error: the server does not do it, now.
    """
    with psycopg.connect(superuser, autocommit=True, **_PARAMETERS) as connection:
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            _run(connection, _ROLES)
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(owner))
            )


def _refuse_what_cannot_be_prepared(connection: psycopg.Connection[Any]) -> None:
    login, is_superuser, version = connection.execute(
        "SELECT current_user, rolsuper, current_setting('server_version_num')::integer FROM pg_roles"
        " WHERE rolname = current_user"
    ).fetchall()[0]
    if not is_superuser:
        raise DatabaseError(f"the login {login!r} is no superuser: preparing a server needs one, for example postgres")
    if version < 180_000:
        raise DatabaseError(f"the server is PostgreSQL {version // 10_000}: expected 18")
    [[preloaded]] = connection.execute("SHOW shared_preload_libraries").fetchall()
    if "pg_stat_statements" not in preloaded:
        raise DatabaseError(
            f"the server has shared_preload_libraries = {preloaded!r}, without pg_stat_statements: add it in "
            "postgresql.conf and start the server again"
        )


def _run(connection: psycopg.Connection[Any], statements: str) -> None:
    """Run several statements as they are: no parameters, and so no placeholders to be escaped."""
    connection.execute(statements.encode())
