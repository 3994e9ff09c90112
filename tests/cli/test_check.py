"""`actinf check`: what a file is, or every mistake with its line."""

import time
from pathlib import Path

import pytest

from .conftest import Call


def test_a_right_model_is_said_to_be_one(actinf: Call, small: Path) -> None:
    answer = actinf("check", small.with_name("weather.yaml"))
    assert answer.code == 0
    assert "a model, 1 hidden factor (2 joint states), 1 modality, 1 control (2 joint actions)" in answer.out


def test_a_right_experiment_is_said_to_be_one(actinf: Call, small: Path) -> None:
    answer = actinf("check", small)
    assert answer.code == 0
    assert "an experiment, 2 agents × 1 episodes × 3 steps, 2 policies" in answer.out


def test_a_right_world_is_said_to_be_one(actinf: Call, tmp_path: Path) -> None:
    (tmp_path / "world.yaml").write_text("actinf: 1\nkind: world\nbundled: tmaze\nsettings: {cue_validity: 0.7}\n")
    answer = actinf("check", tmp_path / "world.yaml")
    assert answer.code == 0
    assert "a world, 2 hidden factors" in answer.out


def test_every_mistake_of_every_file_is_named(actinf: Call, small: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(
        "actinf: 1\nkind: model\nfactors: {a: 2}\nmodalities: {b: 2}\nA: {b: [[1, 0.5], [0, 0.2]]}\nB: {a: identty}\n"
    )
    (tmp_path / "world.yaml").write_text("actinf: 1\nkind: world\nbundled: tmaze\nsettings: {cue_validity: 7}\n")
    answer = actinf("check", tmp_path / "wrong.yaml", small, tmp_path / "world.yaml")
    assert answer.code == 2
    assert f"error: {tmp_path}/wrong.yaml:5: " in answer.err
    assert f"error: {tmp_path}/wrong.yaml:6: " in answer.err
    assert f"error: {tmp_path}/world.yaml:" in answer.err
    assert "ok " in answer.out


def test_settings_that_only_the_agent_can_judge_are_judged(actinf: Call, small: Path) -> None:
    small.write_text(small.read_text() + "agent: {planner: {exhaustive: {horizon: 2, novelty: true}}}\n")
    answer = actinf("check", small)
    assert answer.code == 2
    assert "the agent learns neither" in answer.err


def test_a_world_that_does_not_fit_the_agent_is_named(actinf: Call, small: Path) -> None:
    small.write_text(small.read_text() + "world: tmaze\n")
    answer = actinf("check", small)
    assert answer.code == 2
    assert "the agent observes 'sky', which the world does not show" in answer.err


def test_json_lists_the_problems(actinf: Call, small: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("")
    good, bad = actinf("check", small, tmp_path / "empty.yaml", "--json").plain
    assert good["ok"]
    assert not bad["ok"]
    assert bad["problems"]


@pytest.mark.parametrize(
    "text",
    [
        "actinf: 1\nkind: model\nfactors: {a: 10000000000}\nmodalities: {b: 2}\n",
        "actinf: 1\nkind: model\na: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: !!python/object:os.system {}\n",
        "actinf: 1\nkind: experiment\nmodel: tmaze\nagent: {planner: {exhaustive: {horizon: 30}}}\n",
        "actinf: 1\nkind: experiment\nmodel: {bundled: grid_world, settings: {width: 100000, height: 100000}}\n",
        "actinf: 1\nkind: experiment\nmodel: tmaze\nschedule: {" + "9" * 5000 + ": tmaze}\n",
        "actinf: 1\nkind: experiment\nmodel: tmaze\nagent: {gamma: .nan, alpha: -.inf}\n",
        "actinf: 1\nkind: experiment\nmodel: tmaze\nagent: {gamma: [1], dtype: {a: b}}\n",
        "actinf: 1\nkind: experiment\nmodel: tmaze\nagent: {planner: {exhaustive: {policies: [[a]]}}}\n",
        "\x00\x01",
        "[" * 100_000,
    ],
)
def test_a_hostile_file_is_one_kind_of_error_and_soon(actinf: Call, tmp_path: Path, text: str) -> None:
    (tmp_path / "hostile.yaml").write_text(text)
    actinf("list")  # the first command of a process pays for the imports
    started = time.monotonic()
    answer = actinf("check", tmp_path / "hostile.yaml")
    assert answer.code == 2
    assert answer.err.startswith("error: ")
    assert "Traceback" not in answer.err
    assert time.monotonic() - started < 2
