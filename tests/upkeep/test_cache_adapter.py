"""The health adapter of the cache, beside a real one to which things happen."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from support.adapter import Adapter, running
from support.ports import free_port, wait_until
from support.redis import RedisServer
from support.seeing import exported_by


@pytest.fixture
def adapter(redis_server: RedisServer, tmp_path: Path) -> Iterator[Adapter]:
    with running(Adapter("cache", tmp_path, ACTINF_CACHE_URL=redis_server.url)) as beside_it:
        yield beside_it


def test_a_cache_that_works_is_well_and_told_in_numbers(adapter: Adapter) -> None:
    said = adapter.wait_for(200)
    assert said["degraded"] == []
    found = adapter.metrics()
    assert found["redis_up"] == found["redis_healthy"] == {(): 1}
    assert found["redis_memory_used_bytes"][()] > 0
    assert found["redis_memory_max_bytes"] == {(): 0}
    assert found["redis_evicted_keys_total"] == {(): 0}
    assert exported_by("cache") <= set(found)


def test_a_cache_without_room_is_ill_and_one_that_evicts_is_degraded(
    adapter: Adapter, redis_server: RedisServer
) -> None:
    adapter.wait_for(200)
    with redis.Redis.from_url(redis_server.url) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "100kb")  # less than it has of its own
        adapter.wait_for(503, "the cache takes nothing: ")
        assert adapter.metrics()["redis_up"] == {(): 1}
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("maxmemory", "3mb")
        adapter.wait_for(200)

        def is_degraded() -> bool:
            for number in range(200):
                client.set(f"more-{number}", bytes(10_000))
            return any("it evicts" in said for said in adapter.health().json()["degraded"])

        wait_until(is_degraded, "evictions are told")
        assert adapter.metrics()["redis_evicted_keys_total"][()] > 0


def test_a_cache_that_hangs_and_one_that_was_killed_are_told_and_found_again(
    adapter: Adapter, redis_server: RedisServer
) -> None:
    adapter.wait_for(200)
    os.kill(redis_server.pid, signal.SIGSTOP)
    try:
        adapter.wait_for(503, "answer")
        assert min(adapter.health().elapsed.total_seconds() for _ in range(5)) < 1
    finally:
        os.kill(redis_server.pid, signal.SIGCONT)
    adapter.wait_for(200)
    redis_server.kill()
    adapter.wait_for(503, "does not answer")
    assert adapter.metrics()["redis_up"] == {(): 0}
    redis_server.start()
    adapter.wait_for(200)


def test_what_is_no_address_is_refused(tmp_path: Path) -> None:
    adapter = Adapter("cache", tmp_path, ACTINF_CACHE_URL=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(AssertionError, match="the address of the cache makes no sense"):
        adapter.start()
