"""The hash of a model: what it depends on, and what it does not."""

import hashlib
import json
from base64 import b64decode
from typing import Any

import numpy as np
from hypothesis import given
from support.models import arguments

from actinf.model import Model, Table
from actinf.model.identity import canonical_json


def maze(**changes: Any) -> Model:
    found: dict[str, Any] = {
        "factors": {"place": ["a", "b"], "mood": ["good", "bad"]},
        "modalities": {"seen": ["a", "b"]},
        "controls": {"place": ["a", "b"]},
        "A": {"seen": {"identity": "place"}},
        "B": {"place": {"deterministic": "by_name"}, "mood": "identity"},
    }
    return Model(**(found | changes))


def test_the_hash_is_that_of_the_canonical_json() -> None:
    text = "".join(canonical_json(maze()))
    assert maze().hash == hashlib.sha256(text.encode("ascii")).hexdigest()
    data = json.loads(text)
    assert list(data) == [
        "actinf",
        "factors",
        "modalities",
        "controls",
        "A",
        "B",
        "C",
        "D",
        "E",
        "pA",
        "pB",
        "pD",
        "pE",
    ]
    assert text == json.dumps(data, separators=(",", ":"))
    assert data["factors"] == [["place", ["a", "b"]], ["mood", ["good", "bad"]]]
    assert data["A"][0][0] == ["place"]
    assert np.frombuffer(b64decode(data["A"][0][1]["values"]), "<f8").tolist() == [1.0, 1.0]


def test_the_hash_stays_what_it_was() -> None:
    """Files, traces and snapshots hold hashes: a change of the canonical form makes them all foreign."""
    assert maze().hash == "2831af765543efb9e13445946c45cfc2579590931e060e8acc1db436a7ffec1f"


def test_a_rule_has_the_hash_of_what_it_expands_to() -> None:
    by_name = np.zeros((2, 2, 2))
    by_name[[0, 1], :, [0, 1]] = 1
    assert maze(A={"seen": np.eye(2)}, A_dependencies=[["place"]]).hash == maze().hash
    assert maze(B=[by_name, np.eye(2)]).hash == maze().hash


def test_names_and_descriptions_of_the_whole_do_not_count() -> None:
    assert maze(name="x", description="y") == maze()


def test_minus_zero_counts_as_zero() -> None:
    assert maze(C={"seen": [-0.0, 1.0]}, B=[{"deterministic": "by_name"}, [[1, -0.0], [-0.0, 1]]]) == maze(
        C={"seen": [0, 1]}
    )


def test_what_makes_another_model_makes_another_hash() -> None:
    others = [
        maze(),
        maze(factors={"place": ["a", "c"], "mood": ["good", "bad"]}, B=["uniform", "identity"]),
        maze(modalities={"seen": ["b", "a"]}),
        maze(controls={"go": {"factor": "place", "actions": ["a", "b"]}}),
        maze(C={"seen": [0, 1e-300]}),
        maze(D={"place": [0.5, 0.5 + 1e-16 + 2e-16]}),
        maze(E=[1.0]),
        maze(pA={"seen": 1}),
        maze(pA={"seen": 2}),
        maze(pD={"place": 1}),
        maze(pE=[1.0]),
        maze(B_dependencies={"mood": ["mood", "place"]}),
        maze(C={"seen": [[0, 0], [0, 0]]}),
    ]
    assert len({model.hash for model in others}) == len(others)
    assert len(set(others)) == len(others)


@given(arguments())
def test_dense_and_sparse_statements_have_one_hash(parts: dict[str, Any]) -> None:
    tables = {
        key: {name: Table.from_dense(array) for name, array in parts[key].items()}
        for key in ("A", "B", "pA", "pB")
        if key in parts
    }
    assert Model(**(parts | tables)).hash == Model(**parts).hash


@given(arguments())
def test_one_bit_more_makes_another_hash(parts: dict[str, Any]) -> None:
    model = Model(**parts)
    name = next(iter(parts["modalities"]))
    changed = model.C[name].copy()
    changed[0, 0] = np.nextafter(changed[0, 0], np.inf)
    assert Model(**(parts | {"C": {**dict(model.C.items()), name: changed}})).hash != model.hash
