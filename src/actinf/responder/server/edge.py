"""What happens to every request on its way in and out: an id, a bounded body, a line in the log, the safe headers."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import time

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actinf.errors import RateLimited
from actinf.responder.intake.untrusted import MOST_BYTES
from actinf.responder.server.measures import REQUEST_SECONDS, REQUESTS
from actinf.responder.server.problems import failed
from actinf.runtime.logs import REQUEST_ID
from actinf.runtime.problem_documents import problem_of_status, problem_response

__all__ = ["MOST_BYTES_OF_EVIDENCE", "Edge"]

#: Of one file.
MOST_BYTES_OF_EVIDENCE = 64 * 2**20

_LOG = logging.getLogger("actinf.access")

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_SAFE = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
]
_EVIDENCE = re.compile(r"/v1/incidents/[0-9-]{1,40}/evidence")
_QUIET = {"/health", "/live", "/metrics"}
_BODY_SECONDS, _EVIDENCE_SECONDS = 30.0, 300.0
_SMALL_BODY = 65_536
#: Of all large bodies that are being received: each may take 25 times as much memory while it is read.
_MOST_AT_ONCE = 4 * MOST_BYTES


class Edge:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp):
        self._app = app
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identity = _identity(scope)
        token = REQUEST_ID.set(identity)
        started, status, begun = time.perf_counter(), 500, False

        async def answer(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                begun, status = True, message["status"]
                given = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in _SAFE if pair[0] not in given),
                    (b"x-request-id", identity.encode()),
                ]
            await send(message)

        try:
            await self._within_bounds(scope, receive, answer)
        except Exception as error:
            if begun:
                raise
            await failed(error, scope["path"], scope["method"])(scope, receive, answer)
        finally:
            _tell(scope, status, time.perf_counter() - started)
            REQUEST_ID.reset(token)

    async def _within_bounds(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a body that is too large before it is read, and bodies that are too many together."""
        most = _most_bytes(scope)
        size = _announced(scope)
        if size > most:
            detail = f"a body of {size:,} bytes is too large: at most {most:,} are taken"
            await problem_response(problem_of_status(413, detail, scope["path"]))(scope, receive, send)
            return
        # A file goes to the disk as it comes; only what is read as a whole takes memory.
        large = size if size > _SMALL_BODY and most == MOST_BYTES else 0
        if large and self._held + large > _MOST_AT_ONCE:
            error = RateLimited("too many large bodies are being received: try again", retry_after=2.0)
            await failed(error, scope["path"], scope["method"])(scope, receive, send)
            return
        self._held += large
        try:
            await self._app(scope, _Bounded(receive, most).receive, send)
        finally:
            self._held -= large


class _Bounded:
    """The parts of a body, until there are too many or they take too long."""

    __slots__ = ("_arrived", "_deadline", "_most", "_receive", "_received", "_seconds")

    def __init__(self, receive: Receive, most: int):
        self._receive = receive
        self._most = most
        self._seconds = _BODY_SECONDS if most == MOST_BYTES else _EVIDENCE_SECONDS
        self._deadline = asyncio.get_running_loop().time() + self._seconds
        self._received = 0
        self._arrived = False

    async def receive(self) -> Message:
        if self._arrived:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, f"the body did not arrive within {self._seconds:g} s: send it again") from None
        self._arrived = not message.get("more_body", False)
        self._received += len(message.get("body", b""))
        if self._received > self._most:
            raise HTTPException(413, f"the body is too large: at most {self._most:,} bytes are taken")
        return message


def _most_bytes(scope: Scope) -> int:
    """How large a body may be: what is kept as evidence is a file, and may be larger."""
    return MOST_BYTES_OF_EVIDENCE if _EVIDENCE.fullmatch(scope["path"]) else MOST_BYTES


def _announced(scope: Scope) -> int:
    """The size that a body is said to have; the largest where it is not said."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:18])
        if name == b"transfer-encoding":
            return MOST_BYTES
    return 0


def _identity(scope: Scope) -> str:
    """The id that a proxy gave the request, or a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _GIVEN_ID.fullmatch(value):
            return bytes(value).decode()
    return f"{random.getrandbits(64):016x}"


def _tell(scope: Scope, status: int, seconds: float) -> None:
    path = scope["path"]
    # As it was declared, so that ids make no series of their own.
    route = getattr(scope.get("route"), "path", "other")
    REQUESTS.labels(route, status).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)
    # Hooks are counted: a storm must not fill the log as well.
    quiet = path in _QUIET or (path.startswith("/hooks/") and status < 400)
    level = logging.DEBUG if quiet else logging.ERROR if status >= 500 else logging.INFO
    if _LOG.isEnabledFor(level):
        told = {"method": scope["method"], "path": path[:200], "status": status}
        remote = (scope.get("client") or ("",))[0]
        _LOG.log(level, "answered", extra={**told, "duration_ms": round(seconds * 1000, 3), "remote": remote})
