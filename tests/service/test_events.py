"""The stream of an agent's steps: each step once and in order, whoever took it, however often the reader is cut off."""

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import httpx
import pytest
from support.postgres import PostgresServer, fresh_database
from support.service import RunningService, running_service

from actinf.errors import RateLimited, ServiceUnavailable
from actinf.service.events import Reader, Streams

Received = dict[str, str]


def events_of(agent: dict[str, Any]) -> str:
    return f"/v1/agents/{agent['id']}/events"


def take(api: httpx.Client, agent: dict[str, Any], times: int = 1) -> None:
    for _ in range(times):
        api.post(f"/v1/agents/{agent['id']}/steps", json={"observation": {}}).raise_for_status()


def events(reply: httpx.Response) -> Iterator[Received]:
    """The events of a stream as they come, without comments and hints."""
    event: Received = {}
    for line in reply.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif event:
            if "event" in event:
                yield event
            event = {}


def received(api: httpx.Client, agent: dict[str, Any], wanted: int, **how: Any) -> list[Received]:
    """The first events of a stream."""
    with api.stream("GET", events_of(agent), **how) as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        return list(islice(events(reply), wanted))


def numbers(found: list[Received]) -> list[int]:
    return [int(event["id"]) for event in found]


def test_an_event_is_the_step_as_it_is_shown(api: httpx.Client, agent: dict[str, Any]) -> None:
    take(api, agent)
    (event,) = received(api, agent, 1, params={"after": -1})
    assert event["event"] == "step"
    assert json.loads(event["data"]) == api.get(f"/v1/agents/{agent['id']}/steps/0").json()


def test_without_a_cursor_only_new_steps_are_told(api: httpx.Client, agent: dict[str, Any]) -> None:
    take(api, agent, 3)
    with api.stream("GET", events_of(agent)) as reply:
        coming = events(reply)
        threading.Timer(0.2, take, (api, agent)).start()
        assert next(coming)["id"] == "3"


def test_a_reader_that_is_cut_off_again_and_again_gets_every_step_once(
    api: httpx.Client, agent: dict[str, Any]
) -> None:
    writer = threading.Thread(target=take, args=(api, agent, 80))
    writer.start()
    seen: list[int] = []
    while len(seen) < 80:
        headers = {"Last-Event-ID": str(seen[-1])} if seen else {"Last-Event-ID": "-1"}
        seen += numbers(received(api, agent, min(1 + len(seen) % 23, 80 - len(seen)), headers=headers))
    writer.join()
    assert seen == list(range(80))


def test_fifty_readers_at_once_get_the_same(api: httpx.Client, service: RunningService, agent: dict[str, Any]) -> None:
    connected = threading.Barrier(51, timeout=20)

    def read(_: int) -> list[int]:
        with service.client() as own, own.stream("GET", events_of(agent)) as reply:
            coming = events(reply)
            connected.wait()
            return numbers([next(coming) for _ in range(40)])

    with ThreadPoolExecutor(50) as pool:
        reading = [pool.submit(read, at) for at in range(50)]
        connected.wait()
        take(api, agent, 40)
        assert all(one.result(timeout=30) == list(range(40)) for one in reading)


def test_what_comes_after_a_longer_absence_than_is_kept_at_hand_is_read_again(
    api: httpx.Client, agent: dict[str, Any]
) -> None:
    take(api, agent, 100)
    with api.stream("GET", events_of(agent)) as reply:
        coming = events(reply)
        threading.Timer(0.2, take, (api, agent, 80)).start()
        assert numbers([next(coming) for _ in range(80)]) == list(range(100, 180))
        assert numbers(received(api, agent, 180, params={"after": -1})) == list(range(180))


def test_the_stream_of_an_agent_that_is_deleted_ends(api: httpx.Client, agent: dict[str, Any]) -> None:
    take(api, agent)
    with api.stream("GET", events_of(agent), params={"after": -1}) as reply:
        coming = events(reply)
        assert next(coming)["event"] == "step"
        api.delete(f"/v1/agents/{agent['id']}").raise_for_status()
        assert [event["event"] for event in coming] == ["deleted"]


