"""How a serving process ends: what was sent is answered, what was answered is kept, and the exit code is 0."""

import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.ports import is_open, wait_until
from support.serving import Serving, serving

STEP = {"observation": {}}


@pytest.fixture
def installation() -> Iterator[Serving]:
    with serving("--workers", "0", ACTINF_DRAIN_SECONDS="5") as installation:
        installation.start()
        installation.wait_until_ready()
        yield installation


def new_agent(installation: Serving) -> str:
    made = httpx.post(f"{installation.url}/v1/agents", json={"model": "tmaze", "seed": 1}, timeout=60)
    return str(made.raise_for_status().json()["id"])


def answered(connection: socket.socket) -> tuple[bytes, dict[str, Any]]:
    """The head and the body of a reply that ends its connection."""
    reply = b""
    while part := connection.recv(65_536):
        reply += part
    head, _, body = reply.partition(b"\r\n\r\n")
    return head, json.loads(body)


def test_the_end_is_told_first_and_what_was_sent_is_answered(installation: Serving) -> None:
    agent = new_agent(installation)
    path, body = f"/v1/agents/{agent}/steps", json.dumps(STEP).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    taken: list[int] = []

    def go_on() -> None:
        with httpx.Client(base_url=installation.url, timeout=30) as client:
            while True:
                try:
                    reply = client.post(path, json=STEP)
                except httpx.ConnectError:
                    return
                assert reply.status_code == 201
                taken.append(reply.json()["step"])
                time.sleep(0.005)  # all of them have to fit on one page of the history

    asking = httpx.Client(base_url=installation.url, timeout=30)  # at hand: making one takes a while
    with asking, socket.create_connection(("127.0.0.1", installation.port)) as half_sent:
        half_sent.settimeout(60)
        half_sent.sendall(head.encode() + body[:5])
        writer = threading.Thread(target=go_on)
        writer.start()
        wait_until(lambda: len(taken) > 5, "steps are taken")
        installation.signal(signal.SIGTERM)
        wait_until(lambda: asking.get("/ready").status_code == 503, "/ready says no")
        live = asking.get("/live")
        assert live.status_code == 200
        assert live.headers["connection"] == "close"
        assert "draining: it is about to stop" in asking.get("/ready").json()["missing"]
        wait_until(lambda: not is_open(installation.port), "nobody is let in any more")
        writer.join()
        half_sent.sendall(body[5:])
        head_of_reply, late = answered(half_sent)
    assert b" 201 " in head_of_reply.splitlines()[0]
    assert installation.wait() == 0
    installation.start()
    installation.wait_until_ready()
    steps = (
        httpx.get(f"{installation.url}{path}", params={"limit": 1000}, timeout=30).raise_for_status().json()["items"]
    )
    assert sorted([*taken, late["step"]]) == [step["step"] for step in steps] == list(range(len(taken) + 1))


def test_a_second_signal_ends_it_without_waiting() -> None:
    with serving("--workers", "0", ACTINF_DRAIN_SECONDS="300") as installation:
        installation.start()
        installation.wait_until_ready()
        with socket.create_connection(("127.0.0.1", installation.port)) as half_sent:
            half_sent.sendall(b"POST /v1/agents HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
            installation.signal(signal.SIGTERM)
            wait_until(lambda: httpx.get(f"{installation.url}/ready").status_code == 503, "/ready says no")
            installation.signal(signal.SIGTERM)
            assert installation.wait() == 0
        assert not installation.database.running


def test_ctrl_c_ends_it_in_order_and_says_what_is_kept(installation: Serving) -> None:
    """It used to say that nothing was kept."""
    installation.signal(signal.SIGINT)
    assert installation.wait() == 0
    said = installation.log.read_text()
    assert "ending: what was asked is answered first" in said
    assert "Stopped: what the API answered is kept" in said
    assert "nothing was kept" not in said
