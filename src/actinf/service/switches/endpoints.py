"""`/v1/switches`: see and throw the circuit breakers while the service runs."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.service.access.principal import Principal
from actinf.service.context import Asking, parts_of, requires
from actinf.service.json_route import JsonRoute
from actinf.service.switches import service
from actinf.service.switches.schemas import SwitchList, SwitchPut, SwitchShown

__all__ = ["router"]

router = APIRouter(prefix="/v1/switches", tags=["switches"], route_class=JsonRoute)

Operator = Annotated[Principal, Depends(requires("operate"))]


async def _transaction(request: Request) -> AsyncIterator[AsyncConnection]:
    async with parts_of(request).engine.for_operators().begin() as connection:
        yield connection


#: As any other, but it passes a database switch that is held open: how else would it be closed again?
OperatorTransaction = Annotated[AsyncConnection, Depends(_transaction, scope="function")]


@router.get("")
async def list_switches(request: Request, principal: Operator, connection: OperatorTransaction) -> SwitchList:
    """The circuit breakers: where operators hold them, and what they do in the process that answers."""
    return await service.listed(Asking(principal, connection, parts_of(request)))


@router.put("/{name}")
async def put_switch(
    name: Annotated[str, Path(max_length=40, description="`database`, `cache` or `memory`.", examples=["memory"])],
    body: SwitchPut,
    request: Request,
    principal: Operator,
    connection: OperatorTransaction,
) -> SwitchShown:
    """Hold a breaker open or closed, or let failures decide again.  Every process follows within 5 s; it is audited."""
    return await service.throw(Asking(principal, connection, parts_of(request)), name, body)
