"""`actinf silence` and `actinf maintenance` on the store of this machine."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from actinf.responder.intake.alert import Alert
from actinf.responder.parts import make_parts
from actinf.responder.settings import RespondSettings

HOSTILE = "\x1b[31mred\u202e [bold]"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ACTINF_RESPOND_URL", "ACTINF_RESPOND_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACTINF_RESPOND_DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("ACTINF_USER", "ada")
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path / "store"


@pytest.fixture
def fires(store: Path) -> Any:
    """An alert that came in, and that the next command looks at."""

    def told(name: str, **labels: str) -> None:
        parts = make_parts(RespondSettings(data_dir=store))
        taken = Alert(
            source="alertmanager",
            fingerprint=name,
            name=name,
            status="firing",
            labels={"alertname": name, "severity": "P1", **labels},
            annotations={"summary": f"it is {HOSTILE}"},
            starts_at=datetime(2026, 11, 23, tzinfo=UTC),
            ends_at=None,
            generator_url="",
        )
        parts.reception.accept([taken])
        parts.close()

    return told


def test_a_silence_says_what_it_holds_back_and_its_end_opens_the_incident(actinf: Any, fires: Any) -> None:
    made = actinf("silence", "add", "component=disk", "--for", "90m", "--reason", HOSTILE)
    assert made.code == 0, made.err
    assert made.out.startswith("silence 1 until ")
    fires("DiskFull", component="disk")
    listed = actinf("silence", "list")
    assert "holds back 1 alert now, has held back 1 since it was made" in listed.out
    assert "P1 DiskFull, disk: it is red [bold]" in listed.out
    assert not {"\x1b", "\u202e"} & set(listed.out)
    assert actinf("incident", "list").out == "no incident is open\n"
    ended = actinf("silence", "end", "1")
    assert "it held back 1 alert, told now" in ended.out
    assert [one["component"] for one in actinf("incident", "list", "--json").plain] == ["disk"]
    assert "ended by ada" in actinf("silence", "list", "--all").out
    assert actinf("silence", "list").out == "nothing is silenced\n"


def test_a_preview_makes_nothing_and_says_what_stays_open(actinf: Any, fires: Any) -> None:
    fires("DiskFull", component="disk")
    actinf("incident", "list")
    (incident,) = actinf("incident", "list", "--json").plain
    words = ("silence", "add", "component=disk", "--for", "2h", "--reason", "r")
    seen = actinf(*words, "--dry-run")
    assert "it hides no incident that is open, and so not 1 alert of these:" in seen.out
    assert f"in {incident['id']}" in seen.out
    assert actinf("silence", "list", "--all").out == "there never was one\n"
    assert f"in {incident['id']}" in actinf(*words).out
    assert [one["incident"] for one in actinf(*words, "--dry-run", "--json").plain] == [incident["id"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("silence", "add", "component=disk", "--reason", "r"), "--for and --until: expected one of them"),
        (("silence", "add", "a=b", "--reason", "r", "--for", "1h", "--until", "2h"), "expected one of them"),
        (("silence", "add", "a=b", "--reason", "r", "--for", "soon"), "--for is 'soon': expected a length of time"),
        (("silence", "add", "a=b", "--reason", "r", "--for", "2d"), "would last 2 d: expected 1 d at most"),
        (("silence", "add", "a=b", "--reason", "r", "--until", "2020-01-01"), "which is over"),
        (("silence", "add", "a=b", "--reason", " ", "--for", "2h"), "reason: is empty"),
        (("silence", "end", "7"), "no silence that holds has the number '7'"),
        (("maintenance", "add", "x", "a=b", "--weekly", "mo", "--at", "2:00", "--lasts", "1h"), "--weekly: expected"),
        (("maintenance", "add", "x", "a=b", "--weekly", "mon", "--at", "2", "--lasts", "1h"), "--at: expected an hour"),
        (("maintenance", "add", "x", "a=b", "--until", "2h", "--zone", "Mars"), "zone is 'Mars'"),
        (("maintenance", "add", "x", "a=b"), "nothing says when it ends"),
        (("maintenance", "end", "x"), "is called 'x'"),
    ],
)
def test_what_makes_no_sense_is_told_in_words(actinf: Any, words: tuple[str, ...], said: str) -> None:
    answer = actinf(*words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_a_window_goes_over_midnight_by_the_clock_of_its_place(actinf: Any) -> None:
    words = ("maintenance", "add", "night", "a=b", "--from", "22:00", "--until", "01:00", "--zone", "Asia/Tokyo")
    made = actinf(*words, "--json").plain
    since, until = (datetime.fromisoformat(made["period"][name]) for name in ("since", "until"))
    assert until - since == timedelta(hours=3)
    assert (since.hour, since.minute) == (13, 0)
    assert "begins at" in actinf("maintenance", "list").out
    assert "maintenance night is ended" in actinf("maintenance", "end", "Night").out
    assert actinf("maintenance", "list").out == "no maintenance is announced\n"
    assert json.loads(json.dumps(actinf("maintenance", "list", "--all", "--json").plain))[0]["ended_by"] == "ada"
