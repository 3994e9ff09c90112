"""The audit log of a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from actinf.client import operations
from actinf.client.blocking.paging import all_of
from actinf.client.replies import AuditEntry

if TYPE_CHECKING:
    from actinf.client.blocking.connection import Connection

__all__ = ["Audit"]


class Audit:
    """What was done in the workspace: `client.audit`.  It needs a key with the scope `operate`."""

    def __init__(self, connection: Connection):
        self._connection = connection

    def list(
        self,
        *,
        after: int | None = None,
        since: datetime | None = None,
        actor: str | None = None,
        action: str | None = None,
        object: str | None = None,  # noqa: A002 -- the name that it has in the log
        outcome: str | None = None,
        page_size: int = 100,
    ) -> Iterator[AuditEntry]:
        """The entries, the newest first; pages are fetched as they are needed.

        Args:
            after: only those with higher numbers, the oldest of them first: for who reads on from where they were.
            since: only those from this time on, with its zone.
            actor, action, object, outcome: only those that are equal to it.
            page_size: entries in one request, up to 1,000.
        """
        wanted = {"actor": actor, "action": action, "object": object, "outcome": outcome}
        wanted["since"] = None if since is None else since.isoformat()
        direction = "before" if after is None else "after"
        return all_of(
            self._connection, lambda place: operations.list_audit(wanted, {direction: place, "limit": page_size}), after
        )
