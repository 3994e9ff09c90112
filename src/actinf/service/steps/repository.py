"""Steps that were taken, in the database."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.service.tables import AGENT_STATES, STEPS, AnyRow

__all__ = ["find_by_key", "find_step", "newest_steps", "oldest_step", "steps_after"]


async def find_by_key(connection: AsyncConnection, agent: UUID, key: str) -> AnyRow | None:
    """The step that a key was used for, or None."""
    query = select(STEPS).where(STEPS.c.agent_id == agent, STEPS.c.request_key == key).limit(1)
    return (await connection.execute(query)).first()


async def find_step(connection: AsyncConnection, agent: UUID, number: int) -> AnyRow | None:
    """One step, or None."""
    return (await connection.execute(select(STEPS).where(STEPS.c.agent_id == agent, STEPS.c.step == number))).first()


async def steps_after(connection: AsyncConnection, agent: UUID, after: int, limit: int) -> Sequence[AnyRow]:
    """The steps with higher numbers, in their order."""
    query = select(STEPS).where(STEPS.c.agent_id == agent, STEPS.c.step > after).order_by(STEPS.c.step).limit(limit)
    return (await connection.execute(query)).all()


async def oldest_step(connection: AsyncConnection, agent: UUID) -> int | None:
    """The number of the oldest step that is kept; None where there is none."""
    query = select(STEPS.c.step).where(STEPS.c.agent_id == agent).order_by(STEPS.c.step).limit(1)
    number: int | None = (await connection.execute(query)).scalar_one_or_none()
    return number


async def newest_steps(connection: AsyncConnection, agents: Collection[UUID]) -> Mapping[UUID, int]:
    """The number of the newest step of each agent, −1 before the first; an agent that is gone is left out."""
    state = AGENT_STATES
    query = select(state.c.agent_id, state.c.next_step).where(state.c.agent_id.in_(agents))
    return {row.agent_id: row.next_step - 1 for row in await connection.execute(query)}
