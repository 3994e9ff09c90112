"""What the tables need regularly: partitions for the months to come, and none of steps that are no longer kept.

Any process may do it at any time: it takes its locks within two seconds or leaves everything as it is until the next
time, and the rows of a month without a partition wait in the default one.
"""

import asyncio
import logging

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actinf.errors import ServiceUnavailable
from actinf.runtime.logs import first_line

__all__ = ["drop_old_steps", "keep_partitions", "make_partitions"]

_LOG = logging.getLogger(__name__)

_MONTHS_AHEAD = 2
_EVERY_SECONDS = 3600.0
_AGAIN_SECONDS = 60.0
_ONE_AT_A_TIME = 7_349_002


async def make_partitions(connection: AsyncConnection) -> int:
    """Make the partitions of this month and the next ones, and of whatever is without one; how many were made."""
    query = text("SELECT ensure_partitions(:ahead)")
    return int((await connection.execute(query, {"ahead": _MONTHS_AHEAD})).scalar_one())


async def drop_old_steps(connection: AsyncConnection, retention_days: int) -> list[str]:
    """Drop the months of steps that are older as a whole; their names.

    Args:
        connection: in a transaction.
        retention_days: how long steps are kept, at least 28; 0 keeps them for ever.
    """
    if retention_days == 0:
        return []
    query = text("SELECT drop_steps_before(now() - make_interval(days => :days))")
    return list((await connection.execute(query, {"days": retention_days})).scalar_one())


async def keep_partitions(engine: AsyncEngine, retention_days: int) -> None:
    """Do both every hour, one process at a time, until cancelled."""
    while True:
        await asyncio.sleep(_EVERY_SECONDS if await _once(engine, retention_days) else _AGAIN_SECONDS)


async def _once(engine: AsyncEngine, retention_days: int) -> bool:
    """Whether there is nothing more to do for now."""
    try:
        async with engine.begin() as connection:
            if not (await connection.execute(text(f"SELECT pg_try_advisory_xact_lock({_ONE_AT_A_TIME})"))).scalar_one():
                return True
            made = await make_partitions(connection)
        async with engine.begin() as connection:
            if not (await connection.execute(text(f"SELECT pg_try_advisory_xact_lock({_ONE_AT_A_TIME})"))).scalar_one():
                return True
            dropped = await drop_old_steps(connection, retention_days)
    except (SQLAlchemyError, OSError, ServiceUnavailable) as error:
        _LOG.warning("partitions were left as they are: %s", first_line(error))
        return False
    if made:
        _LOG.info("%d partitions were made", made)
    for name in dropped:
        _LOG.info("%s was dropped: steps are kept for %d days", name, retention_days)
    return True
