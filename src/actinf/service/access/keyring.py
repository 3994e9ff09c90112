"""Which principal a key is, kept for a few seconds so that a request costs no query.

A key that is revoked elsewhere is therefore accepted by another process for up to `FRESH_SECONDS`; the process that
revokes it forgets it at once.  When the database is away, a key that was known keeps its principal: what the request
then does decides how it ends.
"""

import time
from collections import OrderedDict
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from actinf.errors import ServiceUnavailable, Unauthenticated
from actinf.service.access import repository
from actinf.service.access.keys import digest_of, is_key
from actinf.service.access.principal import SCOPES, Principal

__all__ = ["FRESH_SECONDS", "Keyring"]

FRESH_SECONDS = 5.0
_MOST = 10_000
_HINT = "send the header `Authorization: Bearer ai_…` with a key that `actinf keys create` made"


def _expired(prefix: str, when: datetime) -> Unauthenticated:
    return Unauthenticated(f"the key {prefix} expired at {when:%Y-%m-%d %H:%M} UTC: {_HINT}", "expired")


class Keyring:
    """The keys that were seen lately."""

    def __init__(self, engine: AsyncEngine):
        self._engine = engine
        self._known: OrderedDict[bytes, tuple[Principal, float, datetime | None]] = OrderedDict()
        self._used: set[bytes] = set()
        self._forgotten = 0
        self._local: Principal | None = None

    def knows(self, text: str) -> bool:
        """Whether the key was valid when it was last looked up."""
        return digest_of(text) in self._known

    async def principal(self, text: str) -> Principal:
        """Who has this key.

        Raises:
            Unauthenticated: for what is no key, or a key that is unknown, revoked or expired.
        """
        digest = digest_of(text)
        known = self._known.get(digest)
        if known is not None and time.monotonic() < known[1]:
            if known[2] is not None and known[2] <= datetime.now(UTC):
                raise _expired(known[0].actor[4:], known[2])
            self._used.add(digest)
            return known[0]
        if not is_key(text):
            raise Unauthenticated(f"what was sent is no key: {_HINT}", "malformed")
        return await self._look_up(digest, known)

    async def _look_up(self, digest: bytes, before: tuple[Principal, float, datetime | None] | None) -> Principal:
        forgotten = self._forgotten
        try:
            async with self._engine.connect() as connection:
                row = await repository.find_key(connection, digest)
        except (DBAPIError, PoolTimeout, ServiceUnavailable):
            if before is None:
                raise
            principal, _, expires_at = before
            if expires_at is not None and expires_at <= datetime.now(UTC):
                raise _expired(principal.actor[4:], expires_at) from None
            return principal
        self._known.pop(digest, None)
        if row is None:
            raise Unauthenticated(f"this key is not known here: {_HINT}", "unknown")
        if row.revoked_at is not None:
            when = f"{row.revoked_at:%Y-%m-%d %H:%M} UTC"
            raise Unauthenticated(f"the key {row.prefix} was revoked at {when}: {_HINT}", "revoked")
        if row.expires_at is not None and row.expires_at <= datetime.now(UTC):
            raise _expired(row.prefix, row.expires_at)
        principal = Principal(workspace=row.workspace_id, actor=f"key:{row.prefix}", scopes=frozenset(row.scopes))
        if self._forgotten == forgotten:  # else this may be what was read before the key was revoked
            self._known[digest] = (principal, time.monotonic() + FRESH_SECONDS, row.expires_at)
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        self._used.add(digest)
        return principal

    def forget(self, actor: str) -> None:
        """Ask the database again for one key, given as the audit log calls it; call it when the change is committed."""
        self._forgotten += 1
        for digest in [digest for digest, known in self._known.items() if known[0].actor == actor]:
            del self._known[digest]

    async def local(self, workspace: str = "default") -> Principal:
        """Who makes a request where no key is needed: everything is allowed to whoever is on this machine."""
        if self._local is None:
            async with self._engine.begin() as connection:
                identity: UUID = await repository.workspace_named(connection, workspace)
            self._local = Principal(workspace=identity, actor="local", scopes=frozenset(SCOPES))
        return self._local

    async def note_use(self) -> None:
        """Write down which keys were used since the last call."""
        used = set(self._used)
        if used:
            async with self._engine.begin() as connection:
                await repository.touch_keys(connection, sorted(used))
            self._used -= used
