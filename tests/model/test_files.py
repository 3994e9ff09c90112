"""Model and world files: exact round trips, mistakes with their lines, and the published schema."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.models import arguments

import actinf.model
from actinf.errors import FileError, ModelError
from actinf.model import Model, Table
from actinf.model.files import bundled_files, read_world

SCHEMA = Path(actinf.model.__file__).parent / "schema" / "actinf-1.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))

MAZE = """\
actinf: 1
kind: model
name: small maze

factors:
  place: {states: [centre, left, right], actions: [centre, left, right]}
  context: [left, right]
modalities:
  where: {outcomes: [centre, left, right], depends_on: [place]}
  reward: {outcomes: [none, yes, no], depends_on: [place, context]}
A:
  where: identity
  reward:
    default: none
    cases:
      - {when: {place: left}, then: {yes: 0.5, no: 0.5}}
      - {when: {place: right, context: right}, then: yes}
B:
  place: {deterministic: by_name}
  context: identity
C:
  reward: {yes: 2, no: -4}
D:
  place: centre
"""


def load(text: str, name: str = "model.yaml") -> Model:
    Path(name).write_text(text, encoding="utf-8")
    return Model.load(name)


def problems(text: str, name: str = "model.yaml") -> list[str]:
    with pytest.raises(FileError) as caught:
        load(text, name)
    return caught.value.problems


def test_a_file_states_what_python_states() -> None:
    reward = np.zeros((3, 3, 2))
    reward[0, 0] = 1
    reward[1:, 1] = 0.5
    reward[:, 2] = [[1, 0], [0, 1], [0, 0]]
    by_name = np.zeros((3, 3, 3))
    by_name[[0, 1, 2], :, [0, 1, 2]] = 1
    places = ["centre", "left", "right"]
    assert load(MAZE) == Model(
        factors={"place": places, "context": ["left", "right"]},
        modalities={"where": places, "reward": ["none", "yes", "no"]},
        controls={"place": places},
        A={"where": np.eye(3), "reward": reward},
        A_dependencies={"where": ["place"]},
        B={"place": by_name, "context": np.eye(2)},
        C={"reward": [0, 2, -4]},
        D={"place": [1, 0, 0]},
    )


@pytest.mark.parametrize("name", ["m.yaml", "m.yml", "m.json"])
def test_what_is_saved_is_loaded_again(name: str) -> None:
    model = load(MAZE)
    again = Model.load(model.save(name))
    assert again == model
    assert again.name == "small maze"
    assert [path.name for path in Path().iterdir() if path.name != "model.yaml"] == [name]


@settings(max_examples=60)
@given(arguments(), st.sampled_from(["m.yaml", "m.json"]))
def test_any_model_is_loaded_again_bit_by_bit(parts: dict[str, Any], name: str) -> None:
    model = Model(**parts)
    again = Model.load(model.save(name))
    assert again.hash == model.hash
    assert (again.name, again.description) == (model.name, model.description)
    data = model.to_dict()
    assert Model.from_dict(data).hash == model.hash
    VALIDATOR.validate(data)


@pytest.mark.parametrize("density", [0.01, 0.5, 1.0])
@pytest.mark.parametrize("size", [12, 60, 200])
@pytest.mark.parametrize("name", ["m.yaml", "m.json"])
def test_large_tables_are_loaded_again_bit_by_bit(name: str, size: int, density: float) -> None:
    random = np.random.default_rng(size)
    tables = random.gamma(1.0, size=(size, size, 2)) * (random.random((size, size, 2)) < density)
    tables[0] += 1e-9
    model = Model(
        factors={"f": size, "g": 2},
        modalities={"m": size, "n": size},
        A={"m": tables / tables.sum(axis=0), "n": {"identity": "f"}},
        A_dependencies={"n": ["f", "g"]},
        B={"f": tables / tables.sum(axis=0), "g": "uniform"},
        B_dependencies={"f": ["f", "g"]},
        C={"m": random.normal(size=(3, size)), "n": random.normal(size=size)},
        D={"f": random.dirichlet(np.ones(size))},
        E=random.dirichlet(np.ones(size)),
    )
    assert Model.load(model.save(name)).hash == model.hash


def test_saved_files_are_short_where_rules_hold() -> None:
    model = load(MAZE)
    assert model.to_dict()["A"]["where"] == "identity"
    assert model.to_dict()["B"] == {"place": {"deterministic": "by_name"}, "context": "identity"}
    assert model.to_dict()["D"] == {"place": "centre"}


def test_a_model_too_large_for_a_file_is_refused_with_the_numbers() -> None:
    model = Model(
        factors={"f": [f"state {at}" for at in range(300_000)]},
        modalities={"m": 1},
        A={"m": "uniform"},
        B={"f": "identity"},
    )
    with pytest.raises(FileError, match=r"would take [0-9,]+ bytes and 300,0[0-9]+ values: a file holds at most"):
        model.save("large.yaml")


def test_files_are_written_in_full_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    model = load(MAZE)
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(FileError, match=r"out.yaml: No space left on device"):
        model.save("out.yaml")
    assert [path.name for path in Path().iterdir()] == ["model.yaml"]


def test_files_of_other_endings_are_not_written() -> None:
    with pytest.raises(FileError, match=r"whose name ends in .yaml, .yml or .json"):
        load(MAZE).save("model.toml")


def test_every_mistake_is_reported_with_its_line() -> None:
    text = MAZE.replace("deterministic: by_name", "determinstic: by_name").replace("no: -4", "noo: .nan")
    text = text.replace("yes: 0.5, no: 0.5", "yes: 0.5, no: 0.4").replace("[left, right]", "[left, left]")
    assert problems(text.replace("place: centre\n", "place: center\n")) == [
        "model.yaml:7: factor 'context' has the state 'left' twice: names have to differ",
        "model.yaml:19: B['place'] has the key 'determinstic', which is not known: expected one of 'identity',"
        " 'uniform', 'deterministic', 'by_action', 'sparse', 'base64', 'default', 'cases';"
        " did you mean 'deterministic'?",
        "model.yaml:22: C['reward'] names 'noo', which modality 'reward' does not have: expected 'none', 'yes', 'no';"
        " did you mean 'no'?",
        "model.yaml:24: D['place'] is 'center': expected a state of factor 'place' ('centre', 'left', 'right'),"
        " 'uniform', a list of 3 numbers or a mapping from state to number; did you mean 'centre'?",
    ]
    assert problems(MAZE.replace("yes: 0.5, no: 0.5", "yes: 0.5, no: 0.4")) == [
        "model.yaml:16: a column of A['reward'] sums to 0.9: expected 1 within 1e-05; divide it by its sum"
    ]


def test_json_has_lines_too() -> None:
    load(MAZE).save("m.json")
    text = Path("m.json").read_text(encoding="utf-8")
    line = next(at for at, text in enumerate(text.splitlines(), 1) if '"yes": 2.0' in text)
    assert problems(text.replace('"yes": 2.0', '"yess": 2.0'), "m.json")[0].startswith(
        f"m.json:{line}: C['reward'] names 'yess'"
    )


LAYOUT = [
    (
        "kind: model",
        "kind: modle",
        "model.yaml:2: the kind is 'modle': expected one of 'model', 'world', 'experiment';",
    ),
    ("kind: model", "kind: world", "model.yaml:2: the file is of kind 'world': expected 'model'"),
    ("kind: model", "kind: [model]", "model.yaml:2: the kind is a list of 1 entries"),
    ("kind: model\n", "", "model.yaml:1: the kind is None: expected one of"),
    ("actinf: 1", "actinf: 2", "model.yaml:1: the file is of version 2: this actinf reads version 1"),
    ("actinf: 1", "actinf: true", "model.yaml:1: the file is of version True"),
    ("actinf: 1\nkind: model", "kind: model\nactinf: 1", "model.yaml:1: the file has to begin with `actinf: 1`"),
    ("name: small maze", "name: [a]", "model.yaml:3: the name is a list of 1 entries: expected a text"),
    ("name: small maze", "nam: small maze", "model.yaml:3: the key 'nam' is not known here"),
    (
        "states: [",
        "state: [",
        "model.yaml:6: factor 'place' has the key 'state': expected 'states', 'depends_on', 'actions';",
    ),
    ("outcomes: [none", "outcome: [none", "model.yaml:10: modality 'reward' has the key 'outcome'"),
    (
        "depends_on: [place]",
        "depends_on: [plaec]",
        "model.yaml:9: modality 'where' depends on 'plaec', which is not a factor",
    ),
    (
        "C:\n",
        "controls: {place: 3}\nC:\n",
        "model.yaml:21: control 'place' is also stated by the actions of factor 'place'",
    ),
    ("C:\n", "controls: {go: {factr: a, actions: 2}}\nC:\n", "model.yaml:21: control 'go' has the key 'factr'"),
    ("C:\n", "controls: 3\nC:\n", "model.yaml:21: controls is 3: expected a mapping"),
    ("  context: identity\n", "", "model.yaml:18: B has no entry for factor 'context'"),
]


@pytest.mark.parametrize(("old", "new", "message"), LAYOUT)
def test_a_mistake_in_the_layout_is_named(old: str, new: str, message: str) -> None:
    assert any(problem.startswith(message) for problem in problems(MAZE.replace(old, new, 1)))


def test_a_file_that_holds_no_mapping_is_refused() -> None:
    assert problems("[1, 2]") == ["model.yaml:1: the file has to begin with `actinf: 1`"]


def test_plain_values_are_checked_by_their_path() -> None:
    data = load(MAZE).to_dict()
    data["factors"]["place"]["states"] = ["a", "a", "b"]
    with pytest.raises(ModelError) as caught:
        Model.from_dict(data)
    assert caught.value.problems[0][0] == ("factors", "place", "states", 1)
    with pytest.raises(ModelError, match="a model is stated by 3"):
        Model.from_dict(3)  # type: ignore[arg-type]


def test_bundled_files_are_found_by_name_unless_a_file_of_that_name_exists() -> None:
    assert "tmaze.yaml" in bundled_files()
    assert Model.load("tmaze.yaml") == Model.load("tmaze")
    assert load(MAZE, "tmaze.yaml") == load(MAZE)
    with pytest.raises(FileError, match=r"tmaz.yaml: no such file, and no bundled file of that name: .*'tmaze.yaml'"):
        Model.load("tmaz.yaml")
    with pytest.raises(FileError, match=r"folder/tmaze.yaml: no such file"):
        Model.load("folder/tmaze.yaml")


@pytest.mark.parametrize("name", bundled_files())
def test_bundled_files_are_valid_by_the_schema(name: str) -> None:
    from actinf.model.document import read_document
    from actinf.model.files import BUNDLED

    VALIDATOR.validate(read_document(BUNDLED / name).data)


def test_a_world_file_holds_a_process() -> None:
    text = MAZE.replace("kind: model", "kind: world").replace("C:\n  reward: {yes: 2, no: -4}\n", "")
    Path("w.yaml").write_text(text, encoding="utf-8")
    statement = read_world("w.yaml", Model)
    assert statement.process is not None
    assert statement.process.factors.names == ("place", "context")
    assert statement.name == "small maze"
    Path("w.yaml").write_text(MAZE.replace("kind: model", "kind: world"), encoding="utf-8")
    with pytest.raises(FileError, match=r"w.yaml:21: the key 'C' is not known here"):
        read_world("w.yaml", Model)


def test_a_model_file_is_a_world_too() -> None:
    load(MAZE)
    assert read_world("model.yaml", Model).process == Model.load("model.yaml")


def test_a_world_file_may_name_a_bundled_world_and_its_settings() -> None:
    text = "actinf: 1\nkind: world\nname: noisy\nbundled: tmaze\nsettings: {cue_validity: 0.7}\n"
    Path("w.yaml").write_text(text, encoding="utf-8")
    statement = read_world("w.yaml", Model)
    assert (statement.bundled, statement.settings, statement.process) == ("tmaze", {"cue_validity": 0.7}, None)
    Path("w.yaml").write_text(text.replace("{cue_validity: 0.7}", "[1]") + "A: 1\n", encoding="utf-8")
    with pytest.raises(FileError) as caught:
        read_world("w.yaml", Model)
    assert caught.value.problems == [
        "w.yaml:5: settings are a list of 1 entries: expected a mapping by name",
        "w.yaml:6: the key 'A' is not known beside `bundled`: expected 'actinf', 'kind', 'name', 'description', "
        "'bundled', 'settings'",
    ]


STATEMENTS: list[dict[str, Any]] = [
    {"A": {"where": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}},
    {"A": {"where": "1 0 0\n0 1 0\n0 0 1\n"}},
    {"A": {"where": {"identity": "place"}}},
    {"A": {"where": {"deterministic": {"centre": "centre", "left": "left", "right": "right"}}}},
    {"A": {"where": {"sparse": [["centre", 0, 1], [1, "left", 1.0], [2, 2, 1]]}}},
    {"A": {"where": {"default": {"centre": 1}}}},
    {"A": {"where": {"cases": [{"then": [1, 0, 0]}]}}},
    {"B": {"place": {"by_action": {"centre": "identity", "left": "uniform", "right": {"default": "stay"}}}}},
    {"B": {"place": {"deterministic": {"left": {"centre": "left"}, "right": "centre"}}}},
    {"C": {"where": [{"left": 1}, {}]}},
    {"C": {"where": [[1, 2, 3], [4, 5, 6]]}},
    {"C": None},
    {"D": {"place": "uniform", "context": [0.5, 0.5]}},
    {"E": [0.5, 0.5], "pE": 10},
    {"pA": {"where": 10}, "pB": {"context": {"default": "stay"}}, "pD": {"context": {"left": 2, "right": 2}}},
    {"controls": {"see": {"factor": "context", "actions": 1}}},
    {"modalities": {"where": {"outcomes": 3, "depends_on": [0]}}},
    {"description": None},
]


@pytest.mark.parametrize("change", STATEMENTS)
def test_the_schema_accepts_what_the_loader_accepts(change: dict[str, Any]) -> None:
    data = load(MAZE).to_dict()
    for key, entry in change.items():
        data[key] = {**data.get(key, {}), **entry} if isinstance(entry, dict) else entry
    Model.from_dict(data)
    VALIDATOR.validate(data)


@pytest.mark.parametrize(("old", "new", "message"), [case for case in LAYOUT if case[1] not in ("", "actinf: true")])
def test_the_schema_refuses_a_wrong_layout(old: str, new: str, message: str) -> None:
    from actinf.model.document import parse_document

    text = MAZE.replace(old, new, 1)
    by_names_alone = "depends_on: [plaec]" in text or "controls: {place: 3}" in text or text.startswith("kind")
    assert by_names_alone or not VALIDATOR.is_valid(parse_document(text.encode(), "yaml", "f").data)


def test_tables_made_in_python_are_saved_too() -> None:
    model = Model(
        factors={"f": 3}, modalities={"m": 3}, A={"m": Table.identity((3, 3))}, B={"f": Table.uniform((3, 3, 1))}
    )
    assert model.to_dict()["B"] == {"f": "uniform"}
    assert Model.load(model.save("m.yaml")) == model
