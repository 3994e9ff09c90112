"""What the operations work with, and who asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Request

from actinf.errors import Unauthenticated
from actinf.responder.access.accounts import HANDLE, Access, Principal
from actinf.responder.access.roles import Role, require
from actinf.responder.parts import Parts
from actinf.responder.server.machinery import Machinery
from actinf.responder.tapping import Tapping
from actinf.runtime.origin import refuse_other_sites

if TYPE_CHECKING:
    from actinf.responder.channels.slack_reply import SlackReplies

__all__ = ["Asking", "AskingUser", "Server", "ServerParts", "requires"]

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
        tapping: takes taps in the chat.
        replies: tells who tapped what came of it; None: no taps are taken.
    """

    parts: Parts
    machinery: Machinery
    access: Access
    one_large_body: asyncio.Lock = field(default_factory=asyncio.Lock)
    tapping: Tapping = field(init=False)
    replies: SlackReplies | None = field(init=False)
    _hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_HANDS, "request"))

    def __post_init__(self) -> None:
        self.tapping = Tapping(self.parts.desk, self._account_of)
        self.replies = _replies(self.parts)

    async def do(self, work: Callable[[], T]) -> T:
        """Do something with the store, beside the loop that serves."""
        return await asyncio.get_running_loop().run_in_executor(self._hands, work)

    def close(self) -> None:
        """Let what is being done end."""
        self._hands.shutdown()
        if self.replies is not None:
            self.replies.close()

    def _account_of(self, handle: str) -> Principal | None:
        if self.parts.settings.insecure_local:
            return Principal(handle=handle, role=Role.ADMIN)
        return self.access.of_handle(handle)


def _replies(parts: Parts) -> SlackReplies | None:
    if parts.settings.slack_signing_secret is None:
        return None
    from actinf.responder.channels.slack_reply import SlackReplies  # Slack's client takes a while to load

    return SlackReplies(parts.settings.slack_url)


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


def _named(request: Request) -> str:
    """As whom somebody acts who needs no key: as they say."""
    said = request.headers.get("x-actinf-user", "")
    return said if HANDLE.fullmatch(said) else "local"
