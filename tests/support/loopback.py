"""A small HTTP server of a test's own, in a thread."""

import contextlib
import http.server
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def answering(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[int]:
    """Answer on a free port of 127.0.0.1, which is given, for as long as the block lasts."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
