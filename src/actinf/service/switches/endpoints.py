"""`/v1/switches`: see and throw the circuit breakers while the service runs."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from actinf.service.context import Asking, Operator, OperatorTransaction, parts_of
from actinf.service.json_route import JsonRoute
from actinf.service.switches import service
from actinf.service.switches.schemas import SwitchList, SwitchPut, SwitchShown

__all__ = ["router"]

router = APIRouter(prefix="/v1/switches", tags=["switches"], route_class=JsonRoute)


@router.get("")
async def list_switches(request: Request, principal: Operator, changes: OperatorTransaction) -> SwitchList:
    """The circuit breakers: where operators hold them, and what they do in the process that answers."""
    return await service.listed(Asking(principal, changes, parts_of(request)))


@router.put("/{name}")
async def put_switch(
    name: Annotated[str, Path(max_length=40, description="`database`, `cache` or `memory`.", examples=["memory"])],
    body: SwitchPut,
    request: Request,
    principal: Operator,
    changes: OperatorTransaction,
) -> SwitchShown:
    """Hold a breaker open or closed, or let failures decide again.  Every process follows within 5 s; it is audited."""
    return await service.throw(Asking(principal, changes, parts_of(request)), name, body)
