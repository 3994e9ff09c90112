"""What happens to every request on its way in and out: an id, a line in the log, the metrics, the safe headers."""

import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actinf.runtime.http_edge import SAFE_HEADERS, add_headers, identity_of, route_of, tell
from actinf.runtime.logs import REQUEST_ID
from actinf.runtime.problems import failed
from actinf.service.failing import FailingUsers
from actinf.service.measures import IN_FLIGHT, REQUEST_SECONDS, REQUESTS

__all__ = ["Edge"]

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
        identity = identity_of(scope)
        token = REQUEST_ID.set(identity)
        started, status, begun = time.perf_counter(), 500, False
        streamed_after: float | None = None
        IN_FLIGHT.inc()

        async def answer(message: Message) -> None:
            nonlocal status, begun, streamed_after
            if message["type"] == "http.response.start":
                begun = True
                status = message["status"]
                if (b"content-type", b"text/event-stream; charset=utf-8") in message["headers"]:
                    streamed_after = time.perf_counter() - started  # how long it then goes on is no latency
                more = [*_CLOSE[scope["app"].state.lifecycle.draining], *scope.get("rate_limit", ())]
                add_headers(message, identity, unless_given=SAFE_HEADERS, more=more)
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

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = scope["method"], route_of(scope)
        REQUESTS.labels(method, route, status).inc()
        if status >= 500 and "principal" in scope:
            self._failing.failed(scope["principal"].actor)
        REQUEST_SECONDS.labels(method, route).observe(seconds)
        more: dict[str, Any] = {}
        principal = scope.get("principal")
        if principal is not None:
            more |= {"key": principal.actor, "workspace": principal.workspace}
        agent = scope.get("path_params", {}).get("agent")
        if agent is not None:
            more["agent"] = agent
        # What is shed is counted: it must not fill the log as well.
        tell(scope, status, seconds, quiet=scope["path"] in _QUIET or "shed" in scope, **more)
