"""The pages of the laboratory, and how they write numbers."""

import math

from actinf.web.lab.assets import ASSETS
from actinf.web.markup import Markup

__all__ = ["nats", "page", "percent"]


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


page = Markup("actinf.web.lab", ASSETS, {"percent": percent, "nats": nats}).page
