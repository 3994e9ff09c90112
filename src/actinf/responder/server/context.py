"""What the operations work with, and who asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Request

from actinf.errors import Forbidden, Unauthenticated
from actinf.responder.access.accounts import HANDLE, Access, Principal
from actinf.responder.access.roles import Role, require
from actinf.responder.parts import Parts
from actinf.responder.server.machinery import Machinery
from actinf.runtime.listening import means_this_machine

__all__ = ["Asking", "AskingUser", "Server", "ServerParts", "refuse_other_sites", "requires"]

T = TypeVar("T")

#: Threads that work on the store for requests; each keeps a connection to it.
_HANDS = 4


@dataclass(slots=True)
class Server:
    """The parts of a serving process.

    Attributes:
        parts: of the responder.
        machinery: its threads.
        access: who may use it.
        one_large_body: large bodies are read one at a time: each takes much memory for a moment.
    """

    parts: Parts
    machinery: Machinery
    access: Access
    one_large_body: asyncio.Lock = field(default_factory=asyncio.Lock)
    _hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_HANDS, "request"))

    async def do(self, work: Callable[[], T]) -> T:
        """Do something with the store, beside the loop that serves."""
        return await asyncio.get_running_loop().run_in_executor(self._hands, work)

    def close(self) -> None:
        """Let what is being done end."""
        self._hands.shutdown()


async def server_of(request: Request) -> Server:
    """The parts of the process that answers."""
    server: Server = request.app.state.server
    return server


ServerParts = Annotated[Server, Depends(server_of)]


@dataclass(frozen=True, slots=True)
class Asking:
    """One request to the API: who asks, and of what process."""

    server: Server
    who: Principal

    @property
    def by(self) -> str:
        """The handle of who asks."""
        return self.who.handle

    def require(self, what: str) -> None:
        """Let only those do something who may."""
        require(self.who.role, what)


async def asking(request: Request) -> Asking:
    """Who asks.

    Raises:
        Unauthenticated: nobody who is known.
        Forbidden: no key is needed here, and the request comes by way of another site.
    """
    server = await server_of(request)
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        return Asking(server, await server.do(lambda: server.access.of_key(key.strip())))
    if not server.parts.settings.insecure_local:
        raise Unauthenticated(
            "a key is needed: send Authorization: Bearer ar_…, made with actinf respond keys create", why="no_key"
        )
    refuse_other_sites(request)
    return Asking(server, Principal(handle=_named(request), role=Role.ADMIN))


AskingUser = Annotated[Asking, Depends(asking)]


def requires(what: str) -> Callable[..., Awaitable[Asking]]:
    """A dependency: who asks, who may do that."""

    async def allowed(asked: AskingUser) -> Asking:
        asked.require(what)
        return asked

    return allowed


def refuse_other_sites(request: Request) -> None:
    """Let in only what this machine itself asks, where no key tells it from other sites.

    A page of another site can send requests here, and can have its name mean 127.0.0.1 (DNS rebinding).  The browser
    tells of both, in `Origin` and in `Host`.

    Raises:
        Forbidden: by a name that is not this machine's own, or from a page of another site.
    """
    name = urlsplit(f"//{request.headers.get('host', '')}").hostname
    if not means_this_machine(name):
        raise Forbidden(
            f"without keys only this machine is answered, by its own name, but was asked for as {str(name)[:200]!r}: "
            "use http://127.0.0.1 or http://localhost, or serve without --insecure-local"
        )
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden(
            f"without keys no page of another site is answered, but this was sent from {origin[:200]!r}: serve without "
            "--insecure-local"
        )


def _named(request: Request) -> str:
    """As whom somebody acts who needs no key: as they say."""
    said = request.headers.get("x-actinf-user", "")
    return said if HANDLE.fullmatch(said) else "local"
