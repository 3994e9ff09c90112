"""The gate: a bounded number of requests, of large bodies and of streams."""

import asyncio
import json
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from actinf.service.protection import gate as gate_module
from actinf.service.protection.gate import Gate

MEBIBYTE = 2**20


@pytest.fixture(autouse=True)
def _no_time_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "_HOLD_SECONDS", 0.0)


class Inside:
    """An application that answers when it is told to."""

    def __init__(self, content_type: bytes = b"application/json"):
        self.go = asyncio.Event()
        self.content_type = content_type

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", self.content_type)]})
        if scope["path"] != "/health":
            await self.go.wait()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def asked(gate: Gate, path: str = "/v1/agents", headers: dict[str, str] | None = None) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    encoded = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    await gate({"type": "http", "path": path, "method": "GET", "headers": encoded}, receive, send)
    return sent


def status(messages: list[Message]) -> Any:
    return messages[0]["status"]


async def _fill(gate: Gate, number: int, headers: dict[str, str] | None = None) -> "list[asyncio.Task[list[Message]]]":
    tasks = [asyncio.create_task(asked(gate, headers=headers)) for _ in range(number)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


def test_what_is_too_much_at_once_is_refused_with_a_problem_and_health_is_let_in() -> None:
    async def go() -> None:
        inside = Inside()
        gate = Gate(inside, most=3, max_body_bytes=MEBIBYTE)
        running = await _fill(gate, 3)
        refused = await asked(gate)
        assert status(refused) == 503
        assert dict(refused[0]["headers"])[b"retry-after"] == b"1"
        assert json.loads(refused[1]["body"])["type"] == "/problems/unavailable"
        assert status(await asked(gate, "/health")) == 200
        inside.go.set()
        assert [status(one) for one in await asyncio.gather(*running)] == [200] * 3
        assert status(await asked(gate)) == 200

    asyncio.run(go())


def test_large_bodies_are_bounded_together_by_what_they_announce() -> None:
    async def go() -> None:
        inside = Inside()
        gate = Gate(inside, most=100, max_body_bytes=MEBIBYTE)
        running = await _fill(gate, 8, {"content-length": str(MEBIBYTE)})
        assert status(await asked(gate, headers={"content-length": str(MEBIBYTE)})) == 503
        assert status(await asked(gate, headers={"transfer-encoding": "chunked"})) == 503
        running += await _fill(gate, 1, {"content-length": "100"})
        inside.go.set()
        assert [status(one) for one in await asyncio.gather(*running)] == [200] * 9
        assert status(await asked(gate, headers={"content-length": str(MEBIBYTE)})) == 200

    asyncio.run(go())


def test_streams_that_run_take_no_place_of_requests_and_are_bounded_themselves() -> None:
    async def go() -> None:
        inside = Inside(b"text/event-stream; charset=utf-8")
        gate = Gate(inside, most=3, max_body_bytes=MEBIBYTE)
        wish = {"accept": "text/event-stream"}
        running = await _fill(gate, 3, wish)
        assert status(await asked(gate, headers=wish)) == 503
        running += await _fill(gate, 1)
        inside.go.set()
        assert [status(one) for one in await asyncio.gather(*running)] == [200] * 4
        assert status(await asked(gate, headers=wish)) == 200

    asyncio.run(go())


def test_a_body_that_takes_its_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "_BODY_SECONDS", 0.0)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    async def never() -> Message:
        return await asyncio.Event().wait()  # type: ignore[return-value]

    async def unsent(message: Message) -> None:
        raise AssertionError(message)

    async def go() -> None:
        gate = Gate(app, most=3, max_body_bytes=MEBIBYTE)
        with pytest.raises(HTTPException, match="did not arrive within"):
            await gate({"type": "http", "path": "/v1/agents", "method": "POST", "headers": []}, never, unsent)

    asyncio.run(go())
