"""What to look at next, on the page of an incident."""

from __future__ import annotations

from typing import Any

from actinf.responder.advising.advice import advice_for, percent
from actinf.responder.advising.page import page_of
from actinf.responder.desk import Desk
from actinf.runtime.wording import counted
from actinf.web.incidents.runbooks import runbook_names

__all__ = ["advised"]

#: Seconds that a page waits for advice: later it comes by itself, with what else is new.
_PATIENCE = 0.5


def advised(desk: Desk, name: str) -> dict[str, Any]:
    """What the page of an incident shows of it, for somebody who may see that."""
    advice = advice_for(desk, name, patience=_PATIENCE)
    page = page_of(advice["type"])
    causes = [] if page is None else [("", "not said"), *page.causes.items()]
    return {
        "advice": advice,
        "causes": causes,
        "percent": percent,
        "counted": counted,
        "page_of_step": _page_of_step,
    }


def _page_of_step(runbook: str) -> str:
    """Where a step stands in the runbook; empty: nowhere here."""
    name, _, anchor = runbook.partition("#")
    return f"/runbooks/{name}{'#' if anchor else ''}{anchor}" if name in runbook_names() else ""
