"""Switches from the command line: for whoever has the database at hand, also while the API does not answer."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from actinf.errors import NotFound
from actinf.runtime.at_hand import Database
from actinf.service.access.commands import told_in_transaction
from actinf.service.audit.log import AuditLog, Entry
from actinf.service.switches import repository
from actinf.service.tables import AnyRow

__all__ = ["list_switches", "put_switch"]


def list_switches(database: Database) -> Sequence[AnyRow]:
    """The switches that were ever thrown; `repository.NAMES` holds all that there are."""
    return told_in_transaction(database, repository.all_switches)


def put_switch(database: Database, audit: AuditLog, *, actor: str, name: str, position: str, reason: str) -> None:
    """Put a switch somewhere; processes that run follow within 5 s.

    Raises:
        NotFound: there is no such switch.
    """
    if name not in repository.NAMES:
        raise NotFound(f"there is no switch {name!r}: expected one of {', '.join(repository.NAMES)}")

    async def work(connection: AsyncConnection) -> None:
        await repository.put_switch(connection, name, position, reason, actor)
        details = {"position": position, "reason": reason}
        entry = Entry(workspace=None, actor=actor, action="switches.put", object=f"switch:{name}", details=details)
        await audit.append(connection, entry)

    told_in_transaction(database, work)
