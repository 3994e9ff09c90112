"""Adding to the audit log.

Whoever adds holds the one row of `audit_head` until the transaction ends, so that there is one order, and what was
rolled back leaves no gap.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.errors import ServiceUnavailable
from actinf.runtime.chain import key_id, moment
from actinf.service.audit.chain import Line, mac_of
from actinf.service.tables import AUDIT_HEAD, AUDIT_LOG

__all__ = ["AuditLog", "Entry"]


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


class AuditLog:
    """The end of the chain, and the key that it is continued with."""

    def __init__(self, key: bytes):
        self._key = key
        self._key_id = key_id(key)

    async def append(self, connection: AsyncConnection, entry: Entry) -> int:
        """Add a row in the transaction of what it tells of; call it last, for others wait until that ends.

        Returns:
            The row's number.

        Raises:
            ServiceUnavailable: the log was begun with another key than this process has.
        """
        columns = (AUDIT_HEAD.c.seq, AUDIT_HEAD.c.mac, AUDIT_HEAD.c.key_id)
        head = (await connection.execute(select(*columns).with_for_update())).one()
        if head.key_id is not None and bytes(head.key_id) != self._key_id:
            raise ServiceUnavailable(
                f"the audit log was begun with the key {bytes(head.key_id).hex()}, but this process has the key "
                f"{self._key_id.hex()}: give it the right one by ACTINF_AUDIT_KEY, or as audit.key in its data_dir"
            )
        seq, created_at = int(head.seq) + 1, datetime.now(UTC)
        line = Line(
            seq=seq,
            created_at=moment(created_at),
            workspace=None if entry.workspace is None else str(entry.workspace),
            actor=entry.actor,
            action=entry.action,
            object=entry.object,
            request_id=entry.request_id,
            outcome=entry.outcome,
            details=dict(entry.details),
        )
        mac = mac_of(self._key, bytes(head.mac), line)
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
        await connection.execute(update(AUDIT_HEAD).values(seq=seq, mac=mac, key_id=self._key_id))
        return seq
