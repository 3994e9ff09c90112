"""The body of a request that comes in parts, until there are too many of them or they take too long."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

__all__ = ["BoundedBody", "announced_size", "too_large"]


def announced_size(scope: Scope, unknown: int) -> int:
    """How large a body is said to be, in bytes; 0 where there is none.

    Args:
        scope: of the request.
        unknown: the size of one whose sender does not say.
    """
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:18])
        if name == b"transfer-encoding":
            return unknown
    return 0


def too_large(size: int, most: int) -> str | None:
    """What is wrong with a body of so many bytes; None where nothing is."""
    return None if size <= most else f"a body of {size:,} bytes is too large: at most {most:,} are taken"


class BoundedBody:
    """A body.

    Args:
        receive: gives its parts; ASGI.
        most: bytes of all of them.
        seconds: in which all of them have to be there.
    """

    __slots__ = ("_arrived", "_deadline", "_most", "_receive", "_received", "_seconds")

    def __init__(self, receive: Receive, *, most: int, seconds: float):
        self._receive = receive
        self._most = most
        self._seconds = seconds
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._received = 0
        self._arrived = False

    async def receive(self) -> Message:
        """The next part; ASGI.

        Raises:
            HTTPException: it did not come in time (408), or it is too much (413).
        """
        if self._arrived:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, f"the body did not arrive within {self._seconds:g} s: send it again") from None
        self._arrived = not message.get("more_body", False)
        self._received += len(message.get("body", b""))
        wrong = too_large(self._received, self._most)
        if wrong is not None:
            raise HTTPException(413, wrong)
        return message
