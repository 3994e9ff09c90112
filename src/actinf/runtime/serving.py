"""A server that ends in order, whatever it serves, and bounds what those who connect can hold.

What is served to everybody meets clients that send a byte a minute, or never read what they asked for.  Uvicorn waits
for them: here each connection has to get on, and when there are too many the one that has waited longest makes room.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from types import FrameType
from typing import Any, ClassVar

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["BoundedConnections", "EndsInOrder", "address_of", "bounded_connections"]

_LOG = logging.getLogger(__name__)


class EndsInOrder(uvicorn.Server):
    """Ends in order at the first signal, and at once at the second."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 -- uvicorn's signature
        """Let what was asked be answered.  Uvicorn's own raises the signal again, as if it had died of it."""
        self.force_exit = self.should_exit
        self.should_exit = True


def address_of(sock: socket.socket) -> str:
    """The address that a bound socket is reached at, http://127.0.0.1:8070."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class BoundedConnections(HttpToolsProtocol):
    """One connection, that may be ended: made by `bounded_connections`, which says within which bounds."""

    most: ClassVar[int]
    head_bytes: ClassVar[int]
    idle_seconds: ClassVar[float]
    read_seconds: ClassVar[float]
    #: Those without a request under way, the one that has waited longest first.
    waiting: ClassVar[dict[BoundedConnections, None]]

    def __init__(self, *arguments: Any, **more: Any):
        super().__init__(*arguments, **more)
        self._head = 0
        self._patience: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody connected; where there are too many, the one that has waited longest has to go."""
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > self.most:
            oldest = next(iter(self.waiting))  # this one, where all others are being answered
            oldest.end()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self.waiting.pop(self, None)
        for timer in (self._patience, self._reading):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def end(self) -> None:
        """End it, whatever it still sends or has not read."""
        self.waiting.pop(self, None)
        self.connections.discard(self)
        self.transport.abort()

    def on_url(self, url: bytes) -> None:
        """A piece of the address came."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header came."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """All that has to come within its time is there."""
        self._head = 0
        self.waiting.pop(self, None)
        if self._patience is not None:
            self._patience.cancel()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """What was asked is answered: it has to be read, and something new asked."""
        super().on_response_complete()
        if self._reading is None and self.transport.get_write_buffer_size():
            self._reading = self.loop.call_later(self.read_seconds, self._look_whether_read)
        if not self.pipeline:
            self._wait()

    def _wait(self) -> None:
        """Wait for the head of a request, and for no longer than that may take."""
        self.waiting.pop(self, None)
        self.waiting[self] = None
        if self._patience is not None:
            self._patience.cancel()
        self._patience = self.loop.call_later(self.idle_seconds, self.end)

    def _look_whether_read(self) -> None:
        self._reading = None
        if self.transport.get_write_buffer_size():
            self.end()

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > self.head_bytes:
            raise httptools.HttpParserError("the head of a request is too large")


def bounded_connections(
    *, most: int, head_bytes: int = 16_384, idle_seconds: float = 15.0, read_seconds: float = 30.0
) -> type[BoundedConnections]:
    """What uvicorn is to speak with those who connect, as its setting `http`.

    Args:
        most: connections at once.
        head_bytes: of the head of a request.
        idle_seconds: until the head of a request is there, the first as any other.
        read_seconds: until the other side has read what it asked for.
    """
    bounds = {
        "most": most,
        "head_bytes": head_bytes,
        "idle_seconds": idle_seconds,
        "read_seconds": read_seconds,
        "waiting": {},
    }
    return type("BoundedConnections", (BoundedConnections,), bounds)
