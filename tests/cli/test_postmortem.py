"""`actinf postmortem` and `actinf report` on the store of this machine."""

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import icalendar
import pytest
from support.responding import schedule_text

from actinf.responder.oncall.rotation import Schedule
from actinf.responder.record.template import parse
from actinf.responder.store import rosters
from actinf.responder.store.database import Store


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ACTINF_RESPOND_URL", "ACTINF_RESPOND_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACTINF_RESPOND_DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("ACTINF_USER", "ada")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "store"


@pytest.fixture
def opened(actinf: Any) -> str:
    answer = actinf("incident", "open", "--severity", "P1", "--component", "API", "--impact", "requests fail", "--json")
    assert answer.code == 0, answer.err
    return str(answer.plain["id"])


def test_each_command_that_a_report_names_fills_what_is_missing(actinf: Any, opened: str) -> None:
    text = actinf("postmortem", opened).out
    commands = dict.fromkeys(re.findall(r"`actinf (.*?)`", text))
    assert len(commands) == 8
    for command in commands:
        words = shlex.split(command.replace("--users …", "--users 3").replace("…", "word"))
        answer = actinf(*words)
        assert answer.code == 0, (command, answer.err)
    text = actinf("postmortem", opened).out
    assert "Missing" not in text
    assert re.findall(r"`actinf .*`", text) == []
    assert parse(text).incident == opened


def test_it_can_go_to_a_file_and_be_asked_for_by_programs(actinf: Any, opened: str, tmp_path: Path) -> None:
    said = actinf("postmortem", opened, "--to", tmp_path / "report.md")
    assert (said.code, said.out) == (0, "")
    assert (tmp_path / "report.md").read_text() == actinf("postmortem", opened[-3:]).out
    plain = actinf("postmortem", opened, "--json").plain
    assert plain["incident"] == opened
    assert plain["timeline"][0]["events"] == [1]


def test_the_meeting_invites_who_was_there(actinf: Any, opened: str, tmp_path: Path, store: Path) -> None:
    kept = Store(store)
    with kept.writing() as connection:
        rosters.set_schedule(connection, Schedule.from_text(schedule_text()), by="eve", now=datetime.now(UTC))
    kept.close()
    assert actinf("incident", "ack", opened).code == 0
    at = datetime(datetime.now(UTC).year + 1, 12, 1, 10, 0, tzinfo=UTC)
    said = actinf("postmortem", opened, "--meeting", f"{at:%Y-%m-%dT%H:%M}")
    assert said.code == 0, said.err
    (event,) = icalendar.Calendar.from_ical((tmp_path / f"post-mortem-{opened}.ics").read_bytes()).walk("VEVENT")
    assert event.decoded("dtstart") == at
    assert "ada" in str(event["attendee"])
    assert actinf("postmortem", opened, "--ics", "x.ics").code == 2


def test_an_incident_that_is_not_there_is_an_error_in_words(actinf: Any) -> None:
    answer = actinf("postmortem", "2026-01-01-001")
    assert answer.code == 2
    assert "no incident" in answer.err


def test_the_report_says_how_many_it_is_about(actinf: Any, opened: str) -> None:
    assert actinf("incident", "ack", opened).code == 0
    said = actinf("report", "--since", "7d")
    assert said.code == 0, said.err
    assert "1 incident since" in said.out
    assert "(n=1)" in said.out
    plain = actinf("report", "--json").plain
    (row,) = plain["rows"]
    assert (row["acknowledge"]["within"], row["acknowledge"]["p95"], row["resolve"]["n"]) == (1, None, 0)
    assert actinf("report", "--since", "soon").code == 2
