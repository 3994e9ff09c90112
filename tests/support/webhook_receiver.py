"""A provider of phone calls: it checks signatures, acts on each key once, and can fall ill."""

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class WebhookReceiver:
    """Attributes:
    requests: headers and document of each request, in order, those of a repeated key as well.
    acted_on: the documents that it acted on, by key.
    illness: None, "mute", "hangs_up", "garbage", "drips", "floods", or the status that it answers with.
    retry_after: the header that goes with a status.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.acted_on: dict[str, dict[str, Any]] = {}
        self.illness: str | int | None = None
        self.retry_after: str | None = None
        self.reply: bytes | None = None
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/calls?token=in-the-address"

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def accept(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Verify as Standard Webhooks says, independently of the sender's code."""
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        if not hmac.compare_digest(expected, headers["webhook-signature"]):
            return 401, b"{}"
        document = json.loads(body)
        self.requests.append((headers, document))
        self.acted_on.setdefault(headers["idempotency-key"], document)
        return 200, self.reply if self.reply is not None else json.dumps({"id": f"call-{len(self.acted_on)}"}).encode()


def _handler(receiver: WebhookReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            illness = receiver.illness
            if illness is None:
                status, reply = receiver.accept(headers, body)
                self.say(status, reply)
                return
            receiver.requests.append((headers, json.loads(body)))
            if isinstance(illness, int):
                self.say(illness, b"<html>\x1b[31mno</html>")
            else:
                getattr(self, illness)()

        def say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            if receiver.retry_after is not None:
                self.send_header("Retry-After", receiver.retry_after)
            if 300 <= status < 400:
                self.send_header("Location", receiver.url)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def mute(self) -> None:
            receiver.released.wait(30)
            self.close_connection = True

        def hangs_up(self) -> None:
            self.close_connection = True

        def garbage(self) -> None:
            self.wfile.write(b"\x00\xff\x16\x03 not HTTP at all\r\n\r\n")
            self.close_connection = True

        def drips(self) -> None:
            self._go_on(b" ", every=0.02)

        def floods(self) -> None:
            self._go_on(b"x" * 65_536, every=0)

        def _go_on(self, piece: bytes, *, every: float) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(10**12))
            self.end_headers()
            while not receiver.released.wait(every):
                try:
                    self.wfile.write(piece)
                except OSError:
                    break
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler
