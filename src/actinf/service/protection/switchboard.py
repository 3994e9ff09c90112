"""The breakers of this process, held where operators put them: the database keeps the positions for all processes."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from actinf.errors import ServiceUnavailable
from actinf.service.background import begun, ended
from actinf.service.protection.breaker import Breaker
from actinf.service.protection.guarded_engine import GuardedEngine
from actinf.service.switches import repository

__all__ = ["SwitchBoard"]

_LOG = logging.getLogger(__name__)

_EVERY_SECONDS = 2.0


class SwitchBoard:
    """All breakers by name.

    While the database is away, they stay as they were last seen; until it was first seen, they decide by themselves.

    Args:
        engine: of the process.
        breakers: of the process.
    """

    def __init__(self, engine: GuardedEngine, breakers: Iterable[Breaker]):
        self._engine = engine.for_operators()
        self._breakers: Mapping[str, Breaker] = {breaker.name: breaker for breaker in breakers}
        self._tasks: list[asyncio.Task[None]] = []

    def __getitem__(self, name: str) -> Breaker:
        return self._breakers[name]

    @property
    def names(self) -> list[str]:
        """What can be switched."""
        return list(self._breakers)

    def start(self) -> None:
        """Begin to follow what other processes are told."""
        self._tasks.append(begun(self._follow(), "switchboard"))

    async def stop(self) -> None:
        """End."""
        await ended(self._tasks)

    async def refresh(self) -> None:
        """Put every breaker where the database says."""
        async with self._engine.connect() as connection:
            rows = {row.name: row.position for row in await repository.all_switches(connection)}
        for name, breaker in self._breakers.items():
            position = rows.get(name, "auto")
            if position != breaker.position:
                _LOG.warning("the switch %s is %s now", name, position)
                breaker.hold(position)

    async def _follow(self) -> None:
        while True:
            with suppress(DBAPIError, PoolTimeout, OSError, ServiceUnavailable):
                await self.refresh()
            await asyncio.sleep(_EVERY_SECONDS)
