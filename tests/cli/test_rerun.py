"""`actinf rerun`: the same bytes, or what is not as it was."""

import json
from pathlib import Path

from .conftest import Call


def test_the_same_bytes_are_said_to_be_the_same(actinf: Call, recorded: Path) -> None:
    answer = actinf("rerun", recorded)
    assert answer.code == 0
    assert answer.out.startswith("the same bytes: sha256 ")


def test_other_bytes_end_with_one_and_name_what_changed(actinf: Call, recorded: Path) -> None:
    plain = json.loads((recorded / "run.json").read_text())
    plain["machine"]["processor"] = "abacus"
    plain["trace_sha256"] = "0" * 64
    (recorded / "run.json").write_text(json.dumps(plain))
    answer = actinf("rerun", recorded)
    assert answer.code == 1
    assert "other bytes" in answer.out
    assert "was abacus" in answer.out
    assert (recorded / "trace.rerun.nc").exists()


def test_the_same_bytes_from_another_environment_name_what_changed(actinf: Call, recorded: Path) -> None:
    plain = json.loads((recorded / "run.json").read_text())
    plain["machine"]["libraries"]["numba"] = "0.1"
    (recorded / "run.json").write_text(json.dumps(plain))
    answer = actinf("rerun", recorded)
    assert answer.code == 0
    assert answer.out.startswith("the same bytes: ")
    assert "not as it was:\n  numba " in answer.out


def test_quiet_says_nothing(actinf: Call, recorded: Path) -> None:
    answer = actinf("rerun", recorded, "-q")
    assert (answer.code, answer.out) == (0, "")


def test_json_says_all(actinf: Call, recorded: Path) -> None:
    plain = actinf("rerun", recorded, "--json").plain
    assert plain["same"] is True
    assert plain["sha256"] == plain["recorded_sha256"]
    assert plain["differences"] == []


def test_a_folder_that_is_no_run_is_named(actinf: Call, tmp_path: Path) -> None:
    answer = actinf("rerun", tmp_path)
    assert answer.code == 2
    assert f"{tmp_path} is not the folder of a run" in answer.err
