"""Entries of the audit log, in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.service.tables import AUDIT_LOG, AnyRow

__all__ = ["entries"]


async def entries(
    connection: AsyncConnection,
    workspace: UUID,
    *,
    before: int | None,
    after: int | None,
    since: datetime | None,
    equal: Mapping[str, Any],
    limit: int,
) -> Sequence[AnyRow]:
    """Entries of a workspace: the newest first, or, where `after` is given, the oldest after it first.

    Args:
        connection: in a transaction.
        workspace: whose entries.
        before, after: numbers between which they lie, neither included.
        since: the earliest time.
        equal: column → the value that it has to have; None: any.
        limit: how many at most.
    """
    log = AUDIT_LOG.c
    query = select(
        log.seq, log.created_at, log.actor, log.action, log.object, log.request_id, log.outcome, log.details
    ).where(log.workspace_id == workspace)
    if before is not None:
        query = query.where(log.seq < before)
    if after is not None:
        query = query.where(log.seq > after)
    if since is not None:
        query = query.where(log.created_at >= since)
    for column, value in equal.items():
        if value is not None:
            query = query.where(log[column] == value)
    order = log.seq.desc() if after is None else log.seq
    return (await connection.execute(query.order_by(order).limit(limit))).all()
