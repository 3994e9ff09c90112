"""Templates: everything that is put into one is text, unless the template itself says that it is markup."""

import math
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

import actinf
from actinf.web.lab.assets import asset_path

__all__ = ["is_part", "nats", "page", "percent"]

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


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A page, or a part of one."""
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(**values), status, _HEADERS)
