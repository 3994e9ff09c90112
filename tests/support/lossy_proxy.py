"""A proxy that loses connections: before a request reaches the service, or after it was carried out."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LOST_BEFORE, LOST_AFTER, PASSED = "lost before", "lost after", "passed"


@dataclass
class LossyProxy:
    """Passes requests on, each over a connection of its own.

    Attributes:
        url: where it listens.
        fate: what becomes of the request with this number, which counts from 0.
        seen: how often each fate came.
    """

    url: str
    fate: Callable[[int], str]
    seen: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_fate(self) -> str:
        with self._lock:
            fate = self.fate(sum(self.seen.values()))
            self.seen[fate] = self.seen.get(fate, 0) + 1
            return fate


@contextlib.contextmanager
def lossy_proxy(upstream: str, fate: Callable[[int], str]) -> Iterator[LossyProxy]:
    """A proxy before the service at `upstream`, http://127.0.0.1:port."""
    target = (str(urlsplit(upstream).hostname), int(urlsplit(upstream).port or 80))

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = self.rfile.readline()
                if not line:
                    return
                head += b"Connection: close\r\n\r\n" if line == b"\r\n" else line
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            body = self.rfile.read(int(lengths[0].partition(b":")[2])) if lengths else b""
            fate = proxy.next_fate()
            if fate == LOST_BEFORE:
                return
            with socket.create_connection(target, timeout=60) as service:
                service.sendall(head + body)
                reply = b"".join(iter(lambda: service.recv(65_536), b""))
            if fate == PASSED:
                self.wfile.write(reply)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        proxy = LossyProxy(url=f"http://127.0.0.1:{server.server_address[1]}", fate=fate)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
