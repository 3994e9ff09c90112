"""Those who connect to what is served to everybody, and do not get on."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import httpx
import pytest
from support.status_site import answering

_LARGE = b"x" * (16 * 2**20)


async def _app(scope, receive, send):  # type: ignore[no-untyped-def]
    body = _LARGE if scope["path"] == "/large" else b"here"
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with answering(_app, most=20, idle_seconds=1.0, read_seconds=1.0) as address:
        yield address


def _connected(address: str) -> socket.socket:
    parts = urlsplit(address)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20)


def _is_ended(connection: socket.socket) -> bool:
    """Whether the other side ends it, within the time that the socket has."""
    try:
        while connection.recv(65_536):
            pass
    except ConnectionError:
        pass
    return True


def test_a_head_that_does_not_come_ends_the_connection(address: str) -> None:
    with closing(_connected(address)) as silent, closing(_connected(address)) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ")
        assert _is_ended(silent)
        assert _is_ended(slow)


def test_one_that_drips_is_no_better(address: str) -> None:
    ended = threading.Event()
    with closing(_connected(address)) as dripping:

        def drip() -> None:
            try:
                dripping.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ")
                while not ended.wait(0.1):
                    dripping.sendall(b"a")
            except OSError:
                pass

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        assert _is_ended(dripping)
        ended.set()
        thread.join()


def test_a_connection_that_asked_and_asks_no_more_is_ended(address: str) -> None:
    with closing(_connected(address)) as one:
        one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert one.recv(65_536).startswith(b"HTTP/1.1 200")
        assert _is_ended(one)


def test_who_does_not_read_the_answer_is_not_waited_for(address: str) -> None:
    with closing(_connected(address)) as lazy, closing(_connected(address)) as witness:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert _is_ended(witness)  # a second has passed
        threading.Event().wait(1.0)
        received = 0
        try:
            while more := lazy.recv(65_536):
                received += len(more)
        except ConnectionError:
            pass
        assert received < len(_LARGE)


def test_a_crowd_that_says_nothing_keeps_nobody_out(address: str) -> None:
    crowd = [_connected(address) for _ in range(60)]
    try:
        assert httpx.get(address, timeout=10).text == "here"
    finally:
        for one in crowd:
            one.close()


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 40_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: a\r\n" % number for number in range(4000)) + b"\r\n",
        b"NONSENSE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["header", "address", "many headers", "no request", "TLS"],
)
def test_what_is_no_request_or_too_large_is_refused(address: str, head: bytes) -> None:
    with closing(_connected(address)) as one:
        one.sendall(head)
        said = b""
        try:
            while more := one.recv(65_536):
                said += more
        except ConnectionError:
            pass
        assert b"here" not in said
        assert said[:12] in (b"HTTP/1.1 400", b"")
    assert httpx.get(address, timeout=10).text == "here"
