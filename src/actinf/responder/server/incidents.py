"""The API of incidents: what the command line can do with them, over HTTP."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response

from actinf.errors import NoSuchIncident
from actinf.responder.access.privacy import may_see
from actinf.responder.advising.advice import advice_for
from actinf.responder.documents import summary_document
from actinf.responder.incident.state import Incident
from actinf.responder.moments import Moment
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.server.context import Asking, requires
from actinf.responder.server.once import answered
from actinf.responder.store import incidents, rosters
from actinf.responder.store.incidents import Wanted
from actinf.responder.verbs import VERBS, CheckByMachine, Erase, Merge, OpenIncident, RemoveEvidence, Verb
from actinf.runtime.idempotency_key import IdempotencyKey

__all__ = ["router"]

router = APIRouter(prefix="/v1/incidents", tags=["incidents"])

#: What asks monitoring first, what overwrites the log of the file afterwards, and what deletes a file once that stands.
_LONG = (CheckByMachine, Erase, RemoveEvidence)

#: An incident as `actinf.responder.documents` writes it.
Document = dict[str, Any]


@router.post("", status_code=201, summary="Open an incident", response_model=Document)
async def open_incident(
    body: OpenIncident, asking: Annotated[Asking, Depends(requires("open"))], key: IdempotencyKey = None
) -> Response:
    """Open one; without a severity it is judged from what is said."""

    def work() -> str:
        return body.run(asking.server.parts.desk, asking.by).id

    reply = await asking.server.do(lambda: answered(asking, key, "incidents.open", body, work, status=201))
    asking.server.machinery.something_happened()
    return reply


_Which = Annotated[Literal["open", "resolved", "all"], Query(description="Which ones.")]
_Since = Annotated[Moment | None, Query(description="Only those that were opened then or later.")]


@router.get("", summary="List incidents")
async def list_incidents(
    asking: Annotated[Asking, Depends(requires("see"))],
    which: _Which = "open",
    since: _Since = None,
    after: Annotated[
        str | None, Query(max_length=40, description="`next` of the page before.", examples=["2026-11-23-001"])
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="So many at most.")] = 100,
) -> Document:
    """Summaries, the most severe first, then the newest; private ones only for those who are concerned."""

    def work() -> Document:
        parts = asking.server.parts
        if after is not None:
            require_visible(asking, after)
        with parts.store.reading() as connection:
            wanted = Wanted(which=which, since=since, after=after)
            found, more = incidents.listed(connection, wanted, limit, _visible(connection, asking))
            now = parts.clock()
            return {
                "incidents": [summary_document(one, now) for one in found],
                "next": found[-1].id if more else None,
            }

    return await asking.server.do(work)


@router.get("/names", summary="List the ids of incidents")
async def list_names(
    asking: Annotated[Asking, Depends(requires("see"))], which: _Which = "open", since: _Since = None
) -> Document:
    """The ids of all of them, the newest first; private ones only for those who are concerned."""

    def work() -> list[str]:
        with asking.server.parts.store.reading() as connection:
            return incidents.names(connection, Wanted(which=which, since=since), _visible(connection, asking))

    return {"names": await asking.server.do(work)}


def _visible(connection: sqlite3.Connection, asking: Asking) -> Callable[[Incident], bool]:
    schedule = rosters.schedule(connection)
    return lambda one: may_see(connection, asking.who, one, schedule)


@router.get("/{incident}", summary="All of an incident")
async def show_incident(incident: str, asking: Annotated[Asking, Depends(requires("see"))]) -> Document:
    """All that is known of it, with its timeline."""

    def work() -> Document:
        require_visible(asking, incident)
        return asking.server.parts.desk.document(incident)

    return await asking.server.do(work)


@router.get("/{incident}/advice", summary="What to look at next")
async def show_advice(
    incident: str,
    asking: Annotated[Asking, Depends(requires("see"))],
    patience: Annotated[float, Query(ge=0, le=10, description="Seconds that the advice is waited for.")] = 2.0,
) -> Document:
    """The steps of the runbook, the best next check first, and the causes by how much they are believed in.

    It advises, and never acts.  Where there is no advice, `absent` says why, and the steps are in the runbook's order.
    """

    def work() -> Document:
        require_visible(asking, incident)
        return advice_for(asking.server.parts.desk, incident, patience=patience)

    # Beside the threads that everybody waits for: the engine may take its time.
    return await asyncio.to_thread(work)


def require_visible(asking: Asking, name: str) -> Incident:
    """The incident, for somebody who may see it.

    Raises:
        NoSuchIncident: there is none of that id, or none for them.
    """
    with asking.server.parts.store.reading() as connection:
        found = _found(connection, name)
        if found is None or not may_see(connection, asking.who, found, _schedule(connection, found)):
            raise NoSuchIncident(f"no incident {name[:60]!r}: GET /v1/incidents?which=all lists those that there are")
        return found


def _found(connection: sqlite3.Connection, name: str) -> Incident | None:
    try:
        return incidents.incident(connection, name)
    except NoSuchIncident:
        return None


def _schedule(connection: sqlite3.Connection, incident: Incident) -> Schedule | None:
    return rosters.schedule(connection) if incident.private else None


def _operation(verb: type[Verb]) -> Callable[..., Coroutine[Any, Any, Response]]:
    """The operation that does one thing with an incident."""

    async def act(
        incident: str,
        body: Verb,
        asking: Annotated[Asking, Depends(requires(verb.verb))],
        key: IdempotencyKey = None,
    ) -> Response:
        def work() -> str:
            return body.run(asking.server.parts.desk, incident, asking.by).id

        def reply_to() -> Response:
            # Also what was answered before is for those alone who may still see it.
            require_visible(asking, incident)
            if isinstance(body, Merge):
                require_visible(asking, body.into)
            operation = f"incidents.{verb.verb} {incident}"
            return answered(asking, key, operation, body, work, is_long=verb in _LONG)

        # Beside the threads that everybody waits for: monitoring may be as ill as what it watches.
        reply = await (asyncio.to_thread(reply_to) if verb is CheckByMachine else asking.server.do(reply_to))
        asking.server.machinery.something_happened()
        return reply

    act.__annotations__ = {
        "incident": str,
        "body": verb,
        "asking": Annotated[Asking, Depends(requires(verb.verb))],
        "key": IdempotencyKey,
        "return": Response,
    }
    return act


for _name, _verb in VERBS.items():
    router.add_api_route(
        f"/{{incident}}/{_name}",
        _operation(_verb),
        methods=["POST"],
        response_model=Document,
        name=_name,
        summary=(_verb.__doc__ or _name).splitlines()[0],
        operation_id=f"incident_{_name.replace('-', '_')}",
    )
