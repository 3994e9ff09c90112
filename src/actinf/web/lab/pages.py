"""Templates: everything that is put into one is text, unless the template itself says that it is markup."""

import math
import secrets
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import FormData

import actinf
from actinf.web.lab.assets import asset_path

__all__ = ["is_part", "key_of_form", "nats", "new_form_key", "page", "percent", "wants_a_page"]

_HEADERS = {
    "Cache-Control": "no-store",  # what a workspace holds stays in no cache when its session has ended
    "Referrer-Policy": "same-origin",  # a form has to say where it was sent from: see `visitors`
}


def percent(p: float) -> str:
    """A probability for people: three digits where it matters, and no certainty that is none."""
    if p in (0.0, 1.0):
        return f"{p:.0%}"
    if p < 0.0005:
        return "<0.1%"
    if p >= 0.9995:
        return ">99.9%"
    return f"{p:.1%}"


def nats(value: float, *, signed: bool = False) -> str:
    """A number of nats for people."""
    if not math.isfinite(value):
        return "−∞" if value < 0 else "∞"
    text = f"{value:+.3f}" if signed else f"{value:.3f}"
    return "0.000" if float(text) == 0.0 else text.replace("-", "−")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("actinf.web.lab"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, nats=nats)
    environment.globals.update(asset=asset_path, version=actinf.__version__)
    return environment


_ENVIRONMENT = _environment()


def is_part(request: Request) -> bool:
    """Whether the console's script asks, which wants the part of the page that changes, and problems as JSON."""
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


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A page, or a part of one."""
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(**values), status, _HEADERS)
