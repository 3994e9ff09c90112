"""Keys from the command line: for whoever has the database at hand."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.errors import NotFound
from actinf.runtime.at_hand import Database
from actinf.runtime.database_trouble import DatabaseTrouble, trouble_of
from actinf.runtime.one_transaction import in_transaction
from actinf.service.access import repository
from actinf.service.access.keys import Key, is_key, new_key
from actinf.service.audit.log import AuditLog, Entry
from actinf.service.tables import AnyRow

__all__ = ["create_key", "list_keys", "revoke_key", "told_in_transaction"]

Made = TypeVar("Made")


def told_in_transaction(database: Database, work: Callable[[AsyncConnection], Awaitable[Made]]) -> Made:
    """What the work makes, in a transaction; what the database says is told in one line.

    Raises:
        ServiceUnavailable: it cannot be reached, or does not let this login in.
        DatabaseError: it has not the tables of this release, or refuses the work.
    """
    try:
        return in_transaction(database.url, work, application="actinf")
    except DatabaseTrouble as error:
        raise trouble_of(error, database.url) from error


def create_key(
    database: Database,
    audit: AuditLog,
    *,
    actor: str,
    workspace: str,
    name: str,
    scopes: Sequence[str],
    days: int | None,
) -> Key:
    """Make a key; its text is not kept."""

    async def work(connection: AsyncConnection) -> Key:
        identity = await repository.workspace_named(connection, workspace)
        key = new_key()
        expires = None if days is None else datetime.now(UTC) + timedelta(days=days)
        await repository.insert_key(connection, identity, key, name, sorted(set(scopes)), expires)
        details = {"name": name, "scopes": sorted(set(scopes))}
        await audit.append(
            connection,
            Entry(workspace=identity, actor=actor, action="keys.create", object=f"key:{key.prefix}", details=details),
        )
        return key

    return told_in_transaction(database, work)


def list_keys(database: Database) -> Sequence[AnyRow]:
    """All keys of all workspaces, the oldest first."""
    return told_in_transaction(database, lambda connection: repository.keys_of(connection, None, None, 10_000))


def revoke_key(database: Database, audit: AuditLog, *, actor: str, prefix: str) -> None:
    """Revoke a key, given by its prefix.

    Raises:
        NotFound: there is none.
    """

    async def work(connection: AsyncConnection) -> None:
        row = await repository.revoke_key(connection, workspace=None, key=None, prefix=prefix)
        if row is None and is_key(prefix):
            raise NotFound(
                "this is a whole key: name it by the eight characters after `ai_`, and show the rest to nobody"
            )
        if row is None:
            raise NotFound(f"there is no key {prefix[:8]!r}: `actinf keys list` shows those that there are")
        entry = Entry(workspace=None, actor=actor, action="keys.revoke", object=f"key:{prefix}")
        await audit.append(connection, entry)

    told_in_transaction(database, work)
