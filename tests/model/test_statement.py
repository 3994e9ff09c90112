"""The ways to state a table, each against what it means when it is written out in full."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actinf.errors import ModelError
from actinf.model import Model

PLACES = ["a", "b", "c"]


def likelihood(statement: Any, outcomes: Any = ("x", "y", "z")) -> np.ndarray:
    """A['m'] over a place of three states and a mood of two, stated so."""
    model = Model(
        factors={"place": PLACES, "mood": ["good", "bad"]},
        modalities={"m": outcomes},
        A={"m": statement},
        A_dependencies={"m": ["place", "mood"]},
        B={"place": "identity", "mood": "identity"},
    )
    return model.A["m"].dense()


def transition(statement: Any, depends_on: tuple[str, ...] = ("place",), actions: Any = ("go", "wait")) -> np.ndarray:
    """B['place'], moved by `actions`, stated so."""
    model = Model(
        factors={"place": PLACES, "mood": ["good", "bad"]},
        modalities={"m": 1},
        controls={"place": actions} if actions else None,
        A={"m": "uniform"},
        A_dependencies={"m": ["place"]},
        B={"place": statement, "mood": "identity"},
        B_dependencies={"place": list(depends_on)},
    )
    return model.B["place"].dense()


def column(**probabilities: float) -> list[float]:
    return [probabilities.get(name, 0.0) for name in ("x", "y", "z")]


def test_identity_is_of_the_parent_that_is_named() -> None:
    assert np.array_equal(likelihood({"identity": "place"}), np.repeat(np.eye(3)[:, :, None], 2, axis=2))


def test_identity_of_a_factor_keeps_its_state_whatever_is_done() -> None:
    assert np.array_equal(transition("identity"), np.repeat(np.eye(3)[:, :, None], 2, axis=2))
    both = transition("identity", ("mood", "place"), None)
    assert np.array_equal(both[..., 0], np.repeat(np.eye(3)[:, None, :], 2, axis=1))


def test_uniform_gives_every_row_alike() -> None:
    assert np.array_equal(likelihood("uniform"), np.full((3, 3, 2), 1 / 3))


def test_a_text_of_numbers_is_an_array_whose_columns_are_in_order() -> None:
    full = np.random.default_rng(1).dirichlet(np.ones(3), size=6).T
    text = "\n".join(" ".join(map(repr, row)) for row in full.tolist())
    assert np.array_equal(likelihood(text), full.reshape(3, 3, 2))


def test_deterministic_by_name_leads_where_the_action_is_called() -> None:
    expected = np.zeros((3, 3, 3))
    for action in range(3):
        expected[action, :, action] = 1
    assert np.array_equal(transition({"deterministic": "by_name"}, actions=PLACES), expected)


def test_deterministic_transitions_that_are_not_listed_keep_the_state() -> None:
    expected = np.zeros((3, 3, 2))
    expected[[1, 2, 2], [0, 1, 2], 0] = 1
    expected[[0, 1, 2], [0, 1, 2], 1] = 1
    assert np.array_equal(transition({"deterministic": {"go": {"a": "b", "b": "c"}}}), expected)


def test_deterministic_mappings_are_nested_in_the_order_of_the_axes() -> None:
    found = likelihood({"deterministic": {"a": "x", "b": {"good": "y", "bad": "z"}, "c": "z"}})
    rows = found.argmax(axis=0).tolist()
    assert rows == [[0, 0], [1, 2], [2, 2]]
    moved = transition({"deterministic": {"go": {"a": {"good": "b"}, "b": "c"}}}, ("place", "mood"))
    assert moved.argmax(axis=0)[..., 0].tolist() == [[1, 0], [2, 2], [2, 2]]
    assert moved.argmax(axis=0)[..., 1].tolist() == [[0, 0], [1, 1], [2, 2]]


def test_by_action_takes_one_statement_for_each_action() -> None:
    go = np.array([[0.1, 0.2, 0], [0.9, 0.3, 0], [0, 0.5, 1]])
    assert np.array_equal(transition({"by_action": {"wait": "identity", "go": go}}), np.stack([go, np.eye(3)], axis=2))


def test_cases_name_states_and_later_ones_override() -> None:
    found = likelihood(
        {
            "default": "x",
            "cases": [
                {"when": {"place": ["b", "c"]}, "then": {"y": 0.25, "z": 0.75}},
                {"when": {"place": "c", "mood": "bad"}, "then": [0.5, 0.5, 0]},
                {"when": {"mood": "good", "place": "c"}, "then": "uniform"},
            ],
        }
    )
    assert found[:, 0, 0].tolist() == found[:, 0, 1].tolist() == column(x=1)
    assert found[:, 1, 0].tolist() == found[:, 1, 1].tolist() == column(y=0.25, z=0.75)
    assert found[:, 2, 1].tolist() == column(x=0.5, y=0.5)
    assert found[:, 2, 0].tolist() == [1 / 3] * 3


def test_cases_of_transitions_name_actions_and_may_stay() -> None:
    found = transition(
        {"default": "stay", "cases": [{"when": {"place": "a"}, "action": "go", "then": {"b": 0.9, "a": 0.1}}]}
    )
    assert np.array_equal(found[..., 1], np.eye(3))
    assert found[:, 0, 0].tolist() == [0.1, 0.9, 0]
    assert np.array_equal(found[:, 1:, 0], np.eye(3)[:, 1:])


ENTRIES = [
    [0, 0, 0, 1.0],
    [0, 0, 1, 0.5],
    [1, 0, 1, 0.5],
    *([2, place, mood, 1.0] for place in (1, 2) for mood in (0, 1)),
]


@pytest.mark.parametrize(
    "statement",
    [
        ENTRIES,
        ENTRIES[::-1],
        np.array(ENTRIES),
        "\n".join(" ".join(map(str, entry)) for entry in ENTRIES),
        [[("x", "y", "z")[o], PLACES[p], ("good", "bad")[m], value] for o, p, m, value in ENTRIES],
    ],
)
def test_sparse_entries_are_the_only_ones(statement: Any) -> None:
    expected = np.zeros((3, 3, 2))
    for outcome, place, mood, value in ENTRIES:
        expected[int(outcome), int(place), int(mood)] = value
    assert np.array_equal(likelihood({"sparse": statement}), expected)


def test_sparse_entries_of_a_factor_without_control_have_no_action() -> None:
    text = "0 0 1\n 1 1 1\n 1 2 0.5\n 2 2 0.5\n"
    assert np.array_equal(transition({"sparse": text}, actions=None)[..., 0], [[1, 0, 0], [0, 1, 0.5], [0, 0, 0.5]])


WHEN = st.fixed_dictionaries(
    {},
    optional={
        "place": st.one_of(st.sampled_from(PLACES), st.lists(st.sampled_from(PLACES), min_size=1, unique=True)),
        "mood": st.sampled_from(["good", "bad"]),
    },
)
COLUMNS = {"x": column(x=1), "y": column(y=1), "uniform": [1 / 3] * 3}


@given(st.lists(st.tuples(WHEN, st.sampled_from(sorted(COLUMNS))), max_size=5))
def test_cases_equal_the_loop_over_all_columns(cases: list[tuple[dict[str, Any], str]]) -> None:
    """The oracle looks at one column at a time and takes the last case that fits."""
    found = likelihood({"default": "x", "cases": [{"when": when, "then": then} for when, then in cases]})
    for p, place in enumerate(PLACES):
        for m, mood in enumerate(["good", "bad"]):
            here = {"place": place, "mood": mood}
            fitting = ["x"] + [then for when, then in cases if all(_is_at(here[key], when[key]) for key in when)]
            assert found[:, p, m].tolist() == COLUMNS[fitting[-1]]


def _is_at(state: str, wanted: str | list[str]) -> bool:
    return state == wanted if isinstance(wanted, str) else state in wanted


WRONG = {
    "two rules": ({"identity": "place", "sparse": "1 2"}, "is stated by 'identity', 'sparse': expected one of"),
    "no rule": ({}, "is stated by nothing"),
    "unknown rule": (
        {"determinstic": {}},
        "has the key 'determinstic', which is not known: .* did you mean 'deterministic'?",
    ),
    "identity of which": (
        "identity",
        "is the identity of an unnamed factor: expected {identity: NAME} with one of 'place'",
    ),
    "identity of another": ({"identity": "where"}, "is the identity of 'where': expected"),
    "identity of another size": (
        {"identity": "mood"},
        "identity of factor 'mood', which has 2 states, but modality 'm' has 3",
    ),
    "deterministic by list": (
        {"deterministic": ["x"]},
        "is deterministic by a list of 1 entries: expected a mapping from state",
    ),
    "not all listed": (
        {"deterministic": {"a": "x", "b": {"bad": "y"}}},
        "states no outcome for place='b', mood='good' and 2 more",
    ),
    "unknown state": (
        {"deterministic": {"d": "x"}},
        "names 'd', which is not among the states of factor 'place': expected 'a', 'b', 'c'",
    ),
    "unknown outcome": (
        {"deterministic": {"a": "w"}},
        "leads to 'w', which modality 'm' does not have: expected 'x', 'y', 'z'",
    ),
    "too deep": ({"deterministic": {"a": {"good": {"x": 1}}}}, "leads to a mapping of 1 entries"),
    "by action": (
        {"by_action": {"go": "identity"}},
        "is stated by action as a mapping of 1 entries: expected no control",
    ),
    "uncovered": (
        {"cases": [{"when": {"place": ["a", "b"]}, "then": "x"}]},
        "has no case for place='c', mood='good' and 1 more",
    ),
    "cases no list": ({"cases": {"when": 1}}, "has a mapping of 1 entries for its cases"),
    "case no mapping": ({"default": "x", "cases": ["x"]}, "has the case 'x': expected"),
    "case key": ({"default": "x", "cases": [{"if": {}, "then": "x"}]}, "has a case with the key 'if': expected 'when'"),
    "case without column": ({"default": "x", "cases": [{"when": {}}]}, "has a case without `then`"),
    "case of a text": (
        {"default": "x", "cases": [{"when": "a", "then": "x"}]},
        "has a case when 'a': expected {factor: state}",
    ),
    "case of another": (
        {"default": "x", "cases": [{"when": {"plce": "a"}, "then": "x"}]},
        "has a case of factor 'plce', on which",
    ),
    "case of no state": (
        {"default": "x", "cases": [{"when": {"place": "d"}, "then": "x"}]},
        "has a case of 'd', which factor 'place'",
    ),
    "case of an action": (
        {"default": "x", "cases": [{"action": "go", "then": "x"}]},
        "has a case of an action, but no control",
    ),
    "column sum": ({"default": {"x": 0.5, "y": 0.4}}, r"a column of A\['m'\] sums to 0.9"),
    "column of unknown": ({"default": {"w": 1}}, "a column of .* names 'w', which modality 'm' does not have"),
    "column of nan": ({"default": {"x": float("nan")}}, r"a column of A\['m'\]\['x'\] is nan"),
    "column size": ({"default": [1, 0]}, r"a column of A\['m'\] has shape \(2,\), but modality 'm' has 3"),
    "unknown column": ({"default": "stay"}, "has the column 'stay', which modality 'm' does not have"),
    "sparse shape": ({"sparse": "1 2 3\n"}, r"has sparse entries of shape \(1, 3\): expected \(1, 4\)"),
    "sparse place": ({"sparse": "3 0 0 1\n"}, "has a sparse entry at outcome 3: expected a position from 0 to 2"),
    "sparse fraction": ({"sparse": "0.5 0 0 1\n"}, "has a sparse entry at outcome 0.5"),
    "sparse twice": (
        {"sparse": "0 0 0 1\n0 0 0 1\n"},
        "has two sparse entries for outcome 'x' in column place='a', mood='good'",
    ),
    "sparse name": ({"sparse": [["x", "d", "good", 1]]}, "has a sparse entry at state of 'place' 'd'"),
    "sparse value": ({"sparse": [["x", "a", "good", "1"]]}, "has a sparse entry of value '1': expected a number"),
    "sparse entry": (
        {"sparse": [3]},
        "has the sparse entry 3: expected a list of outcome, state of 'place', state of 'mood'",
    ),
    "sparse number": ({"sparse": 3}, "is sparse by 3: expected"),
    "bytes": (
        {"base64": "AAAA"},
        "is stated by 3 bytes of base64: expected 144, the little-endian float64 of 18 numbers",
    ),
    "no bytes": ({"base64": "!"}, "is stated by 0 bytes of base64"),
    "ragged text": ("1 2 3\n1 2\n", "expected lines of numbers, as many in each"),
    "text of words": ("1 2 x\n1 2 3\n", "is a text that holds more than numbers and blanks"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_statement_that_makes_no_sense_is_explained(name: str) -> None:
    statement, message = WRONG[name]
    pattern = message if "\\" in message or ".*" in message else message.replace("(", "\\(").replace("?", "\\?")
    with pytest.raises(ModelError, match=pattern.replace("{", "\\{").replace("|", "\\|")):
        likelihood(statement)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ({"deterministic": "by_nam"}, "is deterministic by 'by_nam': expected 'by_name' or a mapping from action"),
        ({"deterministic": "by_name"}, "leads to 'go', which factor 'place' does not have"),
        (
            {"deterministic": {"gp": "a"}},
            "names 'gp', which is not among the actions of control 'place': expected 'go', 'wait'",
        ),
        ({"by_action": {"go": "identity"}}, r"B\['place'\] for action 'wait' is not stated"),
        (
            {"by_action": {"go": "identity", "wait": "identity", "x": 1}},
            "has a table for action 'x', which control 'place'",
        ),
        ({"by_action": {"go": np.eye(2), "wait": "identity"}}, r"B\['place'\] for action 'go' has shape \(2, 2\)"),
    ],
)
def test_a_transition_that_makes_no_sense_is_explained(statement: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        transition(statement)


def test_a_table_beyond_the_memory_of_a_model_is_refused_with_the_numbers() -> None:
    factors = {f"f{at}": 1000 for at in range(5)}
    with pytest.raises(ModelError, match=r"A\['m'\] has shape \(2, 1,000, 1,000, 1,000, 1,000, 1,000\) and would take"):
        Model(
            factors=factors,
            modalities={"m": 2},
            A={"m": "uniform"},
            A_dependencies={"m": list(factors)},
            B=dict.fromkeys(factors, "identity"),
        )


def test_all_tables_together_keep_to_the_memory_of_a_model() -> None:
    with pytest.raises(
        ModelError, match=r"A\['m1'\] .* would take 200 MB after 200 MB of other tables: at most 268 MB"
    ):
        Model(
            factors={"f": 1_000_000},
            modalities={f"m{at}": 12 for at in range(2)},
            A={"m0": "uniform", "m1": "uniform"},
            B={"f": "identity"},
        )
