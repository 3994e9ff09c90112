"""The model: what can be left out, what its attributes hold, and that every mistake is named."""

import copy
import pickle
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.models import arguments

from actinf.errors import ModelError
from actinf.model import Control, Factor, Modality, Model, Table


def parts(**changes: Any) -> dict[str, Any]:
    """A small model without a mistake, and what a test changes of it."""
    found: dict[str, Any] = {
        "factors": {"location": ["centre", "cue", "left", "right"], "context": ["l", "r"]},
        "modalities": {"where": ["centre", "cue", "left", "right"], "cue": ["none", "left", "right"]},
        "controls": {"location": ["centre", "cue", "left", "right"]},
        "A_dependencies": {"where": ["location"], "cue": ["location", "context"]},
        "A": {"where": np.eye(4), "cue": np.full((3, 4, 2), 1 / 3)},
        "B": {"location": {"deterministic": "by_name"}, "context": np.eye(2)},
    }
    return found | changes


def problems_of(**changes: Any) -> str:
    with pytest.raises(ModelError) as caught:
        Model(**parts(**changes))
    return str(caught.value)


def test_what_is_left_out_has_its_default() -> None:
    model = Model(**parts())
    assert [entry.tolist() for entry in model.C] == [[[0.0] * 4], [[0.0] * 3]]
    assert [entry.tolist() for entry in model.D] == [[0.25] * 4, [0.5] * 2]
    assert model.E is None
    assert model.pE is None
    assert tuple(model.pA) == tuple(model.pB) == tuple(model.pD) == (None, None)
    assert model.B_dependencies == ((0,), (1,))


def test_parts_are_found_by_position_and_by_name() -> None:
    model = Model(**parts(C={"cue": {"left": 2}}))
    assert model.A["cue"] is model.A[1]
    assert model.C["cue"].tolist() == [[0.0, 2.0, 0.0]]
    assert model.factors["context"] == Factor("context", ("l", "r"))
    assert model.controls["location"].factor == "location"
    assert (model.num_states, model.num_obs, model.num_controls) == ((4, 2), (4, 3), (4,))
    assert model.A_dependencies["cue"] == (0, 1)
    assert tuple(model.control_of_factor) == (0, None)
    assert model.B["context"].shape == (2, 2, 1)
    with pytest.raises(ModelError, match=r"'cues' is not a modality: .*did you mean 'cue'"):
        model.A["cues"]


def test_records_state_a_model_as_names_do() -> None:
    by_records = Model(
        **parts(
            factors=[Factor("location", ("centre", "cue", "left", "right")), Factor("context", ("l", "r"))],
            modalities=[
                Modality("where", ("centre", "cue", "left", "right")),
                Modality("cue", ("none", "left", "right")),
            ],
            controls=[Control("location", "location", ("centre", "cue", "left", "right"))],
            A=[Table.from_dense(np.eye(4)), np.full((3, 4, 2), 1 / 3).tolist()],
            B=[{"deterministic": "by_name"}, np.eye(2)[:, :, None]],
        )
    )
    assert by_records == Model(**parts())


def test_a_control_may_be_called_otherwise_than_its_factor() -> None:
    model = Model(**parts(controls={"go": {"factor": "location", "actions": ["centre", "cue", "left", "right"]}}))
    assert model.controls[0] == Control("go", "location", ("centre", "cue", "left", "right"))


def test_dependencies_may_be_left_out_where_one_reading_is_possible() -> None:
    assert Model(**parts(A_dependencies={"where": [0]})).A_dependencies["cue"] == (0, 1)
    by_rule = parts(A={"where": {"identity": "location"}, "cue": np.full((3, 4, 2), 1 / 3)}, A_dependencies=None)
    assert Model(**by_rule).A_dependencies["where"] == (0,)


def test_counts_alone_give_their_normalisation() -> None:
    counts = np.arange(1.0, 25.0).reshape(3, 4, 2)
    model = Model(**parts(A={"where": np.eye(4)}, pA={"cue": counts}, pD={"context": [1, 3]}, pE=[1, 1, 2]))
    assert np.array_equal(model.A["cue"].dense(), counts / counts.sum(axis=0))
    assert model.D["context"].tolist() == [0.25, 0.75]
    assert model.E is not None
    assert model.E.tolist() == [0.25, 0.25, 0.5]


def test_a_number_of_counts_multiplies_the_probabilities() -> None:
    model = Model(**parts(pA={"where": 20}, pB={"context": 2.5}, pD={"location": 4}, E=[0.5, 0.5], pE=8))
    assert np.array_equal(np.asarray(model.pA["where"]), 20 * np.eye(4))
    assert np.array_equal(np.asarray(model.pB["context"]), 2.5 * np.eye(2)[:, :, None])
    assert model.pD["location"].tolist() == [1.0] * 4
    assert model.pE is not None
    assert model.pE.tolist() == [4.0, 4.0]


def test_a_model_does_not_change() -> None:
    model = Model(**parts())
    with pytest.raises(AttributeError, match="does not change"):
        model.name = "other"
    with pytest.raises(AttributeError, match="does not change"):
        del model.name
    for array in (model.C[0], model.D[0], model.A[0].values):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_copies_and_pickles_are_equal_and_read_only() -> None:
    model = Model(**parts(pD={"context": [1, 2]}, pE=[1, 2]))
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert other == model
        assert other.A["cue"] == model.A["cue"]
        assert not any(array.flags.writeable for array in (*other.C, *other.D, other.pE, other.A[0].values))


def test_the_repr_says_what_the_model_consists_of() -> None:
    assert repr(Model(**parts(name="maze"))) == (
        "Model('maze', factors=location(4), context(2); modalities=where(4), cue(3); controls=location(4))"
    )


