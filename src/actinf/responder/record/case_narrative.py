"""What vendors were asked in an incident, in plain English: a sentence for each event of a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = ["TOLD"]

_Event = Mapping[str, Any]


def _said(told: str) -> Callable[[_Event], str]:
    def sentence(event: _Event) -> str:
        reference = f" ({event['reference']})" if event["reference"] else ""
        contact = f", {event['contact']} there" if event["contact"] else ""
        answer = f"; answer awaited until {_moment(event['answer_by'])}" if event["answer_by"] else ""
        return f"case {event['case']} with {event['name']}{reference} {told}{contact}: {event['said']}{answer}"

    return sentence


def _closed(event: _Event) -> str:
    return f"case {event['case']} with {event['name']} closed" + (f": {event['said']}" if event["said"] else "")


def _overdue(event: _Event) -> str:
    return (
        f"case {event['case']} with {event['name']}: the answer that was awaited until {_moment(event['answer_by'])} "
        "has not come"
    )


def _moment(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


TOLD: dict[str, Callable[[_Event], str]] = {
    "case opened": _said("opened"),
    "case noted": _said("noted"),
    "case closed": _closed,
    "case overdue": _overdue,
}
