"""Agents and where they stand, in the database."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.agent import Snapshot
from actinf.service.tables import AGENT_STATES, AGENTS, MODELS, STEPS, AnyRow

__all__ = ["delete_agent", "find_agent", "insert_agent", "list_agents", "move_state", "newest_agents"]


async def insert_agent(connection: AsyncConnection, values: Mapping[str, Any], start: Snapshot) -> UUID:
    """Keep a new agent at its start."""
    identity: UUID = (await connection.execute(insert(AGENTS).values(**values).returning(AGENTS.c.id))).scalar_one()
    state = {"episode": start.episode, "time": start.time, "action": start.action, "carry": start.carry}
    await connection.execute(insert(AGENT_STATES).values(agent_id=identity, next_step=0, **state))
    return identity


async def find_agent(connection: AsyncConnection, workspace: UUID, agent: UUID) -> AnyRow | None:
    """An agent with its state and the document of its model."""
    state, model = AGENT_STATES, MODELS
    query = (
        select(
            AGENTS, state.c.next_step, state.c.episode, state.c.time, state.c.action, state.c.carry, model.c.document
        )
        .join(state, state.c.agent_id == AGENTS.c.id)
        .join(model, (model.c.workspace_id == AGENTS.c.workspace_id) & (model.c.hash == AGENTS.c.model_hash))
        .where(AGENTS.c.id == agent, AGENTS.c.workspace_id == workspace)
    )
    return (await connection.execute(query)).first()


def _summaries(workspace: UUID) -> Select[*tuple[Any, ...]]:
    """What lists show of the agents of a workspace."""
    state = AGENT_STATES
    return (
        select(
            AGENTS.c.id,
            AGENTS.c.name,
            AGENTS.c.model_hash.label("model"),
            state.c.next_step,
            state.c.episode,
            AGENTS.c.created_at,
        )
        .join(state, state.c.agent_id == AGENTS.c.id)
        .where(AGENTS.c.workspace_id == workspace)
    )


async def list_agents(connection: AsyncConnection, workspace: UUID, after: UUID | None, limit: int) -> Sequence[AnyRow]:
    """Agents, the oldest first."""
    query = _summaries(workspace)
    if after is not None:
        query = query.where(AGENTS.c.id > after)
    return (await connection.execute(query.order_by(AGENTS.c.id).limit(limit))).all()


async def newest_agents(
    connection: AsyncConnection, workspace: UUID, before: UUID | None, limit: int
) -> Sequence[AnyRow]:
    """Agents, the newest first; of those that are older than one, where one is given."""
    query = _summaries(workspace)
    if before is not None:
        query = query.where(AGENTS.c.id < before)
    return (await connection.execute(query.order_by(AGENTS.c.id.desc()).limit(limit))).all()


async def move_state(
    connection: AsyncConnection, agent: UUID, next_step: int, before: Snapshot, after: Snapshot
) -> bool:
    """Move an agent from where it was expected to stand; False where it stands elsewhere."""
    state = AGENT_STATES
    change = (
        update(state)
        .where(
            state.c.agent_id == agent,
            state.c.next_step == next_step,
            state.c.episode == before.episode,
            state.c.time == before.time,
        )
        .values(episode=after.episode, time=after.time, action=after.action, carry=after.carry, updated_at=func.now())
    )
    return (await connection.execute(change.returning(state.c.agent_id))).first() is not None


async def delete_agent(connection: AsyncConnection, workspace: UUID, agent: UUID) -> bool:
    """Remove an agent and its steps; False where there is none."""
    removed = delete(AGENTS).where(AGENTS.c.id == agent, AGENTS.c.workspace_id == workspace)
    if (await connection.execute(removed.returning(AGENTS.c.id))).first() is None:
        return False
    await connection.execute(delete(STEPS).where(STEPS.c.agent_id == agent))
    return True
