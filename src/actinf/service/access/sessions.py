"""Sessions of browsers: what stands in a cookie for the key that somebody signed in with.

A session is 256 random bits, of which only the SHA-256 is kept.  It ends when it is signed out of, after some hours, or
with its key; the key itself is never kept, in the browser or here.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.service.access.keys import digest_of
from actinf.service.access.principal import Principal
from actinf.service.tables import API_KEYS, BROWSER_SESSIONS, WORKSPACES

__all__ = ["SESSION_HOURS", "Visit", "close_session", "open_session", "visit_of"]

SESSION_HOURS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who looks at the pages.

    Attributes:
        principal: what the key of the session may do, and where.
        workspace: the name of the workspace.
        signed_in: whether there is a session that can be ended; without keys there is none.
    """

    principal: Principal
    workspace: str
    signed_in: bool


async def open_session(connection: AsyncConnection, key: str) -> str:
    """Begin a session for a key that was found to be good; returns what the cookie is to hold."""
    token = secrets.token_urlsafe(32)
    await connection.execute(delete(BROWSER_SESSIONS).where(BROWSER_SESSIONS.c.expires_at < func.now()))
    identity = (await connection.execute(select(API_KEYS.c.id).where(API_KEYS.c.digest == digest_of(key)))).scalar_one()
    expires = datetime.now(UTC) + timedelta(hours=SESSION_HOURS)
    values = {"digest": _digest(token), "key_id": identity, "expires_at": expires}
    await connection.execute(insert(BROWSER_SESSIONS).values(**values))
    return token


async def visit_of(connection: AsyncConnection, token: str) -> Visit | None:
    """Whose session it is; None where it, or its key, has ended."""
    session, key, workspace = BROWSER_SESSIONS.c, API_KEYS.c, WORKSPACES.c
    query = (
        select(key.workspace_id, key.prefix, key.scopes, workspace.name)
        .join(API_KEYS, key.id == session.key_id)
        .join(WORKSPACES, workspace.id == key.workspace_id)
        .where(
            session.digest == _digest(token),
            session.expires_at > func.now(),
            key.revoked_at.is_(None),
            key.expires_at.is_(None) | (key.expires_at > func.now()),
        )
    )
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    principal = Principal(workspace=row.workspace_id, actor=f"key:{row.prefix}", scopes=frozenset(row.scopes))
    return Visit(principal=principal, workspace=row.name, signed_in=True)


async def close_session(connection: AsyncConnection, token: str) -> None:
    """End a session."""
    await connection.execute(delete(BROWSER_SESSIONS).where(BROWSER_SESSIONS.c.digest == _digest(token)))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
