"""Where agents stand, in a Redis or Valkey that the replicas share.

Entries are sealed with a key that the cache does not know: nobody who can write to the cache can hand an agent to
another workspace or another belief to an agent, and what is damaged is not read.  They are written a moment after the
step, only the last of each agent, many at once.  One task writes, and finds out whether the cache is there; while it is
not, nobody asks it.

Names hold the lineage of the database: what a replica wrote that has not noticed yet that the database was restored is
not found by one that has.
"""

import asyncio
import hmac
import json
import logging
from contextlib import suppress
from hashlib import blake2b
from uuid import UUID

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

import actinf
from actinf.service.agents.cache import Standing
from actinf.service.measures import CACHE_READS, CACHE_WRITES
from actinf.service.protection.breaker import Breaker

__all__ = ["RedisCache", "sealed", "unsealed"]

_LOG = logging.getLogger(__name__)

#: Entries of another layout, or of another release, have other names.
_NAME = f"actinf:agent:1:{actinf.__version__}:"
_PROBE = "actinf:probe"
_SEAL_BYTES = 16

_READ_SECONDS = 0.08
_WRITE_SECONDS = 0.25
_EVERY_SECONDS = 0.25
_REST_SECONDS = 1.0
_LIFE_SECONDS = 3600
_LARGEST_ENTRY_BYTES = 65_536
_MOST_PENDING_BYTES = 4 * 2**20
_MOST_READERS = 8

# Whatever a connection to something that is no Redis may end in: the parser of the driver does not check its input.
_FAULTS = (RedisError, OSError, EOFError, ValueError, TypeError, AttributeError, LookupError, RuntimeError)


def sealed(key: bytes, name: str, standing: Standing) -> bytes:
    """An entry: the seal over its name and all that follows, the length of the head, the head as JSON, the carry."""
    head = json.dumps(
        [
            standing.workspace.hex, standing.model, dict(standing.settings), standing.seed, standing.next_step,
            standing.episode, standing.time, standing.action,
        ],
        separators=(",", ":"),
    ).encode()  # fmt: skip
    body = len(head).to_bytes(4, "big") + head + standing.carry
    return _seal(key, name, body) + body


def unsealed(key: bytes, name: str, entry: bytes) -> Standing | None:
    """What an entry says; None where it was not sealed with this key under this name."""
    body = entry[_SEAL_BYTES:]
    if not hmac.compare_digest(entry[:_SEAL_BYTES], _seal(key, name, body)):
        return None
    end = 4 + int.from_bytes(body[:4], "big")
    workspace, model, settings, seed, next_step, episode, time, action = json.loads(body[4:end])
    return Standing(UUID(hex=workspace), model, settings, seed, next_step, episode, time, action, body[end:])


def _seal(key: bytes, name: str, body: bytes) -> bytes:
    return blake2b(name.encode() + b"\n" + body, key=key, digest_size=_SEAL_BYTES).digest()


