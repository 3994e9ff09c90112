"""Reading files: what the text of a file means, and where each value stands."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from actinf.errors import FileError
from actinf.model import reading_yaml
from actinf.model.document import parse_document, read_document
from actinf.model.writing import to_json, to_yaml

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
    max_leaves=20,
)


def read(text: str, form: str = "yaml") -> Any:
    return parse_document(text.encode(), form, "f").data


def problems(text: str, form: str = "yaml") -> list[str]:
    with pytest.raises(FileError) as caught:
        parse_document(text.encode(), form, "f")
    return caught.value.problems


@given(st.dictionaries(st.text(), PLAIN, max_size=5))
def test_what_is_written_is_read_again(data: dict[str, Any]) -> None:
    assert read(to_yaml(data) if data else "{}") == data
    assert read(to_json(data), "json") == data


@given(st.dictionaries(st.text("abc _-0", min_size=1), PLAIN, min_size=1, max_size=5))
def test_other_readers_of_yaml_understand_what_is_written(data: dict[str, Any]) -> None:
    assert yaml.safe_load(to_yaml(data)) == data


@given(PLAIN)
def test_json_is_read_as_the_standard_library_reads_it(data: Any) -> None:
    text = json.dumps(data)
    assert read(text, "json") == json.loads(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("1e-16", 1e-16), ("-1.5E3", -1500.0), (".5", 0.5),
        ("1_000", "1_000"), ("012", 12),
        ("0x1F", 31), ("0o17", 15), ("~", None), ("null", None), ("", None), ("True", True),
        ("'1'", "1"), ('"a\\tb"', "a\tb"),
        ("1:30", "1:30"), ("2024-01-01", "2024-01-01"), ("<<", "<<"), ("-.inf", float("-inf")), ("+", "+"),
        ("1.2.3", "1.2.3"),
        ("|\n  a\n  b\n", "a\nb\n"), ("a\n  b", "a b"), ("=", "="),
    ],
)  # fmt: skip
def test_unquoted_scalars_mean_what_yaml_1_2_says(text: str, value: Any) -> None:
    assert read(f"a: {text}") == {"a": value}


def test_nan_can_be_written_so_that_the_reader_of_the_model_names_it() -> None:
    assert str(read("a: .nan")["a"]) == str(read('{"a": NaN}', "json")["a"]) == "nan"


def test_keys_are_texts_as_they_are_written() -> None:
    assert read("1: a\nno: b\n1.50: c\n'x y': d\n") == {"1": "a", "no": "b", "1.50": "c", "x y": "d"}


def test_aliases_stand_for_what_their_anchor_stands_at() -> None:
    assert read("a: &x [1, {b: 2}]\nc: *x\nd: [*x, &y text, *y]") == {
        "a": [1, {"b": 2}], "c": [1, {"b": 2}], "d": [[1, {"b": 2}], "text", "text"],
    }  # fmt: skip


YAML = """# first

a:
  b: [1,
      2]
  c:
    - x
    - y: 3
