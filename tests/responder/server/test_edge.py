"""Files of evidence are received a few at a time, so that the folder for what is passing does not fill up."""

import asyncio
import json

import pytest
from starlette.types import Message, Receive, Scope, Send

from actinf.responder.server.edge import Edge

MIB = 2**20


def scope(path: str, size: int) -> Scope:
    headers = [(b"content-length", str(size).encode())]
    return {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}


@pytest.mark.parametrize("path", ["/incidents/2026-11-23-001/evidence", "/v1/incidents/2026-11-23-001/evidence"])
def test_a_fourth_large_file_waits_for_one_of_three_and_a_small_one_does_not(path: str) -> None:
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        elif statuses[-1] == 429:
            assert "try again" in json.loads(message["body"])["detail"]

    async def play() -> None:
        may_end = asyncio.Event()

        async def app(scope: Scope, _: Receive, send: Send) -> None:
            if int(scope["headers"][0][1]) > MIB:
                await may_end.wait()
            await send({"type": "http.response.start", "status": 201, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        edge = Edge(app)
        sending = [asyncio.create_task(edge(scope(path, 60 * MIB), receive, send)) for _ in range(3)]
        await asyncio.sleep(0)
        await edge(scope(path, 60 * MIB), receive, send)
        assert statuses == [429]
        await edge(scope(path, 1000), receive, send)
        assert statuses == [429, 201]
        may_end.set()
        await asyncio.gather(*sending)
        await edge(scope(path, 60 * MIB), receive, send)
        assert statuses == [429, 201, 201, 201, 201, 201]

    asyncio.run(play())
