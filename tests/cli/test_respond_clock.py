"""`actinf respond clock`, with and without a server."""

import time
from pathlib import Path
from typing import Any

import pytest
from support.ports import wait_until
from support.responder_in_thread import responder_in_thread

from actinf.responder.clocks.steady import Reading, machine_count, machine_run
from actinf.responder.parts import CLOCK
from actinf.responder.store import notes
from actinf.responder.store.database import Store


@pytest.fixture(autouse=True)
def store(actinf: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with an incident."""
    for name in ("ACTINF_RESPOND_URL", "ACTINF_RESPOND_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACTINF_RESPOND_DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("ACTINF_USER", "ada")
    assert actinf("incident", "open", "--severity", "P1", "--component", "API", "--impact", "x").code == 0
    return tmp_path / "store"


def wall_was_set(folder: Path, seconds: float) -> None:
    """Let the store remember a time from which the wall clock is so far ahead."""
    kept = Store(folder)
    with kept.writing() as connection:
        reading = Reading(machine_run(), machine_count(), time.time() - seconds)
        notes.put(connection, CLOCK, reading.text())
    kept.close()


def test_clocks_that_are_apart_are_shown_and_brought_together(actinf: Any, store: Path) -> None:
    said = actinf("respond", "clock")
    assert (said.code, "the wall clock was not set" in said.out) == (0, True)
    wall_was_set(store, 3600)
    said = actinf("respond", "clock")
    assert (said.code, "3600 s: the wall clock was set, and is ahead" in said.out) == (1, True)
    assert "mend: set the wall clock right; where it is right: actinf respond clock" in actinf("respond", "doctor").out
    said = actinf("respond", "clock", "--believe-the-wall", "--reason", "NTP\x1b[31m is back")
    assert (said.code, "set ahead by 3600 s" in said.err) == (0, True), said.err
    assert "by +3600 s, ada: NTP is back" in said.out
    assert "\x1b" not in said.out + said.err
    plain = actinf("respond", "clock", "--json").plain
    assert plain["wall_is_ahead_seconds"] == 0
    assert [(one["by"], one["seconds"]) for one in plain["corrections"]] == [("ada", 3600)]
    assert "NTP is back" in actinf("incident", "show", "latest").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--believe-the-wall"], "give --reason TEXT"),
        (["--reason", "x"], "give --believe-the-wall"),
        (["--believe-the-wall", "--reason", "  "], "give --reason TEXT"),
        (["--believe-the-wall", "--reason", "x" * 501], "has 501 characters: expected at most 500"),
        (["--believe-the-wall", "--reason", "x"], "nothing to correct"),
    ],
)
def test_what_makes_no_sense_is_refused(actinf: Any, arguments: list[str], said: str) -> None:
    answer = actinf("respond", "clock", *arguments)
    assert (answer.code, said in answer.err) == (2, True), answer.err


def test_where_there_is_no_store_none_is_made(actinf: Any, tmp_path: Path) -> None:
    answer = actinf("respond", "clock", "--data-dir", tmp_path / "other")
    assert (answer.code, (tmp_path / "other").exists()) == (2, False)


def test_a_server_that_runs_takes_it_up(
    actinf: Any, store: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wall_was_set(store, -7200)
    with responder_in_thread(tmp_path, insecure_local=True) as process, process.client() as client:
        assert client.get("/health").json()["clock"]["step_seconds"] == pytest.approx(-7200, abs=5)
        said = actinf("respond", "clock", "--believe-the-wall", "--reason", "it was two hours ahead")
        assert said.code == 0, said.err
        wait_until(lambda: client.get("/health").json()["clock"]["step_seconds"] == 0, "the server counts by it")
        assert "because ada said so: it was two hours ahead" in caplog.text
