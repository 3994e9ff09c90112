"""Files in which any one value was replaced by any other: a model, or errors that name places; nothing else."""

import copy
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actinf.errors import ModelError
from actinf.model import Model
from actinf.model.document import read_document
from actinf.model.files import BUNDLED, bundled_files

FILES = [read_document(BUNDLED / name).data for name in bundled_files()]
FILES.append(
    {
        "factors": {"f": 2, "g": {"states": ["a", "b"], "depends_on": ["f", "g"]}},
        "modalities": {"m": {"outcomes": 2, "depends_on": [0]}, "n": {"outcomes": 2, "depends_on": ["g", "f"]}},
        "controls": {"go": {"factor": "f", "actions": ["x", "y"]}},
        "A": {"m": "1 0\n0 1\n", "n": {"identity": "g"}},
        "B": {
            "f": {"by_action": {"x": "identity", "y": {"default": "stay"}}},
            "g": {"sparse": [["b", 0, "a", 1.0], [0, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 1]]},
        },
        "C": {"m": [{"0": 1.0}, {"1": 2.0}]},
        "D": {"g": "a", "f": [0.5, 0.5]},
        "E": [0.5, 0.5],
        "pA": {"m": 3},
        "pB": {"g": 2},
        "pD": {"f": {"0": 1, "1": 1}, "g": 2},
        "pE": [1, 1],
    }
)
JUNK = st.sampled_from(
    [
        *(None, True, 0, 1, -1, 2.5, 1e308, 10**400, float("nan"), 1j, b"abc", object(), {1, 2}, (1, 2)),
        *("", "a", "0", "uniform", "identity", "stay", "left", "1 2\n3\n", np.ones((2, 2)), np.array(["a"])),
        *(
            [],
            [[]],
            [None],
            [[1], [2, 3]],
            ["a", 1],
            {},
            {"a": 1},
            {"then": 1},
            {"states": 2},
            {"outcomes": ["a", "a"]},
        ),
        *({"default": "uniform"}, {"cases": [{}]}, {"sparse": [[1]]}, {"deterministic": {}}, {"identity": None}),
        *({"by_action": {}}, {"base64": "AAAA"}),
    ]
)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values."""
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path] * bool(path) + [found for key, value in inside for found in places(value, (*path, key))]


def value_at(data: Any, path: tuple[Any, ...]) -> Any:
    return value_at(data[path[0]], path[1:]) if path else data


def test_the_files_are_right_before_they_are_broken() -> None:
    for file in FILES:
        Model.from_dict(file)


@settings(max_examples=400)
@given(st.sampled_from(FILES), st.data())
def test_any_value_may_be_wrong(file: dict[str, Any], data: st.DataObject) -> None:
    broken = copy.deepcopy(file)
    for _ in range(data.draw(st.integers(1, 2))):
        *around, last = data.draw(st.sampled_from(places(broken)))
        parent, junk = value_at(broken, tuple(around)), copy.deepcopy(data.draw(JUNK))
        change = data.draw(st.sampled_from(["replace", "remove", "add", "rename"]))
        if change == "replace":
            parent[last] = junk
        elif change == "remove":
            del parent[last]
        elif isinstance(parent, list):
            parent.insert(last, junk)
        else:
            key = data.draw(st.sampled_from(["a", "0", 1, None, "left", "default", "cases", "then", "m", "f"]))
            parent[key] = junk if change == "add" else parent.pop(last)
        if not broken:
            return
    try:
        model = Model.from_dict(broken)
    except ModelError:
        pass
    else:
        assert Model.from_dict(model.to_dict()) == model
