"""How the cache is: it answers, takes what it is given, and has the memory for it."""

import time
from typing import Any

import redis.asyncio
from prometheus_client import Metric
from redis.exceptions import RedisError

from actinf.errors import SettingError
from actinf.runtime.logs import first_line
from actinf.upkeep.adapters.seen import Seen, counter, gauge

__all__ = ["CacheSubject"]

_PROBE = "actinf:health"
_PROBE_SECONDS = 60
_TIMEOUT_SECONDS = 1.5


class CacheSubject:
    """A Redis or Valkey.

    Args:
        url: redis://….

    Raises:
        SettingError: it is no such address.
    """

    name = "the cache"
    up = "redis_up"

    def __init__(self, url: str):
        try:
            self._client = redis.asyncio.Redis.from_url(
                url,
                socket_timeout=_TIMEOUT_SECONDS,
                socket_connect_timeout=_TIMEOUT_SECONDS,
                single_connection_client=True,
            )
        except ValueError as error:
            raise SettingError(f"the address of the cache makes no sense: {error}") from None
        self._evicted: tuple[float, int] | None = None

    async def look(self) -> Seen:
        """PING, memory, evictions, and whether something can be written."""
        try:
            await self._client.ping()
            told: dict[str, Any] = await self._client.info()
            refused = await self._refusal()
        except (RedisError, OSError) as error:
            await self.leave()
            return Seen(reason=f"the cache does not answer: {first_line(error)}")
        used, limit = int(told["used_memory"]), int(told.get("maxmemory", 0))
        evicting = self._evictions_a_second(int(told["evicted_keys"]))
        degraded = []
        if evicting > 0:
            degraded.append(f"it evicts {evicting:.0f} keys a second: what agents are doing is read from the database")
        facts = {
            "memory_used_bytes": used,
            "memory_max_bytes": limit or None,
            "evicted_keys": int(told["evicted_keys"]),
            "policy": told.get("maxmemory_policy"),
        }
        return Seen(
            answers=True,
            reason=None if refused is None else f"the cache takes nothing: {refused}",
            degraded=degraded,
            facts=facts,
            metrics=_metrics(told),
        )

    async def leave(self) -> None:
        """Close the connection; the next look opens another."""
        await self._client.aclose()

    async def _refusal(self) -> str | None:
        """Why the cache does not take a small key that ends by itself."""
        try:
            await self._client.set(_PROBE, b"1", ex=_PROBE_SECONDS)
        except redis.exceptions.ResponseError as error:  # out of memory, or a replica that only reads
            return first_line(error)
        return None

    def _evictions_a_second(self, evicted: int) -> float:
        now, before = time.monotonic(), self._evicted
        self._evicted = (now, evicted)
        if before is None or evicted < before[1]:
            return 0.0
        return (evicted - before[1]) / max(now - before[0], 0.001)


def _metrics(told: dict[str, Any]) -> list[Metric]:
    return [
        gauge("redis_memory_used_bytes", "Memory that it uses.", float(told["used_memory"])),
        gauge("redis_memory_max_bytes", "Memory that it may use; 0: all there is.", float(told.get("maxmemory", 0))),
        gauge("redis_connected_clients", "Clients that are connected.", float(told["connected_clients"])),
        gauge("redis_uptime_in_seconds", "Since it was started.", float(told["uptime_in_seconds"])),
        counter("redis_evicted_keys", "Keys that were given up for lack of memory.", float(told["evicted_keys"])),
        counter("redis_expired_keys", "Keys that ended by themselves.", float(told["expired_keys"])),
        counter("redis_keyspace_hits", "Keys that were asked for and there.", float(told["keyspace_hits"])),
        counter("redis_keyspace_misses", "Keys that were asked for and not there.", float(told["keyspace_misses"])),
        counter("redis_commands_processed", "Commands that it did.", float(told["total_commands_processed"])),
        counter("redis_rejected_connections", "Clients refused for their number.", float(told["rejected_connections"])),
    ]
