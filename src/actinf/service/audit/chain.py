"""The chain that makes a change of the audit log show.

The MAC of a row (HMAC-SHA256, under a key that is not in the database) covers every column of the row, and the MAC of
the row before.  It is taken over text that is the same before a row is written and after it is read: a number is its
decimal digits, because the database keeps those and not the type that Python had for them.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

__all__ = ["GENESIS", "Line", "key_id", "mac_of", "moment", "subkey"]

#: What stands before the first row.
GENESIS = bytes(32)


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


def moment(time: datetime) -> str:
    """A time as the chain writes it: UTC, to the microsecond."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


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
    return hmac.new(key, before + _canonical(row).encode(), hashlib.sha256).digest()


def subkey(key: bytes, purpose: str) -> bytes:
    """A key for another purpose than the chain: what is signed for one can never stand for the other."""
    return hmac.new(key, f"actinf audit {purpose}".encode(), hashlib.sha256).digest()


def key_id(key: bytes) -> bytes:
    """Eight bytes that name a key and tell nothing of it."""
    return subkey(key, "key id")[:8]


def _canonical(value: Any) -> str:
    """JSON with one form for each value."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(name))}:{_canonical(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _number(value)
    return json.dumps(value)


def _number(value: float | Decimal) -> str:
    """The digits of a number without leading or trailing zeros, and its power of ten."""
    sign, digits, exponent = Decimal(repr(value) if isinstance(value, float) else value).as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{value} has no digits: the audit log holds finite numbers only")
    text = "".join(map(str, digits)).lstrip("0")
    short = text.rstrip("0")
    return f"{'-' if sign else ''}{short}E{exponent + len(text) - len(short)}" if short else "0"
