"""The parts of an incident's page: their order follows the moment, and each says whether it wants something."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actinf.responder.clocks.timers import clocks_of
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.severity import Severity
from actinf.responder.incident.state import Found, Incident
from actinf.responder.incident.tasks import TASKS
from actinf.web.incidents.blocks import Blocks, blocks_of
from actinf.web.incidents.times import seen

BEGAN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
OPENED = Incident(
    id="2026-11-23-001",
    incident_type="api_down",
    severity=Severity.P2,
    reasons=(),
    component="api",
    components=("api",),
    impact="Requests fail",
    source="alert",
    private=False,
    detected_at=BEGAN,
    opened_at=BEGAN,
    opened_by="actinf",
)
ACKNOWLEDGED = replace(OPENED, attended=True, acknowledged_at=BEGAN)
RUNS = replace(ACKNOWLEDGED, assessed_at=BEGAN)
MENDED = replace(RUNS, milestones={Milestone.FIX: (BEGAN, 9)})
RESOLVED = replace(MENDED, resolved_at=BEGAN)


def blocks(incident: Incident, *, minutes: float = 1, ramp: str = "", treat: bool = False, **shown: bool) -> Blocks:
    """Those of an incident so many minutes after it began."""
    clocks = seen(clocks_of(incident), BEGAN + timedelta(minutes=minutes))
    return blocks_of(incident, shown, clocks, {"state": ramp} if ramp else None, treat=treat)


def wants(found: Blocks) -> dict[str, tuple[str, str]]:
    return {one.block: (one.state, one.words) for one in found.ways if one.state}


@pytest.mark.parametrize(
    ("incident", "ramp", "first"),
    [
        (OPENED, "", ["acts", "public", "ramp", "advice"]),
        (ACKNOWLEDGED, "", ["acts", "public", "ramp", "advice"]),
        (RUNS, "", ["advice", "public", "ramp", "acts"]),
        (RUNS, "runs", ["ramp", "recovery", "public", "acts"]),
        (RUNS, "went back", ["advice", "public", "ramp", "acts"]),
        (MENDED, "", ["ramp", "recovery", "public", "acts"]),
        (RESOLVED, "done", ["recovery", "public", "acts", "ramp"]),
    ],
)
def test_what_the_moment_needs_stands_first(incident: Incident, ramp: str, first: list[str]) -> None:
    found = blocks(incident, ramp=ramp)
    assert [one.block for one in found.ways][:4] == first
    every = ["about", "acts", "advice", "call", "public", "ramp", "recovery", "timeline"]
    assert sorted([*found.top, *found.first, *found.second]) == sorted(one.block for one in found.ways) == every


def test_nothing_leads_to_what_is_not_there() -> None:
    found = blocks(RUNS, call=False, advice=False, ramp="")
    assert [one.block for one in found.ways] == ["public", "ramp", "acts", "recovery", "about", "timeline"]


def test_a_part_says_that_its_time_runs_out_or_ran_out() -> None:
    assert wants(blocks(OPENED)) == {}
    assert wants(blocks(OPENED, minutes=4.5)) == {"acts": ("soon", "Assess: its time is nearly over")}
    late = wants(blocks(OPENED, minutes=150))
    assert late["acts"] == ("overdue", "Assess: overdue")
    assert late["public"] == ("overdue", "Status page: overdue")


def test_somebody_has_to_decide_of_what_is_private_from_the_beginning() -> None:
    found = wants(blocks(replace(RUNS, private=True)))
    assert found == {"public": ("soon", "somebody has to decide whether it is told")}
    assert wants(blocks(replace(RUNS, private=True, severity=Severity.P3))) == {}


@pytest.mark.parametrize(("ramp", "state"), [("runs", ""), ("paused", "soon"), ("held", "soon"), ("went back", "late")])
def test_a_ramp_that_does_not_go_on_is_marked(ramp: str, state: str) -> None:
    assert wants(blocks(RUNS, ramp=ramp)).get("ramp", ("", ""))[0] == state
    assert "ramp" not in wants(blocks(RESOLVED, ramp=ramp))


def test_a_ramp_that_the_cluster_refuses_is_marked() -> None:
    found = wants(blocks_of(RUNS, {}, [], {"state": "runs", "trouble": {"why": "forbidden"}}, treat=False))
    assert found == {"ramp": ("soon", "the cluster refuses, and is asked again")}


def test_what_is_left_afterwards_is_counted_until_nothing_is() -> None:
    assert wants(blocks(RESOLVED))["recovery"] == ("soon", "12 tasks left")
    some: dict[str, Any] = dict.fromkeys(list(TASKS)[1:], (BEGAN, ""))
    found = wants(blocks(replace(RESOLVED, tasks=some), minutes=180))["recovery"]
    assert found == ("overdue", "1 task left; Immediate tasks: overdue")
    assert wants(blocks(replace(RESOLVED, tasks=dict.fromkeys(TASKS, (BEGAN, ""))))) == {}
    assert wants(blocks(replace(RESOLVED, is_false=True))) == {}


def test_what_was_looked_at_and_is_not_well_is_marked_and_what_is_to_be_done_now() -> None:
    failed = Found(passed=False, found="", by="ada", by_machine=False, at=BEGAN)
    found = wants(blocks(replace(RUNS, checklist={"stable": failed}), treat=True))
    assert found["recovery"] == ("late", "1 of the checklist not as it should be")
    assert found["advice"] == ("soon", "something is to be done now")