def test_the_stream_of_a_key_that_is_revoked_ends(
    api: httpx.Client, service: RunningService, agent: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actinf.service.events._CHECK_SECONDS", 0.2)
    made = api.post("/v1/keys", json={"name": "reader", "scopes": ["read"]}).raise_for_status().json()
    with service.client(made["key"]) as reader, reader.stream("GET", events_of(agent)) as reply:
        coming = events(reply)
        api.delete(f"/v1/keys/{made['id']}").raise_for_status()
        last = next(coming)
        assert last["event"] == "ended"
        assert "id" not in last, "a farewell moves no cursor"
        assert next(coming, None) is None


def test_a_stream_speaks_now_and_then(
    api: httpx.Client, agent: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actinf.service.events._KEEP_ALIVE_SECONDS", 0.1)
    with api.stream("GET", events_of(agent)) as reply:
        lines = reply.iter_lines()
        assert [next(lines) for _ in range(7)] == [": connected", "retry: 1000", "", ": ping", "", ": ping", ""]


@pytest.mark.parametrize("cursor", ["x", "-2", str(2**70), ""])
def test_a_cursor_that_is_none_is_refused(api: httpx.Client, agent: dict[str, Any], cursor: str) -> None:
    refused = api.get(events_of(agent), headers={"Last-Event-ID": cursor})
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"


def test_an_agent_that_is_not_there_has_no_stream(api: httpx.Client) -> None:
    assert api.get("/v1/agents/01997a3e-5d7c-7c39-9d51-6a1f6b1a2f10/events").status_code == 404


def test_steps_that_another_process_takes_arrive(postgres_server: PostgresServer) -> None:
    with (
        fresh_database(postgres_server) as url,
        running_service(url) as one,
        running_service(url) as other,
        one.client() as first,
        other.client(one.key) as second,
    ):
        made = first.post("/v1/agents", json={"model": "tmaze"}).raise_for_status().json()
        with first.stream("GET", events_of(made)) as reply:
            coming = events(reply)
            take(second, made, 3)
            take(first, made, 2)
            take(second, made, 2)
            assert numbers([next(coming) for _ in range(7)]) == list(range(7))
            second.delete(f"/v1/agents/{made['id']}").raise_for_status()
            assert next(coming)["event"] == "deleted"
        made = first.post("/v1/agents", json={"model": "tmaze"}).raise_for_status().json()
        with first.stream("GET", events_of(made)) as reply:
            one.app.state.lifecycle.draining = True
            assert next(events(reply))["event"] == "ended"
        assert first.get(events_of(made)).status_code == 503


def test_a_stream_holds_no_connection_to_the_database(postgres_server: PostgresServer) -> None:
    with fresh_database(postgres_server) as url, running_service(url, pool_size=2) as running, running.client() as api:
        made = api.post("/v1/agents", json={"model": "tmaze"}).raise_for_status().json()

        def read(_: int) -> list[int]:
            with running.client() as own:
                return numbers(received(own, made, 20, params={"after": -1}))

        with ThreadPoolExecutor(30) as pool:
            reading = [pool.submit(read, at) for at in range(30)]
            take(api, made, 20)
            assert all(one.result(timeout=30) == list(range(20)) for one in reading)


async def allowed() -> bool:
    return True


def test_streams_are_counted_by_reader_and_in_all() -> None:
    async def use() -> None:
        streams = Streams(lambda: False, most=3, most_of_one=2)
        one, other = (Reader(name=name, allowed=allowed) for name in ("one", "other"))
        streams.enter(one)
        streams.enter(one)
        with pytest.raises(RateLimited, match="2 streams of this key"):
            streams.enter(one)
        streams.enter(other)
        with pytest.raises(ServiceUnavailable, match="3 streams are open"):
            streams.enter(other)
        streams.leave(one)
        streams.enter(other)
        await streams.stop()

    asyncio.run(use())
