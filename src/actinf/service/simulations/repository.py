"""Simulations and their chunks, in the database.

What a worker writes is bound to its attempt: each attempt has a number, and whoever lost the run to a later one, or to
a cancellation, writes nothing any more.  Every change of a row adds to its `version`.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.service.tables import SIMULATION_CHUNKS, SIMULATIONS, AnyRow

__all__ = [
    "UNFINISHED",
    "begin_attempt",
    "cancel",
    "chunk_data",
    "chunks_present",
    "delete_simulation",
    "fail",
    "find_simulation",
    "give_back",
    "insert_simulation",
    "list_simulations",
    "note_progress",
    "save_chunk",
    "set_job",
    "succeed",
    "versions_of",
]

UNFINISHED = ("queued", "running")

_S, _C = SIMULATIONS.c, SIMULATION_CHUNKS.c


async def insert_simulation(connection: AsyncConnection, values: Mapping[str, Any]) -> UUID:
    """Keep a new simulation."""
    identity: UUID = (await connection.execute(insert(SIMULATIONS).values(**values).returning(_S.id))).scalar_one()
    return identity


async def set_job(connection: AsyncConnection, simulation: UUID, job: int) -> None:
    """Say which job computes a simulation."""
    await connection.execute(update(SIMULATIONS).where(_S.id == simulation).values(job_id=job))


async def find_simulation(
    connection: AsyncConnection, workspace: UUID, simulation: UUID, *, lock: bool = False
) -> AnyRow | None:
    """A simulation of a workspace; with `lock` nobody else changes it before the transaction ends."""
    query = select(SIMULATIONS).where(_S.id == simulation, _S.workspace_id == workspace)
    return (await connection.execute(query.with_for_update() if lock else query)).first()


async def list_simulations(
    connection: AsyncConnection, workspace: UUID, status: str | None, after: UUID | None, limit: int
) -> Sequence[AnyRow]:
    """Simulations, the newest first; what is large is left out."""
    columns = [column for column in _S if column.name not in ("document", "summary")]
    query = select(*columns).where(_S.workspace_id == workspace)
    if status is not None:
        query = query.where(_S.status == status)
    if after is not None:
        query = query.where(_S.id < after)
    return (await connection.execute(query.order_by(_S.id.desc()).limit(limit))).all()


async def versions_of(connection: AsyncConnection, simulations: Collection[UUID]) -> Mapping[UUID, int]:
    """The version of each simulation; one that is gone is left out."""
    rows = await connection.execute(select(_S.id, _S.version).where(_S.id.in_(simulations)))
    return {row.id: row.version for row in rows}


async def cancel(connection: AsyncConnection, simulation: UUID) -> None:
    """End an unfinished simulation; its chunks are of no more use."""
    values = {"status": "cancelled", "version": _S.version + 1, "finished_at": func.now()}
    await connection.execute(update(SIMULATIONS).where(_S.id == simulation).values(**values))
    await connection.execute(delete(SIMULATION_CHUNKS).where(_C.simulation_id == simulation))


async def delete_simulation(connection: AsyncConnection, simulation: UUID) -> None:
    """Remove a simulation and its chunks."""
    await connection.execute(delete(SIMULATIONS).where(_S.id == simulation))


async def chunks_present(connection: AsyncConnection, simulation: UUID) -> set[int]:
    """The numbers of the chunks that are there."""
    rows = await connection.execute(select(_C.chunk).where(_C.simulation_id == simulation))
    return set(rows.scalars())


async def chunk_data(connection: AsyncConnection, simulation: UUID, chunk: int) -> bytes | None:
    """The bytes of a chunk, or None."""
    query = select(_C.data).where(_C.simulation_id == simulation, _C.chunk == chunk)
    data = (await connection.execute(query)).scalar_one_or_none()
    return None if data is None else bytes(data)


# ---------------------------------------------------------------------------------------------- what a worker writes


async def begin_attempt(connection: AsyncConnection, simulation: UUID, engine: str) -> AnyRow | None:
    """Take a simulation up; None where there is nothing to be done any more.

    Chunks of another version of actinf do not go together with new ones: they are dropped.
    """
    query = select(_S.engine).where(_S.id == simulation, _S.status.in_(UNFINISHED)).with_for_update()
    before = (await connection.execute(query)).scalar_one_or_none()
    if before is None:
        return None
    values: dict[str, Any] = {
        "status": "running",
        "attempts": _S.attempts + 1,
        "version": _S.version + 1,
        "started_at": func.coalesce(_S.started_at, func.now()),
    }
    if before != engine:
        await connection.execute(delete(SIMULATION_CHUNKS).where(_C.simulation_id == simulation))
        values |= {"engine": engine, "chunks_done": 0, "seconds": 0.0}
    change = update(SIMULATIONS).where(_S.id == simulation).values(**values)
    row: AnyRow = (await connection.execute(change.returning(SIMULATIONS))).one()
    return row


async def _change(connection: AsyncConnection, simulation: UUID, attempt: int, **values: Any) -> bool:
    """Change a run that this attempt still holds; False where it does not."""
    mine = (_S.id == simulation) & (_S.status == "running") & (_S.attempts == attempt)
    change = update(SIMULATIONS).where(mine).values(version=_S.version + 1, **values)
    result: CursorResult[Any] = await connection.execute(change)
    return result.rowcount == 1


async def note_progress(
    connection: AsyncConnection, simulation: UUID, attempt: int, work_done: int | None = None
) -> bool:
    """Say how many steps are done, where that is new; False where the attempt does not hold the run any more."""
    if work_done is not None:
        return await _change(connection, simulation, attempt, work_done=func.greatest(_S.work_done, work_done))
    query = select(_S.id).where(_S.id == simulation, _S.status == "running", _S.attempts == attempt)
    return (await connection.execute(query)).first() is not None


async def save_chunk(
    connection: AsyncConnection,
    simulation: UUID,
    attempt: int,
    chunk: int,
    data: bytes,
    *,
    done: Collection[int],
    num_chunks: int,
    work_done: int,
    seconds: float,
) -> bool:
    """Keep a chunk and the progress that it is; False where the attempt does not hold the run any more.

    Args:
        simulation, attempt: whose it is.
        chunk, data: its number and its bytes.
        done: the chunks that are there, this one included.
        num_chunks: that there will be.
        work_done: steps in the chunks that are there.
        seconds: that this one took.
    """
    held = await _change(
        connection,
        simulation,
        attempt,
        chunks_done=len(done),
        num_chunks=num_chunks,
        work_done=work_done,
        seconds=_S.seconds + seconds,
        deaths=0,
    )
    if held:
        await connection.execute(insert(SIMULATION_CHUNKS).values(simulation_id=simulation, chunk=chunk, data=data))
    return held


async def succeed(connection: AsyncConnection, simulation: UUID, attempt: int, summary: Mapping[str, Any]) -> bool:
    """Say that all is computed; False where the attempt does not hold the run any more."""
    values = {"status": "succeeded", "summary": dict(summary), "work_done": _S.work_total, "finished_at": func.now()}
    return await _change(connection, simulation, attempt, **values)


async def fail(connection: AsyncConnection, simulation: UUID, attempt: int, error: str) -> bool:
    """Say why a run cannot be completed; False where the attempt does not hold it any more."""
    held = await _change(connection, simulation, attempt, status="failed", error=error, finished_at=func.now())
    if held:
        await connection.execute(delete(SIMULATION_CHUNKS).where(_C.simulation_id == simulation))
    return held


async def give_back(connection: AsyncConnection, simulation: UUID, attempt: int) -> bool:
    """Leave a run to another worker; False where the attempt does not hold it any more."""
    return await _change(connection, simulation, attempt, status="queued")