class RedisCache:
    """The cache behind an address.

    Args:
        url: redis://….
        key: what entries are sealed with, up to 64 bytes; all replicas have the same.
        breaker: around the cache; while an operator holds it open, the cache is as if it were away.
    """

    def __init__(self, url: str, key: bytes, breaker: Breaker):
        self._key = key
        self._breaker = breaker
        self._redis: Redis = Redis.from_pool(
            BlockingConnectionPool.from_url(
                url,
                max_connections=_MOST_READERS + 1,
                timeout=_WRITE_SECONDS,
                socket_timeout=_WRITE_SECONDS,
                socket_connect_timeout=_WRITE_SECONDS,
                retry=Retry(NoBackoff(), 0),
                protocol=2,
                client_name="actinf",
            )
        )
        self._readers = asyncio.Semaphore(_MOST_READERS)
        self._pending: dict[UUID, Standing | None] = {}
        self._pending_bytes = 0
        self._lineage: str | None = None
        self._away = True
        self._doubted = True
        self._ending = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def away(self) -> bool:
        """Whether the last attempt to write failed."""
        return self._away

    def follow(self, lineage: str) -> None:
        """From now on find and keep what is of this lineage of the database; what waits to be written is of another."""
        if self._lineage is not None:
            self._pending, self._pending_bytes = {}, 0
        self._lineage = lineage
        self._wake.set()

    def _name(self, agent: UUID) -> str:
        return f"{_NAME}{self._lineage}:{agent.hex}"

    async def find(self, workspace: UUID, agent: UUID) -> Standing | None:
        """Where an agent of that workspace stood; None where it is not known, or not to be had within 80 ms."""
        if agent in self._pending:
            standing = self._pending[agent]
        else:
            async with self._readers:
                standing = None if self._doubted else await self._read(self._name(agent))
        return standing if standing is not None and standing.workspace == workspace else None

    async def _read(self, name: str) -> Standing | None:
        try:
            async with asyncio.timeout(_READ_SECONDS):
                entry = await self._redis.get(name)
        except _FAULTS:
            # The task that writes finds out whether it is gone, or was slow this once.
            self._doubted = True
            self._wake.set()
            CACHE_READS.labels("failed").inc()
            return None
        standing = unsealed(self._key, name, entry) if isinstance(entry, bytes) else None
        CACHE_READS.labels("hit" if standing is not None else "miss" if entry is None else "refused").inc()
        return standing

    def keep(self, agent: UUID, standing: Standing) -> None:
        """Write where an agent stands with the next round; larger agents, and more than fit, are left out."""
        size = len(standing.carry)
        if self._away or size > _LARGEST_ENTRY_BYTES:
            return
        if agent not in self._pending:
            if self._pending_bytes > _MOST_PENDING_BYTES:
                CACHE_WRITES.labels("left_out").inc()
                return
            self._pending_bytes += size + 512
        self._pending[agent] = standing

    def drop(self, agent: UUID) -> None:
        """Remove what is kept of an agent with the next round."""
        self._pending[agent] = None

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._run(), name="agent cache")

    async def stop(self) -> None:
        """Write what is left, if the cache is there, and end."""
        self._ending = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if not self._away:
            await self._round()
        with suppress(*_FAULTS):
            async with asyncio.timeout(_WRITE_SECONDS):
                await self._redis.aclose()

    async def _run(self) -> None:
        while not self._ending:
            await self._round()
            with suppress(TimeoutError):
                async with asyncio.timeout(_REST_SECONDS if self._away else _EVERY_SECONDS):
                    await self._wake.wait()
            self._wake.clear()

    async def _round(self) -> None:
        """Write what is pending, and a word of our own, which fails on a cache that is gone, read-only or full."""
        if self._lineage is None:
            return  # nothing is known of the database yet, and nothing can be kept of it
        pending, self._pending, self._pending_bytes = self._pending, {}, 0
        if self._breaker.position == "open":
            self._tell(away=True, why="an operator holds the switch of the cache open")
            return
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                async with self._redis.pipeline(transaction=False) as pipeline:
                    for agent, standing in pending.items():
                        name = self._name(agent)
                        if standing is None:
                            pipeline.delete(name)
                        else:
                            pipeline.set(name, sealed(self._key, name, standing), ex=_LIFE_SECONDS)
                    pipeline.set(_PROBE, b"1", ex=_LIFE_SECONDS)
                    replies = await pipeline.execute()
                if replies[-1] is not True or len(replies) != len(pending) + 1:
                    raise ValueError(f"a write was answered with {str(replies[-1])[:80]!r}")
        except _FAULTS as error:
            CACHE_WRITES.labels("failed").inc(len(pending))
            self._breaker.failed()
            self._tell(away=True, why=f"{type(error).__name__}: {str(error).strip()[:200]}")
        else:
            CACHE_WRITES.labels("written").inc(len(pending))
            self._breaker.succeeded()
            self._tell(away=False, why="")

    def _tell(self, *, away: bool, why: str) -> None:
        if away and not self._away:
            _LOG.warning("the cache is away, agents are read from the database: %s", why)
        if self._away and not away:
            _LOG.info("the cache answers")
        self._away = self._doubted = away
