"""Addresses that people type because the API, or another page, has such ones: they lead to the page that is meant.

The first page lists agents and runs; what the API calls a simulation has its page as a run.  A program that asks here
has left out /v1, and is told so.
"""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from actinf.errors import NotFound
from actinf.web.markup import wants_a_page

__all__ = ["router"]

router = APIRouter()


@router.get("/agents")
async def agents(request: Request) -> Response:
    """The agents of the workspace, which the first page lists."""
    return _led(request, "/", "/v1/agents")


@router.get("/runs")
async def runs(request: Request) -> Response:
    """The runs of the workspace, which the first page lists."""
    return _led(request, "/", "/v1/simulations")


@router.get("/simulations")
async def simulations(request: Request) -> Response:
    """The runs of the workspace, by their other name."""
    return _led(request, "/", "/v1/simulations")


@router.get("/simulations/{simulation}")
async def simulation(simulation: UUID, request: Request) -> Response:
    """A run, by its other name."""
    return _led(request, f"/runs/{simulation}", f"/v1/simulations/{simulation}")


def _led(request: Request, there: str, in_the_api: str) -> Response:
    if not wants_a_page(request):
        raise NotFound(f"{request.url.path} leads to a page for people: programs ask for {in_the_api}, with a key")
    return RedirectResponse(there, 303)
