"""Bodies: what nothing behind the reader can bear is a mistake of the sender, and never one of the service."""

import json
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import actinf as ai
from actinf.model.files import BUNDLED
from actinf.service.json_route import MOST_NESTED, JsonRoute, read_json

if TYPE_CHECKING:
    from support.service import RunningService

HOSTILE = {
    "too deep": (b"[" * 100_000, "nested too deep"),
    "one too deep": (b"[" * (MOST_NESTED + 1) + b"]" * (MOST_NESTED + 1), "nested too deep"),
    "NaN": (b'{"seed": NaN}', "NaN is no number"),
    "Infinity": (b'{"seed": -Infinity}', "Infinity is no number"),
    "1e999": (b'{"seed": 1e999}', "1e999 is too large"),
    "a huge integer": (b'{"seed": ' + b"9" * 5000 + b"}", "too large"),
    "an integer of 70 bits": (b'{"seed": 1180591620717411303424}', "at most 64 bits"),
    "NUL": (b'{"model": "tm\\u0000aze"}', "NUL"),
    "NUL in a name": (b'{"tm\\u0000aze": 1}', "NUL"),
    "half a pair": (b'{"model": "\\ud800"}', "surrogate"),
    "half a pair in bytes": (b'{"model": "\xed\xa0\x80"}', "UTF-8"),
    "no UTF-8": (b'{"model": "\xff"}', "UTF-8"),
    "UTF-16": ('{"model": "tmaze"}'.encode("utf-16"), "UTF-8"),
    "no JSON": (b'{"model": }', "line 1, column 11"),
    "nothing": (b" ", "expected JSON"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_refused_with_a_reason(name: str) -> None:
    body, said = HOSTILE[name]
    with pytest.raises(json.JSONDecodeError, match=said):
        read_json(body)


BROKEN = {
    '{"model": }': "line 1, column 11, where '}' stands, a value is missing",
    "{\"a\": 1,\n 'b': 2}": "line 2, column 2, where \"'b': 2}\" stands, a name in double quotes is missing",
    '{"a" 1}': "column 6, where '1}' stands, a colon is missing",
    "[1 2]": "column 4, where '2]' stands, a comma is missing, or the end",
    '{"a": 1': "column 8, where it ends, a comma is missing, or the end",
    '{"a': "column 2, where '\"a' stands, a text begins that has no end",
    '"a\nb"': "column 3, where '\\nb\"' stands, a text holds a line break",
    r'"\d"': "a backslash begins no escape",
    r'"\u12"': "a backslash begins no escape",
    '{"a": 1}}': "column 9, where '}' stands, there is more after the end",
    "": "where it ends, a value is missing",
}


@pytest.mark.parametrize("body", BROKEN)
def test_what_breaks_the_rules_of_json_is_told_with_its_place_in_plain_words(body: str) -> None:
    with pytest.raises(json.JSONDecodeError) as refused:
        read_json(body.encode())
    assert refused.value.msg.startswith("expected JSON, but at line ")
    assert BROKEN[body] in refused.value.msg


def test_a_body_that_cannot_be_read_is_one_mistake_of_the_body_as_a_whole(api: httpx.Client) -> None:
    """Not of `body.0`, which reads as if the first part of it were meant."""
    refused = api.post("/v1/agents", content=b'{"model": }', headers={"content-type": "application/json"}).json()
    said = "expected JSON, but at line 1, column 11, where '}' stands, a value is missing"
    assert refused["detail"] == f"body: {said}"
    assert refused["errors"] == [{"where": ["body"], "detail": said}]
    yaml = api.post("/v1/models", content=b"name: [", headers={"Content-Type": "application/yaml"}).json()
    assert yaml["detail"].startswith("body: line 1: this is not YAML")


def test_what_only_looks_doubtful_is_read() -> None:
    assert read_json(b'"\\ud83e\\udde0 \\\\u0000 NaN Infinity"') == "\N{BRAIN} \\u0000 NaN Infinity"
    assert read_json(b"[18446744073709551615, 1.12345678901234567890123, 1e-400, 1E+100]") == [
        18446744073709551615,
        1.1234567890123457,
        0.0,
        1e100,
    ]
    assert read_json(b"[" * MOST_NESTED + b"]" * MOST_NESTED)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text("abc"), inner, max_size=5),
    max_leaves=30,
)  # fmt: skip


