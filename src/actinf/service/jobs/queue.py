"""The queue: what is put on it commits, or vanishes, together with the rows of the same transaction."""

from typing import Any
from uuid import UUID

import procrastinate
from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["SIMULATE", "SIMULATIONS_QUEUE", "put"]

#: The name of the task that computes a simulation, and of the queue that it waits in.
SIMULATE = "simulate"
SIMULATIONS_QUEUE = "simulations"

# It only ever writes through the connections that it is given, and so is never opened.
_WRITER = procrastinate.App(connector=procrastinate.PsycopgConnector())


async def put(connection: AsyncConnection, simulation: UUID) -> int:
    """Have a simulation computed, once the transaction of the connection is committed.

    Returns:
        The number of the job.
    """
    raw: Any = (await connection.get_raw_connection()).driver_connection
    task = _WRITER.configure_task(SIMULATE, queue=SIMULATIONS_QUEUE, connection=raw)
    return await task.defer_async(simulation=str(simulation))
