"""`actinf run`: from a name or a file to a folder and a summary."""

import json
from pathlib import Path

import numpy as np
import pytest

from actinf.errors import MissingExtra
from actinf.lab.trace import open_trace

from .conftest import Call


def test_a_run_says_what_the_agents_did_and_where_the_files_are(actinf: Call, small: Path, tmp_path: Path) -> None:
    answer = actinf("run", small)
    assert answer.code == 0
    assert "2 agents lived one episode of 3 steps in a world that is as they believe (weather)." in answer.out
    assert "dance" in answer.out
    assert "µs each. Seed 4." in answer.out
    for name in ("report.html", "plots", "trace.nc", "run.json"):
        assert str(Path("runs/small-1") / name) in answer.out
        assert (tmp_path / "runs/small-1" / name).exists()


def test_runs_are_numbered(actinf: Call, small: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert actinf("run", small, "--no-report").code == 0
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["small-1", "small-2"]


def test_options_come_before_the_file(actinf: Call, small: Path, tmp_path: Path) -> None:
    options = ("--agents", 5, "--steps", 2, "--episodes", 3, "--seed", 9, "--horizon", 2, "--record", "obs,action")
    assert actinf("run", small, *options, "--out", tmp_path / "mine", "--no-report").code == 0
    plain = json.loads((tmp_path / "mine" / "run.json").read_text())
    assert plain["seed"] == 9
    assert plain["configuration"]["agent"]["planner"] == {"exhaustive": {"horizon": 2}}
    with open_trace(tmp_path / "mine") as trace:
        assert (trace.sizes["agent"], trace.sizes["time"], trace.sizes["episode"]) == (5, 2, 3)
        assert list(trace.data_vars) == ["obs_sky", "action_weather"]


def test_everything_can_be_recorded(actinf: Call, small: Path, tmp_path: Path) -> None:
    assert actinf("run", small, "--record", "all", "--out", tmp_path / "mine", "--no-report").code == 0
    with open_trace(tmp_path / "mine") as trace:
        assert {"state_weather", "qs_weather", "q_pi", "G", "F"} <= set(trace.data_vars)


def test_a_bundled_experiment_is_run_by_name(actinf: Call, tmp_path: Path) -> None:
    assert actinf("run", "tmaze", "--agents", 3, "--steps", 3, "--no-report", "-q").out == "runs/tmaze-1\n"
    with open_trace(tmp_path / "runs" / "tmaze-1") as trace:
        np.testing.assert_array_equal(trace["action_location"][0, :, 0], 1)


def test_a_run_can_be_run_by_its_folder(actinf: Call, recorded: Path) -> None:
    answer = actinf("run", recorded, "--no-report", "--json")
    assert answer.code == 0
    assert answer.plain["trace_sha256"] == json.loads((recorded / "run.json").read_text())["trace_sha256"]


def test_json_is_all_that_is_on_standard_output(actinf: Call, small: Path) -> None:
    plain = actinf("run", small, "--no-report", "--json").plain
    assert plain["seed"] == 4
    assert plain["actions"]["weather"]["names"] == ["wait", "dance"]
    assert plain["microseconds_per_agent_step"] > 0
    assert Path(plain["files"]["trace.nc"]).is_file()


def test_an_existing_run_is_overwritten_only_when_asked(actinf: Call, small: Path, recorded: Path) -> None:
    answer = actinf("run", small, "--out", recorded, "--no-report")
    assert answer.code == 2
    assert "error: " in answer.err
    assert "--force" in answer.err
    assert actinf("run", small, "--out", recorded, "--no-report", "--force", "--seed", 8).code == 0
    assert json.loads((recorded / "run.json").read_text())["seed"] == 8


def test_an_unknown_name_is_answered_with_the_known_ones(actinf: Call) -> None:
    answer = actinf("run", "tmase")
    assert answer.code == 2
    assert "no bundled experiment or model of that name" in answer.err
    assert "did you mean 'tmaze'?" in answer.err


def test_a_mistake_in_a_file_is_named_with_its_line_and_without_a_traceback(actinf: Call, small: Path) -> None:
    small.write_text(small.read_text() + "stepps: 3\nagents: 0\n".replace("agents: 0\n", "") + "episodes: none\n")
    answer = actinf("run", small)
    assert answer.code == 2
    first, second = answer.err.splitlines()
    assert first.startswith(f"error: {small}:8: the key 'stepps' is not known here")
    assert second.startswith(f"error: {small}:9: episodes is 'none'")


def test_more_policies_than_fit_are_refused_before_anything_is_made(actinf: Call, small: Path, tmp_path: Path) -> None:
    answer = actinf("run", small, "--horizon", 30)
    assert answer.code == 2
    assert answer.err.startswith("error: ")
    assert not (tmp_path / "runs").exists()


def test_a_recording_that_is_not_known_is_named(actinf: Call, small: Path) -> None:
    answer = actinf("run", small, "--record", "obs,beliefs")
    assert answer.code == 2
    assert "'beliefs' is not one of" in answer.err


def test_an_agent_that_is_not_there_cannot_be_shown(actinf: Call, small: Path, tmp_path: Path) -> None:
    answer = actinf("run", small, "--agent", 2)
    assert answer.code == 2
    assert "the run has 2 agents" in answer.err
    assert not (tmp_path / "runs").exists()


def test_without_matplotlib_the_run_is_kept_and_the_report_is_missed(
    actinf: Call, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise MissingExtra("matplotlib", "plot", "Drawing a plot")

    monkeypatch.setattr("actinf.lab.report.write_report", missing)
    answer = actinf("run", small)
    assert answer.code == 0
    assert "no plots, no report" in answer.err
    assert "pip install '.[plot]'" in answer.err
    assert (tmp_path / "runs" / "small-1" / "trace.nc").exists()


def test_a_schedule_beyond_fewer_episodes_is_left_out_and_that_is_said(actinf: Call, tmp_path: Path) -> None:
    answer = actinf("run", "bandit_reversal", "--agents", 2, "--episodes", 3, "--no-report")
    assert answer.code == 0
    assert "the world does not change at episode 20" in answer.err


@pytest.mark.parametrize("name", ["tmaze", "bandit_reversal", "grid_world", "cue_chain"])
def test_every_bundled_experiment_runs_and_can_be_run_again(actinf: Call, name: str, tmp_path: Path) -> None:
    answer = actinf("run", name, "--agents", 2, "--steps", 3, "--episodes", 2, "--no-report", "-q")
    assert answer.code == 0, answer.err
    assert actinf("rerun", tmp_path / "runs" / f"{name}-1").code == 0
