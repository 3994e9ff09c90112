"""Workspaces and keys in the database."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.service.access.keys import Key
from actinf.service.tables import API_KEYS, WORKSPACES, AnyRow

__all__ = [
    "any_key",
    "find_key",
    "insert_key",
    "keys_of",
    "name_of_workspace",
    "revoke_key",
    "touch_keys",
    "workspace_named",
]

_SHOWN = (
    API_KEYS.c.id, API_KEYS.c.name, API_KEYS.c.prefix, API_KEYS.c.scopes, API_KEYS.c.created_at, API_KEYS.c.expires_at,
    API_KEYS.c.revoked_at, API_KEYS.c.last_used_at,
)  # fmt: skip


async def workspace_named(connection: AsyncConnection, name: str) -> UUID:
    """The workspace of that name, made where there is none."""
    await connection.execute(upsert(WORKSPACES).values(name=name).on_conflict_do_nothing())
    found: UUID = (await connection.execute(select(WORKSPACES.c.id).where(WORKSPACES.c.name == name))).scalar_one()
    return found


async def name_of_workspace(connection: AsyncConnection, workspace: UUID) -> str:
    """What a workspace is called."""
    return str((await connection.execute(select(WORKSPACES.c.name).where(WORKSPACES.c.id == workspace))).scalar_one())


async def any_key(connection: AsyncConnection) -> bool:
    """Whether any key was ever made."""
    return (await connection.execute(select(API_KEYS.c.id).limit(1))).first() is not None


async def insert_key(
    connection: AsyncConnection,
    workspace: UUID,
    key: Key,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
) -> AnyRow:
    """Keep a new key; returns what may be shown of it."""
    values = {
        "workspace_id": workspace,
        "name": name,
        "prefix": key.prefix,
        "digest": key.digest,
        "scopes": list(scopes),
        "expires_at": expires_at,
    }
    return (await connection.execute(insert(API_KEYS).values(**values).returning(*_SHOWN))).one()


async def find_key(connection: AsyncConnection, digest: bytes) -> AnyRow | None:
    """The key with that digest, whatever its state."""
    columns = (
        API_KEYS.c.workspace_id,
        API_KEYS.c.prefix,
        API_KEYS.c.scopes,
        API_KEYS.c.expires_at,
        API_KEYS.c.revoked_at,
    )
    return (await connection.execute(select(*columns).where(API_KEYS.c.digest == digest))).first()


async def keys_of(
    connection: AsyncConnection, workspace: UUID | None, after: UUID | None, limit: int
) -> Sequence[AnyRow]:
    """The keys of a workspace (None: of all), the oldest first."""
    query = select(*_SHOWN, WORKSPACES.c.name.label("workspace")).join(
        WORKSPACES, WORKSPACES.c.id == API_KEYS.c.workspace_id
    )
    if workspace is not None:
        query = query.where(API_KEYS.c.workspace_id == workspace)
    if after is not None:
        query = query.where(API_KEYS.c.id > after)
    return (await connection.execute(query.order_by(API_KEYS.c.id).limit(limit))).all()


async def revoke_key(
    connection: AsyncConnection, *, workspace: UUID | None, key: UUID | None, prefix: str | None
) -> AnyRow | None:
    """Revoke a key, given by its id or its prefix; revoking twice keeps the first time.  None where there is none."""
    change = update(API_KEYS).values(revoked_at=func.coalesce(API_KEYS.c.revoked_at, func.now()))
    change = change.where(API_KEYS.c.id == key) if key is not None else change.where(API_KEYS.c.prefix == prefix)
    if workspace is not None:
        change = change.where(API_KEYS.c.workspace_id == workspace)
    return (await connection.execute(change.returning(*_SHOWN))).first()


async def touch_keys(connection: AsyncConnection, digests: Sequence[bytes]) -> None:
    """Note that the keys were used now."""
    await connection.execute(update(API_KEYS).where(API_KEYS.c.digest.in_(digests)).values(last_used_at=func.now()))