MISTAKES = {
    "shape": (
        {
            "A_dependencies": {"where": ["location"], "cue": ["location"]},
            "A": {"where": np.eye(4), "cue": np.ones((3, 2))},
        },
        "A['cue'] has shape (3, 2), but factor 'location' has 4 states: expected (3, 4)",
    ),
    "rows": (
        {"A": {"where": np.eye(4)[:3], "cue": "uniform"}},
        "A['where'] has shape (3, 4), but modality 'where' has 4 outcomes: expected (4, 4)",
    ),
    "axes": (
        {"A": {"where": np.eye(4), "cue": np.ones((3, 4))}},
        "A['cue'] has shape (3, 4), but it depends on 'location' and 'context': expected (3, 4, 2)",
    ),
    "actions": (
        {"B": {"location": np.ones((4, 4, 3)), "context": "identity"}},
        "B['location'] has shape (4, 4, 3), but control 'location' has 4 actions: expected (4, 4, 4)",
    ),
    "no control": (
        {"B": {"location": {"deterministic": "by_name"}, "context": np.ones((2, 2, 3))}},
        "B['context'] has shape (2, 2, 3), but no control moves factor 'context' (name its actions in `controls`):"
        " expected (2, 2, 1)",
    ),
    "sum": (
        {"A": {"where": np.eye(4) * [1, 1, 0.9, 1], "cue": "uniform"}},
        "A['where'], column location='left', sums to 0.9: expected 1 within 1e-05; divide the column by its sum",
    ),
    "nan": (
        {"A": {"where": np.eye(4) * [1, 1, np.nan, 1], "cue": "uniform"}},
        "A['where'], column location='left', outcome 'centre', is nan, which is not a probability",
    ),
    "negative": (
        {"B": {"location": {"deterministic": "by_name"}, "context": [[2, 0], [-1, 1]]}},
        "B['context'], column context='l', state 'r', is -1, which is not a probability",
    ),
    "duplicate state": (
        {"factors": {"location": ["a", "b", "a", "c"], "context": ["l", "r"]}},
        "factor 'location' has the state 'a' twice",
    ),
    "duplicate factor": ({"factors": [Factor("a", ("x",)), Factor("a", ("x",))]}, "factors has 'a' twice"),
    "reserved": ({"factors": {"time": 2}}, "factors has the name 'time': a trace uses that name for itself"),
    "slash": ({"modalities": {"a/b": 2}}, "modalities has the name 'a/b': expected no '/'"),
    "blank": ({"modalities": {" ": 2}}, "modalities has the name ' ': expected a text that is not empty"),
    "control character": ({"factors": {"location": ["a\n"]}}, "factor 'location' has the state 'a\\n'"),
    "truth as a name": (
        {"factors": {"location": [True, "b"]}},
        "has the state True: expected a text; write it in quotes",
    ),
    "no states": ({"factors": {"location": []}}, "factor 'location' has an empty list for its states"),
    "states are a text": ({"factors": {"location": "ab"}}, "factor 'location' has 'ab' for its states"),
    "too many states": (
        {"factors": {"location": 10_000_000_000}},
        "factor 'location' has 10,000,000,000 states: expected 1 to 1,000,000",
    ),
    "no factors": ({"factors": {}}, "factors are missing: a model needs at least one"),
    "factors of a wrong kind": ({"factors": 3}, "factors is 3: expected a mapping by name, or a list of Factor"),
    "unknown dependency": (
        {"A_dependencies": {"where": ["locaton"], "cue": [0, 1]}},
        "modality 'where' depends on 'locaton', which is not a factor: expected one of 'location', 'context';"
        " did you mean 'location'?",
    ),
    "dependency out of range": ({"B_dependencies": {"context": [2]}}, "factor 'context' depends on 2, which is not a"),
    "dependency twice": ({"B_dependencies": {"context": [1, "context"]}}, "depends on 'context' twice: name it once"),
    "dependency is no list": (
        {"A_dependencies": {"cue": "location"}},
        "modality 'cue' depends on 'location': expected a",
    ),
    "no dependency": ({"A_dependencies": {"cue": []}}, "modality 'cue' depends on no factor"),
    "unclear dependency": (
        {"A_dependencies": None},
        "modality 'where' does not say which factors it depends on, and A['where'] leaves it",
    ),
    "unknown modality": ({"C": {"cu": [1, 2, 3]}}, "C has an entry for 'cu', which is not a modality"),
    "a table is missing": ({"A": {"where": np.eye(4)}}, "A has no entry for modality 'cue': state A['cue']"),
    "too few tables": ({"A": [np.eye(4)]}, "A has 1 entries for 2 modalities: expected one each"),
    "unknown controlled factor": (
        {"controls": {"locations": 4}},
        "control 'locations' moves factor 'locations', which does",
    ),
    "two controls on a factor": (
        {"controls": {"location": 4, "go": {"factor": "location", "actions": 4}}},
        "control 'go' moves factor 'location', which control 'location' moves already",
    ),
    "infinite preference": (
        {"C": {"cue": [0, -np.inf, 0]}},
        "C['cue']['left'] is -inf: expected a finite log-preference",
    ),
    "preference for nothing": ({"C": {"cue": {"lef": 1}}}, "C['cue'] names 'lef', which modality 'cue' does not have"),
    "shape of preferences": ({"C": {"cue": [[1, 2]]}}, "C['cue'] has shape (1, 2), but modality 'cue' has 3 outcomes"),
    "preference is a text": ({"C": {"cue": {"left": "much"}}}, "C['cue']['left'] is 'much': expected a number"),
    "initial state": (
        {"D": {"location": "center"}},
        "D['location'] is 'center': expected a state of factor 'location'",
    ),
    "initial sum": ({"D": {"location": {"cue": 0.5}}}, "D['location'] sums to 0.5: expected 1 within 1e-05"),
    "negative initial": ({"D": {"context": [2, -1]}}, "D['context']['r'] is -1, which is not a probability"),
    "habits": ({"E": [[0.5], [0.5]]}, "E has shape (2, 1): expected (num_policies,)"),
    "habits' sum": ({"E": [0.5, 0.4]}, "E sums to 0.9"),
    "empty counts": ({"pB": {"context": [[0, 1], [0, 1]]}}, "pB['context'], column context='l', has only zeros"),
    "negative counts": ({"pD": {"context": [-1, 1]}}, "pD['context']['l'] is -1, which is not a count"),
    "counts disagree": (
        {"pB": {"context": [[1, 1], [0, 1]]}},
        "B['context'] and pB['context'] disagree in column context='r'",
    ),
    "initial counts disagree": (
        {"D": {"context": "l"}, "pD": {"context": [1, 1]}},
        "D['context'] and pD['context'] disagree",
    ),
    "habits of two lengths": (
        {"E": [0.5, 0.5], "pE": [1, 1, 1]},
        "pE has 3 entries and E has 2: expected one for each",
    ),
    "no counts at all": ({"pD": {"location": 0}}, "pD['location'] is 0: expected counts, or a finite number above 0"),
    "infinite counts": (
        {"pB": {"context": np.inf}},
        "pB['context'] is inf: expected counts, or a finite number above 0",
    ),
    "habits disagree": ({"E": [0.5, 0.5], "pE": [1, 3]}, "E and pE disagree: expected E to be pE over its sum"),
    "zero counts of habits": ({"pE": [0, 0]}, "pE has only zeros: expected at least one positive count"),
    "section of a wrong kind": ({"D": 3}, "D is 3: expected a mapping from factor to its entry"),
    "part of a wrong kind": ({"factors": {3: ["a"]}}, "factors has the name 3: expected a text"),
    "long name": ({"factors": {"f": ["a" * 201]}}, "expected at most 200 characters"),
    "steps of a wrong kind": ({"C": {"cue": [{"left": 1}, {"up": 1}]}}, "C['cue'][1] names 'up', which modality 'cue'"),
    "size of an initial": (
        {"D": {"context": [0.5, 0.25, 0.25]}},
        "D['context'] has shape (3,), but factor 'context' has 2",
    ),
    "number without a table": (
        {"A": {"where": np.eye(4)}, "pA": {"cue": 3}},
        "pA['cue'] is a number, the concentration",
    ),
    "ragged": ({"A": {"where": [[1, 0], [1]], "cue": "uniform"}}, "A['where'] has rows of different lengths"),
    "text for numbers": ({"A": {"where": [["a"] * 4] * 4, "cue": "uniform"}}, "A['where'] is an array that holds text"),
    "complex numbers": (
        {"A": {"where": np.eye(4) * 1j, "cue": "uniform"}},
        "A['where'] is an array that holds complex",
    ),
    "truths for numbers": ({"A": {"where": [[True] * 4] * 4, "cue": "uniform"}}, "A['where'] holds true or false"),
    "nothing": ({"A": {"where": None, "cue": "uniform"}}, "A['where'] is None: expected an array of numbers"),
    "unknown rule": (
        {"A": {"where": "identiti", "cue": "uniform"}},
        "'identiti', which is not a rule: expected an array",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_value_and_what_was_expected(mistake: str) -> None:
    changes, message = MISTAKES[mistake]
    assert message in problems_of(**changes)


@given(
    st.permutations([name for name, (changes, _) in MISTAKES.items() if list(changes) in (["C"], ["D"], ["pB"], ["E"])])
)
def test_mistakes_of_different_parts_are_all_reported(order: list[str]) -> None:
    changes: dict[str, Any] = {}
    expected = []
    for name in order:
        change, message = MISTAKES[name]
        if not changes.keys() & change.keys():
            changes |= change
            expected.append(message)
    found = problems_of(**changes)
    assert all(message in found for message in expected)


def test_many_columns_with_one_fault_are_counted_not_listed() -> None:
    text = problems_of(
        factors={"location": 4, "context": ["l", "r"]}, A={"where": np.eye(4), "cue": np.full((3, 4, 2), 0.2)}
    )
    assert text.count("A['cue'], column") == 3
    assert "5 more columns of the same table have the same fault" in text


def test_problems_know_their_place_in_the_model() -> None:
    with pytest.raises(ModelError) as caught:
        Model(**parts(C={"cue": {"lef": 1}}, factors={"location": ["a", "b", "c", "a"], "context": 2}))
    assert [where for where, _ in caught.value.problems] == [("factors", "location", 3), ("C", "cue", "lef")]


def test_a_sum_within_the_tolerance_is_kept_as_given() -> None:
    nearly = np.eye(4) * (1 + 9e-6)
    assert np.array_equal(Model(**parts(A={"where": nearly, "cue": "uniform"})).A["where"].dense(), nearly)


def test_parts_that_numpy_holds_are_read_too() -> None:
    names = np.array(["centre", "cue", "left", "right"])
    dependencies = np.array([np.array([0]), np.array([0, 1])], dtype=object)
    changes = {"modalities": {"where": names, "cue": np.int64(3)}, "A_dependencies": dependencies}
    model = Model(**parts(**changes, A={"where": np.eye(4, dtype=bool), "cue": "uniform"}))
    assert model.modalities["where"].outcomes == tuple(names.tolist())
    assert model.num_obs == (4, 3)


def test_a_hundred_mistakes_are_enough() -> None:
    text = problems_of(C={f"m{at}": [1] for at in range(1000)})
    assert len(text.splitlines()) == 101
    assert text.endswith("after 100 mistakes the rest was not checked")


@given(arguments())
def test_any_model_holds_the_numbers_it_was_given(given_parts: dict[str, Any]) -> None:
    model = Model(**given_parts)
    for key, shown in (("A", model.A), ("B", model.B)):
        for name, array in given_parts[key].items():
            assert np.array_equal(shown[name].dense(), array)
    for name, preferences in given_parts.get("C", {}).items():
        assert np.array_equal(model.C[name], preferences)
    assert re.fullmatch("[0-9a-f]{64}", model.hash)
