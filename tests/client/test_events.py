"""Steps as they are taken: each once, over connections that break."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from itertools import islice
from typing import TYPE_CHECKING

import httpx
import pytest

import actinf as ai
from actinf.client import Retries
from actinf.client.server_events import EventLines, ServerEvent
from actinf.errors import NotFound, ServiceError, ServiceUnavailable

if TYPE_CHECKING:
    from support.service import RunningService

CENTRE = {"where": "centre"}
AT_ONCE = Retries(seconds=10, first=0.0, most=0.01)


@pytest.fixture
def agent(client: ai.Client) -> "ai.client.RemoteAgent":
    return client.agents.create("tmaze")


def test_lines_become_events() -> None:
    lines = EventLines()
    sent = [
        ": connected",
        "retry: 1000",
        "",
        "event: step",
        "id: 7",
        'data: {"a":',
        "data:1}",
        "",
        ":",
        "",
        "data: 2",
        "",
    ]
    assert [event for line in sent if (event := lines.take(line))] == [
        ServerEvent("step", 7, {"a": 1}),
        ServerEvent("message", None, 2),
    ]


def test_the_steps_of_an_agent_come_as_they_are_taken_until_it_is_deleted(
    client: ai.Client, agent: "ai.client.RemoteAgent"
) -> None:
    agent.step(CENTRE)
    coming = agent.events(after=-1)
    assert next(coming).step == 0
    for number in range(1, 4):
        agent.step({}, executed={"location": "centre"})
        assert next(coming).step == number
    agent.delete()
    assert list(coming) == []
    with pytest.raises(NotFound):
        next(agent.events(after=-1))


def test_without_a_cursor_only_new_steps_come(agent: "ai.client.RemoteAgent") -> None:
    agent.step(CENTRE)
    with ThreadPoolExecutor(1) as pool:
        coming = agent.events()
        first = pool.submit(next, coming)
        while not first.done():
            agent.step({})
    assert first.result().step > 0
    coming.close()


def passing_all_but_streams(streams: Callable[[httpx.Request], httpx.Response]) -> httpx.MockTransport:
    """A way to the service on which streams are answered by a function."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            return streams(request)
        sent = {"Authorization": request.headers["Authorization"]}
        return httpx.request(request.method, request.url, headers=sent)

    return httpx.MockTransport(answer)


def test_a_stream_that_breaks_off_is_taken_up_again(service: "RunningService", agent: "ai.client.RemoteAgent") -> None:
    """Each stream ends after some bytes, in the middle of a line."""
    for _ in range(20):
        agent.step({})
    whole = list(agent.steps())
    cuts = iter([700, 1500, 40, 900, 2500])

    def cut(request: httpx.Request) -> httpx.Response:
        size, missing, kept = next(cuts, 10**6), 20 - int(request.headers["Last-Event-ID"]) - 1, b""
        with httpx.stream(request.method, request.url, headers=request.headers) as reply:
            for part in reply.iter_raw():
                kept += part
                if len(kept) >= size or (kept.count(b"event: step") == missing and kept.endswith(b"\n\n")):
                    break
            return httpx.Response(reply.status_code, headers=reply.headers, content=kept[:size])

    transport = passing_all_but_streams(cut)
    with ai.Client(service.url, service.key, retries=AT_ONCE, transport=transport) as client:
        seen = list(islice(client.agents.get(agent.id).events(after=-1), 20))
    assert [step.step for step in seen] == [step.step for step in whole]
    assert [step.created_at for step in seen] == [step.created_at for step in whole]
    assert next(cuts, None) is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(200, html="<h1>It works</h1>"), ServiceError),
        (httpx.Response(503, json={"status": 503, "detail": "not now"}), ServiceUnavailable),
        (httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content=b"data: {\n\n"), ServiceError),
        (httpx.Response(200, headers={"Content-Type": "text/event-stream"}, content=b""), ServiceUnavailable),
    ],
)
def test_what_is_no_stream_is_refused(
    service: "RunningService", agent: "ai.client.RemoteAgent", answer: httpx.Response, kind: type[Exception]
) -> None:
    transport = passing_all_but_streams(lambda _: answer)
    with ai.Client(service.url, service.key, transport=transport, retries=Retries(seconds=0)) as client:
        following = client.agents.get(agent.id)
        with pytest.raises(kind):
            next(following.events())


def test_the_asynchronous_client_follows_as_well(service: "RunningService", agent: "ai.client.RemoteAgent") -> None:
    async def course() -> list[int]:
        async with ai.AsyncClient(service.url, service.key) as client:
            found = await client.agents.get(agent.id)
            await found.step(CENTRE)
            async with aclosing(found.events(after=-1)) as coming:
                seen = [(await anext(coming)).step]
                await found.step({})
                return [*seen, (await anext(coming)).step]

    assert asyncio.run(course()) == [0, 1]
