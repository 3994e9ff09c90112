"""Worlds from files and by their names."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actinf as ai
from actinf.errors import FileError

SETTINGS = "actinf: 1\nkind: world\nname: noisy\nbundled: tmaze\nsettings: {cue_validity: 0.7}\n"
TABLES = """\
actinf: 1
kind: world
name: weather
factors:
  weather: [dry, wet]
modalities:
  sky: [clear, grey]
A:
  sky: identity
B:
  weather: uniform
"""


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(text: str, name: str = "world.yaml") -> Path:
    Path(name).write_text(text, encoding="utf-8")
    return Path(name)


def test_a_file_with_tables_is_the_world_of_these_tables() -> None:
    world = ai.World.load(written(TABLES))
    assert type(world) is ai.World
    assert world.name == "weather"
    np.testing.assert_array_equal(world.process.A["sky"].dense(), np.eye(2))


def test_a_file_that_names_a_bundled_world_is_that_world_with_its_settings() -> None:
    world = ai.World.load(str(written(SETTINGS)))
    assert isinstance(world, ai.envs.TMaze)
    assert world.cue_validity == 0.7
    assert isinstance(ai.envs.TMaze.load("world.yaml"), ai.envs.TMaze)


def test_a_model_file_is_a_world_too() -> None:
    maze = ai.envs.TMaze().model()
    assert ai.World.load(maze.save("mine.json")).process == maze
    assert ai.World.load("tmaze.yaml").process == maze  # bundled


@pytest.mark.parametrize("name", ai.envs.BUNDLED)
def test_where_there_is_no_file_the_name_of_a_bundled_world_will_do(name: str) -> None:
    assert type(ai.World.load(name)) is ai.envs.BUNDLED[name]
    assert type(ai.World.load(Path(name))) is ai.envs.BUNDLED[name]


def test_a_loaded_world_is_one_to_act_in() -> None:
    model = ai.Model.load("tmaze")
    trace = ai.simulate(ai.Agent(model), ai.World.load(written(SETTINGS)), num_agents=2, num_steps=2)
    assert trace.sizes["agent"] == 2


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("tmase", ["tmase: no such file", "'bandit', 'cue_chain'", "did you mean 'tmaze'?"]),
        ("folder/world.yaml", ["folder/world.yaml: no such file", "'tmaze'"]),
        (".", ["expected a file whose name ends in .yaml"]),
        ("\0", ["no such file"]),
        (3, ["given as 3", "expected its path"]),
        (None, ["given as None", "expected its path"]),
        (b"tmaze", ["expected its path"]),
    ],
)
def test_what_is_no_file_is_refused(path: Any, words: list[str]) -> None:
    with pytest.raises(FileError) as refused:
        ai.World.load(path)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cue_validity: 0.7", "cue_validty: 0.7", "world.yaml:4: the world 'tmaze' has no setting 'cue_validty'"),
        ("cue_validity: 0.7", "cue_validity: 7", "world.yaml:4: TMaze(cue_validity=7)"),
        ("bundled: tmaze", "bundled: maze", "world.yaml:4: there is no bundled world 'maze'"),
        ("kind: world", "kind: experiment", "world.yaml:2: the file is of kind 'experiment': expected 'world' or"),
    ],
)
def test_a_mistake_in_a_file_is_named_with_its_line(old: str, new: str, said: str) -> None:
    with pytest.raises(FileError) as refused:
        ai.World.load(written(SETTINGS.replace(old, new)))
    assert said in str(refused.value)


def test_a_class_loads_only_worlds_of_its_own() -> None:
    with pytest.raises(FileError, match=r"tmaze: the world is of the class TMaze, but Bandit.load expected Bandit: W"):
        ai.envs.Bandit.load("tmaze")
