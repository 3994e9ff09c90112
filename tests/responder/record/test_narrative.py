"""Timelines in plain English."""

from datetime import UTC, datetime
from typing import Any, get_type_hints

import pytest

from actinf.responder.documents import event_document
from actinf.responder.incident.event import Event, Recorded
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.kinds import KINDS
from actinf.responder.incident.notice_events import Ground
from actinf.responder.incident.severity import Severity
from actinf.responder.publishing.page import NoticeState, Working
from actinf.responder.record.narrative import sentence

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
_VALUES: dict[object, object] = {
    str: "some text",
    int: 7,
    bool: True,
    float: 0.5,
    datetime: AT,
    Severity: Severity.P1,
    Milestone: Milestone.FIX,
    NoticeState: NoticeState.MONITORING,
    Working: Working.DEGRADED,
    Ground: Ground.MEASURED,
    tuple[str, ...]: ("one", "two"),
    tuple[int, ...]: (1, 2),
}


def example(kind: type[Event]) -> Event:
    """An event of a kind, with every field filled in."""
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name != "kind"}
    values: dict[str, Any] = {}
    for name, hint in hints.items():
        plain = next((one for one in getattr(hint, "__args__", ()) if one in _VALUES and hint not in _VALUES), hint)
        values[name] = _VALUES[plain]
    return kind(**values)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_every_event_is_told(kind: type[Event]) -> None:
    recorded = Recorded(incident="2026-11-23-001", number=1, at=AT, recorded_at=AT, by="ada", event=example(kind))
    told = sentence(event_document(recorded))
    assert told != kind.kind
    assert "None" not in told


def test_a_change_of_the_schedule_is_told_with_its_times_as_people_write_them() -> None:
    what = "level 1, who bob, until 2026-11-27T16:29:24.401490Z, why since 2026-99-99T10:00Z"
    told = sentence({"kind": "schedule", "change": "override", "what": what})
    until, why = "until 2026-11-27 16:29 UTC", "why since 2026-99-99T10:00Z"
    assert told == f"the schedule: override: level 1, who bob, {until}, {why}"


@pytest.mark.parametrize(
    ("state", "how"),
    [(NoticeState.MONITORING, "monitoring, degraded as far as is measured"), (NoticeState.RESOLVED, "resolved")],
)
def test_how_well_it_works_is_told_of_what_goes_on_alone(state: NoticeState, how: str) -> None:
    notice = {"kind": "published", "override": "", "state": state, "impact": "degraded", "ground": "measured"}
    words = {"title": "", "standard_title": "Problems with X", "text": "", "standard_text": "They are over."}
    assert sentence(notice | words) == f"told the public, {how}: Problems with X: They are over."
