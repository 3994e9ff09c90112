"""A Sentry that takes whatever it is sent, on a loopback port, and keeps it for a test to look at."""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import brotli


class SentryStub:
    """Events as they arrived; `dead=True` takes a request and never answers."""

    def __init__(self, *, dead: bool = False):
        self.raw: list[bytes] = []
        self.asked = 0
        released = self._released = threading.Event()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stub.asked += 1
                if dead:
                    released.wait()
                    return
                encoding = self.headers.get("Content-Encoding", "")
                if encoding == "gzip":
                    body = gzip.decompress(body)
                elif encoding == "br":
                    body = brotli.decompress(body)
                stub.raw.append(body)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def dsn(self) -> str:
        return f"http://public@127.0.0.1:{self._server.server_port}/1"

    @property
    def events(self) -> list[dict[str, Any]]:
        """What envelopes hold, one event each."""
        found = []
        for body in self.raw:
            lines = body.split(b"\n")
            if len(lines) > 2 and json.loads(lines[1]).get("type") == "event":
                found.append(json.loads(lines[2]))
        return found

    def stop(self) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
