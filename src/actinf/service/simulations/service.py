"""What is done with simulations."""

import asyncio
import json
from typing import Any
from uuid import UUID

from actinf.errors import Conflict, NotFound
from actinf.service.context import Asking
from actinf.service.jobs import queue
from actinf.service.models import service as models
from actinf.service.simulations import repository
from actinf.service.simulations.planning import draft
from actinf.service.simulations.schemas import (
    NewSimulation,
    Progress,
    SimulationPage,
    SimulationShown,
    SimulationSummary,
)
from actinf.service.tables import AnyRow

__all__ = ["cancel", "create", "delete", "experiment", "found", "listed", "not_there", "shown", "shown_row"]


def not_there(simulation: UUID) -> NotFound:
    """The error for a simulation that does not exist here."""
    return NotFound(
        f"there is no simulation {simulation} in this workspace: /v1/simulations lists those that there are"
    )


async def found(asking: Asking, identity: UUID, *, lock: bool = False) -> AnyRow:
    """The row of a simulation.

    Raises:
        NotFound: there is none.
    """
    row = await repository.find_simulation(asking.connection, asking.principal.workspace, identity, lock=lock)
    if row is None:
        raise not_there(identity)
    return row


async def create(asking: Asking, wanted: NewSimulation) -> SimulationShown:
    """Keep a simulation and have it computed: the row, its job and the audit entry are one transaction.

    Raises:
        FileError, ModelError, SettingError: with what is wrong in the experiment.
        BudgetError: it is too large, with the numbers.
        ServiceUnavailable: there is no room to plan it now.
    """
    drafted = await asyncio.to_thread(draft, await _stated(asking, wanted), asking.parts.settings)
    with asking.parts.admission.work("planning the simulation", drafted.estimate.agent.bytes):
        planned = await asyncio.to_thread(drafted.planned)
    values = {"workspace_id": asking.principal.workspace, "name": wanted.name, **planned.values()}
    identity = await repository.insert_simulation(asking.connection, values)
    await repository.set_job(asking.connection, identity, await queue.put(asking.connection, identity))
    shown = shown_row(await found(asking, identity))
    extent = {"num_agents": shown.num_agents, "num_steps": shown.num_steps, "num_episodes": shown.num_episodes}
    asking.record("simulations.create", f"simulation:{identity}", name=wanted.name, **extent)
    return shown


async def _stated(asking: Asking, wanted: NewSimulation) -> NewSimulation:
    """The same with the workspace's own model in place of its name: what workers are given is complete in itself."""
    given = wanted.experiment
    reference = given if isinstance(given, str) else given.get("model")
    if not isinstance(reference, str):
        return wanted
    try:
        _, document = await models.find(asking.parts.library, asking.connection, asking.principal.workspace, reference)
    except NotFound:
        return wanted  # the name of a bundled experiment, or of nothing: the reader of experiments knows
    if document is None:
        return wanted
    stated = {"actinf": 1, "kind": "experiment", "name": reference} if isinstance(given, str) else dict(given)
    return wanted.model_copy(update={"experiment": stated | {"model": json.loads(document)}})


async def shown(asking: Asking, identity: UUID) -> SimulationShown:
    """A simulation.

    Raises:
        NotFound: there is none.
    """
    return shown_row(await found(asking, identity))


async def experiment(asking: Asking, identity: UUID) -> dict[str, Any]:
    """The document that a simulation computes.

    Raises:
        NotFound: there is none.
    """
    document: dict[str, Any] = json.loads((await found(asking, identity)).document)
    return document


async def listed(asking: Asking, status: str | None, after: UUID | None, limit: int) -> SimulationPage:
    """A page of simulations."""
    rows = await repository.list_simulations(asking.connection, asking.principal.workspace, status, after, limit + 1)
    items = [SimulationSummary(**_common(row)) for row in rows[:limit]]
    return SimulationPage(items=items, next=items[-1].id if len(rows) > limit else None)


async def cancel(asking: Asking, identity: UUID) -> SimulationShown:
    """End a simulation.  It is cancelled at once; a worker that computes it notices within a second.

    Raises:
        NotFound: there is none.
        Conflict: it has ended by itself.
    """
    row = await found(asking, identity, lock=True)
    if row.status == "cancelled":
        return shown_row(row)
    if row.status not in repository.UNFINISHED:
        raise Conflict(f"the simulation {identity} has {row.status}: there is nothing left to cancel")
    await repository.cancel(asking.connection, identity)
    cancelled = shown_row(await found(asking, identity))
    asking.record("simulations.cancel", f"simulation:{identity}", steps_done=row.work_done)
    return cancelled


async def delete(asking: Asking, identity: UUID) -> None:
    """Remove a simulation and its trace.

    Raises:
        NotFound: there is none.
        Conflict: it is running.
    """
    row = await found(asking, identity, lock=True)
    if row.status == "running":
        raise Conflict(
            f"the simulation {identity} is running: cancel it first (POST /v1/simulations/{identity}/cancel)"
        )
    await repository.delete_simulation(asking.connection, identity)
    asking.record("simulations.delete", f"simulation:{identity}", status=row.status)


def shown_row(row: AnyRow) -> SimulationShown:
    """A row as it is sent."""
    return SimulationShown(
        **_common(row),
        version=row.version,
        engine=row.engine,
        attempts=row.attempts,
        seconds=row.seconds,
        error=row.error,
        summary=row.summary,
    )


def _common(row: AnyRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "status": row.status,
        "num_agents": row.num_agents,
        "num_steps": row.num_steps,
        "num_episodes": row.num_episodes,
        "progress": Progress(
            chunks_done=row.chunks_done,
            num_chunks=row.num_chunks,
            steps_done=row.work_done,
            steps_total=row.work_total,
        ),
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
    }
