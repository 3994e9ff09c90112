"""What an error of the database is to whoever gave its address: away, closed to this login, or of another release.

The three have three remedies, and the driver's own words name none of them.
"""

import psycopg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from actinf.errors import ActinfError, DatabaseError, ServiceUnavailable
from actinf.runtime.database import APP_ROLE
from actinf.runtime.logs import first_line

__all__ = ["DatabaseTrouble", "place_of", "trouble_of"]

#: What this package, its driver and the pool raise where the database fails.
DatabaseTrouble = (DBAPIError, PoolTimeout, psycopg.Error)

_NO_RIGHT = "42501"
#: A table, column, function or schema that is not there: the tables are those of another release, or of nobody.
_NOT_THERE = ("42P01", "42703", "42883", "3F000")
_OUR_ROLE_IS_MISSING = f'role "{APP_ROLE}" does not exist'
_OUR_ROLE_IS_CLOSED = f'permission denied to set role "{APP_ROLE}"'


def place_of(url: str) -> str:
    """Where a database is, for people: host, port and name, and nothing of the login."""
    parts = make_url(url)
    host = parts.host or str(parts.query.get("host", "the local socket"))
    return f"{host}:{parts.port or 5432}/{parts.database or ''}"


def trouble_of(error: Exception, url: str) -> ActinfError:
    """The error to raise instead of the driver's.

    Args:
        error: one of `DatabaseTrouble`.
        url: of the database.

    Returns:
        ServiceUnavailable where the database is away, full, or lets this login in no more; else DatabaseError.
    """
    said, state = first_line(error), getattr(getattr(error, "orig", None) or error, "sqlstate", None)
    place = f"the database {place_of(url)}"
    if _OUR_ROLE_IS_MISSING in said:
        return DatabaseError(f"{place} has no tables of actinf yet: run `actinf db upgrade`")
    if _OUR_ROLE_IS_CLOSED in said:
        return DatabaseError(
            f"{place} does not let this login take the role {APP_ROLE}: as its owner, GRANT {APP_ROLE} TO <login>"
        )
    if state in _NOT_THERE:
        return DatabaseError(f"{place} has not the tables of this release ({said}): run `actinf db upgrade`")
    if state == _NO_RIGHT:
        return DatabaseError(f"{place} does not let this login do that ({said}): give the login that owns the tables")
    if isinstance(error, PoolTimeout):
        return ServiceUnavailable(f"{place} gives no connection: {said}; try again")
    if state is not None:
        return DatabaseError(f"{place} gave up: {said}")
    reason = said.rpartition(" failed: ")[2]
    if reason.startswith("FATAL:"):  # its own words: it is there
        reason = reason.removeprefix("FATAL:").strip()
        return ServiceUnavailable(
            f"{place} refuses the connection: {reason}. Look at the login and the name in --database-url "
            "(ACTINF_DATABASE_URL), or try again"
        )
    return ServiceUnavailable(
        f"{place} cannot be reached: {reason}. See that it runs, and that --database-url (ACTINF_DATABASE_URL) leads "
        "there"
    )
