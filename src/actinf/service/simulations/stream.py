"""The changes of a simulation as a stream: every event is the simulation as it stands, its version the event's id."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncEngine

from actinf.service.access.principal import Principal
from actinf.service.context import Parts
from actinf.service.events import Event, Positions, Reader
from actinf.service.simulations import repository
from actinf.service.simulations.service import not_there, shown_row
from actinf.service.tables import AnyRow

__all__ = ["open_stream", "versions_in"]


def versions_in(engine: AsyncEngine) -> Positions:
    """What tells how far simulations are."""

    async def positions(simulations: Collection[UUID]) -> Mapping[UUID, int]:
        async with engine.connect() as connection:
            return await repository.versions_of(connection, simulations)

    return positions


async def open_stream(
    parts: Parts, principal: Principal, identity: UUID, after: int | None, reader: Reader
) -> Response:
    """A simulation as it stands, and again whenever it changes, until it has ended.

    Args:
        parts: of the process; principal: who asks; identity: of the simulation.
        after: the version that the reader knows; None: none.
        reader: who listens.

    Raises:
        NotFound: there is no such simulation.
        RateLimited, ServiceUnavailable: there are too many streams.
    """

    async def current() -> AnyRow:
        async with parts.engine.connect() as connection:
            row = await repository.find_simulation(connection, principal.workspace, identity)
        if row is None:
            raise not_there(identity)
        return row

    async def read(number: int) -> Sequence[Event]:
        row = await current()
        if row.version <= number:
            return ()
        ended = row.status not in repository.UNFINISHED
        return [Event("simulation", row.version, shown_row(row).model_dump_json(), last=ended)]

    row = await current()
    if after is not None and after >= row.version and row.status not in repository.UNFINISHED:
        # All was told: browsers connect again when a stream ends, and 204 is what lets them leave it.
        return Response(status_code=204)
    begin = -1 if after is None else after
    return parts.simulation_changes.stream(identity, after=begin, position=row.version, read=read, reader=reader)
