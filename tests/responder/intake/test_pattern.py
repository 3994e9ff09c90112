import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actinf.errors import SettingError
from actinf.responder.intake.pattern import LONGEST_PATTERN, Pattern

ATOMS = ["a", "b", ".", "[ab]", "[^a]", "[a-c]", r"\d", r"\.", "1", "[]a]", "[a-]", r"[\d-]", r"\W"]
COUNTS = {
    "*": (0, 9),
    "+": (1, 9),
    "?": (0, 1),
    "*?": (0, 9),
    "{2}": (2, 2),
    "{0}": (0, 0),
    "{1,}": (1, 9),
    "{0,2}": (0, 2),
}


@dataclass(frozen=True)
class Node:
    """A part of an expression: how it is written, and where it can end in a text when it begins at some place."""

    text: str
    ends: Callable[[str, int], set[int]]


def atom(text: str) -> Node:
    # For a single character Python's own expressions are the judge.
    one = re.compile(text, re.DOTALL | re.ASCII)
    return Node(text, lambda subject, at: {at + 1} if one.fullmatch(subject[at : at + 1]) else set())


def repeated(node: Node, mark: str) -> Node:
    least, most = COUNTS[mark]  # nine times are as good as for ever in texts of seven characters

    def ends(subject: str, at: int) -> set[int]:
        now, found = {at}, set()
        for times in range(most + 1):
            found |= now if times >= least else set()
            now = {end for place in now for end in node.ends(subject, place)}
        return found

    return Node(node.text + mark, ends)


def sequence(nodes: list[Node]) -> Node:
    def ends(subject: str, at: int) -> set[int]:
        now = {at}
        for node in nodes:
            now = {end for place in now for end in node.ends(subject, place)}
        return now

    return Node("".join(node.text for node in nodes), ends)


def choice(nodes: list[Node]) -> Node:
    return Node(
        f"({'|'.join(node.text for node in nodes)})",
        lambda subject, at: {end for node in nodes for end in node.ends(subject, at)},
    )


EXPRESSIONS = st.recursive(
    st.sampled_from(ATOMS).map(atom),
    lambda inner: (
        st.lists(
            inner | st.builds(repeated, st.sampled_from(ATOMS).map(atom), st.sampled_from(sorted(COUNTS))), max_size=3
        ).map(sequence)
        | st.builds(repeated, st.lists(inner, min_size=1, max_size=3).map(choice), st.sampled_from(sorted(COUNTS)))
    ),
    max_leaves=8,
)


@given(EXPRESSIONS, st.lists(st.text(alphabet="abc1.-]\n", max_size=7), min_size=1, max_size=5))
def test_it_matches_what_a_search_through_all_ways_matches(node: Node, subjects: list[str]) -> None:
    """Python's own expressions are no judge: for some of these they take hours."""
    pattern = Pattern(node.text)
    assert [pattern.matches(text) for text in subjects] == [len(text) in node.ends(text, 0) for text in subjects]


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("api", ["api"], ["", "apis", "an api"]),
        ("^api$", ["api"], ["^api$"]),
        (r"cost\$", ["cost$"], ["cost"]),
        ("P2|P3", ["P2", "P3"], ["P1", "P2|P3", "P23"]),
        ("(Disk|Volume)AlmostFull", ["DiskAlmostFull"], ["Disk"]),
        (r"10\.0\.\d{1,3}\.\d+:8000", ["10.0.0.7:8000"], ["10.0.0.7:80", "10a0.0.7:8000"]),
        ("", [""], ["a"]),
        ("a||b", ["", "a", "b"], ["ab"]),
        ("[^a-c]x", ["dx"], ["ax", "x"]),
        (r"\w+\s\S", ["ab1_ x"], ["ä x"]),
        (r"a\tb", ["a\tb"], ["atb"]),
        ("(a*)*b", ["aab", "b"], ["aa"]),
        (".*ü.*", ["grün"], ["grun"]),
    ],
)
def test_the_whole_text_has_to_match(pattern: str, yes: list[str], no: list[str]) -> None:
    found = Pattern(pattern)
    assert [text for text in yes + no if found.matches(text)] == yes


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|a)*b", "(a|aa)+b", ".*.*.*.*.*b", "a?" * 50 + "a{50}b", "(.*a){20}b"]
)
def test_what_takes_others_minutes_is_answered(pattern: str) -> None:
    """Python's own expressions try 2^2000 ways for the first of these; the test would not end."""
    assert not Pattern(pattern).matches("a" * 2000)
    assert Pattern(pattern).matches("a" * 60 + "b")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", r"a \( that is not closed"),
        (")", r"a \) that closes nothing"),
        ("[a", r"a \[ that is not closed"),
        ("[", r"a \[ that is not closed"),
        ("[a\\", r"a \[ that is not closed|not known"),
        ("*a", r"a \* that repeats nothing"),
        ("a**", "two repetitions"),
        ("a++", "two repetitions"),
        ("a{2}{3}", "two repetitions"),
        ("a{", r"a \{ that counts nothing"),
        ("a{,3}", r"a \{ that counts nothing"),
        ("a{x}", r"a \{ that counts nothing"),
        ("a{3,2}", "goes backwards"),
        ("[z-a]", "goes backwards"),
        ("a^b", "in the middle"),
        ("\\", r"a \\ at the end"),
        (r"\1", r"\\1, which is not known"),
        (r"\b", r"\\b, which is not known"),
        ("(?=a)", r"only \(\?:…\) is known"),
        ("(?i)a", r"only \(\?:…\) is known"),
        ("[[:alpha:]]", "not known"),
        ("(" * 40 + ")" * 40, "more than 30 groups"),
        ("a{9999}", "repeats too much"),
        ("((a{30}){30}){30}", "repeats too much"),
        ("x" * (LONGEST_PATTERN + 1), "expected at most 500"),
    ],
)
def test_what_is_no_pattern_is_refused_in_plain_words(pattern: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Pattern(pattern)


@given(st.text(alphabet="ab()[]{}*+?|\\.^$-,0123dw:", max_size=30), st.text(alphabet="ab0", max_size=10))
def test_any_text_is_a_pattern_or_refused(text: str, subject: str) -> None:
    try:
        pattern = Pattern(text)
    except SettingError:
        return
    assert pattern.matches(subject) in (True, False)


def test_what_is_kept_of_earlier_answers_is_bounded() -> None:
    pattern = Pattern("[^x]*")
    assert all(pattern.matches(chr(0x4E00 + number)) for number in range(10_000))
    assert len(pattern._kept) <= 4096
