"""The gate: as many requests at once as the process bears, and no request that takes its time to arrive.

What is too much is refused here, before any work: a process that answers some requests is up, one that holds all of
them is not.  A refusal is held back for half a second: clients that ask again at once would else keep the process busy
with refusing, and those inside would starve.  The endpoints of health are always let in.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actinf.errors import ServiceUnavailable
from actinf.runtime.bounded_body import BoundedBody, announced_size, too_large
from actinf.runtime.problem_documents import problem_of_status, problem_response
from actinf.runtime.problems import problem_of
from actinf.service.measures import SHED

__all__ = ["Gate"]

_ALWAYS = {"/health", "/ready", "/live", "/metrics"}
_BODY_SECONDS = 30.0
_HOLD_SECONDS = 0.5
_HELD_TIMES = 16  # so many times as many as may be inside are held back; more are refused at once
_LARGE_BODY = 65_536
_LARGE_BODIES = 8  # of the largest size, at once


class Gate:
    """Lets in a bounded number of requests, of large bodies and of streams.

    Args:
        app: what stands behind it.
        most: requests at once; and event streams at once, which do not count as requests once they run.
        max_body_bytes: of one request.
    """

    def __init__(self, app: ASGIApp, *, most: int, max_body_bytes: int):
        self._app = app
        self._most = most
        self._max_body_bytes = max_body_bytes
        self._most_body_bytes = _LARGE_BODIES * max_body_bytes
        self._inside = 0
        self._held = 0
        self._streams = 0
        self._body_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it; ASGI."""
        if scope["type"] != "http" or scope["path"] in _ALWAYS:
            await self._app(scope, receive, send)
            return
        size, wants_stream = self._announced(scope)
        wrong = too_large(size, self._max_body_bytes)
        if wrong is not None:
            await problem_response(problem_of_status(413, wrong, scope["path"]))(scope, receive, send)
            return
        refusal = self._refusal(size, wants_stream)
        if refusal is not None:
            scope["shed"] = True
            await self._hold()
            problem, retry_after = problem_of(refusal, scope["path"])
            await problem_response(problem, retry_after)(scope, receive, send)
            return
        visit = _Visit(self, send, size)
        body = BoundedBody(receive, most=self._max_body_bytes, seconds=_BODY_SECONDS)
        try:
            await self._app(scope, body.receive, visit.send)
        finally:
            visit.leave()

    async def _hold(self) -> None:
        """Keep who is refused from asking again at once."""
        if self._held < _HELD_TIMES * self._most:
            self._held += 1
            try:
                await asyncio.sleep(_HOLD_SECONDS)
            finally:
                self._held -= 1

    def _announced(self, scope: Scope) -> tuple[int, bool]:
        """The size of a large body, else 0, and whether an event stream is asked for."""
        size = announced_size(scope, self._max_body_bytes)
        wants_stream = any(name == b"accept" and b"text/event-stream" in value for name, value in scope["headers"])
        return (size if size > _LARGE_BODY else 0), wants_stream

    def _refusal(self, size: int, wants_stream: bool) -> ServiceUnavailable | None:
        if self._inside >= self._most:
            SHED.labels("requests").inc()
            return ServiceUnavailable(f"{self._inside:,} requests are being answered already: try again")
        if size and self._body_bytes + size > self._most_body_bytes:
            SHED.labels("bodies").inc()
            return ServiceUnavailable("too many large bodies are being received: try again", retry_after=2.0)
        if wants_stream and self._streams >= self._most:
            SHED.labels("streams").inc()
            return ServiceUnavailable(f"{self._streams:,} streams are open already: try again", retry_after=10.0)
        return None

    def enter(self, size: int) -> None:
        """Count a request in."""
        self._inside += 1
        self._body_bytes += size

    def turn_stream(self) -> None:
        """Count a request as a stream from now on."""
        self._inside -= 1
        self._streams += 1

    def leave(self, size: int, *, stream: bool) -> None:
        """Count a request out."""
        self._body_bytes -= size
        if stream:
            self._streams -= 1
        else:
            self._inside -= 1


class _Visit:
    """One request inside the gate."""

    __slots__ = ("_gate", "_is_stream", "_send", "_size")

    def __init__(self, gate: Gate, send: Send, size: int):
        self._gate, self._send, self._size = gate, send, size
        self._is_stream = False
        gate.enter(size)

    async def send(self, message: Message) -> None:
        """Send a part of the reply; ASGI."""
        if message["type"] == "http.response.start" and not self._is_stream:
            for name, value in message.get("headers", ()):
                if name == b"content-type" and value.startswith(b"text/event-stream"):
                    self._is_stream = True
                    self._gate.turn_stream()
        await self._send(message)

    def leave(self) -> None:
        """End."""
        self._gate.leave(self._size, stream=self._is_stream)
