"""`actinf incident ramp` on the store of this machine."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from support.paper_kubectl import PaperKubectl

from actinf.cli.ramp_screen import print_ramp


@pytest.fixture(autouse=True)
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PaperKubectl:
    made = PaperKubectl(tmp_path / "cluster")
    for name in ("ACTINF_RESPOND_URL", "ACTINF_RESPOND_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACTINF_RESPOND_DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("ACTINF_RESPOND_KUBECTL", str(made.program))
    monkeypatch.setenv("ACTINF_RESPOND_RAMP_SMOKE", "echo 7 checks ok")
    monkeypatch.setenv("ACTINF_RESPOND_RAMP_LOAD", "echo verdict: passed")
    monkeypatch.setenv("ACTINF_USER", "ada")
    return made


@pytest.fixture
def incident(actinf: Any) -> str:
    opened = actinf("incident", "open", "--component", "api", "--impact", "it fails", "--severity", "P1", "--json")
    return str(opened.plain["id"])


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(actinf: Any, incident: str, kubectl: PaperKubectl) -> None:
    told = actinf("incident", "ramp", "start", incident, "--dry-run")
    assert told.code == 0, told.err
    assert told.out.startswith("deployment active-inference-api: 1 of 1 replicas ready, no autoscaler\n")
    assert "kubectl scale deployment/active-inference-api --current-replicas=1 --replicas=3" in told.out
    assert "kubectl scale deployment/active-inference-api --current-replicas=3 --replicas=5" in told.out
    assert told.out.endswith("nothing was changed\n")
    assert kubectl.replicas == 1
    assert actinf("incident", "ramp", "show", incident).code == 2
    kubectl.replicas = 4
    refused = actinf("incident", "ramp", "start", incident, "--dry-run")
    assert refused.code == 1
    assert "it would not begin: there are 4 replicas, and 3 would be fewer" in refused.out
    assert actinf("incident", "ramp", "start", incident, "--dry-run", "--down", "--yes-down").code == 0
    assert actinf("incident", "ramp", "start", incident, "--dry-run", "--down").code == 2


def test_a_ramp_is_begun_shown_and_directed(actinf: Any, incident: str, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"steps": ["smoke", {"replicas": 2}, {"soak": "1m"}, {"replicas": 3}]}')
    begun = actinf("incident", "ramp", "start", "001", "--plan", plan)
    assert begun.code == 0, begun.err
    assert "no server runs, and nothing of it is done without one: actinf respond serve" in begun.err
    shown = actinf("incident", "ramp", "show", "--json").plain
    assert [one["step"] for one in shown["steps"]] == ["smoke test", "2 replicas", "1m soak", "3 replicas"]
    assert "paused" in actinf("incident", "ramp", "pause", "001", "--reason", "\x1b[31mlook").out
    told = actinf("incident", "ramp", "abort", "001").out
    assert f"ramp 1 of {incident}  aborted" in told
    assert "left     it had set nothing" in told
    again = actinf("incident", "ramp", "resume", "001")
    assert (again.code, "is aborted, and resume is for one that is paused or held" in again.err) == (2, True)
    back = actinf("incident", "ramp", "rollback", "001", "--down", "--yes-down")
    assert (back.code, "has set nothing that could be put back" in back.err) == (2, True)
    assert "\x1b" not in actinf("incident", "show", "001").out


@pytest.mark.parametrize("width", [80, 100])
def test_a_ramp_reads_well_on_a_terminal(width: int) -> None:
    now = datetime(2026, 11, 27, 16, 30, tzinfo=UTC)
    said = "FAIL 3 ms the service is well: the reply is 503 and not 200; 12 checks in 0.1 s: 1 failed"
    why = f"the smoke test failed: {said} (all that it said: /srv/respond/ramps/1-1-1-20261127T162900/output.txt)"
    at = (now - timedelta(minutes=1)).isoformat()
    step = {"attempt": 1, "began_at": at, "ended_at": at, "seconds_left": None, "well_for": None, "lasts": None}
    steps = [
        {**step, "step": "smoke test", "state": "failed", "found": why},
        {**step, "step": "load test with reduced traffic", "state": "passed", "found": f"verdict: {said}"},
    ]
    ramp = {"id": 1, "incident": "2026-11-27-001", "target": "deployment api", "state": "aborted", "why": why}
    ramp |= {"began_at": at, "ended_at": at, "before": None, "left": "it had set nothing", "rollback": None}
    ramp |= {"goes_back": None, "trouble": None}
    console = Console(width=width, force_terminal=True, color_system=None, file=StringIO())
    print_ramp(console, ramp | {"rollback_takes_away": False, "remaining": [], "steps": steps}, now)
    shown = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert max(map(len, shown)) <= width
    told = [one.rstrip() for one in shown]
    assert "[!]  smoke test                      16:29 UTC, after 0 s" in told
    (first,) = (
        place for place, one in enumerate(told) if one.startswith("  because  the smoke test failed: FAIL 3 ms")
    )
    assert told[first + 1].startswith(" " * 11)
    assert len(told[first]) > width - 20, "all of the width is used"
    assert sum("FAIL" in one for one in told) == 2, "what ended the ramp is said once"


def test_what_a_test_needs_is_missed_before_it_begins(
    actinf: Any, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTINF_RESPOND_RAMP_LOAD", "no-such-locust -f locustfile.py")
    told = actinf("incident", "ramp", "start", incident, "--dry-run")
    assert (told.code, "the program of the load test, no-such-locust, is not to be found" in told.out) == (1, True)


def test_without_kubectl_it_says_what_to_set(actinf: Any, incident: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACTINF_RESPOND_KUBECTL")
    told = actinf("incident", "ramp", "start", incident)
    assert (told.code, "ACTINF_RESPOND_KUBECTL=kubectl" in told.err) == (2, True)


def test_a_plan_that_makes_no_sense_is_refused_with_its_lines(actinf: Any, incident: str, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("steps:\n  - smoke\n  - replicas: 5\n  - soak: 0s\n  - replicas: 3\n")
    told = actinf("incident", "ramp", "start", incident, "--plan", plan)
    assert told.code == 2
    lines = told.err.replace("\n", " ").split("error: ")
    assert sum(":4: steps[2]" in one for one in lines) == 1, told.err
    assert any(":5: steps[3]: replicas is 3 after 5" in one for one in lines)
