"""From where a browser asks: what keeps the pages of other sites from using a service in a visitor's name."""

from collections.abc import Collection
from urllib.parse import urlsplit

from fastapi import Request

from actinf.errors import Forbidden
from actinf.runtime.listening import means_this_machine

__all__ = ["is_of_this_address", "refuse_other_sites"]


def is_of_this_address(request: Request, origin: str) -> bool:
    """Whether an origin, as browsers say it, is the address that was asked."""
    return bool(origin) and urlsplit(origin).netloc == request.headers.get("host")


def refuse_other_sites(request: Request, let_in: Collection[str] = ()) -> None:
    """Let in only what this machine itself asks, where no key tells it from other sites.

    A page of another site can send requests here, and can have its name mean 127.0.0.1 (DNS rebinding): then its
    scripts may even read the replies.  The browser tells of both, in `Origin` and in `Host`.

    Args:
        request: what was asked.
        let_in: other origins that may ask.

    Raises:
        Forbidden: by a name that is not this machine's own, or from a page of another site.
    """
    name = request.url.hostname
    if not means_this_machine(name):
        raise Forbidden(
            f"without keys only this machine is answered, by its own name, but was asked for as {str(name)[:200]!r}: "
            "use http://127.0.0.1 or http://localhost, or serve with keys (without --insecure-local)"
        )
    origin = request.headers.get("origin")
    if origin is not None and not is_of_this_address(request, origin) and origin not in let_in:
        raise Forbidden(
            f"without keys no page of another site is answered, but this was sent from {origin[:200]!r}: put that "
            "origin into ACTINF_CORS_ORIGINS if you trust it, or serve with keys (without --insecure-local)"
        )
