"""A run is a folder that is there in whole or not at all, and the same again gives the same bytes."""

import dataclasses
import json
from pathlib import Path

import pytest

from actinf.errors import SettingError, TraceError
from actinf.lab import running
from actinf.lab.experiment import Experiment, choose_recording
from actinf.lab.experiment_file import read_experiment
from actinf.lab.run_record import RECORD_FILE
from actinf.lab.running import free_folder, load_run, rerun, run, slug
from actinf.lab.trace import TRACE_FILE, open_trace
from actinf.lab.trace_layout import Extent


@pytest.fixture
def experiment(experiment_file: Path) -> Experiment:
    return read_experiment(experiment_file)


@pytest.fixture
def folder(experiment: Experiment, tmp_path: Path) -> Path:
    run(experiment, tmp_path / "runs" / "mine", command=["actinf", "run", "small.yaml"])
    return tmp_path / "runs" / "mine"


def test_a_run_is_a_folder_with_its_experiment_trace_and_record(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    assert names == {"experiment.json", "model.yaml", "run.json", "trace.nc"}
    assert [path.name for path in folder.parent.iterdir()] == ["mine"]


def test_the_record_holds_what_is_needed_to_run_again(folder: Path, experiment: Experiment) -> None:
    plain = json.loads((folder / RECORD_FILE).read_text())
    assert plain["seed"] == 5
    assert plain["model_hash"] == experiment.model.hash
    assert plain["command"] == ["actinf", "run", "small.yaml"]
    assert plain["configuration"]["agents"] == 3
    assert plain["configuration"]["agent"]["learning"] == {"A": True, "rate": 0.5}


def test_running_again_gives_the_same_bytes(folder: Path) -> None:
    found = rerun(folder)
    assert found.same
    assert found.kept is None
    assert found.differences == []


def test_the_bytes_do_not_depend_on_the_number_of_threads(folder: Path) -> None:
    assert rerun(folder, threads=1).digest == rerun(folder, threads=3).digest


def test_a_repetition_that_differs_is_kept_beside_the_trace(folder: Path) -> None:
    plain = json.loads((folder / "experiment.json").read_text())
    (folder / "experiment.json").write_text(json.dumps({**plain, "seed": 6}))
    found = rerun(folder)
    assert not found.same
    assert found.differences == ["seed of experiment.json 6 was 5"]
    assert found.kept == folder / "trace.rerun.nc"
    assert found.kept.exists()
    assert (folder / TRACE_FILE).exists()


def test_an_environment_that_is_not_the_recorded_one_is_named_though_the_bytes_are_the_same(folder: Path) -> None:
    path = folder / RECORD_FILE
    plain = json.loads(path.read_text())
    plain["machine"] |= {"system": "CP/M 2.2", "kernels": "0123", "actinf": "0.0.1"}
    plain["machine"]["libraries"]["numpy"] = "1.0"
    path.write_text(json.dumps(plain))
    found = rerun(folder)
    assert found.same
    actinf, system, numpy, kernels = found.differences
    assert actinf.endswith(" was 0.0.1")
    assert system.endswith(" was CP/M 2.2")
    assert numpy.startswith("numpy ")
    assert kernels.endswith(" was 0123: their source was changed")


def test_a_missing_trace_is_put_back(folder: Path) -> None:
    (folder / TRACE_FILE).unlink()
    found = rerun(folder)
    assert found.same
    assert found.kept == folder / TRACE_FILE
    assert (folder / TRACE_FILE).exists()


def test_a_model_that_was_changed_is_not_run_again(folder: Path) -> None:
    path = folder / "model.yaml"
    path.write_text(path.read_text().replace("go left: 1", "go left: 2"))
    with pytest.raises(TraceError, match="a file of the run was changed"):
        rerun(folder)


def test_an_existing_folder_is_not_overwritten(folder: Path, experiment: Experiment) -> None:
    with pytest.raises(SettingError, match="exists: choose another folder"):
        run(experiment, folder)


def test_an_existing_run_is_replaced_when_that_is_asked_for(folder: Path, experiment: Experiment) -> None:
    run(dataclasses.replace(experiment, seed=9), folder, force=True)
    assert load_run(folder)[0].seed == 9
    assert [path.name for path in folder.parent.iterdir()] == ["mine"]


def test_a_folder_that_is_no_run_is_never_replaced(experiment: Experiment, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter-1.tex").write_text("")
    with pytest.raises(SettingError, match="it is not replaced"):
        run(experiment, tmp_path / "thesis", force=True)
    assert (tmp_path / "thesis" / "chapter-1.tex").exists()


def test_an_interrupted_run_leaves_nothing(experiment: Experiment, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(experiment, tmp_path / "runs" / "mine", progress=interrupt)
    assert list((tmp_path / "runs").iterdir()) == []


def test_an_interrupted_replacement_leaves_the_old_run(folder: Path, experiment: Experiment) -> None:
    before = (folder / TRACE_FILE).read_bytes()

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(dataclasses.replace(experiment, seed=9), folder, force=True, progress=interrupt)
    assert (folder / TRACE_FILE).read_bytes() == before
    assert [path.name for path in folder.parent.iterdir()] == ["mine"]


def test_a_report_that_fails_leaves_nothing_either(experiment: Experiment, tmp_path: Path) -> None:
    def finish(*_: object) -> None:
        raise SettingError("no picture")

    with pytest.raises(SettingError, match="no picture"):
        run(experiment, tmp_path / "runs" / "mine", finish=finish)
    assert list((tmp_path / "runs").iterdir()) == []


def test_progress_is_told_up_to_the_last_step(experiment: Experiment, tmp_path: Path) -> None:
    seen = []
    run(experiment, tmp_path / "mine", progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (24, 24)


def test_what_was_recorded_is_there(folder: Path) -> None:
    with open_trace(folder) as trace:
        assert dict(trace.sizes)["episode"] == 2
        assert {"state_context", "obs_hint", "action_location", "qs_context", "F", "q_pi", "G", "pA_hint"} <= set(trace)


def test_of_a_large_run_the_small_things_are_recorded(experiment: Experiment) -> None:
    agent = experiment.agent.build(experiment.model)
    many = dataclasses.replace(experiment, extent=Extent(num_agents=1_000_000, num_steps=20))
    assert choose_recording(many, agent.num_policies) == ("state", "obs", "action", "F")
    assert set(choose_recording(experiment, agent.num_policies)) == {
        "state",
        "obs",
        "action",
        "F",
        "qs",
        "counts",
        "q_pi",
        "G",
    }


def test_a_free_folder_comes_after_all_that_exist(tmp_path: Path) -> None:
    assert free_folder(tmp_path / "none", "maze").name == "maze-1"
    for name in ("maze-1", "maze-7", "maze-x", "other-9"):
        (tmp_path / name).mkdir()
    assert free_folder(tmp_path, "maze").name == "maze-8"


def test_a_name_becomes_a_name_of_a_folder() -> None:
    assert slug("T-maze, blue") == "t-maze-blue"
    assert slug("../..") == "run"


def test_a_folder_that_cannot_be_made_is_named(experiment: Experiment, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="cannot be created"):
        run(experiment, tmp_path / "file" / "mine")


def test_the_unfinished_folder_is_hidden(experiment: Experiment, tmp_path: Path) -> None:
    seen: list[str] = []
    running.run(
        experiment, tmp_path / "mine", progress=lambda *_: seen.extend(path.name for path in tmp_path.glob(".mine*"))
    )
    assert seen[0].endswith(".part")
