"""What of a row of the audit log its MAC covers: every column, and the MAC of the row before."""

from dataclasses import dataclass
from typing import Any

from actinf.runtime.chain import chained

__all__ = ["Line", "mac_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the log, as the chain sees it.

    Attributes:
        seq: its number; rows count from 1.
        created_at: as `moment` writes it.
        workspace: whose it is; None: of the whole installation.
        actor, action, object, request_id, outcome: as in the table.
        details: as JSON is read; numbers may be int, float or Decimal.
    """

    seq: int
    created_at: str
    workspace: str | None
    actor: str
    action: str
    object: str
    request_id: str
    outcome: str
    details: Any


def mac_of(key: bytes, before: bytes, line: Line) -> bytes:
    """The MAC of a row, 32 bytes.

    Args:
        key: of the chain, 32 bytes.
        before: the MAC of the row before; `GENESIS` for row 1.
        line: the row.
    """
    row = [
        line.seq,
        line.created_at,
        line.workspace,
        line.actor,
        line.action,
        line.object,
        line.request_id,
        line.outcome,
        line.details,
    ]
    return chained(key, before, row)
