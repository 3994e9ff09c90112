"""Adding to the audit log.

Rows form a chain: the MAC of each (HMAC-SHA256, under a key that is not in the database) covers the row and the MAC of
the row before.  Whoever adds holds the one row of `audit_head` until the transaction ends, so that there is one order,
and what was rolled back leaves no gap.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.service.tables import AUDIT_HEAD, AUDIT_LOG

__all__ = ["GENESIS", "AuditLog", "Entry", "mac_of"]

#: What stands before the first row.
GENESIS = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log.

    Attributes:
        workspace: whose it is; None: of the whole installation.
        actor: who did it, for example "key:k3x9…", "cli:login name".
        action: what was done, for example "agents.create".
        object: to what, for example "agent:0199…".
        request_id: of the request, as in the logs.
        outcome: "done", "refused" or "failed".
        details: what else an auditor wants to know; no secret, no observation.
    """

    workspace: UUID | None
    actor: str
    action: str
    object: str
    request_id: str = ""
    outcome: str = "done"
    details: Mapping[str, Any] = field(default_factory=dict)


def mac_of(key: bytes, before: bytes, seq: int, created_at: datetime, entry: Entry) -> bytes:
    """The MAC of a row: over every column of it, and over the MAC of the row before."""
    row = [
        seq,
        created_at.astimezone(UTC).isoformat(timespec="microseconds"),
        None if entry.workspace is None else str(entry.workspace),
        entry.actor,
        entry.action,
        entry.object,
        entry.request_id,
        entry.outcome,
        entry.details,
    ]
    said = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    return hmac.new(key, before + said, hashlib.sha256).digest()


class AuditLog:
    """The end of the chain, and the key that it is continued with."""

    def __init__(self, key: bytes):
        self._key = key

    async def append(self, connection: AsyncConnection, entry: Entry) -> int:
        """Add a row in the transaction of what it tells of; call it last, for others wait until that ends.

        Returns:
            The row's number.
        """
        head = (await connection.execute(select(AUDIT_HEAD.c.seq, AUDIT_HEAD.c.mac).with_for_update())).one()
        seq, created_at = head.seq + 1, datetime.now(UTC)
        mac = mac_of(self._key, bytes(head.mac), seq, created_at, entry)
        await connection.execute(
            insert(AUDIT_LOG).values(
                seq=seq,
                created_at=created_at,
                workspace_id=entry.workspace,
                actor=entry.actor,
                action=entry.action,
                object=entry.object,
                request_id=entry.request_id,
                outcome=entry.outcome,
                details=dict(entry.details),
                mac=mac,
            )
        )
        await connection.execute(update(AUDIT_HEAD).values(seq=seq, mac=mac))
        return int(seq)
