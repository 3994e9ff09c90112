"""Templates: everything that is put into one is text, unless the template itself says that it is markup."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.datastructures import FormData

import actinf
from actinf.web.assets import Assets

__all__ = ["Markup", "is_part", "key_of_form", "new_form_key", "wants_a_page"]

_HEADERS = {
    "Cache-Control": "no-store",  # what only some may see stays in no cache when a session has ended
    "Referrer-Policy": "same-origin",  # a form has to say where it was sent from: see the visitors of each console
}


class Markup:
    """The templates of one console: its own, in the frame that all consoles share.

    Args:
        package: whose folder `templates` holds them.
        assets: what they refer to by `asset(name)`.
        filters: what they may write values with.
    """

    def __init__(self, package: str, assets: Assets, filters: Mapping[str, Callable[..., Any]]):
        self._environment = Environment(
            loader=ChoiceLoader([PackageLoader(package), PackageLoader("actinf.web")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(filters)
        self._environment.globals.update(asset=assets.path, version=actinf.__version__)

    def text(self, template: str, **values: Any) -> str:
        """A template, filled in."""
        return self._environment.get_template(template).render(**values)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page, or a part of one."""
        return HTMLResponse(self.text(template, **values), status, _HEADERS)


def is_part(request: Request) -> bool:
    """Whether a console's script asks, which wants the part of the page that changes, and problems as JSON."""
    return "x-part" in request.headers


def wants_a_page(request: Request) -> bool:
    """Whether a person asks, with a browser."""
    return (
        "text/html" in request.headers.get("accept", "")
        and not request.url.path.startswith("/v1/")
        and not is_part(request)
    )


def new_form_key() -> str:
    """What a form carries hidden from when it is shown, so that sent twice, as by a double click, it does one thing."""
    return secrets.token_urlsafe(16)


def key_of_form(form: FormData) -> str | None:
    """The key that a form carries, its `Idempotency-Key`; None where it has nothing that can be one."""
    text = str(form.get("key") or "")
    return text if text.isascii() and text.isprintable() and 0 < len(text) <= 64 and " " not in text else None
