"""The steps of an agent as a stream: every step is an event, its number the event's id."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from actinf.service.access.principal import Principal
from actinf.service.context import Parts
from actinf.service.events import Event, EventStream, Positions, Reader
from actinf.service.steps import repository
from actinf.service.steps.service import shown

__all__ = ["newest_of", "open_stream"]

_PAGE = 32


def newest_of(engine: AsyncEngine) -> Positions:
    """What tells how far agents are."""

    async def positions(agents: Collection[UUID]) -> Mapping[UUID, int]:
        async with engine.connect() as connection:
            return await repository.newest_steps(connection, agents)

    return positions


async def open_stream(
    parts: Parts, principal: Principal, identity: UUID, after: int | None, reader: Reader
) -> EventStream:
    """The steps of an agent after one of them, then each as it is taken.

    Args:
        parts: of the process; principal: who asks; identity: of the agent.
        after: the number of a step; None: only the steps that are taken from now on.
        reader: who listens.

    Raises:
        NotFound: there is no such agent.
        RateLimited, ServiceUnavailable: there are too many streams.
    """
    async with parts.engine.connect() as connection:
        row = await parts.hot.row_of(connection, principal.workspace, identity)
    live = await parts.hot.revived(row)

    async def read(number: int) -> Sequence[Event]:
        async with parts.engine.connect() as connection:
            rows = await repository.steps_after(connection, identity, number, _PAGE)
        return await parts.crew.run(
            lambda: [Event("step", row.step, shown(identity, row, live).model_dump_json()) for row in rows]
        )

    return parts.steps_taken.stream(identity, after=after, position=live.next_step - 1, read=read, reader=reader)
