"""The pool of connections behind a circuit breaker: while the database is away, a request that needs it fails at once.

Without it every request would wait for a connection until the pool's patience ends, and the process would fill up with
requests that wait.
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actinf.service.measures import CONNECTION_WAIT
from actinf.service.protection.breaker import Breaker

__all__ = ["GuardedEngine"]


class GuardedEngine(AsyncEngine):
    """An engine that asks a breaker before every connection, and tells it how each one went.

    Args:
        engine: whose pool is guarded.
        breaker: what is asked.
        essential: let through where an operator holds the breaker open, see `Breaker.admit`.
    """

    __slots__ = ("breaker", "essential")

    def __init__(self, engine: AsyncEngine, breaker: Breaker, *, essential: bool = False):
        super().__init__(engine.sync_engine)
        self.breaker = breaker
        self.essential = essential
        if not essential:
            event.listen(engine.sync_engine, "handle_error", self._on_error)

    def connect(self) -> AsyncConnection:
        """A connection, to be entered; entering it raises `ServiceUnavailable` while the breaker is open."""
        return _GuardedConnection(self)

    def for_operators(self) -> "GuardedEngine":
        """The same pool, for what an operator needs in order to close the breaker again."""
        return GuardedEngine(self, self.breaker, essential=True)

    def _on_error(self, context: Any) -> None:
        if context.is_disconnect and context.connection is not None:  # one that fails to be made is counted below
            self.breaker.failed()


class _GuardedConnection(AsyncConnection):
    async def start(self, is_ctxmanager: bool = False) -> AsyncConnection:
        engine = self.engine
        if not isinstance(engine, GuardedEngine):
            raise TypeError(f"a guarded connection belongs to a guarded engine, not to {type(engine).__name__}")
        engine.breaker.admit(essential=engine.essential)
        try:
            with CONNECTION_WAIT.time():
                started = await super().start(is_ctxmanager)
        except (PoolTimeout, DBAPIError, OSError):
            engine.breaker.failed()
            raise
        engine.breaker.succeeded()
        return started
