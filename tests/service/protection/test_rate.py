"""Rate limits: exact at the limit, shared by replicas where there is a cache, and never in the way when it is away."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from actinf.errors import RateLimited
from actinf.service.measures import REGISTRY
from actinf.service.protection.make import make_breakers
from actinf.service.protection.rate import RateLimits

if TYPE_CHECKING:
    from support.redis import RedisServer


@pytest.fixture(autouse=True)
def _in_the_middle_of_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window does not slide on while a slow machine counts."""
    monkeypatch.setattr("limits.aio.storage.memory.time", SimpleNamespace(time=lambda: 1_000_000_010.0))


def limits(per_minute: int, url: str | None = None, failures: int = 5) -> RateLimits:
    return RateLimits(per_minute, failures, url, make_breakers()["cache"])


async def passes(ask: Callable[[str], Awaitable[None]], who: str) -> bool:
    try:
        await ask(who)
    except RateLimited:
        return False
    return True


def test_a_key_makes_as_many_requests_as_it_may_and_not_one_more() -> None:
    async def count() -> None:
        of = limits(1000)
        assert [await passes(of.count, "key:a") for _ in range(1100)].count(True) == 1000
        with pytest.raises(RateLimited, match=r"1,000 requests a minute.*ACTINF_RATE_LIMIT") as refused:
            await of.count("key:a")
        assert 1 <= refused.value.retry_after <= 60
        assert of.standing("key:a").startswith(b'"key";r=0;t=')
        assert of.policy == b'"key";q=1000;w=60'
        assert await passes(of.count, "key:b")  # another key has its own

    before = REGISTRY.get_sample_value("actinf_rate_limited_total", {"by": "key"}) or 0
    asyncio.run(count())
    assert REGISTRY.get_sample_value("actinf_rate_limited_total", {"by": "key"}) == before + 101


def test_what_is_left_is_told_with_every_request() -> None:
    async def count() -> list[int]:
        of, left = limits(100), []
        for _ in range(100):
            await of.count("key:a")
            left.append(int(of.standing("key:a").split(b";")[1][2:]))
        return left

    assert asyncio.run(count()) == list(range(99, -1, -1))


def test_requests_at_the_same_moment_are_counted_one_by_one() -> None:
    async def count() -> int:
        of = limits(50)
        return sum(await asyncio.gather(*(passes(of.count, "key:a") for _ in range(200))))

    assert asyncio.run(count()) == 50


def test_replicas_with_a_cache_count_together(redis_server: "RedisServer") -> None:
    async def count() -> int:
        first, second = (limits(500, redis_server.url) for _ in range(2))
        passed = 0
        for _ in range(400):
            passed += await passes(first.count, "key:a")
            passed += await passes(second.count, "key:a")
        await first.close()
        await second.close()
        return passed

    # What one has drawn and not used, at most a hundredth of the limit, may be what the other misses.
    assert 490 <= asyncio.run(count()) <= 500


def test_a_cache_that_goes_away_fails_no_request(redis_server: "RedisServer") -> None:
    async def count() -> None:
        breaker = make_breakers()["cache"]
        of = RateLimits(100, 5, redis_server.url, breaker)
        assert await passes(of.count, "key:a")
        redis_server.stop()
        assert [await passes(of.count, "key:a") for _ in range(150)].count(True) == 100  # counted by the process alone
        assert breaker.state in ("open", "half-open")
        await of.close()

    asyncio.run(count())


def test_an_address_that_sends_no_valid_key_is_refused_after_some_tries() -> None:
    async def count() -> None:
        of = limits(1000, failures=5)
        for _ in range(5):
            await of.stranger("192.0.2.1")
            await of.refused("192.0.2.1")
        with pytest.raises(RateLimited, match="without a valid key"):
            await of.stranger("192.0.2.1")
        await of.stranger("192.0.2.2")

    asyncio.run(count())


def test_a_host_with_many_addresses_of_version_6_is_one_host() -> None:
    async def count() -> None:
        of = limits(1000, failures=5)
        for host in range(5):
            await of.refused(f"2001:db8::{host:x}")
        with pytest.raises(RateLimited):
            await of.stranger("2001:db8::ffff")
        await of.stranger("2001:db8:1::1")

    asyncio.run(count())
