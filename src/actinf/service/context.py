"""What endpoints are given: the parts of the process, who asks, and the one transaction of a request."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.errors import Forbidden, ServiceUnavailable, Unauthenticated
from actinf.runtime.logs import REQUEST_ID
from actinf.runtime.origin import refuse_other_sites
from actinf.runtime.settings import Settings
from actinf.service.access.principal import Principal
from actinf.service.audit.log import AuditLog, Entry
from actinf.service.measures import AUDIT_ENTRIES

if TYPE_CHECKING:
    from actinf.service.access.keyring import Keyring
    from actinf.service.agents.cache import AgentCache
    from actinf.service.agents.hot import HotAgents
    from actinf.service.audit.refusals import Refusals
    from actinf.service.events import Feed, Streams
    from actinf.service.health.probe import HealthProbe
    from actinf.service.inference.service import Observers
    from actinf.service.models.library import ModelLibrary
    from actinf.service.protection.admission import Admission
    from actinf.service.protection.crew import Crew
    from actinf.service.protection.guarded_engine import GuardedEngine
    from actinf.service.protection.rate import RateLimits
    from actinf.service.protection.switchboard import SwitchBoard
    from actinf.service.steps.committer import Committer

__all__ = [
    "Admin",
    "Asking",
    "Changes",
    "Operator",
    "OperatorTransaction",
    "Parts",
    "Reader",
    "Runner",
    "Transaction",
    "changing",
    "identified",
    "parts_of",
    "still_allowed",
]

_BEARER = HTTPBearer(auto_error=False, description="A key that `actinf keys create` made.", scheme_name="key")


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a serving process is made of."""

    settings: Settings
    engine: "GuardedEngine"
    keyring: "Keyring"
    library: "ModelLibrary"
    cache: "AgentCache"
    hot: "HotAgents"
    committer: "Committer"
    audit: AuditLog
    refusals: "Refusals"
    probe: "HealthProbe"
    observers: "Observers"
    streams: "Streams"
    steps_taken: "Feed"
    simulation_changes: "Feed"
    limits: "RateLimits"
    admission: "Admission"
    crew: "Crew"
    switches: "SwitchBoard"


def parts_of(request: Request) -> Parts:
    """The parts of the process that answers a request."""
    parts: Parts = request.app.state.parts
    return parts


async def identified(request: Request, authorization: str | None) -> Principal:
    """Who makes a request, by its header `Authorization`.

    Raises:
        Unauthenticated: there is no key and one is needed, or it is not valid.
        RateLimited: the key, or the address where there is none that is valid, made too many requests.
        Forbidden: without keys, from another site.
    """
    parts = parts_of(request)
    scheme, _, token = (authorization or "").partition(" ")
    if token and scheme.lower() == "bearer":
        principal = await _holder(request, token.strip())
        limits = parts.limits
        try:
            await limits.count(principal.actor)
        finally:
            standing = (b"ratelimit", limits.standing(principal.actor))
            request.scope["rate_limit"] = ((b"ratelimit-policy", limits.policy), standing)
    elif parts.settings.insecure_local:
        refuse_other_sites(request, parts.settings.cors_origins, let_in_by="ACTINF_CORS_ORIGINS")
        principal = await parts.keyring.local()  # whoever is on this machine: there is no key to count by
    else:
        await parts.limits.stranger(_address(request))
        await parts.limits.refused(_address(request))
        raise Unauthenticated(
            "there is no key: send the header `Authorization: Bearer ai_…`, with a key from `actinf keys create`",
            "no_key",
        )
    request.scope["principal"] = principal
    return principal


async def _holder(request: Request, text: str) -> Principal:
    """Whose key it is.  An address that sent many that are none may go on with those that are known already."""
    parts = parts_of(request)
    if not parts.keyring.knows(text):
        await parts.limits.stranger(_address(request))
    try:
        return await parts.keyring.principal(text)
    except Unauthenticated:
        await parts.limits.refused(_address(request))
        raise


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""


