"""A service with a shared cache: agents are revived from it, and no request fails for its sake."""

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis
from support.ports import wait_until
from support.postgres import PostgresServer, fresh_database
from support.redis import RedisServer
from support.service import RunningService, running_service

from actinf.service.agents import redis_cache
from actinf.service.measures import CACHE_READS

SETTINGS = {
    "model": "tmaze", "inference": "exact", "planner": {"exhaustive": {"horizon": 2}}, "alpha": 1.0,
    "learning": {"A": True},
}  # fmt: skip
CENTRE = {"observation": {"where": "centre", "cue": "none"}}
CUE = {"observation": {"where": "cue", "cue": "left"}, "executed": {"location": "cue"}}


def hits() -> float:
    return CACHE_READS.labels("hit")._value.get()


def names(server: RedisServer) -> list[bytes]:
    with redis.Redis.from_url(server.url) as client:
        return [name for name in client.scan_iter() if name.startswith(b"actinf:agent:")]


def step(client: httpx.Client, agent: str, **more: Any) -> dict[str, Any]:
    return client.post(f"/v1/agents/{agent}/steps", json=CUE | more).raise_for_status().json() | {"agent": None}


@pytest.fixture
def url(postgres_server: PostgresServer) -> Iterator[str]:
    with fresh_database(postgres_server) as url:
        yield url


def pair_of_agents(client: httpx.Client) -> tuple[str, str]:
    """Two agents of the same seed after their first step: one to be disturbed, one to compare it with."""
    made = [client.post("/v1/agents", json=SETTINGS | {"seed": 5}).raise_for_status().json()["id"] for _ in range(2)]
    for agent in made:
        client.post(f"/v1/agents/{agent}/steps", json=CENTRE).raise_for_status()
    return made[0], made[1]


def test_an_agent_is_revived_from_the_cache_and_an_outdated_entry_does_no_harm(
    url: str, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each service is another process to the agent: it knows nothing but the cache and the database."""
    monkeypatch.setattr(redis_cache, "_READ_SECONDS", 10)  # on a busy machine a cache that works may take its time
    with running_service(url, cache_url=redis_server.url) as one, one.client() as client:
        agent, reference = pair_of_agents(client)
        for _ in range(2):
            assert step(client, agent) == step(client, reference)
        wait_until(lambda: len(names(redis_server)) == 2, "both agents are in the cache")
        key = one.key
    name = next(name for name in names(redis_server) if name.endswith(agent.replace("-", "").encode()))
    with redis.Redis.from_url(redis_server.url) as kept:
        outdated = kept.get(name)

    def next_service(check: Any) -> None:
        with running_service(url, cache_url=redis_server.url) as other, other.client(key) as client:
            client.post("/v1/agents", json=SETTINGS).raise_for_status()  # so that the model is known
            check(client)

    def from_the_cache(client: httpx.Client) -> None:
        before = hits()
        assert step(client, agent) == step(client, reference)
        assert hits() == before + 2

    def from_an_outdated_entry(client: httpx.Client) -> None:
        before = hits()
        with redis.Redis.from_url(redis_server.url) as cache:
            assert cache.get(name) != outdated
            cache.set(name, outdated)
        assert step(client, agent) == step(client, reference)
        assert hits() == before + 2

    def with_the_number_that_really_comes_next(client: httpx.Client) -> None:
        with redis.Redis.from_url(redis_server.url) as cache:
            cache.set(name, outdated)
        assert step(client, agent, step=5) == step(client, reference)

    for check in (from_the_cache, from_an_outdated_entry, with_the_number_that_really_comes_next):
        next_service(check)


def test_a_cache_that_is_killed_flushed_and_paused_under_load_fails_no_request(
    url: str, redis_server: RedisServer
) -> None:
    """Two replicas, steps alternating between them, agents falling out of memory all the time."""
    settings = {"cache_url": redis_server.url, "hot_agents": 4}
    with running_service(url, **settings) as one, running_service(url, **settings) as other:
        with one.client() as client:
            pairs = [pair_of_agents(client) for _ in range(6)]
        stop, failures, compared = threading.Event(), [], [0] * 3

        def load(number: int) -> None:
            replicas: list[RunningService] = [one, other]
            with replicas[0].client(one.key) as first, replicas[1].client(one.key) as second:
                while not stop.is_set():
                    for agent, reference in pairs[2 * number : 2 * number + 2]:
                        replies = [step((first, second)[compared[number] % 2], agent), step(first, reference)]
                        if replies[0] != replies[1]:
                            failures.append(replies)
                        compared[number] += 1

        def watched(number: int) -> None:
            try:
                load(number)
            except Exception as error:  # noqa: BLE001 -- a thread's end: what it raised is what the test is about
                failures.append(error)

        threads = [threading.Thread(target=watched, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()

        def some_more_steps() -> None:
            before = sum(compared)
            wait_until(lambda: failures or sum(compared) > before + 20, "steps are taken", seconds=60)

        some_more_steps()
        with redis.Redis.from_url(redis_server.url) as cache:
            cache.flushall()
        some_more_steps()
        redis_server.kill()
        some_more_steps()
        with httpx.Client(base_url=one.url) as client:
            wait_until(lambda: "cache" in client.get("/health").json()["degraded"], "/health says so")
            assert client.get("/health").status_code == 200
            assert 'actinf_degraded{part="cache"} 1.0' in client.get("/metrics").text
        redis_server.start()
        with httpx.Client(base_url=one.url) as client:
            wait_until(lambda: "cache" not in client.get("/health").json()["degraded"], "/health says so")
        some_more_steps()
        os.kill(redis_server.pid, signal.SIGSTOP)
        some_more_steps()
        os.kill(redis_server.pid, signal.SIGCONT)
        some_more_steps()
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
