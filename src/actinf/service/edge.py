"""What happens to every request on its way in and out: an id, a line in the log, the metrics, the safe headers."""

import logging
import re
import secrets
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actinf.runtime.logs import REQUEST_ID
from actinf.runtime.problems import failed
from actinf.service.failing import FailingUsers
from actinf.service.measures import IN_FLIGHT, REQUEST_SECONDS, REQUESTS

__all__ = ["Edge"]

_LOG = logging.getLogger("actinf.access")

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_SAFE = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
]
# While a process drains, a client that keeps its connection would go on to send requests to it.
_CLOSE: dict[bool, list[tuple[bytes, bytes]]] = {False: [], True: [(b"connection", b"close")]}
_QUIET = {"/health", "/ready", "/live", "/metrics"}


class Edge:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp):
        self._app = app
        self._failing = FailingUsers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identity = self._identity(scope)
        token = REQUEST_ID.set(identity)
        started, status, begun = time.perf_counter(), 500, False
        streamed_after: float | None = None
        IN_FLIGHT.inc()

        async def answer(message: Message) -> None:
            nonlocal status, begun, streamed_after
            if message["type"] == "http.response.start":
                begun = True
                status = message["status"]
                given = {name for name, _ in message["headers"]}
                if (b"content-type", b"text/event-stream; charset=utf-8") in message["headers"]:
                    streamed_after = time.perf_counter() - started  # how long it then goes on is no latency
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in _SAFE if pair[0] not in given),
                    (b"x-request-id", identity.encode()),
                    *_CLOSE[scope["app"].state.lifecycle.draining],
                    *scope.get("rate_limit", ()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as error:
            response = failed(error, scope["path"], scope["method"])
            if begun:
                raise
            await response(scope, receive, answer)
        finally:
            IN_FLIGHT.dec()
            self._tell(scope, status, time.perf_counter() - started if streamed_after is None else streamed_after)
            REQUEST_ID.reset(token)

    @staticmethod
    def _identity(scope: Scope) -> str:
        """The id that a proxy gave the request, or a new one."""
        for name, value in scope["headers"]:
            if name == b"x-request-id" and _GIVEN_ID.fullmatch(value):
                return bytes(value).decode()
        return secrets.token_hex(8)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = scope["method"], _route(scope)
        REQUESTS.labels(method, route, status).inc()
        if status >= 500 and "principal" in scope:
            self._failing.failed(scope["principal"].actor)
        REQUEST_SECONDS.labels(method, route).observe(seconds)
        quiet = scope["path"] in _QUIET or "shed" in scope  # what is shed is counted: it must not fill the log as well
        level = logging.DEBUG if quiet else logging.ERROR if status >= 500 else logging.INFO
        if not _LOG.isEnabledFor(level):
            return
        told: dict[str, Any] = {
            "method": method,
            "path": scope["path"][:200],
            "status": status,
            "duration_ms": round(seconds * 1000, 3),
            "remote": (scope.get("client") or ("",))[0],
        }
        principal = scope.get("principal")
        if principal is not None:
            told["key"] = principal.actor
            told["workspace"] = principal.workspace
        agent = scope.get("path_params", {}).get("agent")
        if agent is not None:
            told["agent"] = agent
        _LOG.log(level, "answered", extra=told)


def _route(scope: Scope) -> str:
    """The path as it was declared, so that ids make no series of their own."""
    route = scope.get("route")
    return getattr(route, "path", "other") if route is not None else "other"
