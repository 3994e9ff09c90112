"""The page of a run: how far it is, what came out of it, its pictures and its trace."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from actinf.errors import BudgetError, NotFound
from actinf.lab.chunks import ChunkedRun
from actinf.service.access.sessions import Visit
from actinf.service.context import Asking, Changes, Transaction, parts_of
from actinf.service.events import Reader as StreamReader
from actinf.service.simulations import repository, result, service, stream
from actinf.service.simulations.endpoints import NETCDF
from actinf.service.simulations.planning import planned_run
from actinf.service.tables import AnyRow
from actinf.web.lab.pages import page
from actinf.web.lab.pictures import MOST_VALUES, Drawn, Gallery, num_values
from actinf.web.lab.visitors import Reader, Runner, still_signed_in
from actinf.web.markup import is_part

__all__ = ["router", "title_of"]

router = APIRouter(prefix="/runs")

# An image runs nothing and loads nothing; its own style is what lets it follow the theme.
_OF_AN_IMAGE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cache-Control": "private, max-age=3600",
}


@router.get("/{run}")
async def show_run(run: UUID, request: Request, visit: Reader) -> Response:
    """A run, or the part of its page that changes while it runs."""
    row = await _row(request, visit, run)
    shown = service.shown_row(row)
    return page(
        "run_part.html" if is_part(request) else "run.html",
        visit=visit,
        can_run=visit.principal.may("run"),
        run=shown,
        name=title_of(shown),
        unfinished=row.status in repository.UNFINISHED,
    )


@router.get("/{run}/events")
async def follow(
    run: UUID,
    request: Request,
    visit: Reader,
    last_event_id: Annotated[int | None, Header(alias="Last-Event-ID", ge=-1, lt=2**62)] = None,
) -> Response:
    """The changes of a run as server-sent events, as the API sends them."""
    reader = StreamReader(name=visit.principal.actor, allowed=lambda: still_signed_in(request))
    return await stream.open_stream(parts_of(request), visit.principal, run, last_event_id, reader)


@router.get("/{run}/pictures")
async def show_pictures(run: UUID, request: Request, visit: Reader) -> Response:
    """The pictures of a run that succeeded."""
    shown = await _pictures(request, visit, run)
    return page("pictures_part.html" if is_part(request) else "pictures.html", visit=visit, id=run, pictures=shown)


@router.get("/{run}/pictures/{name}.svg")
async def picture(run: UUID, name: str, request: Request, visit: Reader) -> Response:
    """One picture."""
    drawn = next((one for one in await _pictures(request, visit, run) if one.name == name), None)
    if drawn is None:
        raise NotFound(f"the run {run} has no picture {name[:100]!r}")
    return Response(drawn.svg, media_type="image/svg+xml", headers=_OF_AN_IMAGE)


@router.get("/{run}/trace.nc")
async def download(run: UUID, request: Request, visit: Reader) -> Response:
    """The trace as NetCDF, which xarray opens."""
    row = await _row(request, visit, run)
    result.refuse_unfinished(row)
    file = await result.netcdf_file(parts_of(request), row)
    headers = {"Content-Length": str(result.size_of(file)), "Content-Disposition": f'attachment; filename="{run}.nc"'}
    return StreamingResponse(result.sent(file), headers=headers, media_type=NETCDF)


@router.get("/{run}/experiment.json")
async def experiment(run: UUID, request: Request, visit: Reader, changes: Transaction) -> dict[str, Any]:
    """The experiment document, which `actinf run` runs on any machine."""
    return await service.experiment(Asking(visit.principal, changes, parts_of(request)), run)


@router.post("/{run}/cancel")
async def cancel(run: UUID, request: Request, visit: Runner, changes: Transaction) -> Response:
    """End a run."""
    await service.cancel(Asking(visit.principal, changes, parts_of(request)), run)
    return RedirectResponse(f"/runs/{run}", 303)


@router.post("/{run}/delete")
async def delete(run: UUID, request: Request, visit: Runner, changes: Transaction) -> Response:
    """Remove a run and its trace."""
    await service.delete(Asking(visit.principal, changes, parts_of(request)), run)
    return RedirectResponse("/", 303)


def title_of(shown: Any) -> str:
    """What a run is called."""
    return shown.name or f"run {str(shown.id)[-6:]}"


async def _row(request: Request, visit: Visit, run: UUID) -> AnyRow:
    async with parts_of(request).engine.connect() as connection:
        return await service.found(Asking(visit.principal, Changes(connection), parts_of(request)), run)


async def _pictures(request: Request, visit: Visit, run: UUID) -> list[Drawn]:
    """The pictures of a run.

    Raises:
        Conflict: it has no result.
        BudgetError: its trace is too large to be drawn here.
    """
    row = await _row(request, visit, run)
    result.refuse_unfinished(row)
    parts = parts_of(request)
    planned: ChunkedRun = await parts.crew.run(planned_run, row.document, row.chunk_agents, row.engine)
    values = num_values(planned)
    if values > MOST_VALUES:
        raise BudgetError(
            f"the trace has {values:,} numbers, and {MOST_VALUES:,} is the most that is drawn here: download it, and "
            "draw it with actinf.lab.plots"
        )
    gallery: Gallery = request.app.state.gallery
    return await gallery.of(run, planned, lambda: result.netcdf_file(parts, row), parts.crew)
