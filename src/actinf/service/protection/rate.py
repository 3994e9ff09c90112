"""How many requests a key may make in a minute, and how many an address that has no valid key.

A request must not cost a question to the store, least of all to a cache across the network.  A key therefore draws lots
of requests: from the shared cache, so that all replicas count together, or from this process where there is no cache or
it is away.  Lots begin at one and grow, up to a hundredth of the limit, only while they are used up at once; what is
left of a lot after a second is given up.  Near the limit lots are of one again, so that the last request is exact.
"""

import ipaddress
import logging
import time
from dataclasses import dataclass
from typing import Any

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from redis.asyncio import BlockingConnectionPool, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from actinf.errors import RateLimited, ServiceUnavailable
from actinf.service.measures import RATE_LIMITED
from actinf.service.protection.breaker import Breaker

__all__ = ["RateLimits"]

_LOG = logging.getLogger(__name__)

_WINDOW_SECONDS = 60
_LOT_SECONDS = 1.0
_QUICK_SECONDS, _SLOW_SECONDS = 0.1, 0.5
_REFUSED_SECONDS = 0.25  # for which a refusal is not asked for again
_MOST_KEYS = 10_000
_CACHE_SECONDS = 0.25
# Addresses share so many counters: whoever sends from ever new ones fills no memory.
_ADDRESS_COUNTERS = 2048


@dataclass(slots=True)
class _Lot:
    """What a key has drawn and not used yet.

    Attributes:
        left: requests; size: of the lot; drawn: when.
        remaining: what the store had left after it.
        reset: when more becomes free.
        refused_until: until when the store is not asked again.
    """

    left: int = 0
    size: int = 1
    drawn: float = 0.0
    remaining: int = 0
    reset: float = 0.0
    refused_until: float = 0.0


