"""What happens to every request on its way in and out: an id, a bounded body, a line in the log, the safe headers."""

from __future__ import annotations

import re
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actinf.errors import RateLimited
from actinf.responder.intake.sarif import MOST_BYTES_OF_SCAN
from actinf.responder.intake.untrusted import MOST_BYTES
from actinf.responder.server.measures import REQUEST_SECONDS, REQUESTS
from actinf.responder.server.problems import failed
from actinf.runtime.bounded_body import BoundedBody, announced_size, too_large
from actinf.runtime.http_edge import SAFE_HEADERS, add_headers, identity_of, route_of, tell
from actinf.runtime.logs import REQUEST_ID
from actinf.runtime.problem_documents import problem_of_status, problem_response

__all__ = ["MOST_BYTES_OF_EVIDENCE", "Edge"]

#: Of one file.
MOST_BYTES_OF_EVIDENCE = 64 * 2**20

# What incidents say is for those who asked, and for no cache on the way.
_HEADERS = (*SAFE_HEADERS, (b"cache-control", b"no-store"))
_EVIDENCE = re.compile(r"(?:/v1)?/incidents/[0-9-]{1,40}/evidence")
_SCANS = {"/v1/scans", "/hooks/sarif"}
_QUIET = {"/health", "/live", "/metrics"}
_BODY_SECONDS, _EVIDENCE_SECONDS = 30.0, 300.0
_SMALL_BODY = 65_536
#: Of all large bodies that are being received: each may take 25 times as much memory while it is read.
_MOST_AT_ONCE = 4 * MOST_BYTES
#: Files of evidence that are received at a time: each lies in the folder for what is passing, which may be small.
_MOST_FILES_AT_ONCE = 3
#: Reports of scanners that are received at a time: one takes as much memory as all other bodies together.
_MOST_SCANS_AT_ONCE = 1


class Edge:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp):
        self._app = app
        self._held = 0
        self._files = 0
        self._scans = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identity = identity_of(scope)
        token = REQUEST_ID.set(identity)
        started, status, begun = time.perf_counter(), 500, False

        async def answer(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                begun, status = True, message["status"]
                add_headers(message, identity, unless_given=_HEADERS)
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
        size = announced_size(scope, MOST_BYTES)
        wrong = too_large(size, most)
        if wrong is not None:
            await problem_response(problem_of_status(413, wrong, scope["path"]))(scope, receive, send)
            return
        # A file goes to the disk as it comes; only what is read as a whole takes memory.
        is_file, is_scan = most == MOST_BYTES_OF_EVIDENCE, most == MOST_BYTES_OF_SCAN
        counted = size > _SMALL_BODY
        large = size if counted and not is_file and not is_scan else 0
        files, scans = int(counted and is_file), int(counted and is_scan)
        if (
            (large and self._held + large > _MOST_AT_ONCE)
            or (files and self._files >= _MOST_FILES_AT_ONCE)
            or (scans and self._scans >= _MOST_SCANS_AT_ONCE)
        ):
            error = RateLimited("too many large bodies are being received: try again", retry_after=2.0)
            await failed(error, scope["path"], scope["method"])(scope, receive, send)
            return
        self._held, self._files, self._scans = self._held + large, self._files + files, self._scans + scans
        try:
            seconds = _EVIDENCE_SECONDS if is_file else _BODY_SECONDS
            await self._app(scope, BoundedBody(receive, most=most, seconds=seconds).receive, send)
        finally:
            self._held, self._files, self._scans = self._held - large, self._files - files, self._scans - scans


def _most_bytes(scope: Scope) -> int:
    """How large a body may be: what is kept as evidence is a file, and may be larger."""
    if scope["path"] in _SCANS:
        return MOST_BYTES_OF_SCAN
    return MOST_BYTES_OF_EVIDENCE if _EVIDENCE.fullmatch(scope["path"]) else MOST_BYTES


def _tell(scope: Scope, status: int, seconds: float) -> None:
    path, route = scope["path"], route_of(scope)
    REQUESTS.labels(route, status).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)
    # Hooks are counted: a storm must not fill the log as well.
    tell(scope, status, seconds, quiet=path in _QUIET or (path.startswith("/hooks/") and status < 400))
