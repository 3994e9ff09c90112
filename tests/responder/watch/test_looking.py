"""A look at a responder: also at what is none, or sends garbage."""

import http.server
import json
import time
from typing import Any

import pytest
from support.loopback import answering
from support.ports import free_port

from actinf.responder.watch.looking import Looker, seen_in


def health(status: str, **parts: Any) -> bytes:
    return json.dumps({"status": status, **parts}).encode()


@pytest.mark.parametrize("state", ["ok", "degraded"])
def test_what_works_is_well(state: str) -> None:
    assert seen_in(200, health(state)).well


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (health("failing", work={"stands_still": ["pulse", "clock"]}), "answers, but this stands still: pulse, clock"),
        (
            health("failing", work={"stands_still": []}, store={"written_seconds_ago": 12.3}),
            "answers, but its store has not been written for 12 s",
        ),
        (health("failing"), "answers, but says of itself that it fails"),
        (health("failing", work=[], store=7), "answers, but says of itself that it fails"),
        (health("failing", work={"stands_still": ["\x1b[31mpulse\r\nBcc: x"]}), "this stands still: pulse Bcc: x"),
    ],
)
def test_what_says_of_itself_that_it_fails_is_not(body: bytes, why: str) -> None:
    seen = seen_in(503, body)
    assert (seen.well, seen.answers) == (False, True)
    assert why in seen.why


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>welcome to nginx</html>"),
        (200, b"[1]"),
        (200, b'{"status": "up"}'),
        (200, b'{"status": ["ok"]}'),
        (200, b"\xff\xfe"),
        (200, b"[" * 60_000),
        (200, b""),
        (302, b""),
        (401, b'{"status": "ok"}'),
        (502, b"bad gateway"),
    ],
)
def test_what_answers_otherwise_is_no_responder(status: int, body: bytes) -> None:
    seen = seen_in(status, body)
    assert (seen.well, seen.answers) == (False, False)
    assert f"answered {status}" in seen.why


class _Drips(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            try:
                self.wfile.write(b" ")
            except OSError:
                return
            time.sleep(0.05)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def test_what_drips_is_given_up() -> None:
    with answering(_Drips) as port:
        looker = Looker(f"http://127.0.0.1:{port}", 0.3)
        seen = looker.look()
        looker.close()
    assert (seen.well, seen.why) == (False, "did not answer within 0.3 s")


def test_where_nobody_listens_it_cannot_be_reached() -> None:
    looker = Looker(f"http://127.0.0.1:{free_port()}", 1)
    seen = looker.look()
    looker.close()
    assert (seen.well, seen.answers, seen.why.startswith("cannot be reached: ")) == (False, False, True)