@given(VALUES, st.booleans())
def test_every_value_that_is_well_formed_is_read_as_it_is(value: Any, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@pytest.mark.parametrize("name", HOSTILE)
def test_the_service_answers_a_hostile_body_with_422_and_the_reason(api: httpx.Client, name: str) -> None:
    body, said = HOSTILE[name]
    reply = api.post("/v1/agents", content=body, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.headers["content-type"]) == (422, "application/problem+json")
    assert said in reply.json()["detail"]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_step_that_is_hostile_is_taken(api: httpx.Client, agent: dict[str, Any], name: str) -> None:
    body, _ = HOSTILE[name]
    reply = api.post(f"/v1/agents/{agent['id']}/steps", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 422, reply.text
    assert api.get(f"/v1/agents/{agent['id']}").json()["next_step"] == 0


@pytest.mark.parametrize(
    "observation",
    [
        '{"where": "a\\u0000b"}', '{"where": 1e999}', '{"where": [1e999, 0, 0, 0]}', '{"where": [NaN, 0, 0, 0]}',
        '{"where": 99999999999999999999999}', '{"where": "\\ud800"}', '{"a\\u0000b": "centre"}', "[[1e999]]",
    ],
)  # fmt: skip
def test_an_observation_that_is_hostile_is_refused_on_every_way(
    api: httpx.Client, agent: dict[str, Any], observation: str
) -> None:
    headers = {"content-type": "application/json"}
    alone = '{"observation": %s}' % observation  # noqa: UP031 -- braces
    reply = api.post(f"/v1/agents/{agent['id']}/steps", content=alone, headers=headers)
    assert reply.status_code == 422, reply.text
    one = '{"steps": [{"agent": "%s", "observation": %s}]}' % (agent["id"], observation)  # noqa: UP031
    reply = api.post("/v1/steps", content=one, headers=headers)
    if reply.status_code == 200:
        assert reply.json()["results"][0]["problem"]["status"] == 422
    else:
        assert reply.status_code == 422, reply.text


def test_a_body_that_is_too_large_is_refused_with_a_problem(api: httpx.Client) -> None:
    reply = api.post("/v1/agents", content=b" " * (8 * 2**20 + 1), headers={"content-type": "application/json"})
    assert (reply.status_code, reply.headers["content-type"]) == (413, "application/problem+json")
    assert "at most 8,388,608" in reply.json()["detail"]


def test_a_body_that_grows_too_large_without_saying_so_is_refused_with_a_problem(api: httpx.Client) -> None:
    parts = (b" " * 2**20 for _ in range(9))
    reply = api.post("/v1/agents", content=parts, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.headers["content-type"]) == (413, "application/problem+json")


def test_a_large_document_is_read_beside_the_loop_and_kept(api: httpx.Client) -> None:
    states = 150
    rows = [[(0.9 if i == j else 0.1 / (states - 1)) for j in range(states)] for i in range(states)]
    names = [f"s{n}" for n in range(states)]
    document = {
        "actinf": 1, "kind": "model", "name": "large", "factors": {"where": names},
        "modalities": {"seen": {"outcomes": names, "depends_on": ["where"]}},
        "A": {"seen": rows}, "B": {"where": rows}, "D": {"where": "uniform"},
    }  # fmt: skip
    body = json.dumps({"name": "large", "document": document})
    assert len(body) > 65_536
    reply = api.post("/v1/models", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 201, reply.text
    assert reply.json()["factors"]["where"] == names


def test_every_operation_that_takes_a_body_reads_it_within_bounds(service: "RunningService") -> None:
    """A router without `route_class=JsonRoute` would let NUL through to the database, which answers 500."""
    from support.service import routes_of

    routes = [route for route in routes_of(service.app) if route.body_field is not None]
    assert [route.path for route in routes if not isinstance(route, JsonRoute)] == []


def test_a_model_may_be_sent_as_yaml(api: httpx.Client) -> None:
    text = Path(BUNDLED, "tmaze.yaml").read_text(encoding="utf-8")
    body = "name: from-yaml\ndocument:\n" + indent(text, "  ")
    made = api.post("/v1/models", content=body, headers={"Content-Type": "application/yaml; charset=utf-8"})
    assert made.raise_for_status().json()["hash"] == ai.Model.load("tmaze").hash


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("name: [", "body:"),
        ("name: !!python/object/apply:os.system [ls]", "tag"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: " + "[*c, *c, *c, *c, *c, *c, *c, *c]" * 1, "name"),
        ("name: .nan\ndocument: {}", "body"),
        ("name: x\nname: y\ndocument: {}", "name"),
        ('name: "a\\0b"\ndocument: {}', "NUL"),
    ],
)
def test_hostile_yaml_is_refused_with_a_reason(api: httpx.Client, body: str, said: str) -> None:
    refused = api.post("/v1/models", content=body.encode(), headers={"Content-Type": "application/yaml"})
    assert refused.status_code == 422
    assert said in refused.json()["detail"]


def test_what_is_sent_without_saying_that_it_is_json_is_told_so(api: httpx.Client) -> None:
    """It is what curl does: `-d` alone announces a form."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    refused = api.post("/v1/agents", content=b'{"model": "tmaze"}', headers=form)
    assert refused.status_code == 422
    assert "Content-Type: application/json" in refused.json()["detail"]
