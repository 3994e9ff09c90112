"""`/v1/agents`: make, read, list, reset and delete agents."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from actinf.runtime.idempotency_key import IdempotencyKey
from actinf.service.agents import service
from actinf.service.agents.schemas import AgentMade, AgentPage, AgentShown, NewAgent, Reset
from actinf.service.context import Asking, Reader, Runner, Transaction, changing, parts_of
from actinf.service.idempotency import once
from actinf.service.json_route import JsonRoute
from actinf.service.steps.service import take_first

__all__ = ["router"]

router = APIRouter(prefix="/v1/agents", tags=["agents"], route_class=JsonRoute)


@router.post("", status_code=201, response_model=AgentMade)
async def create_agent(
    body: NewAgent, request: Request, principal: Runner, idempotency_key: IdempotencyKey = None
) -> Response:
    """Make an agent of a model and settings.  With an `observation` it takes its first step as well, or is not made."""
    parts = parts_of(request)
    await service.make_ready(parts, principal, body)

    async def work() -> AgentMade:
        made, first = await service.create(asking, body), None
        if body.observation is not None:
            first = await take_first(asking, made.id, body.observation)
            made = await service.shown(asking, made.id)
        return AgentMade(**dict(made), first=first)

    async with changing(parts) as changes:
        asking = Asking(principal, changes, parts)
        return await once(asking, idempotency_key, "agents.create", body, work)


@router.get("")
async def list_agents(
    request: Request,
    principal: Reader,
    changes: Transaction,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> AgentPage:
    """The agents of the workspace, the oldest first."""
    return await service.listed(Asking(principal, changes, parts_of(request)), after, limit)


@router.get("/{agent}")
async def read_agent(agent: UUID, request: Request, principal: Reader, changes: Transaction) -> AgentShown:
    """An agent: its settings, its model's names, and where it stands."""
    return await service.shown(Asking(principal, changes, parts_of(request)), agent)


@router.post("/{agent}/reset", response_model=AgentShown)
async def reset_agent(
    agent: UUID,
    body: Reset,
    request: Request,
    principal: Runner,
    changes: Transaction,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Begin the next episode: beliefs start again from D; what was learned is kept unless told otherwise."""
    asking = Asking(principal, changes, parts_of(request))
    operation = f"agents.reset {agent}"
    return await once(asking, idempotency_key, operation, body, lambda: service.reset(asking, agent, body), status=200)


@router.delete("/{agent}", status_code=204)
async def delete_agent(agent: UUID, request: Request, principal: Runner, changes: Transaction) -> None:
    """Remove an agent and its steps."""
    await service.delete(Asking(principal, changes, parts_of(request)), agent)
