"""What is done with switches."""

from actinf.errors import NotFound
from actinf.service.context import Asking
from actinf.service.protection.breaker import Breaker
from actinf.service.switches import repository
from actinf.service.switches.schemas import SwitchList, SwitchPut, SwitchShown
from actinf.service.tables import AnyRow

__all__ = ["listed", "throw"]


async def listed(asking: Asking) -> SwitchList:
    """All switches, as this process has them."""
    board = asking.parts.switches
    rows = {row.name: row for row in await repository.all_switches(asking.connection)}
    return SwitchList(items=[_shown(board[name], rows.get(name)) for name in board.names])


async def throw(asking: Asking, name: str, wanted: SwitchPut) -> SwitchShown:
    """Put a switch somewhere: here at once, in other processes as soon as they look.

    Raises:
        NotFound: there is no such switch.
    """
    board = asking.parts.switches
    if name not in board.names:
        raise NotFound(f"there is no switch {name[:80]!r}: expected one of {', '.join(board.names)}")
    row = await repository.put_switch(asking.connection, name, wanted.position, wanted.reason, asking.principal.actor)
    await asking.record("switches.put", f"switch:{name}", position=wanted.position, reason=wanted.reason)
    board[name].hold(wanted.position)
    return _shown(board[name], row)


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
