"""Models and their names in the database."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, cast, delete, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.service.tables import AGENTS, MODEL_NAMES, MODELS, AnyRow

__all__ = [
    "delete_model",
    "document_of",
    "hash_of_name",
    "insert_model",
    "name_model",
    "names_of",
    "newest_names",
    "used_by",
]


async def insert_model(connection: AsyncConnection, workspace: UUID, digest: str, document: bytes) -> bool:
    """Keep a model; False where the workspace has it already."""
    wanted = upsert(MODELS).values(workspace_id=workspace, hash=digest, document=document).on_conflict_do_nothing()
    return (await connection.execute(wanted.returning(MODELS.c.hash))).first() is not None


async def document_of(connection: AsyncConnection, workspace: UUID, digest: str) -> bytes | None:
    """The document of a model, or None."""
    query = select(MODELS.c.document).where(MODELS.c.workspace_id == workspace, MODELS.c.hash == digest)
    found = (await connection.execute(query)).scalar_one_or_none()
    return None if found is None else bytes(found)


async def name_model(connection: AsyncConnection, workspace: UUID, name: str, digest: str, description: str) -> AnyRow:
    """Give a model a name; where the newest version of it is this very model, that is the answer."""
    lock = select(func.pg_advisory_xact_lock(func.hashtextextended(cast(f"{workspace}/{name}", Text), 0)))
    await connection.execute(lock)  # two at once would both take the same version
    found = await connection.execute(_versions(workspace, name).limit(1))
    newest: AnyRow | None = found.first()
    if newest is not None and newest.hash == digest:
        return newest
    version = 1 if newest is None else newest.version + 1
    values = {"workspace_id": workspace, "name": name, "version": version, "hash": digest, "description": description}
    made: AnyRow = (await connection.execute(insert(MODEL_NAMES).values(**values).returning(MODEL_NAMES))).one()
    return made


def _versions(workspace: UUID, name: str) -> Select[*tuple[Any, ...]]:
    table = MODEL_NAMES
    query = select(table).where(table.c.workspace_id == workspace, table.c.name == name)
    return query.order_by(table.c.version.desc())


async def hash_of_name(connection: AsyncConnection, workspace: UUID, name: str, version: int | None) -> str | None:
    """The hash of a version, or of the newest; None where there is none."""
    query = _versions(workspace, name)
    if version is not None:
        query = query.where(MODEL_NAMES.c.version == version)
    row = (await connection.execute(query.limit(1))).first()
    return None if row is None else str(row.hash)


async def names_of(connection: AsyncConnection, workspace: UUID, digest: str) -> Sequence[AnyRow]:
    """All names of a model, the oldest first."""
    table = MODEL_NAMES
    query = select(table).where(table.c.workspace_id == workspace, table.c.hash == digest)
    return (await connection.execute(query.order_by(table.c.created_at, table.c.name, table.c.version))).all()


async def newest_names(connection: AsyncConnection, workspace: UUID, after: str | None, limit: int) -> Sequence[AnyRow]:
    """The newest version of every name, in the order of the names."""
    table = MODEL_NAMES
    query = select(table).ext(distinct_on(table.c.name)).where(table.c.workspace_id == workspace)
    if after is not None:
        query = query.where(table.c.name > after)
    return (await connection.execute(query.order_by(table.c.name, table.c.version.desc()).limit(limit))).all()


async def used_by(connection: AsyncConnection, workspace: UUID, digest: str) -> int:
    """How many agents have this model."""
    query = select(func.count()).where(AGENTS.c.workspace_id == workspace, AGENTS.c.model_hash == digest)
    return int((await connection.execute(query)).scalar_one())


async def delete_model(connection: AsyncConnection, workspace: UUID, digest: str) -> bool:
    """Remove a model with its names; False where there is none."""
    removed = await connection.execute(
        delete(MODELS).where(MODELS.c.workspace_id == workspace, MODELS.c.hash == digest).returning(MODELS.c.hash)
    )
    return removed.first() is not None
