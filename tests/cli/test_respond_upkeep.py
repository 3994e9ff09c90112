"""`actinf respond verify`, `backup`, `restore` and `doctor` on the store of this machine."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def store(actinf: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with an incident."""
    for name in ("ACTINF_RESPOND_URL", "ACTINF_RESPOND_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACTINF_RESPOND_DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("ACTINF_USER", "ada")
    answer = actinf("incident", "open", "--severity", "P1", "--component", "API", "--impact", "requests fail")
    assert answer.code == 0, answer.err
    return tmp_path / "store"


def tampered(file: Path) -> None:
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("UPDATE personal SET value = 'nothing' WHERE field = 'impact'")
        raw.commit()


def test_verify_says_whether_the_timelines_are_what_was_written(actinf: Any, store: Path) -> None:
    said = actinf("respond", "verify")
    assert (said.code, said.out.startswith("intact: ")) == (0, True), said.err
    assert "0 events came after the last anchor" in said.err
    tampered(store / "responder.db")
    said = actinf("respond", "verify")
    assert (said.code, said.out.startswith("NOT what was written")) == (1, True)
    assert "its text (impact) is not what was written" in said.err
    plain = actinf("respond", "verify", "--json").plain
    assert (plain["good"], plain["wrong"][0]["first"]) == (False, 1)


def test_verify_an_export(actinf: Any, tmp_path: Path) -> None:
    assert actinf("incident", "export", "latest", "--to", tmp_path).code == 0
    (file,) = tmp_path.glob("*.json")
    assert actinf("respond", "verify", "--export", file).out.startswith("intact: ")
    document = json.loads(file.read_text())
    document["events"].pop()
    file.write_text(json.dumps(document))
    said = actinf("respond", "verify", "--export", file)
    assert (said.code, "what was signed" in said.err) == (1, True)
    assert not actinf("respond", "verify", "--export", file, "--json").plain["good"]
    file.write_text("nonsense")
    assert actinf("respond", "verify", "--export", file).code == 2


def test_a_backup_goes_and_comes_back(actinf: Any, store: Path, tmp_path: Path) -> None:
    said = actinf("respond", "backup", tmp_path / "b.db", "--with-key")
    assert said.code == 0, said.err
    assert (tmp_path / "b.db.key").exists()
    assert actinf("incident", "note", "latest", "after the backup").code == 0
    said = actinf("respond", "restore", tmp_path / "b.db")
    assert said.code == 0, said.err
    assert "it lacks" in said.err
    assert "after the backup" not in actinf("incident", "show", "latest", "--json").out
    said = actinf("respond", "verify")
    assert (said.code, "restored" in said.err) == (0, True)
    tampered(tmp_path / "b.db")
    said = actinf("respond", "restore", tmp_path / "b.db")
    assert (said.code, "nothing was changed" in said.err) == (2, True)


def test_whoever_works_on_a_server_is_told_that_upkeep_looks_at_this_machine(
    actinf: Any, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACTINF_RESPOND_DATA_DIR")
    monkeypatch.setenv("XDG_DATA_HOME", str(store))
    monkeypatch.setenv("ACTINF_RESPOND_URL", "https://respond.example.org")
    said = actinf("respond", "doctor")
    assert "this looks at the store of this machine" in said.err
    assert "https://respond.example.org" in said.err
    assert "this looks at the store" not in actinf("respond", "doctor", "--data-dir", store).err


def test_the_doctor_ends_with_1_where_nobody_would_be_paged(actinf: Any, store: Path) -> None:
    said = actinf("respond", "doctor")
    assert said.code == 1
    assert "OK   store: " in said.out
    assert "FAIL schedule: no schedule says who is on call" in said.out
    assert "mend: actinf oncall schedule --set FILE" in said.out
    plain = actinf("respond", "doctor", "--json").plain
    assert {one["state"] for one in plain["findings"]} == {"OK", "WARN", "FAIL"}
    (store / "responder.db").write_bytes(b"nonsense" * 1000)
    said = actinf("respond", "doctor")
    assert (said.code, "damaged" in said.out) == (1, True)


def test_where_there_is_no_store_none_is_made(actinf: Any, tmp_path: Path) -> None:
    said = actinf("respond", "verify", "--data-dir", tmp_path / "other")
    assert (said.code, "there is no store in" in said.err) == (2, True)
    assert not (tmp_path / "other").exists()
