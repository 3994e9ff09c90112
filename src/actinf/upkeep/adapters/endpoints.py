"""`/health`, `/live` and `/metrics` of an adapter: a whole web framework would be the larger part of it."""

import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from types import FrameType
from typing import Any

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector

from actinf.runtime.listening import bound_socket
from actinf.upkeep.adapters.seen import Subject, gauge
from actinf.upkeep.adapters.watch import Watch
from actinf.upkeep.address import Address

__all__ = ["serve"]

_LOG = logging.getLogger(__name__)

_Receive = Callable[[], Awaitable[Any]]
_Send = Callable[[Any], Awaitable[None]]


class _Known(Collector):
    """What the last look found, as metrics."""

    def __init__(self, watch: Watch):
        self._watch = watch

    def collect(self) -> Iterable[Metric]:
        seen, subject = self._watch.seen, self._watch.subject
        healthy = f"{subject.up.removesuffix('_up')}_healthy"
        # Who answers and does not do its work is up.
        yield gauge(subject.up, f"1 while {subject.name} answers.", seen.answers)
        yield gauge(healthy, f"1 while {subject.name} works: /health says 200.", seen.reason is None)
        yield from seen.metrics


class _Endpoints:
    """The ASGI application."""

    def __init__(self, watch: Watch):
        self._watch = watch
        self._registry = CollectorRegistry()
        self._registry.register(_Known(watch))

    async def __call__(self, scope: Any, receive: _Receive, send: _Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["method"] not in ("GET", "HEAD"):
            await _reply(send, 405, {"error": f"{scope['method']} is not answered here: GET or HEAD"})
        elif scope["path"] == "/health":
            seen = self._watch.seen
            status = "ok" if seen.reason is None else "failing"
            body = {"status": status, "reason": seen.reason, "degraded": seen.degraded, **seen.facts}
            await _reply(send, 200 if seen.reason is None else 503, body)
        elif scope["path"] == "/live":
            await _reply(send, 200, {"live": True})
        elif scope["path"] == "/metrics":
            await _send(send, 200, CONTENT_TYPE_LATEST, generate_latest(self._registry))
        else:
            await _reply(send, 404, {"error": f"nothing is at {scope['path']}: /health, /live, /metrics"})

    async def _live(self, receive: _Receive, send: _Send) -> None:
        await receive()
        self._watch.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._watch.stop()
        await send({"type": "lifespan.shutdown.complete"})


async def _reply(send: _Send, status: int, body: dict[str, Any]) -> None:
    await _send(send, status, "application/json", json.dumps(body).encode() + b"\n")


async def _send(send: _Send, status: int, kind: str, body: bytes) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    """Being told to end is an orderly end, with exit code 0."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 -- uvicorn's signature
        self.should_exit = True


def serve(subject: Subject, listen: Address) -> None:
    """Look at a server and tell how it is, until this process is told to end.

    Args:
        subject: the server.
        listen: where to listen.

    Raises:
        SettingError: the address is taken, or not of this machine.
    """
    config = uvicorn.Config(
        _Endpoints(Watch(subject)),
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=1,
    )
    with bound_socket(listen.host, listen.port, remedy_host="--listen", remedy_port="--listen") as sock:
        _LOG.info("telling how %s is on %s:%d", subject.name, *sock.getsockname()[:2])
        _Server(config).run(sockets=[sock])
