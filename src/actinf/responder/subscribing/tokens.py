"""What links in mails carry: who it is about, what it is for, until when, and that it is from here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime, timedelta
from enum import StrEnum

from actinf.errors import SubscriptionRefused
from actinf.responder.store.database import moment_of, ticks

__all__ = ["VALID_FOR", "Tokens", "Use"]

#: How long the link of the first mail can be followed.
VALID_FOR = timedelta(hours=48)
_TOKEN = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{1,14})\.([A-Za-z0-9_-]{22})")
_BYTES = 16


class Use(StrEnum):
    """What a token is for: none is good for the other."""

    CONFIRM = "confirm"
    LEAVE = "leave"


class Tokens:
    """Makes and reads them.

    Args:
        key: 32 bytes, known here alone.
    """

    def __init__(self, key: bytes):
        self._key = key

    def made(self, use: Use, identity: str, until: datetime | None) -> str:
        """A token.

        Args:
            use: what it is for.
            identity: whom it is about, 32 hexadecimal digits.
            until: when it ends; None: never.
        """
        ends = f"{ticks(until) // 1_000_000:x}" if until is not None else "0"
        return f"{identity}.{ends}.{self._seal(use, identity, ends)}"

    def read(self, use: Use, token: str, now: datetime) -> str:
        """Whom a token is about.

        Raises:
            SubscriptionRefused: it is not from here, for something else, or over.
        """
        match = _TOKEN.fullmatch(token)
        if match is None or not hmac.compare_digest(match[3], self._seal(use, match[1], match[2])):
            raise SubscriptionRefused(
                "this link is not whole: open it from the mail once more, or copy all of it into the address bar"
            )
        ends = int(match[2], 16)
        if ends and moment_of(ends * 1_000_000) < now:
            raise SubscriptionRefused("this link has expired: ask for a new one where you subscribed")
        return match[1]

    def digest(self, mailbox: str) -> bytes:
        """What is remembered of a mailbox whose address is not: nobody without the key can tell whose it was."""
        return hmac.new(self._key, f"mailbox\0{mailbox}".encode(), hashlib.sha256).digest()

    def _seal(self, use: Use, identity: str, ends: str) -> str:
        seal = hmac.new(self._key, f"{use}\0{identity}\0{ends}".encode(), hashlib.sha256).digest()[:_BYTES]
        return base64.urlsafe_b64encode(seal).rstrip(b"=").decode()
