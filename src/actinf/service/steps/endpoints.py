"""`/v1/agents/{agent}/steps` and `/v1/steps`: take steps, and read those that were taken."""

import asyncio
from typing import Annotated
from uuid import UUID

import psycopg
from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from actinf.errors import ActinfError, Conflict
from actinf.runtime.problems import Problem, logged_problem_of, problem_of
from actinf.service.access.principal import Principal
from actinf.service.context import Parts, parts_of, requires, still_allowed
from actinf.service.events import EventStream
from actinf.service.events import Reader as StreamReader
from actinf.service.idempotency import REPLAYED, IdempotencyKey
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

Reader = Annotated[Principal, Depends(requires("read"))]
Runner = Annotated[Principal, Depends(requires("run"))]


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


@router.get("/agents/{agent}/steps")
async def list_steps(
    agent: UUID,
    request: Request,
    principal: Reader,
    after: Annotated[
        int, Query(ge=-1, lt=2**62, description="The number of the step before the first one shown.")
    ] = -1,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> StepPage:
    """The steps that an agent took, in their order."""
    return await service.history(parts_of(request), principal, agent, after, limit)


@router.get("/agents/{agent}/steps/{step}")
async def read_step(
    agent: UUID, step: Annotated[int, Path(ge=0, lt=2**62)], request: Request, principal: Reader
) -> StepShown:
    """One step that an agent took."""
    return await service.one_step(parts_of(request), principal, agent, step)


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


@router.post("/steps")
async def take_many_steps(body: ManySteps, request: Request, principal: Runner) -> ManyStepsReply:
    """Steps of many agents at once.  Each ends by itself, with a reply or a problem; the status is 200 all the same.

    Several steps of one agent are taken in the order of the request, up to the first that fails: those after it are not
    taken, and say so (409).  Sent again with their keys and in the same order, each is taken once.
    """
    parts = parts_of(request)
    of_agent: dict[UUID, list[int]] = {}
    for at, step in enumerate(body.steps):
        of_agent.setdefault(step.agent, []).append(at)
    results: list[OneReply] = [OneReply()] * len(body.steps)

    async def one_after_another(places: list[int]) -> None:
        for done, at in enumerate(places):
            results[at] = await _one(parts, principal, body.steps[at], request.url.path)
            problem = results[at].problem
            if problem is not None:  # what comes after it was meant for where it would have left the agent
                for other in places[done + 1 :]:
                    results[other] = results[at] if problem.status == 404 else _not_taken(problem, request.url.path)
                return

    await asyncio.gather(*(one_after_another(places) for places in of_agent.values()))
    return ManyStepsReply(results=results)


async def _one(parts: Parts, principal: Principal, wanted: AgentStep, path: str) -> OneReply:
    try:
        taken = await service.take(parts, principal, wanted.agent, wanted, wanted.key)
    except (ActinfError, SQLAlchemyError, psycopg.Error, OSError) as error:
        return OneReply(problem=logged_problem_of(error, path, "POST")[0])
    return OneReply(reply=StepReply.model_validate_json(taken.body))


def _not_taken(earlier: Problem, path: str) -> OneReply:
    """What became of the steps after one that failed."""
    error = Conflict(
        f"an earlier step of this agent in the request failed: {earlier.detail} This one was not taken: send it again "
        "after that"
    )
    return OneReply(problem=problem_of(error, path)[0])
