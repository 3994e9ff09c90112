"""The HTTP server of a serving process, and how it ends: no request that reached it is lost.

The first SIGTERM begins the draining: `/ready` says no, every reply closes its connection, and requests are taken as
before, until whoever sends them had the time to notice.  Then nobody is let in any more, except who stands at the door
already; what is under way is finished; and the process ends with exit code 0.  A second signal ends it at once.
"""

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

__all__ = ["OrderlyServer"]

_LOG = logging.getLogger(__name__)

#: How long a connection that was accepted may take to send its request, once nobody is accepted any more.
_LAST_REQUESTS_SECONDS = 0.5


class OrderlyServer(uvicorn.Server):
    """Ends in order.

    Args:
        config: of uvicorn.
        drain: called once, when the end begins.
        drain_seconds: for how long requests are taken as before, after SIGTERM.
    """

    def __init__(self, config: uvicorn.Config, *, drain: Callable[[], None], drain_seconds: float):
        super().__init__(config)
        self._drain = drain
        self._drain_seconds = drain_seconds
        self._asked_to_end = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """SIGTERM drains, and Ctrl-C only finishes what is under way; the second signal ends at once."""
        if self._asked_to_end:
            self._end_at_once()
            return
        self._asked_to_end = True
        self._drain()
        if sig == signal.SIGTERM and self._drain_seconds > 0:
            _LOG.info("draining: /ready says no, and accepting ends in %g s", self._drain_seconds)
            asyncio.get_running_loop().call_later(self._drain_seconds, self._end)
        else:
            _LOG.info("ending: what was asked is answered first; once more, and it ends at once")
            self._end()

    def _end(self) -> None:
        self.should_exit = True

    def _end_at_once(self) -> None:
        _LOG.warning("ending at once: %d requests are not answered", len(self.server_state.tasks))
        self.should_exit = self.force_exit = True
        for task in list(self.server_state.tasks):
            task.cancel()
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody in any more, finish what is under way, and end the application."""
        if not self.force_exit:
            await self._close_the_door(sockets or [])
            await self._take_last_requests()
        await super().shutdown(sockets)

    async def _close_the_door(self, sockets: list[socket.socket]) -> None:
        """Stop to listen.

        The system accepts connections before the process does, and resets those that it never took: with a request that
        a proxy has sent and will not send again.  So they are taken first, and nothing comes between the last of them
        and the end of listening.
        """
        late: list[socket.socket] = []
        for sock in sockets:
            sock.setblocking(False)
            try:
                while True:
                    late.append(sock.accept()[0])
            except OSError:  # there are no more
                pass
        for server in self.servers:
            server.close()
        for connection in late:
            connection.setblocking(False)
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        protocol: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol

    async def _take_last_requests(self) -> None:
        """Wait for the requests of connections that are open; each is closed by its reply."""
        until = time.monotonic() + _LAST_REQUESTS_SECONDS
        while self.server_state.connections and time.monotonic() < until:
            await asyncio.sleep(0.02)
