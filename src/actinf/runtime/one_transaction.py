"""One transaction on the database for a command: it connects, does its work, commits, and leaves."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.runtime.database import make_engine

__all__ = ["in_transaction"]

Made = TypeVar("Made")


def in_transaction(
    url: str,
    work: Callable[[AsyncConnection], Awaitable[Made]],
    *,
    application: str,
    statement_seconds: float = 15.0,
) -> Made:
    """What the work makes, in a transaction of its own.

    Args:
        url: of the database.
        work: what is done; what it raises undoes it.
        application: what `pg_stat_activity` shows.
        statement_seconds: after which a statement is given up.
    """

    async def run() -> Made:
        engine = make_engine(url, pool_size=2, application=application, statement_seconds=statement_seconds)
        try:
            async with engine.begin() as connection:
                return await work(connection)
        finally:
            await engine.dispose()

    return asyncio.run(run())
