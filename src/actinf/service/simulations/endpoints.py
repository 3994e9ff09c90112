"""`/v1/simulations`: have experiments computed, follow them, and get their traces."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from actinf.runtime.idempotency_key import IdempotencyKey
from actinf.service.context import Asking, Reader, Runner, Transaction, parts_of, still_allowed
from actinf.service.events import EventStream
from actinf.service.events import Reader as StreamReader
from actinf.service.idempotency import once
from actinf.service.json_route import JsonRoute
from actinf.service.simulations import repository, result, service, stream
from actinf.service.simulations.schemas import STREAM, NewSimulation, SimulationPage, SimulationShown, Status

__all__ = ["NETCDF", "router"]

NETCDF = "application/x-netcdf"

router = APIRouter(prefix="/v1/simulations", tags=["simulations"], route_class=JsonRoute)


@router.post("", status_code=201, response_model=SimulationShown)
async def create_simulation(
    body: NewSimulation,
    request: Request,
    principal: Runner,
    changes: Transaction,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Have an experiment computed by a worker.  It is durable when this is answered; what is too large is refused."""
    asking = Asking(principal, changes, parts_of(request))
    return await once(asking, idempotency_key, "simulations.create", body, lambda: service.create(asking, body))


@router.get("")
async def list_simulations(
    request: Request,
    principal: Reader,
    changes: Transaction,
    status: Annotated[Status | None, Query(description="Only those of this status.")] = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> SimulationPage:
    """The simulations of the workspace, the newest first."""
    return await service.listed(Asking(principal, changes, parts_of(request)), status, after, limit)


@router.get("/{simulation}")
async def read_simulation(
    simulation: UUID, request: Request, principal: Reader, changes: Transaction
) -> SimulationShown:
    """A simulation: its status and progress, and what came out or why it failed."""
    return await service.shown(Asking(principal, changes, parts_of(request)), simulation)


@router.get("/{simulation}/experiment")
async def read_experiment(
    simulation: UUID, request: Request, principal: Reader, changes: Transaction
) -> dict[str, Any]:
    """The experiment document that a simulation computes: saved as JSON, `actinf run` runs it on any machine."""
    return await service.experiment(Asking(principal, changes, parts_of(request)), simulation)


@router.post("/{simulation}/cancel")
async def cancel_simulation(
    simulation: UUID, request: Request, principal: Runner, changes: Transaction
) -> SimulationShown:
    """End a simulation, also in the middle; what it had computed is dropped.  Asked again, it answers alike."""
    return await service.cancel(Asking(principal, changes, parts_of(request)), simulation)


@router.delete("/{simulation}", status_code=204)
async def delete_simulation(simulation: UUID, request: Request, principal: Runner, changes: Transaction) -> None:
    """Remove a simulation that is not running, and its trace."""
    await service.delete(Asking(principal, changes, parts_of(request)), simulation)


@router.get(
    "/{simulation}/events",
    status_code=200,
    response_class=EventStream,
    responses={
        200: {"description": "The stream.", "content": {"text/event-stream": STREAM}},
        204: {"description": "The simulation has ended, and the reader knows how."},
    },
)
async def stream_simulation(
    simulation: UUID,
    request: Request,
    principal: Reader,
    last_event_id: Annotated[
        int | None, Header(alias="Last-Event-ID", ge=-1, lt=2**62, description="The version that the reader knows.")
    ] = None,
) -> Response:
    """A simulation as it stands, and again whenever it changes, as server-sent events, until it has ended.

    An event `simulation` has as its data what reading the simulation gives, and its version as its id.  A reader that
    was cut off sends the `Last-Event-ID` that it had last, and misses no state that lasts.  `deleted` and `ended` are
    those of the stream of an agent.
    """
    reader = StreamReader(name=principal.actor, allowed=lambda: still_allowed(request, "read"))
    return await stream.open_stream(parts_of(request), principal, simulation, last_event_id, reader)


@router.get(
    "/{simulation}/result",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The trace.",
            "content": {
                NETCDF: {"schema": {"type": "string", "format": "binary"}},
                "application/json": {"schema": {"type": "object"}},
            },
        }
    },
)
async def read_result(
    simulation: UUID,
    request: Request,
    principal: Reader,
    form: Annotated[
        Literal["json", "netcdf"] | None, Query(alias="format", description="Instead of the header Accept.")
    ] = None,
    accept: Annotated[str, Header()] = "application/json",
) -> Response:
    """The trace of a simulation that succeeded, as NetCDF (xarray opens it) or as JSON.

    JSON holds `id`, `summary`, `attrs`, `coords` (the names along each dimension) and `variables`: for each its `dims`,
    `attrs` and `values`, nested lists in the order of the dimensions.  Above five million numbers only NetCDF is sent.
    """
    parts = parts_of(request)
    async with parts.engine.connect() as connection:
        row = await repository.find_simulation(connection, principal.workspace, simulation)
    if row is None:
        raise service.not_there(simulation)
    result.refuse_unfinished(row)
    as_netcdf = form == "netcdf" if form is not None else NETCDF in accept
    file = await (result.netcdf_file(parts, row) if as_netcdf else result.json_file(parts, row))
    headers = {"Content-Length": str(result.size_of(file)), "Vary": "Accept"}
    if as_netcdf:
        headers["Content-Disposition"] = f'attachment; filename="{simulation}.nc"'
    return StreamingResponse(result.sent(file), headers=headers, media_type=NETCDF if as_netcdf else "application/json")
