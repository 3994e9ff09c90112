"""The body of a reply, and no more of it than was asked for, however much somebody sends."""

import httpx

__all__ = ["body_of"]


def body_of(reply: httpx.Response, most: int) -> bytes:
    """The body of a reply that is streamed; where it is longer than so many bytes, its beginning, and some of the rest.

    Raises:
        httpx.HTTPError: it breaks off.
    """
    body = b""
    for part in reply.iter_bytes():
        body += part
        if len(body) > most:
            break
    return body
