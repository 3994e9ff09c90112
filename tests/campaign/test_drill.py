"""A drill from end to end: the database is lost for real, and the incident is run until its post-mortem is out."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.drill import Drill, drill_ground, smoke
from support.ports import wait_until
from support.postgres import folder_for_servers
from support.slack_stub import shown_in


class Marks:
    """When what happened, from a beginning on."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._marks: list[tuple[float, str]] = []

    def add(self, what: str) -> None:
        self._marks.append((time.monotonic() - self._began, what))

    def table(self) -> str:
        rows = [f"| {seconds:.1f} | {what} |" for seconds, what in self._marks]
        return "\n".join(["| s after the fault | what |", "|---:|---|", *rows])


@pytest.fixture
def drill() -> Iterator[Drill]:
    with folder_for_servers() as folder, drill_ground(folder) as ground, ground.used():
        yield ground


def test_a_lost_database_is_an_incident_from_its_alert_to_its_post_mortem(drill: Drill, tmp_path: Path) -> None:
    work = smoke(drill)  # users, so that there is a normal to come back to
    assert work.returncode == 0, work.stdout
    time.sleep(30)  # what is not well at the beginning is told by now
    already = {one["id"] for one in drill.incidents()}

    marks = Marks()
    lost_at = datetime.now(UTC)
    drill.kubectl("scale", "statefulset/postgres", "--replicas=0")
    marks.add("the database is scaled to nothing, by a command in the wrong window")
    wait_until(lambda: "DatabaseDown" in drill.firing(), "DatabaseDown fires", seconds=90)
    marks.add("`DatabaseDown` fires in Prometheus")
    wait_until(lambda: any(one["id"] not in already for one in drill.incidents()), "an incident opens", seconds=60)
    (name,) = {one["id"] for one in drill.incidents()} - already
    marks.add(f"incident {name} is open")
    wait_until(lambda: ("ada", name) in drill.calls(), "ada is called", seconds=60)
    marks.add("the pager has called ada")
    wait_until(lambda: any("INCIDENT ALERT" in one and name in one for one in announced(drill)), "#incidents is told")
    marks.add("#incidents has the alert")
    opened = drill.incident(name)
    assert opened["type"] == "database_performance"
    assert datetime.fromisoformat(opened["detected_at"]) >= lost_at

    drill.actinf("incident", "ack", name)
    marks.add("ada has acknowledged")
    assert not drill.answers()
    assert "postgres-0" not in drill.kubectl("get", "pods")
    drill.actinf(
        "incident", "assess", name, "--severity", "P0", "--component", "postgres", "--component", "api",
        "--impact", "every request fails", "--findings", "the database has no pod, and its StatefulSet wants none",
    )  # fmt: skip
    marks.add("the assessment is written down")
    drill.actinf("incident", "milestone", name, "root-cause", "the database was scaled to nothing by mistake")
    drill.kubectl("scale", "statefulset/postgres", "--replicas=1")
    drill.actinf("incident", "milestone", name, "fix", "the database was scaled to one again")
    wait_until(drill.answers, "the API answers", seconds=120)
    marks.add("the API answers again")
    wait_until(lambda: checked(drill, name), "the machine finds that it has recovered", seconds=900)
    marks.add("the machine has found it stable for five minutes, its dependencies well, alerts quiet, its speed normal")
    drill.actinf("incident", "resolve", name, "--how", "the database was scaled to one again")
    marks.add("resolved")
    wait_until(lambda: any("RESOLVED" in one for one in announced(drill)), "it is told")
    marks.add("the message in #incidents says so")
    drill.actinf("incident", "check", name, "users", "--passed", "--sent", "latest")
    assert all(one["passed"] for one in drill.incident(name)["checklist"])
    marks.add("whoever uses it was told, by the message that went out")
    drill.actinf("incident", "action", name, "let nobody scale it by hand", "--owner", "ada", "--due", "2w")
    report = drill.actinf("postmortem", name)
    marks.add("the post-mortem is out")
    for part in ("## Timeline", "## Root Cause", "scaled to nothing by mistake", "- [ ] ", "Owner: @ada"):
        assert part in report, report
    # Nobody was called again after the acknowledgement, and the second level never: one fault is one incident.
    assert [handle for handle, about in drill.calls() if about not in already] == ["ada"]
    (tmp_path / "post-mortem.md").write_text(report, encoding="utf-8")
    print(marks.table())
    for one in drill.incidents():
        print(one["id"], one["severity"], one["component"], one["impact"])


def announced(drill: Drill) -> list[str]:
    """What can be read in #incidents."""
    return [shown_in(one) for (room, _), one in list(drill.slack.messages.items()) if room == "C000INC"]


def checked(drill: Drill, name: str) -> bool:
    """Whether the machine finds all four items true that it can look at; it is asked every ten seconds."""
    time.sleep(10)
    drill.actinf("incident", "check", name, "--by-machine")
    found = [one for one in drill.incident(name)["checklist"] if one["item"] != "users"]
    assert len(found) == 4, found
    return all(one["passed"] for one in found)
