"""Short names for incidents: `latest`, or the end of an id."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from actinf.errors import NoSuchIncident

__all__ = ["full_name"]

_WHOLE = re.compile(r"\d{4}-\d{2}-\d{2}-\d{3,}")
_END = re.compile(r"[0-9-]{1,20}")


def full_name(name: str, names: Callable[[str], Sequence[str]]) -> str:
    """The id that is meant.

    Args:
        name: a whole id, which is taken as it is; `latest`, the one that was opened last; or the end of an id, as 001:
            that of an open incident where only one open one has it, else that of the only one that has it.
        names: the ids of "open" or of "all" incidents.

    Raises:
        NoSuchIncident: none is meant, or several are.
    """
    if _WHOLE.fullmatch(name):
        return name
    if name == "latest":
        known = names("all")
        if not known:
            raise NoSuchIncident("there is no incident yet: open one, actinf incident open")
        return max(known, key=_order)
    if not _END.fullmatch(name):
        raise NoSuchIncident(
            f"no incident {name[:60]!r}: expected an id as 2026-11-23-001, the end of one as 001, or latest"
        )
    for which in ("open", "all"):
        meant = [one for one in names(which) if one == name or one.endswith(f"-{name}")]
        if len(meant) == 1:
            return meant[0]
        if meant:
            meant.sort(key=_order, reverse=True)
            some = ", ".join(meant[:5]) + (f" and {len(meant) - 5} more" if len(meant) > 5 else "")
            raise NoSuchIncident(f"{name!r} is the end of several {which.replace('all', 'known')} incidents: {some}")
    raise NoSuchIncident(f"no incident whose id ends with {name!r}: actinf incident list --all shows them all")


def _order(name: str) -> tuple[str, int]:
    day, _, number = name.rpartition("-")
    return day, int(number)
