"""From where a browser asks: what keeps the pages of other sites from using a server in a visitor's name."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import Request

from actinf.errors import Forbidden
from actinf.runtime.listening import means_this_machine

__all__ = ["is_of_this_address", "refuse_other_sites"]

_WITHOUT = "serve with keys (without --insecure-local)"


def is_of_this_address(request: Request, origin: str) -> bool:
    """Whether an origin, as browsers say it, is the address that was asked."""
    try:
        return bool(origin) and urlsplit(origin).netloc == request.headers.get("host")
    except ValueError:  # no browser says that
        return False


def refuse_other_sites(request: Request, let_in: Collection[str] = (), *, let_in_by: str | None = None) -> None:
    """Let in only what this machine itself asks, where no key tells it from other sites.

    A page of another site can send requests here, and can have its name mean 127.0.0.1 (DNS rebinding): then its
    scripts may even read the replies.  The browser tells of both, in `Origin` and in `Host`.

    Args:
        request: what was asked.
        let_in: other origins that may ask.
        let_in_by: the variable that names those; None: none can be named.

    Raises:
        Forbidden: by a name that is not this machine's own, or from a page of another site.
    """
    name = _hostname(request.headers.get("host", ""))
    if not means_this_machine(name):
        raise Forbidden(
            f"without keys only this machine is answered, by its own name, but was asked for as {str(name)[:200]!r}: "
            f"use http://127.0.0.1 or http://localhost, or {_WITHOUT}"
        )
    origin = request.headers.get("origin")
    if origin is not None and not is_of_this_address(request, origin) and origin not in let_in:
        trust = f"put that origin into {let_in_by} if you trust it, or " if let_in_by is not None else ""
        raise Forbidden(
            f"without keys no page of another site is answered, but this was sent from {origin[:200]!r}: "
            f"{trust}{_WITHOUT}"
        )


def _hostname(said: str) -> str | None:
    try:
        return urlsplit(f"//{said}").hostname
    except ValueError:
        return said
