"""Whether the database has the tables that this release needs, and bringing it there.

A migration that cannot have a lock gives up within a second, so that requests never queue behind it for longer, and is
tried again; within five seconds it fails as a whole.  Migrations first expand and, a release later, contract: the
release before runs on the tables of this one.
"""

import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from actinf.errors import DatabaseError, ServiceUnavailable, SettingError
from actinf.runtime.database import APP_ROLE, IN_PUBLIC, sqlalchemy_url
from actinf.runtime.database_trouble import DatabaseTrouble, place_of, trouble_of
from actinf.runtime.logs import first_line

__all__ = ["HEAD", "current_revision", "downgrade", "is_current", "shortfall", "upgrade"]

_Move = Callable[[Config, str], None]

_PARAMETERS = {"connect_timeout": 4, "options": IN_PUBLIC}
#: How long one try waits for a lock: for so long, requests may have to wait behind it.
_LOCK_SECONDS = 0.7
#: After which no further try is made.
_PATIENCE_SECONDS = 4.0
_PAUSE_SECONDS = 0.1
_NOT_TO_BE_HAD = "55P03"
_NO_RIGHT = "42501"
_ONE_AT_A_TIME = 7_349_000


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _head() -> str:
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    return revision or ""


#: The revision that this release needs.
HEAD = _head()


def current_revision(url: str) -> str | None:
    """The revision of a database; None where it has no tables of ours.

    Raises:
        ServiceUnavailable: when it cannot be reached, or refuses the connection.
        DatabaseError: when it does not let the login look.
    """
    engine = create_engine(sqlalchemy_url(url), connect_args=_PARAMETERS)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except DatabaseTrouble as error:
        raise trouble_of(error, url) from error
    finally:
        engine.dispose()


def shortfall(url: str) -> str | None:
    """What a database lacks of this release, and how it comes by it; None where it lacks nothing.

    Raises:
        ServiceUnavailable: as `current_revision`.
        DatabaseError: as `current_revision`.
    """
    revision = current_revision(url)
    if is_current(revision):
        return None
    stands = "has no tables of actinf yet" if revision is None else f"is at revision {revision}"
    return f"the database {place_of(url)} {stands}, and this release needs {HEAD}: run `actinf db upgrade`"


def is_current(revision: str | None) -> bool:
    """Whether this release runs on that revision: its own, or one that is newer."""
    if revision is None:
        return False
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    return revision == HEAD or revision not in known


def upgrade(url: str, revision: str = "head") -> tuple[str | None, str | None]:
    """Bring the tables to a revision.

    Args:
        url: of a login that owns the tables and is a member of the service's role, or may make it.
        revision: "head", or one by its name.

    Returns:
        The revision before, and the one after.

    Raises:
        ServiceUnavailable: when a lock is not to be had within 5 s, or the database is away; nothing was changed.
        DatabaseError: when the login may not do it, or the database refuses it; nothing was changed.
    """
    return _migrate(url, revision, command.upgrade)


def downgrade(url: str, revision: str) -> tuple[str | None, str | None]:
    """Bring the tables back to a revision, "base" for none; as `upgrade`."""
    return _migrate(url, revision, command.downgrade)


def _migrate(url: str, revision: str, move: _Move) -> tuple[str | None, str | None]:
    engine = create_engine(sqlalchemy_url(url), connect_args=_PARAMETERS)
    until = time.monotonic() + _PATIENCE_SECONDS
    try:
        with engine.connect() as connection:
            while True:
                try:
                    return _one_try(connection, revision, move)
                except (OperationalError, psycopg.OperationalError) as error:
                    connection.rollback()
                    if _state_of(error) != _NOT_TO_BE_HAD or time.monotonic() > until:
                        raise
                time.sleep(_PAUSE_SECONDS)
    except CommandError as error:
        known = ", ".join(sorted(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()))
        raise SettingError(f"there is no revision {revision!r}: expected one of {known}, head or base") from error
    except (OperationalError, psycopg.OperationalError) as error:
        if _state_of(error) is None:
            raise trouble_of(error, url) from error
        raise ServiceUnavailable(
            f"the tables were left as they were: {first_line(error)}. Something else holds a lock: try again"
        ) from error
    except (DBAPIError, psycopg.Error) as error:  # a migration uses the driver's own cursor
        raise DatabaseError(_refused(error)) from error
    finally:
        engine.dispose()


def _one_try(connection: Connection, revision: str, move: _Move) -> tuple[str | None, str | None]:
    connection.execute(text(f"SET lock_timeout = {int(_LOCK_SECONDS * 1000)}"))
    connection.execute(text(f"SELECT pg_advisory_lock({_ONE_AT_A_TIME})"))
    connection.commit()
    try:
        before = MigrationContext.configure(connection).get_current_revision()
        connection.commit()
        if not (revision == "head" and is_current(before)):
            move(_config(connection), revision)
            connection.commit()
        after = MigrationContext.configure(connection).get_current_revision()
        return before, after
    finally:
        connection.rollback()
        connection.execute(text(f"SELECT pg_advisory_unlock({_ONE_AT_A_TIME})"))
        connection.commit()


def _state_of(error: Exception) -> str | None:
    state: str | None = getattr(getattr(error, "orig", None) or error, "sqlstate", None)
    return state


def _refused(error: Exception) -> str:
    said = f"the tables were left as they were: {first_line(error)}"
    if _state_of(error) == _NO_RIGHT:
        return (
            f"{said}. Migrations need a login that owns the database and can take the role {APP_ROLE}. As a superuser, "
            f"once: CREATE ROLE {APP_ROLE} NOLOGIN; GRANT {APP_ROLE} TO <login>; ALTER DATABASE <database> OWNER TO "
            "<login>"
        )
    return said
