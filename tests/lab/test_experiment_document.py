"""Experiments as plain data: complete in themselves, read as they were written, and blind to files and code."""

import json
from pathlib import Path
from typing import Any

import pytest

from actinf.errors import FileError
from actinf.lab.catalogue import catalogue, find_experiment
from actinf.lab.experiment import Experiment
from actinf.lab.experiment_document import (
    bundled_document,
    document_of,
    experiment_from_document,
    experiment_from_text,
    overridden,
)
from actinf.lab.experiment_file import read_experiment, write_experiment

HEAD: dict[str, Any] = {"actinf": 1, "kind": "experiment"}
MODEL: dict[str, Any] = {
    "actinf": 1,
    "kind": "model",
    "factors": {"side": ["left", "right"]},
    "modalities": {"seen": ["left", "right"]},
    "A": {"seen": "identity"},
    "B": {"side": "identity"},
}
NAMES = sorted({name for kind in ("experiments", "models") for name, _ in catalogue()[kind]})


def same(one: Experiment, other: Experiment) -> bool:
    """Whether two experiments would be the same run."""
    return (
        one.model.hash == other.model.hash
        and one.process.hash == other.process.hash
        and (one.agent, one.extent, one.seed, one.carry_counts, one.record, one.name)
        == (other.agent, other.extent, other.seed, other.carry_counts, other.record, other.name)
        and {episode: world.process.hash for episode, world in one.schedule.items()}
        == {episode: world.process.hash for episode, world in other.schedule.items()}
    )


def problems(document: object) -> list[str]:
    with pytest.raises(FileError) as caught:
        experiment_from_document(document)
    return caught.value.problems


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_document_is_the_bundled_experiment_on_any_machine(name: str) -> None:
    document = json.loads(json.dumps(bundled_document(name)))
    assert same(experiment_from_document(document), find_experiment(name))


def test_a_name_that_is_not_bundled_is_told_the_names_that_are() -> None:
    with pytest.raises(FileError, match=r"'tmase' is no bundled experiment or model: there are .*'tmaze'"):
        bundled_document("tmase")


@pytest.mark.parametrize("name", NAMES)
def test_the_document_of_an_experiment_is_read_as_it(name: str) -> None:
    experiment = find_experiment(name)
    assert same(experiment_from_document(json.loads(json.dumps(document_of(experiment)))), experiment)


def test_an_experiment_with_files_beside_it_becomes_one_document(experiment_file: Path, tmp_path: Path) -> None:
    experiment = read_experiment(experiment_file)
    document = document_of(experiment)
    for path in tmp_path.iterdir():
        path.unlink()
    assert same(experiment_from_document(document), experiment)


def test_a_model_and_a_world_are_stated_in_the_experiment() -> None:
    world = {**MODEL, "kind": "world", "D": {"side": {"left": 1.0}}}
    experiment = experiment_from_document({**HEAD, "model": MODEL, "world": world, "schedule": {}, "name": "two"})
    assert experiment.process.D[0].tolist() == [1.0, 0.0]
    assert str(experiment.world_source) == "stated in the experiment"


def test_a_stated_model_is_written_beside_the_experiment(tmp_path: Path) -> None:
    experiment = experiment_from_document({**HEAD, "model": MODEL, "world": MODEL})
    assert same(read_experiment(write_experiment(experiment, tmp_path)), experiment)


def test_a_model_alone_is_an_experiment_in_a_world_that_is_as_it_believes() -> None:
    experiment = experiment_from_document({**MODEL, "name": "sides"})
    assert (experiment.name, experiment.world) == ("sides", None)


def test_sizes_seed_and_recording_are_overridden() -> None:
    document = overridden(
        bundled_document("tmaze"), num_agents=7, num_steps=3, num_episodes=2, seed=5, record=("obs", "action")
    )
    experiment = experiment_from_document(document)
    extent = experiment.extent
    assert (extent.num_agents, extent.num_steps, extent.num_episodes) == (7, 3, 2)
    assert (experiment.seed, experiment.record) == (5, ("obs", "action"))
    assert overridden(document) == document


@pytest.mark.parametrize("where", ["model", "world"])
@pytest.mark.parametrize("name", ["secret.yaml", "/etc/secret.json", "../tmaze.yaml", "secret.py"])
def test_no_file_is_opened_and_none_is_looked_for(
    where: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even whether a file exists is told to a stranger."""
    monkeypatch.chdir(tmp_path)
    document = {**HEAD, "model": "tmaze", where: name}
    before = problems(document)
    Path("secret.yaml").write_text("actinf: 1\nkind: model\n", encoding="utf-8")
    assert problems(document) == before
    assert before[0].startswith(f"experiment#/{where}: ")


def test_a_file_that_is_named_is_told_what_to_do_instead() -> None:
    [found] = problems({**HEAD, "model": "mine.yaml"})
    assert "names no files but the bundled ones" in found
    assert "state the model here" in found


def test_mistakes_are_named_by_their_place() -> None:
    model = {**MODEL, "A": {"seen": [[0.5, 0.5], [0.1, 0.5]]}}
    found = problems({**HEAD, "model": model, "agents": 0, "agent": {"gama": 1}})
    assert [one.partition(": ")[0] for one in found] == [
        "experiment#/model/A/seen",
        "experiment#/agent/gama",
        "experiment#/agents",
    ]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "experiment#: there is no `actinf: 1`"),
        ([1], "experiment#: there is no `actinf: 1`"),
        ({"actinf": 2, "kind": "experiment"}, "experiment#/actinf: the file is of version 2"),
        ({"actinf": 1, "kind": "world"}, "experiment#/kind: the file is of kind 'world'"),
        ({**HEAD, "model": {**MODEL, "kind": "world"}}, "experiment#/model/kind: the file is of kind 'world'"),
        ({**HEAD, "model": {"kind": "model"}}, "experiment#/model: there is no `actinf: 1`"),
        ({**HEAD, "agents": {1, 2}}, "experiment#: the values are not those of a JSON document"),
        ({**HEAD, "gamma": float("nan")}, "experiment#: the values are not those of a JSON document"),
        ({**HEAD, "name": [[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]}, "nested more than 24 deep"),
        ({**HEAD, "record": [0] * 300_000}, "more than 250,000 values"),
    ],
    ids=str,
)
def test_what_is_no_experiment_is_refused(document: object, said: str) -> None:
    assert said in problems(document)[0]


def test_a_text_is_read_with_the_lines_of_its_mistakes() -> None:
    assert experiment_from_text(json.dumps({**HEAD, "model": "tmaze"}), "json").model.name
    with pytest.raises(FileError, match="mine:3: agents is 0"):
        experiment_from_text(b"actinf: 1\nkind: experiment\nagents: 0\nmodel: tmaze\n", "yaml", name="mine")
    with pytest.raises(FileError, match="expected 'yaml' or 'json'"):
        experiment_from_text("", "toml")