class RateLimits:
    """The limits of this process.

    Args:
        per_minute: requests of a key.
        failures_per_minute: requests without a valid key, of an address.
        cache_url: redis://… where replicas count together; None: this process counts for itself.
        breaker: around the cache.
    """

    def __init__(self, per_minute: int, failures_per_minute: int, cache_url: str | None, breaker: Breaker):
        self.per_minute = per_minute
        self.policy = f'"key";q={per_minute};w={_WINDOW_SECONDS}'.encode()
        self._of_key = RateLimitItemPerMinute(per_minute, namespace="actinf")
        self._of_address = RateLimitItemPerMinute(failures_per_minute, namespace="actinf")
        self._largest = max(1, per_minute // 100)
        self._breaker = breaker
        self._here = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._pool = None if cache_url is None else _pool_of(cache_url)
        self._shared = None if self._pool is None else SlidingWindowCounterRateLimiter(_storage_over(self._pool))
        self._lots: dict[str, _Lot] = {}

    def standing(self, key: str) -> bytes:
        """What is left to a key, as the field `RateLimit` says it (draft-ietf-httpapi-ratelimit-headers)."""
        lot = self._lots.get(key)
        left, reset = (lot.remaining + lot.left, lot.reset) if lot is not None else (self.per_minute, 0.0)
        return b'"key";r=%d;t=%d' % (left, max(1, min(_WINDOW_SECONDS, round(reset - time.monotonic()))))

    async def count(self, key: str) -> None:
        """Count a request of a key.

        Raises:
            RateLimited: it made too many.
        """
        now = time.monotonic()
        lot = self._lots.get(key)
        if lot is not None and lot.left > 0 and now - lot.drawn < _LOT_SECONDS:
            lot.left -= 1
            return
        if lot is None:
            if len(self._lots) >= _MOST_KEYS:
                self._lots.clear()
            lot = self._lots[key] = _Lot()
        if now < lot.refused_until or not await self._draw(key, lot, now):
            RATE_LIMITED.labels("key").inc()
            raise RateLimited(
                f"this key may make {self.per_minute:,} requests a minute, and made them: wait for the seconds that "
                "Retry-After says, send the steps of many agents in one request (POST /v1/steps), or ask whoever runs "
                "this for a higher ACTINF_RATE_LIMIT",
                retry_after=max(1.0, min(float(_WINDOW_SECONDS), lot.reset - time.monotonic())),
            )

    async def _draw(self, key: str, lot: _Lot, now: float) -> bool:
        """Draw the next lot, and take one of it; False where there is none."""
        took = now - lot.drawn
        size = 2 * lot.size if took < _QUICK_SECONDS else lot.size if took < _SLOW_SECONDS else lot.size // 2
        size = max(1, min(size, self._largest))
        store, drawn = self._here, 0
        if self._shared is not None:
            try:
                self._breaker.admit()
                store, drawn = self._shared, await self._drawn(self._shared, key, size)
                stats = await store.get_window_stats(self._of_key, key)
                self._breaker.succeeded()
            except ServiceUnavailable:
                store = self._here
            except StorageError as error:
                self._breaker.failed()
                if self._breaker.failures == 1:
                    _LOG.warning("the cache does not count requests, this process does: %s", str(error)[:200])
                store = self._here
        if store is self._here:
            drawn = await self._drawn(store, key, size)
            stats = await store.get_window_stats(self._of_key, key)
        # The clock of the store is that of the world; ours only grows.
        lot.remaining, lot.reset = stats.remaining, time.monotonic() + stats.reset_time - time.time()
        if drawn == 0:
            lot.left, lot.size, lot.refused_until = 0, 1, now + _REFUSED_SECONDS
            return False
        lot.left, lot.size, lot.drawn = drawn - 1, drawn, now
        return True

    async def _drawn(self, store: SlidingWindowCounterRateLimiter, key: str, size: int) -> int:
        """How many could be drawn: `size`, else one, else none."""
        for cost in dict.fromkeys((size, 1)):
            if await store.hit(self._of_key, key, cost=cost):
                return cost
        return 0

    async def stranger(self, address: str) -> None:
        """Return where an address may try a key that is not known yet.

        Raises:
            RateLimited: it sent too many that are not valid.
        """
        if not await self._here.test(self._of_address, _counter_of(address)):
            RATE_LIMITED.labels("address").inc()
            stats = await self._here.get_window_stats(self._of_address, _counter_of(address))
            raise RateLimited(
                "too many requests without a valid key came from this address: wait a minute, then send the header "
                "`Authorization: Bearer ai_…` with a key that `actinf keys create` made",
                retry_after=max(1.0, stats.reset_time - time.time()),
            )

    async def refused(self, address: str) -> None:
        """Count a request without a valid key."""
        await self._here.hit(self._of_address, _counter_of(address))

    async def close(self) -> None:
        """Let go of the cache."""
        if self._pool is not None:
            await self._pool.aclose()


def _pool_of(url: str) -> ConnectionPool:
    return BlockingConnectionPool.from_url(
        url,
        max_connections=8,
        timeout=_CACHE_SECONDS,
        socket_timeout=_CACHE_SECONDS,
        socket_connect_timeout=_CACHE_SECONDS,
        retry=Retry(NoBackoff(), 0),  # the breaker tries again
    )


def _storage_over(pool: ConnectionPool) -> RedisStorage:
    options: dict[str, Any] = {"connection_pool": pool}
    return RedisStorage(
        "async+redis://", wrap_exceptions=True, implementation="redispy", key_prefix="actinf:rate", **options
    )


def _counter_of(address: str) -> str:
    """The counter that an address shares: of its network where it is of version 6, for one host has 2⁶⁴ of those.

    The hash differs from process to process, so that nobody can choose addresses that share one.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"address {hash(address) % _ADDRESS_COUNTERS}"
    whole = parsed if parsed.version == 4 else ipaddress.ip_network((parsed, 64), strict=False)
    return f"address {hash(str(whole)) % _ADDRESS_COUNTERS}"
