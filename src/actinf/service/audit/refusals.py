"""Refusals that matter to security: keys that are not valid, and keys that lack a scope.

They are counted when they happen and written once a minute, beside all requests: one entry for each who, from where and
why, twenty at most and one for the rest, so that a flood of them neither fills the log nor slows anything.
"""

import asyncio
import logging
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actinf.errors import Forbidden, ServiceUnavailable, Unauthenticated
from actinf.runtime.chain import moment
from actinf.runtime.logs import REQUEST_ID, first_line
from actinf.runtime.problem_documents import problem_response
from actinf.runtime.problems import problem_of
from actinf.service.access.principal import Principal
from actinf.service.audit.log import AuditLog, Entry
from actinf.service.measures import REFUSALS
from actinf.service.tables import API_KEYS

__all__ = ["MOST_AT_ONCE", "Refusals", "install_refusals"]

_LOG = logging.getLogger(__name__)

#: Entries that are written at once, those that stand for all others aside.
MOST_AT_ONCE = 20
_EVERY_SECONDS = 60.0
_LAST_SECONDS = 3.0
_NAMED = re.compile(r"bearer +ai_([a-z0-9]{8})_", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Refused:
    """What is counted together."""

    action: str
    actor: str
    object: str
    source: str
    reason: str
    workspace: UUID | None


@dataclass(slots=True)
class _Count:
    times: int
    first: datetime
    last: datetime
    request_id: str


class Refusals:
    """The refusals since they were written last.

    Args:
        engine: of the database.
        audit: where they are written.
    """

    def __init__(self, engine: AsyncEngine, audit: AuditLog):
        self._engine = engine
        self._audit = audit
        self._counts: dict[_Refused, _Count] = {}

    def note(self, request: Request, error: Exception) -> None:
        """Count a request that was refused; costs no query."""
        now = datetime.now(UTC)
        what = _what(request, error)
        REFUSALS.labels(what.action, _why(request, error)).inc()
        self._add(what, _Count(1, now, now, REQUEST_ID.get() or ""))

    def _add(self, refused: _Refused, more: _Count) -> None:
        if refused not in self._counts and len(self._counts) >= MOST_AT_ONCE:
            refused = _Refused(refused.action, "others", "", "", "more than are told one by one", None)
        known = self._counts.setdefault(refused, _Count(0, more.first, more.last, more.request_id))
        known.times += more.times
        known.first, known.last = min(known.first, more.first), max(known.last, more.last)

    async def run(self) -> None:
        """Write them once a minute, until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            await self.write()

    async def write_last(self) -> None:
        """Write what is there, without waiting long for a database that does not answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                await self.write()

    async def write(self) -> None:
        """Write the refusals to the log; what cannot be written is kept for the next time."""
        counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            async with self._engine.begin() as connection:
                owners = await _workspaces(connection, counts)
                for refused, count in counts.items():
                    await self._audit.append(connection, _entry(refused, count, owners))
        except (SQLAlchemyError, OSError, ServiceUnavailable) as error:
            _LOG.warning("refusals wait to be written: %s", first_line(error))
            for refused, count in counts.items():
                self._add(refused, count)


def install_refusals(app: FastAPI) -> None:
    """Let the refusals of an application be counted, on their way to become problem documents."""

    async def refused(request: Request, error: Exception) -> Response:
        refusals: Refusals = request.app.state.parts.refusals
        refusals.note(request, error)
        return problem_response(problem_of(error, request.url.path)[0])

    app.add_exception_handler(Unauthenticated, refused)
    app.add_exception_handler(Forbidden, refused)


def _what(request: Request, error: Exception) -> _Refused:
    source = _printable(request.client.host if request.client is not None else "")
    reason = str(error).partition(": ")[0][:200]
    if isinstance(error, Unauthenticated):
        named = _NAMED.match(request.headers.get("authorization", ""))
        actor = f"key:{named[1].lower()}" if named else "unknown"
        return _Refused("authenticate", actor, f"source:{source}", source, reason, None)
    path = getattr(request.scope.get("route"), "path", "")
    principal: Principal | None = request.scope.get("principal")
    if principal is None:  # a page that was sent from elsewhere: who sent it does not matter
        return _Refused("authorize", "unknown", f"{request.method} {path}", source, reason, None)
    return _Refused("authorize", principal.actor, f"{request.method} {path}", source, reason, principal.workspace)


def _why(request: Request, error: Exception) -> str:
    """The reason as a word, so that the metric has a few series, whatever is sent."""
    if isinstance(error, Unauthenticated):
        return error.why
    return "scope" if request.scope.get("principal") is not None else "other_site"


def _printable(text: str) -> str:
    return "".join(letter for letter in text[:64] if letter.isprintable())


async def _workspaces(connection: AsyncConnection, counts: dict[_Refused, _Count]) -> dict[str, UUID]:
    """Whose keys were named by those that were not let in: their owners want to know."""
    names = {refused.actor[4:] for refused in counts if refused.workspace is None and refused.actor.startswith("key:")}
    if not names:
        return {}
    query = select(API_KEYS.c.prefix, API_KEYS.c.workspace_id).where(API_KEYS.c.prefix.in_(sorted(names)))
    return {f"key:{row.prefix}": row.workspace_id for row in await connection.execute(query)}


def _entry(refused: _Refused, count: _Count, owners: dict[str, UUID]) -> Entry:
    return Entry(
        workspace=refused.workspace or owners.get(refused.actor),
        actor=refused.actor,
        action=refused.action,
        object=refused.object,
        request_id=count.request_id,
        outcome="refused",
        details={
            "times": count.times,
            "reason": refused.reason,
            "source": refused.source,
            "first": moment(count.first),
            "last": moment(count.last),
        },
    )
