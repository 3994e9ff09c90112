"""The cache of agents: what every adapter promises, and a real Redis that is killed, full, slow or no Redis at all."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis
from support.redis import RedisServer

from actinf.service.agents.cache import AgentCache, NoCache, Standing
from actinf.service.agents.redis_cache import RedisCache, sealed, unsealed
from actinf.service.protection.make import make_breakers

KEY = bytes(range(32))
HOME, STRANGERS = uuid4(), uuid4()


def standing(next_step: int = 3, *, workspace: UUID = HOME, carry: bytes = b"\x00\xff" * 40) -> Standing:
    return Standing(workspace, "ab" * 32, {"alpha": 1.0, "learning": {"A": True}}, 7, next_step, 1, 2, -1, carry)


@contextlib.asynccontextmanager
async def started(cache: AgentCache) -> AsyncIterator[AgentCache]:
    cache.start()
    try:
        await eventually(lambda: _returned(not cache.away))
        yield cache
    finally:
        await cache.stop()


def redis_cache(server: RedisServer, lineage: str = "77.00000001") -> RedisCache:
    cache = RedisCache(server.url, KEY, make_breakers()["cache"])
    cache.follow(lineage)
    return cache


async def _returned(value: Any) -> Any:
    return value


async def eventually(look: Callable[[], Awaitable[Any]], *, seconds: float = 20) -> Any:
    until = time.monotonic() + seconds
    while not (found := await look()):
        assert time.monotonic() < until, "it did not happen"
        await asyncio.sleep(0.02)
    return found


# ------------------------------------------------------------------------------------------ what every adapter promises


@pytest.fixture(params=["none", "redis"])
def caches(request: pytest.FixtureRequest) -> Iterator[Callable[[], AgentCache]]:
    """Makes caches that share what they keep."""
    if request.param == "none":
        yield NoCache
    else:
        server: RedisServer = request.getfixturevalue("redis_server")
        yield lambda: redis_cache(server)


def test_what_is_found_is_what_was_kept_last_and_for_its_workspace_only(caches: Callable[[], AgentCache]) -> None:
    async def run() -> None:
        agent = uuid4()
        async with started(caches()) as one, started(caches()) as other:
            for number in (3, 4):
                one.keep(agent, standing(number))
            assert await one.find(HOME, agent) in (None, standing(4))
            if isinstance(other, RedisCache):
                await eventually(lambda: other.find(HOME, agent))
            assert await other.find(HOME, agent) in (None, standing(4))
            for cache in (one, other):
                assert await cache.find(STRANGERS, agent) is None
                assert await cache.find(HOME, uuid4()) is None

    asyncio.run(run())


def test_what_was_dropped_is_not_found(caches: Callable[[], AgentCache]) -> None:
    async def run() -> None:
        agent = uuid4()
        async with started(caches()) as one:
            one.keep(agent, standing())
        async with started(caches()) as one:
            one.drop(agent)
            assert await one.find(HOME, agent) is None
        async with started(caches()) as other:
            assert await other.find(HOME, agent) is None

    asyncio.run(run())


# -------------------------------------------------------------------------------------------------------- the entries


def test_an_entry_says_what_was_sealed() -> None:
    assert unsealed(KEY, "name", sealed(KEY, "name", standing())) == standing()


@pytest.mark.parametrize("at", [0, 15, 16, 19, 40, 200, -1])
def test_an_entry_that_was_changed_is_not_read(at: int) -> None:
    entry = bytearray(sealed(KEY, "name", standing()))
    entry[at] ^= 1
    assert unsealed(KEY, "name", bytes(entry)) is None


@pytest.mark.parametrize("entry", [b"", b"x", bytes(16), bytes(1000)])
def test_what_is_no_entry_is_not_read(entry: bytes) -> None:
    assert unsealed(KEY, "name", entry) is None


def test_an_entry_under_another_name_or_with_another_key_is_not_read() -> None:
    entry = sealed(KEY, "name", standing())
    assert unsealed(KEY, "other", entry) is None
    assert unsealed(bytes(32), "name", entry) is None


# --------------------------------------------------------------------------------------------------------- a bad Redis


def test_an_agent_that_is_too_large_is_left_out(redis_server: RedisServer) -> None:
    async def run() -> None:
        large, small = uuid4(), uuid4()
        async with started(redis_cache(redis_server)) as cache:
            cache.keep(large, standing(carry=bytes(65_537)))
            cache.keep(small, standing(carry=bytes(65_536)))
        async with started(redis_cache(redis_server)) as cache:
            assert await cache.find(HOME, small) is not None
            assert await cache.find(HOME, large) is None

    asyncio.run(run())


def test_what_is_of_another_lineage_of_the_database_is_not_found(redis_server: RedisServer) -> None:
    """A replica that has not noticed yet that the database was restored writes on; nobody else reads it."""

    async def run() -> None:
        agent, other = uuid4(), uuid4()
        async with (
            started(redis_cache(redis_server)) as late,
            started(redis_cache(redis_server)) as noticed,
        ):
            late.keep(agent, standing(4))
            await eventually(lambda: noticed.find(HOME, agent))
            noticed.keep(other, standing(5))
            noticed.follow("77.00000002")
            assert await noticed.find(HOME, agent) is None
            assert await noticed.find(HOME, other) is None  # it was about to be written
            late.follow("77.00000002")
            late.keep(agent, standing(1))
            assert await eventually(lambda: noticed.find(HOME, agent)) == standing(1)

    asyncio.run(run())


def test_before_the_lineage_is_known_nothing_is_found(redis_server: RedisServer) -> None:
    async def run() -> None:
        agent = uuid4()
        async with started(redis_cache(redis_server)) as cache:
            cache.keep(agent, standing())
        unknowing = RedisCache(redis_server.url, KEY, make_breakers()["cache"])
        unknowing.start()
        await asyncio.sleep(0)
        assert await unknowing.find(HOME, agent) is None
        unknowing.follow("77.00000001")
        assert await eventually(lambda: unknowing.find(HOME, agent)) == standing()
        await unknowing.stop()

    asyncio.run(run())


def test_entries_end_by_themselves(redis_server: RedisServer) -> None:
    async def run() -> None:
        async with started(redis_cache(redis_server)) as cache:
            cache.keep(uuid4(), standing())

    asyncio.run(run())
    with redis.Redis.from_url(redis_server.url) as client:
        assert {0 < client.ttl(name) <= 3600 for name in client.scan_iter()} == {True}


def _kill(server: RedisServer) -> None:
    server.kill()


def _pause(server: RedisServer) -> None:
    os.kill(server.pid, signal.SIGSTOP)


def _fill(server: RedisServer) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")


def _mend(server: RedisServer, fault: Callable[[RedisServer], None]) -> None:
    if fault is _kill:
        server.start()
    elif fault is _pause:
        os.kill(server.pid, signal.SIGCONT)
    else:
        with redis.Redis.from_url(server.url) as client:
            client.config_set("maxmemory", "0")


@pytest.mark.parametrize("fault", [_kill, _pause, _fill])
def test_a_cache_that_goes_away_is_done_without_until_it_is_back(
    redis_server: RedisServer, fault: Callable[[RedisServer], None]
) -> None:
    async def run() -> None:
        agent = uuid4()
        async with started(redis_cache(redis_server)) as cache:
            fault(redis_server)
            cache.keep(agent, standing())
            for _ in range(20):
                assert await cache.find(HOME, uuid4()) is None
            await eventually(lambda: _returned(cache.away))
            _mend(redis_server, fault)
            await eventually(lambda: _returned(not cache.away))
            cache.keep(agent, standing(9))
            assert await cache.find(HOME, agent) == standing(9)
        async with started(redis_cache(redis_server)) as other:
            assert await other.find(HOME, agent) == standing(9)

    asyncio.run(run())


GARBAGE = [
    b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff\xfe\xfd" * 100 + b"\r\n", b":not a number\r\n", b"$99999999999\r\n",
    b"$-7\r\n", b"*1\r\n" * 5000, b"+OK\r\n" * 100, b"%3\r\n", b"\r\n" * 100, b"",
]  # fmt: skip


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_what_is_no_redis_is_a_cache_that_is_away(garbage: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while await reader.read(65_536):
                writer.write(garbage)
                await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        cache = RedisCache(f"redis://127.0.0.1:{port}/0", KEY, make_breakers()["cache"])
        cache.follow("77.00000001")
        cache.start()
        agent = uuid4()
        for _ in range(10):
            cache._doubted = False  # ask it all the same
            assert await cache.find(HOME, agent) is None
            await asyncio.sleep(0.01)
        assert cache.away
        await cache.stop()
        server.close()

    asyncio.run(run())
