"""Where operators put the switches, in the database."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.service.tables import SWITCHES, AnyRow

__all__ = ["NAMES", "all_switches", "put_switch"]

#: The switches that there are, each with what it guards.
NAMES = {
    "database": "Requests that need the database.",
    "cache": "Use of the shared cache; without it each process goes by what it has itself.",
    "memory": "Work that is estimated to take much memory; small work goes on.",
}


async def all_switches(connection: AsyncConnection) -> Sequence[AnyRow]:
    """The switches that were ever thrown."""
    return (await connection.execute(select(SWITCHES))).all()


async def put_switch(connection: AsyncConnection, name: str, position: str, reason: str, actor: str) -> AnyRow:
    """Put a switch somewhere; returns its row."""
    values = {"position": position, "reason": reason, "changed_by": actor, "changed_at": func.now()}
    put = upsert(SWITCHES).values(name=name, **values)
    made: AnyRow = (
        await connection.execute(put.on_conflict_do_update(index_elements=["name"], set_=values).returning(SWITCHES))
    ).one()
    return made
