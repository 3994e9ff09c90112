"""A chain of records in which every change shows: each record's MAC covers its content and the MAC of the one before.

The MAC (HMAC-SHA256) is taken under a key that is kept apart from the records, over text that is the same before a
record is written and after it is read: a number is its decimal digits, because a database keeps those and not the type
that Python had for them.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

__all__ = ["GENESIS", "chained", "key_id", "moment", "subkey"]

#: What stands before the first record.
GENESIS = bytes(32)


def moment(time: datetime) -> str:
    """A time as the chain writes it: UTC, to the microsecond."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def chained(key: bytes, before: bytes, content: Any) -> bytes:
    """The MAC of a record, 32 bytes.

    Args:
        key: of the chain, 32 bytes.
        before: the MAC of the record before; `GENESIS` for the first.
        content: the record, in what JSON can say; numbers may be int, float or Decimal.
    """
    return hmac.new(key, before + _canonical(content).encode(), hashlib.sha256).digest()


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
