"""Whether the database has the tables that this release needs, and bringing it there.

A migration takes its locks within five seconds or fails as a whole, so that it never stands in the way of a service
under load: it is tried again.  Migrations first expand and, a release later, contract: the release before runs on the
tables of this one.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from actinf.errors import ServiceUnavailable
from actinf.runtime.database import sqlalchemy_url

__all__ = ["HEAD", "current_revision", "downgrade", "is_current", "upgrade"]

_LOCK_SECONDS = 5
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
    """The revision of a database; None where it has no tables of ours."""
    engine = create_engine(sqlalchemy_url(url), connect_args={"connect_timeout": _LOCK_SECONDS})
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        raise ServiceUnavailable(f"the database does not answer: {_first_line(error)}") from error
    finally:
        engine.dispose()


def is_current(revision: str | None) -> bool:
    """Whether this release runs on that revision: its own, or one that is newer."""
    if revision is None:
        return False
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    return revision == HEAD or revision not in known


def upgrade(url: str, revision: str = "head") -> tuple[str | None, str | None]:
    """Bring the tables to a revision.

    Args:
        url: of a login that owns the tables and may make roles.
        revision: "head", or one by its name.

    Returns:
        The revision before, and the one after.

    Raises:
        ServiceUnavailable: when a lock is not to be had within 5 s; nothing was changed.
    """
    return _migrate(url, revision, command.upgrade)


def downgrade(url: str, revision: str) -> tuple[str | None, str | None]:
    """Bring the tables back to a revision, "base" for none; as `upgrade`."""
    return _migrate(url, revision, command.downgrade)


def _migrate(url: str, revision: str, move: object) -> tuple[str | None, str | None]:
    engine = create_engine(sqlalchemy_url(url), connect_args={"connect_timeout": _LOCK_SECONDS})
    try:
        with engine.connect() as connection:
            connection.execute(text(f"SET lock_timeout = '{_LOCK_SECONDS}s'"))
            connection.execute(text(f"SELECT pg_advisory_lock({_ONE_AT_A_TIME})"))
            connection.commit()
            before = MigrationContext.configure(connection).get_current_revision()
            connection.commit()
            if not (revision == "head" and is_current(before)):
                move(_config(connection), revision)  # type: ignore[operator]
                connection.commit()
            after = MigrationContext.configure(connection).get_current_revision()
            return before, after
    except OperationalError as error:
        raise ServiceUnavailable(
            f"the tables were left as they were: {_first_line(error)}. Something else holds a lock, or the database is "
            "away: try again"
        ) from error
    finally:
        engine.dispose()


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
