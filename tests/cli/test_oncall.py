"""`actinf oncall` on the store of this machine."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.documentation import blocks_of
from support.duties import EXAMPLE

from actinf.responder.duties import DUTY_CHANGES
from actinf.responder.oncall.rotation import Schedule

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACTINF_RESPOND_URL", "ACTINF_RESPOND_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACTINF_RESPOND_DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("ACTINF_USER", "ada")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "schedule.yaml"
    path.write_text(EXAMPLE)
    return path


@pytest.fixture
def schedule(actinf: Any, file: Path) -> Schedule:
    answer = actinf("oncall", "schedule", "--set", file)
    assert answer.code == 0, answer.err
    return Schedule.from_text(EXAMPLE)


def held(actinf: Any) -> Schedule:
    return Schedule.from_document(actinf("oncall", "schedule", "--json").plain)


def other_than(schedule: Schedule, level: int, among: tuple[str, ...] = ("ada", "bob", "cyd")) -> str:
    duty = schedule.on_call(level, datetime.now(UTC))
    assert duty is not None
    return next(one for one in among if one != duty.person.handle)


def test_without_a_schedule_every_command_says_how_to_set_one(actinf: Any) -> None:
    for words in (["now"], ["schedule"], ["gaps"], ["load"], ["take"], ["export.ics"]):
        answer = actinf("oncall", *words)
        assert (answer.code, answer.out) == (2, "")
        assert answer.err == ("error: no schedule is set: write one into a file, actinf oncall schedule --set FILE\n")


def test_a_schedule_that_is_set_holds(actinf: Any, schedule: Schedule) -> None:
    assert held(actinf) == schedule
    now = actinf("oncall", "now")
    assert now.code == 0
    levels = [line.split()[0] for line in now.out.splitlines()[1:-1]]
    assert levels == ["1", "2", "3", "4", "security", "legal"]
    assert now.out.splitlines()[-1].endswith("times in Europe/Berlin")
    duty = schedule.on_call(1, datetime.now(UTC))
    assert duty is not None
    assert actinf("oncall", "now", "--json").plain["posts"][0]["person"]["handle"] == duty.person.handle


def test_one_person_who_is_always_on_call_is_shown_once(actinf: Any, schedule: Schedule) -> None:
    rows = actinf("oncall", "schedule", "--days", "60").out.splitlines()
    assert sum("eve (Eve Moss)" in row for row in rows) == 2  # level 3, and legal
    assert sum("DevOps Engineer" in row for row in rows) == 1


def test_mistakes_in_a_file_are_told_with_their_lines_and_nothing_is_saved(actinf: Any, file: Path) -> None:
    file.write_text(EXAMPLE.replace("[ada, bob, cyd]", "[ada, bbo]", 1).replace("legal: eve", "legal: evi"))
    answer = actinf("oncall", "schedule", "--set", file)
    assert answer.code == 2
    assert answer.err.count(f"error: {file}:") == 2
    assert "did you mean 'bob'?" in answer.err
    assert actinf("oncall", "now").code == 2


def test_a_schedule_by_which_a_page_reaches_nobody_is_saved_only_on_purpose(actinf: Any, file: Path) -> None:
    file.write_text(EXAMPLE.replace(', phone: "+49 30 7654321"', ""))
    checked = actinf("oncall", "schedule", "--check", file)
    assert (checked.code, "'fay' is on call from" in checked.err) == (1, True)
    refused = actinf("oncall", "schedule", "--set", file)
    assert refused.code == 2
    assert "the schedule was not saved" in refused.err
    assert actinf("oncall", "now").code == 2
    assert actinf("oncall", "schedule", "--set", file, "--anyway").code == 0
    gaps = actinf("oncall", "gaps")
    assert gaps.code == 1
    assert gaps.out.startswith("grave  'fay' is on call from")
    # What was wrong before is no news.
    assert actinf("oncall", "schedule", "--set", file).code == 0


def test_a_new_schedule_that_drops_exceptions_says_so(actinf: Any, schedule: Schedule, file: Path) -> None:
    actinf("oncall", "override", "1", other_than(schedule, 1), "--until", "4h")
    answer = actinf("oncall", "schedule", "--set", file)
    assert "exceptions of the schedule before that are not in this one: 1" in answer.err


def test_a_schedule_may_come_by_standard_input(actinf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(EXAMPLE))
    assert actinf("oncall", "schedule", "--set", "-").code == 0


def test_somebody_stands_in_until_it_is_cancelled(actinf: Any, schedule: Schedule) -> None:
    who = other_than(schedule, 1)
    answer = actinf("oncall", "override", "1", who, "--until", "4h", "--why", "dentist")
    assert answer.code == 0, answer.err
    assert answer.out.startswith(f"1: {who} at 1, ")
    row = answer.out.splitlines()[2]
    assert f"{who} (" in row
    assert "override by ada (dentist)" in row
    assert "exceptions" in actinf("oncall", "schedule").out
    ended = actinf("oncall", "cancel", "1")
    assert ended.out.splitlines()[0] == "1: ended"
    assert "rotation" in ended.out.splitlines()[2]


def test_whoever_takes_over_is_on_call_at_once(
    actinf: Any, schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = other_than(schedule, 1)
    monkeypatch.setenv("ACTINF_USER", who)
    answer = actinf("oncall", "take", "--why", "awake anyhow", "--json")
    assert answer.code == 0, answer.err
    duty = held(actinf).on_call(1, datetime.now(UTC))
    assert duty is not None
    assert (duty.person.handle, duty.why) == (who, "took over (awake anyhow)")


def test_two_people_swap_their_shifts(actinf: Any, schedule: Schedule) -> None:
    soon, later = (datetime.now(UTC) + timedelta(days=days) for days in (7, 14))
    before = [schedule.on_call(1, at) for at in (soon, later)]
    answer = actinf("oncall", "swap", "1", soon.isoformat(), "in 14d")
    assert answer.code == 0, answer.err
    after = [held(actinf).on_call(1, at) for at in (soon, later)]
    assert [one and one.person.handle for one in after] == [one and one.person.handle for one in reversed(before)]
    # The first shift of one is now beside the second level's.
    assert "is on call at levels 1 and 2" in answer.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("override", "1", "zed", "--until", "4h"), "'zed' is not in the schedule"),
        (("override", "7", "eve", "--until", "4h"), "7 is no level or duty here"),
        (("override", "1", "eve", "--until", "2020-01-01"), "which is past"),
        (("override", "1", "eve", "--until", "soon"), "expected 2d, 14:05, 2026-11-30 or"),
        (("take", "1", "--who", "zed"), "'zed' is not in the schedule"),
        (("cancel", "9"), "exception 9 does not exist or is over"),
        (("swap", "3", "now", "in 1w"), "expected times in the shifts of two people"),
        (("export.ics", "--who", "zed"), "'zed' is not in the schedule"),
    ],
)
def test_what_makes_no_sense_is_refused(actinf: Any, schedule: Schedule, words: tuple[str, ...], told: str) -> None:
    answer = actinf("oncall", *words)
    assert answer.code == 2
    assert told in answer.err
    assert held(actinf) == schedule


def test_every_change_of_duties_is_a_command(actinf: Any) -> None:
    told = actinf("oncall", "--help").out
    assert [name for name in DUTY_CHANGES if f"  {name} " not in told] == []


def test_duties_go_out_as_a_calendar(actinf: Any, schedule: Schedule, tmp_path: Path) -> None:
    target = tmp_path / "duty.ics"
    assert actinf("oncall", "export.ics", "--who", "ada", "--to", target).code == 0
    text = target.read_bytes().decode()
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert "Ada Lovelace" in text
    assert "ada@example.org" not in text
    assert actinf("oncall", "export.ics").out.startswith("BEGIN:VCALENDAR")


def test_the_load_counts_pages_and_incidents(actinf: Any, schedule: Schedule, monkeypatch: pytest.MonkeyPatch) -> None:
    duty = schedule.on_call(1, datetime.now(UTC))
    assert duty is not None
    file = EXAMPLE.replace("phone: +49 30 1234567", "email: bob@example.org")
    monkeypatch.setattr("sys.stdin", io.StringIO(file))
    actinf("oncall", "schedule", "--set", "-")
    monkeypatch.setenv("ACTINF_RESPOND_SMTP_URL", "smtp://127.0.0.1:1")
    monkeypatch.setenv("ACTINF_RESPOND_MAIL_FROM", "actinf@example.org")
    opened = actinf("incident", "open", "--severity", "P1", "--component", "API", "--impact", "fails")
    assert f"  paging   {duty.person.handle}, Primary DevOps Engineer, by mail" in opened.out
    told = {one["who"]: one for one in actinf("oncall", "load", "--json").plain["people"]}
    assert (told[duty.person.handle]["pages"], told[duty.person.handle]["incidents"]) == (1, 1)
    assert sum(one["pages"] for one in told.values()) == 1


def test_where_no_channel_reaches_anybody_it_is_said_whom_to_call(actinf: Any, schedule: Schedule) -> None:
    duty = schedule.on_call(1, datetime.now(UTC))
    assert duty is not None
    opened = actinf("incident", "open", "--severity", "P1", "--component", "API", "--impact", "fails").out
    assert "  paging   nobody: no channel reaches them; set ACTINF_RESPOND_SLACK_TOKEN" in opened
    assert f"  by hand  {duty.person.name}, Primary DevOps Engineer: " in opened
    security = actinf(
        "incident", "open", "--severity", "P0", "--type", "security", "--component", "API", "--impact", "f"
    )
    assert "  paging   no channel reaches cyd, security: call them, actinf incident call" in security.out
    assert "  paging   nobody: no channel reaches them; set ACTINF_RESPOND_SLACK_TOKEN" in security.out


def test_whom_nobody_could_page_without_a_schedule_is_paged_when_there_is_one(actinf: Any, file: Path) -> None:
    name = actinf("incident", "open", "--severity", "P1", "--component", "API", "--impact", "f", "--json").plain["id"]
    assert actinf("oncall", "schedule", "--set", file).code == 0
    shown = json.dumps(actinf("incident", "show", name, "--json").plain["timeline"])
    assert "cannot be reached through any channel" in shown


def test_the_example_of_the_page_is_a_schedule_without_gaps(actinf: Any, tmp_path: Path) -> None:
    page = ROOT / "docs" / "howto" / "be-on-call.md"
    text = next(block.text for block in blocks_of(page) if block.file == "schedule.yaml")
    (tmp_path / "page.yaml").write_text(text)
    checked = actinf("oncall", "schedule", "--check", tmp_path / "page.yaml")
    assert (checked.code, checked.err) == (0, "")
