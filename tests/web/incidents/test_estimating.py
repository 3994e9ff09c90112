"""What an assessment begins with: alerts, the last change, the last note, and what monitoring measured."""

from pathlib import Path

import pytest
from support.responding import Responding, responding

from actinf.responder.incident.severity import Severity, Signals
from actinf.responder.measuring.impact import Estimate
from actinf.responder.verbs import Note
from actinf.web.incidents.estimating import Beginning, beginning_of


@pytest.fixture
def desk(tmp_path: Path) -> Responding:
    return responding(tmp_path)


def begun(desk: Responding, name: str, measured: Estimate | None = None) -> Beginning:
    return beginning_of(desk.desk.incident(name), desk.desk.timeline(name), measured)


def test_the_last_note_is_part_of_it(desk: Responding) -> None:
    name = desk.opened(Severity.P2)
    for text in ("first", "second"):
        Note(text=text).run(desk.desk, name, "ada")
    assert begun(desk, name) == Beginning(severity=Severity.P2, why="said so", findings="Noted: second")


def test_what_is_measured_makes_it_worse_and_never_milder(desk: Responding) -> None:
    name = desk.opened(Severity.P2)
    much = Estimate(signals=Signals(degradation=0.7), found=("70 % is lost",))
    little = Estimate(signals=Signals(affected_users=1), found=("one user meets it",))
    assert begun(desk, name, much).severity is Severity.P1
    assert begun(desk, name, much).findings == "Measured: 70 % is lost."
    assert begun(desk, name, little).severity is Severity.P2


def test_what_could_not_be_measured_changes_nothing_and_is_said(desk: Responding) -> None:
    name = desk.opened(Severity.P3)
    nothing = Estimate(signals=Signals(kind="api_down"), found=("Prometheus does not answer",))
    assert begun(desk, name, nothing) == Beginning(
        severity=Severity.P3, why="said so", findings="Measured: Prometheus does not answer."
    )
