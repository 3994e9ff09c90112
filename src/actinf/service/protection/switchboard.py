"""The breakers of this process, held where operators put them: the database keeps the positions for all processes."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from actinf.errors import ServiceUnavailable
from actinf.service.background import begun, ended
from actinf.service.protection.breaker import Breaker, Position
from actinf.service.protection.guarded_engine import GuardedEngine
from actinf.service.switches import repository

__all__ = ["SwitchBoard"]

_LOG = logging.getLogger(__name__)

_EVERY_SECONDS = 2.0
#: For so long after a switch was thrown here the table may still say what it said before: its commit is under way.
_COMMITTED_AFTER = 2.0


class SwitchBoard:
    """All breakers by name.

    While the database is away, they stay as they were last seen; until it was first seen, they decide by themselves.

    Args:
        engine: of the process.
        breakers: of the process.
        clock: seconds.
    """

    def __init__(
        self, engine: GuardedEngine, breakers: Iterable[Breaker], *, clock: Callable[[], float] = time.monotonic
    ):
        self._clock = clock
        self._engine = engine.for_operators()
        self._breakers: Mapping[str, Breaker] = {breaker.name: breaker for breaker in breakers}
        self._thrown_at: dict[str, float] = {}
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

    def throw(self, name: str, position: Position) -> None:
        """Put a breaker of this process somewhere at once, in the transaction that says so to all others.

        A commit that fails is noticed when the table is looked at, within seconds.
        """
        self._thrown_at[name] = self._clock()
        self._breakers[name].hold(position)

    async def refresh(self) -> None:
        """Put every breaker where the database says, but for those that were thrown here only just."""
        asked_at = self._clock()
        async with self._engine.connect() as connection:
            rows = {row.name: row.position for row in await repository.all_switches(connection)}
        for name, breaker in self._breakers.items():
            position = rows.get(name, "auto")
            is_settled = asked_at - self._thrown_at.get(name, float("-inf")) > _COMMITTED_AFTER
            if position != breaker.position and is_settled:
                _LOG.warning("the switch %s is %s now", name, position)
                breaker.hold(position)

    async def _follow(self) -> None:
        while True:
            with suppress(DBAPIError, PoolTimeout, OSError, ServiceUnavailable):
                await self.refresh()
            await asyncio.sleep(_EVERY_SECONDS)
