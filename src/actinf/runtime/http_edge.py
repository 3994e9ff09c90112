"""What every server does with a request on its way in and out: an id, the safe headers, a line in the log.

Each server has an outermost layer of its own, which counts by its own metrics; this is what they have in common.
"""

import logging
import random
import re
from collections.abc import Iterable
from typing import Any

from starlette.types import Message, Scope

__all__ = ["SAFE_HEADERS", "add_headers", "identity_of", "route_of", "tell"]

_LOG = logging.getLogger("actinf.access")

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")

Header = tuple[bytes, bytes]

SAFE_HEADERS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
)


def identity_of(scope: Scope) -> str:
    """The id that a proxy gave a request, or a new one, by which it is found in logs; it proves nothing."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _GIVEN_ID.fullmatch(value):
            return bytes(value).decode()
    return f"{random.getrandbits(64):016x}"


def route_of(scope: Scope) -> str:
    """The path as it was declared, so that ids make no series of their own."""
    return getattr(scope.get("route"), "path", "other")


def add_headers(
    message: Message, identity: str, *, unless_given: Iterable[Header], more: Iterable[Header] = ()
) -> None:
    """Give the beginning of a reply its headers.

    Args:
        message: `http.response.start`, which is changed.
        identity: of the request.
        unless_given: headers that it gets where it has none of that name.
        more: headers that it gets in any case.
    """
    given = {name for name, _ in message["headers"]}
    message["headers"] = [
        *message["headers"],
        *(pair for pair in unless_given if pair[0] not in given),
        (b"x-request-id", identity.encode()),
        *more,
    ]


def tell(scope: Scope, status: int, seconds: float, *, quiet: bool, **more: Any) -> None:
    """Write the line of a request into the log.

    Args:
        scope: of the request.
        status: of the reply.
        seconds: that it took.
        quiet: whether it is of no interest, as the requests of a probe.
        more: what else is told of it.
    """
    level = logging.DEBUG if quiet else logging.ERROR if status >= 500 else logging.INFO
    if _LOG.isEnabledFor(level):
        told = {
            "method": scope["method"],
            "path": scope["path"][:200],
            "status": status,
            "duration_ms": round(seconds * 1000, 3),
            "remote": (scope.get("client") or ("",))[0],
        }
        _LOG.log(level, "answered", extra={**told, **more})