d: *z
""".replace("d: *z", "d: |\n  text\n  text\ne: 5")
JSON = """
{
  "a": {"b": [1,
    2], "c":
     ["x", {"y": 3}]
  },
  "d": "a, \\" { [ :",
  "e": 5
}"""


@pytest.mark.parametrize(
    ("text", "form", "lines"),
    [(YAML, "yaml", (3, 4, 4, 5, 6, 8, 8, 9, 12)), (JSON, "json", (3, 3, 3, 4, 4, 5, 5, 7, 8))],
)
def test_every_value_has_its_line(text: str, form: str, lines: tuple[int, ...]) -> None:
    document = parse_document(text.encode(), form, "f")
    pointers: list[tuple[Any, ...]] = [
        ("a",), ("a", "b"), ("a", "b", 0), ("a", "b", 1), ("a", "c"), ("a", "c", 1), ("a", "c", 1, "y"), ("d",), ("e",),
    ]  # fmt: skip
    assert tuple(map(document.line_of, pointers)) == lines
    assert document.line_of(("a", "b", 7)) == document.line_of(("a", "b"))
    assert document.line_of(("e", "f", 0)) == document.line_of(("e",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "f:3: the key 'a' is given twice: first in line 1"),
        ("a: 1\nb: {c: 1,\n c: 2}", "f:3: the key 'c' is given twice: first in line 2"),
        ("a: !!python/object:os.system 1", "f:1: the tag 'tag:yaml.org,2002:python/object:os.system' is not allowed"),
        ("a: !!str 1", "f:1: the tag 'tag:yaml.org,2002:str' is not allowed"),
        ("a:\n  !x [1]", "f:2: the tag '!x' is not allowed"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "f:3: merge keys (<<) are not allowed: write the entries out"),
        ("a: &x [*x]", "f:1: the alias *x stands inside what it stands for"),
        ("a: *x", "f:1: "),
        ("[1]: 2", "f:1: a key is a list or a mapping: expected a text"),
        ("a: &x 1\n*x : 2", "f:2: a key is an alias: expected a text"),
        ("&x a: 2", "f:1: the key 'a' has an anchor"),
        ("a: 1\n---\nb: 2", "f:2: a second document (---) begins here: a file holds one"),
        ("%YAML 1.1\n---\na: 1", "f:1: YAML directives (a line that begins with %) are not allowed"),
        ("", "f:1: the file is empty"),
        ("# nothing\n", "f:1: the file is empty"),
        ("a: [1, 2", "f:1: this is not YAML"),
        ("a: 1\n b: 2", "f:2: this is not YAML"),
        ("a:\n\t- 1", "f:2: this is not YAML"),
        ("a: 1\nb: \x07", "f:2: the control character U+0007 is not allowed in a text file"),
        ("a: " + "[" * 40, "f:1: lists and mappings are nested more than 24 deep"),
    ],
)
def test_yaml_that_is_not_read_is_refused_with_its_line(text: str, message: str) -> None:
    assert any(problem.startswith(message) for problem in problems(text))


def test_everything_that_is_refused_is_reported() -> None:
    assert len(problems("a: !x 1\nb: 2\nb: 3\nc: !y 4\nd: [")) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1,\n "b": {"c": 1,\n"c": 2}}', "f:3: the key 'c' is given twice: first in line 2"),
        ('{"a": 1,\n}', "f:"),
        ('{"a":\n\n [1 2]}', "f:3: this is not JSON: Expecting ',' delimiter"),
        ("", "f:1: the file is empty"),
        ('{"a": ' + "[" * 40 + "]" * 40 + "}", "f:1: lists and mappings are nested more than 24 deep"),
        ('{"a": ' + "9" * 5000 + "}", "f:1: the file holds a number of too many digits"),
    ],
)
def test_json_that_is_not_read_is_refused_with_its_line(text: str, message: str) -> None:
    assert any(problem.startswith(message) for problem in problems(text, "json"))


def test_brackets_inside_texts_do_not_count() -> None:
    data = {"a": '"[' * 100, "b": "\\", "c": '\\"' + "{" * 100}
    assert read(json.dumps(data), "json") == data


def test_the_same_bounds_hold_for_aliases() -> None:
    bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]\n" for at in range(1, 9)
    )
    assert "more than 250,000 values" in problems(bomb)[0]
    chain = "a0: &a0 [1]\n" + "".join(f"a{at}: &a{at} [*a{at - 1}]\n" for at in range(1, 40))
    assert "nested more than 24 deep" in problems(chain)[0]


def test_files_that_are_no_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: \xe4\n")
    for name, message in [
        ("folder.yaml", "folder.yaml: Is a directory"),
        ("none.yaml", "none.yaml: No such file or directory"),
        ("latin.yaml", "latin.yaml:2: the file is not UTF-8 text"),
        ("model.toml", "model.toml: expected a file whose name ends in .yaml, .yml or .json"),
        ("a\0.yaml", "is not the name of a file"),
    ]:
        with pytest.raises(FileError) as caught:
            read_document(str(tmp_path / name))
        assert message in str(caught.value)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(FileError, match="expected a regular file"):
        read_document(tmp_path / "pipe.yaml")


def test_a_mark_of_byte_order_is_skipped() -> None:
    assert parse_document(b"\xef\xbb\xbfa: 1", "yaml", "f").data == {"a": 1}


def test_without_libyaml_the_slower_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_yaml, "_LOADER", yaml.SafeLoader)
    monkeypatch.setattr(reading_yaml, "_HAS_LIBYAML", False)
    assert read(YAML) == {"a": {"b": [1, 2], "c": ["x", {"y": 3}]}, "d": "text\ntext\n", "e": 5}
    assert read("a: 'b'\nc: 1e-3") == {"a": "b", "c": 1e-3}
    assert "PyYAML was built without libyaml" in problems("#" * 300_000)[0]