async def _principal(
    request: Request,
    _: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],  # tells OpenAPI of it
) -> Principal:
    return await identified(request, request.headers.get("authorization"))


def requires(scope: str) -> Callable[..., Coroutine[Any, Any, Principal]]:
    """A dependency that lets in only who has the scope, and says who that is."""

    async def let_in(principal: Annotated[Principal, Depends(_principal)]) -> Principal:
        principal.needs(scope)
        return principal

    return let_in


async def still_allowed(request: Request, scope: str) -> bool:
    """Whether who made a request that goes on may do so: its key may have been revoked since, or have expired."""
    parts = parts_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not (token and scheme.lower() == "bearer"):
        return parts.settings.insecure_local
    try:
        (await parts.keyring.principal(token.strip())).needs(scope)  # not counted: nothing new was asked
    except (Unauthenticated, Forbidden):
        return False
    except (SQLAlchemyError, OSError, ServiceUnavailable):  # not known, as the database is away
        return True
    return True


@dataclass(frozen=True, slots=True)
class Changes:
    """The one transaction of a request, what goes on the audit log at its end, and what is done once it is committed.

    Whoever adds to the log holds its end until the transaction ends: entries wait until all other work is done.
    """

    connection: AsyncConnection
    entries: list[Entry] = field(default_factory=list)
    afterwards: list[Callable[[], None]] = field(default_factory=list)


@asynccontextmanager
async def changing(parts: Parts, *, for_operators: bool = False) -> AsyncIterator[Changes]:
    """A transaction, committed at the end of the block, with its entries on the audit log.

    Args:
        parts: of the process.
        for_operators: pass a database switch that is held open; how else would it be closed again?
    """
    engine = parts.engine.for_operators() if for_operators else parts.engine
    async with engine.begin() as connection:
        changes = Changes(connection)
        yield changes
        for entry in changes.entries:
            await parts.audit.append(connection, entry)
    for entry in changes.entries:
        AUDIT_ENTRIES.labels(entry.action).inc()
    for act in changes.afterwards:
        act()


@dataclass(frozen=True, slots=True)
class Asking:
    """A request that changes something: who makes it, and the transaction in which all of it happens."""

    principal: Principal
    changes: Changes
    parts: Parts

    @property
    def connection(self) -> AsyncConnection:
        """The connection of the transaction."""
        return self.changes.connection

    def record(self, action: str, obj: str, **details: Any) -> None:
        """Put what is done on the audit log, at the end of the same transaction."""
        self.changes.entries.append(
            Entry(
                workspace=self.principal.workspace,
                actor=self.principal.actor,
                action=action,
                object=obj,
                request_id=REQUEST_ID.get() or "",
                outcome="done",
                details=details,
            )
        )

    def once_committed(self, act: Callable[[], None]) -> None:
        """Do something in this process when the transaction is committed; not where it fails."""
        self.changes.afterwards.append(act)


async def _transaction(request: Request) -> AsyncIterator[Changes]:
    async with changing(parts_of(request)) as changes:
        yield changes


async def _transaction_of_operators(request: Request) -> AsyncIterator[Changes]:
    async with changing(parts_of(request), for_operators=True) as changes:
        yield changes


#: One request, one transaction; it is committed before the reply is sent.
Transaction = Annotated[Changes, Depends(_transaction, scope="function")]

#: The same for those who throw switches.
OperatorTransaction = Annotated[Changes, Depends(_transaction_of_operators, scope="function")]

#: Who asks: a key that may see, one that may change, one that may operate, one that may do everything.
Reader = Annotated[Principal, Depends(requires("read"))]
Runner = Annotated[Principal, Depends(requires("run"))]
Operator = Annotated[Principal, Depends(requires("operate"))]
Admin = Annotated[Principal, Depends(requires("admin"))]
