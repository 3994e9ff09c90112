"""Keys of a workspace: made, listed and revoked; all of it needs a key with the scope `admin`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from actinf.client import operations
from actinf.client.asynchronous.paging import all_of
from actinf.client.replies import KeyRecord, NewKey

if TYPE_CHECKING:
    from actinf.client.asynchronous.connection import AsyncConnection

__all__ = ["AsyncKeys"]


class AsyncKeys:
    """The keys of the workspace: `client.keys`."""

    def __init__(self, connection: AsyncConnection):
        self._connection = connection

    async def create(self, name: str, scopes: Sequence[str], *, expires_in_days: int | None = None) -> NewKey:
        """Make a key.

        Args:
            name: what it is for.
            scopes: what it may do: read, run, operate, admin.
            expires_in_days: after which it ends; None: never.

        Raises:
            IdempotencyError: it was made, and the reply that held it was lost: revoke it, and make another.
        """
        return await self._connection.send(operations.create_key(name, scopes, expires_in_days))

    def list(self, *, page_size: int = 100) -> AsyncIterator[KeyRecord]:
        """The keys of the workspace, the oldest first.

        Args:
            page_size: keys in one request, up to 1,000.
        """
        return all_of(self._connection, lambda after: operations.list_keys(after, page_size))

    async def revoke(self, key: str) -> KeyRecord:
        """End a key; twice changes nothing.

        Args:
            key: its id.

        Raises:
            NotFound: there is none.
        """
        return await self._connection.send(operations.revoke_key(key))
