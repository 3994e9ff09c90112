"""What is done with switches."""

from actinf.errors import Forbidden, NotFound
from actinf.service.access import repository as workspaces
from actinf.service.context import Asking
from actinf.service.protection.breaker import Breaker
from actinf.service.switches import repository
from actinf.service.switches.schemas import SwitchList, SwitchPut, SwitchShown
from actinf.service.tables import AnyRow

__all__ = ["INSTALLATION", "listed", "throw"]

#: The workspace of whoever runs the installation.
INSTALLATION = "default"


async def listed(asking: Asking) -> SwitchList:
    """All switches, as this process has them.

    Raises:
        Forbidden: to a key of another workspace than the installation's own.
    """
    await _refuse_tenants(asking)
    board = asking.parts.switches
    rows = {row.name: row for row in await repository.all_switches(asking.connection)}
    return SwitchList(items=[_shown(board[name], rows.get(name)) for name in board.names])


async def throw(asking: Asking, name: str, wanted: SwitchPut) -> SwitchShown:
    """Put a switch somewhere: here at once, in other processes as soon as they look.

    Raises:
        NotFound: there is no such switch.
        Forbidden: to a key of another workspace than the installation's own.
    """
    await _refuse_tenants(asking)
    board = asking.parts.switches
    if name not in board.names:
        raise NotFound(f"there is no switch {name[:80]!r}: expected one of {', '.join(board.names)}")
    row = await repository.put_switch(asking.connection, name, wanted.position, wanted.reason, asking.principal.actor)
    asking.record("switches.put", f"switch:{name}", position=wanted.position, reason=wanted.reason)
    board.throw(name, wanted.position)
    return _shown(board[name], row)


async def _refuse_tenants(asking: Asking) -> None:
    """A switch is for all workspaces alike: whoever only has one of them neither sees who threw it nor throws it."""
    name = await workspaces.name_of_workspace(asking.connection, asking.principal.workspace)
    if name != INSTALLATION:
        raise Forbidden(
            f"switches are thrown for all workspaces, and this key is of {name!r}: use one of {INSTALLATION!r} (actinf "
            f"keys create --workspace {INSTALLATION} --scope operate), or `actinf switches`"
        )


def _shown(breaker: Breaker, row: AnyRow | None) -> SwitchShown:
    return SwitchShown(
        name=breaker.name,
        guards=breaker.purpose,
        position=breaker.position,
        state=breaker.state,
        failures=breaker.failures,
        reason="" if row is None else row.reason,
        changed_by=None if row is None else row.changed_by,
        changed_at=None if row is None else row.changed_at,
    )
