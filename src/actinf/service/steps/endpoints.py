"""`/v1/agents/{agent}/steps` and `/v1/steps`: take steps, and read those that were taken."""

import asyncio
from typing import Annotated
from uuid import UUID

import psycopg
from fastapi import APIRouter, Header, Path, Query, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from actinf.errors import ActinfError, Conflict
from actinf.runtime.idempotency_key import REPLAYED, IdempotencyKey
from actinf.runtime.problem_documents import Problem
from actinf.runtime.problems import logged_problem_of, problem_of
from actinf.service.access.principal import Principal
from actinf.service.context import Parts, Reader, Runner, parts_of, still_allowed
from actinf.service.events import EventStream
from actinf.service.events import Reader as StreamReader
from actinf.service.steps import service, stream
from actinf.service.steps.lean_route import LeanRoute
from actinf.service.steps.schemas import (
    STREAM,
    AgentStep,
    ManySteps,
    ManyStepsReply,
    NewStep,
    OneReply,
    StepPage,
    StepReply,
    StepShown,
)

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["steps"], route_class=LeanRoute)


@router.post("/agents/{agent}/steps", status_code=201, response_model=StepReply)
async def take_step(
    agent: UUID, body: NewStep, request: Request, principal: Runner, idempotency_key: IdempotencyKey = None
) -> Response:
    """Give an agent an observation; it infers, plans, chooses, and answers when the step is durable.

    Steps of one agent follow one another.  `step` says which number this one must have (409 where another comes next);
    without it the step is whichever comes next.  Sent again with the same `Idempotency-Key`, it is answered alike.
    """
    taken = await service.take(parts_of(request), principal, agent, body, idempotency_key)
    return Response(taken.body, 201, {REPLAYED: "true"} if taken.again else None, "application/json")


@router.get("/agents/{agent}/steps", response_model=StepPage)
async def list_steps(
    agent: UUID,
    request: Request,
    principal: Reader,
    after: Annotated[
        int, Query(ge=-1, lt=2**62, description="The number of the step before the first one shown.")
    ] = -1,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """The steps that an agent took, in their order.  A page of long steps may hold fewer than `limit`."""
    page = await service.history(parts_of(request), principal, agent, after, limit)
    return Response(page, media_type="application/json")


@router.get("/agents/{agent}/steps/{step}", response_model=StepShown)
async def read_step(
    agent: UUID, step: Annotated[int, Path(ge=0, lt=2**62)], request: Request, principal: Reader
) -> Response:
    """One step that an agent took."""
    shown = await service.one_step(parts_of(request), principal, agent, step)
    return Response(shown, media_type="application/json")


@router.get(
    "/agents/{agent}/events",
    status_code=200,
    response_class=EventStream,
    responses={200: {"description": "The stream.", "content": {"text/event-stream": STREAM}}},
)
async def stream_steps(
    agent: UUID,
    request: Request,
    principal: Reader,
    after: Annotated[
        int | None, Query(ge=-1, lt=2**62, description="The number of a step: begin after it, not with the next one.")
    ] = None,
    last_event_id: Annotated[
        int | None, Header(alias="Last-Event-ID", ge=-1, lt=2**62, description="Likewise, and before `after`.")
    ] = None,
) -> Response:
    """Every step of an agent as it is taken, as server-sent events.

    An event `step` has the step as its data and the number of the step as its id.  Connected again with the
    `Last-Event-ID` that it had last, a reader gets every step that it missed, once.  `deleted` ends the stream of an
    agent that is gone; `ended` says why else it ends: the key was revoked, or this process is about to stop.
    """
    reader = StreamReader(name=principal.actor, allowed=lambda: still_allowed(request, "read"))
    begin = last_event_id if last_event_id is not None else after
    return await stream.open_stream(parts_of(request), principal, agent, begin, reader)


@router.post("/steps", response_model=ManyStepsReply)
async def take_many_steps(body: ManySteps, request: Request, principal: Runner) -> Response:
    """Steps of many agents at once.  Each ends by itself, with a reply or a problem; the status is 200 all the same.

    Several steps of one agent are taken in the order of the request, up to the first that fails: those after it are not
    taken, and say so (409).  Sent again with their keys and in the same order, each is taken once.
    """
    parts, path = parts_of(request), request.url.path
    of_agent: dict[UUID, list[int]] = {}
    for at, step in enumerate(body.steps):
        of_agent.setdefault(step.agent, []).append(at)
    ends: list[bytes | Problem] = [b""] * len(body.steps)

    async def one_after_another(places: list[int]) -> None:
        for done, at in enumerate(places):
            ends[at] = end = await _one(parts, principal, body.steps[at], path)
            if isinstance(end, Problem):  # what comes after it was meant for where it would have left the agent
                for other in places[done + 1 :]:
                    ends[other] = end if end.status == 404 else _not_taken(end, path)
                return

    await asyncio.gather(*(one_after_another(places) for places in of_agent.values()))
    return Response(b'{"results":[' + b",".join(map(_result, ends)) + b"]}", media_type="application/json")


async def _one(parts: Parts, principal: Principal, wanted: AgentStep, path: str) -> bytes | Problem:
    """The reply of a step, as it was written, or the problem with it."""
    try:
        return (await service.take(parts, principal, wanted.agent, wanted, wanted.key)).body
    except (ActinfError, SQLAlchemyError, psycopg.Error, OSError) as error:
        return logged_problem_of(error, path, "POST")[0]


def _result(end: bytes | Problem) -> bytes:
    """How a step ended, as JSON (`OneReply`)."""
    if isinstance(end, Problem):
        return OneReply(problem=end).model_dump_json().encode()
    return b'{"reply":' + end + b',"problem":null}'


def _not_taken(earlier: Problem, path: str) -> Problem:
    """What became of the steps after one that failed."""
    error = Conflict(
        f"an earlier step of this agent in the request failed: {earlier.detail} This one was not taken: send it again "
        "after that"
    )
    return problem_of(error, path)[0]
