"""The catalogue: parts under all their names, and what is wrong with one that is written."""

import json
import re
from pathlib import Path

import pytest
import yaml

from actinf.errors import SettingError
from actinf.responder.catalogue.parts import Catalogue

ROOT = Path(__file__).parents[3]
SHIPPED = Catalogue.shipped()
RULES = [
    rule
    for path in (ROOT / "deploy" / "alerts").glob("*.rules.yml")
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
    if "alert" in rule
]


def test_the_shipped_one_has_every_part_that_the_shipped_alerts_are_about() -> None:
    assert {rule["labels"]["component"] for rule in RULES} <= set(SHIPPED.components)


def test_the_shipped_one_leads_to_pages_and_dashboards_that_there_are() -> None:
    dashboards = {
        json.loads(path.read_text(encoding="utf-8"))["uid"] for path in (ROOT / "deploy/dashboards").glob("*.json")
    }
    for one in SHIPPED.components.values():
        assert (ROOT / SHIPPED.guidance(one.key, one.incident_type).runbook).is_file()
        assert one.dashboard.rpartition("/d/")[2] in dashboards


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Active Inference API", "api"),
        ("  active_inference-API ", "api"),
        ("API", "api"),
        ("redis", "cache"),
        ("POSTGRESQL", "postgres"),
        ("Mailer", None),
        ("", None),
    ],
)
def test_a_part_is_found_under_all_its_names(name: str, key: str | None) -> None:
    found = SHIPPED.find(name)
    assert (None if found is None else found.key) == key
    assert SHIPPED.key_of(name) == (key or name.strip())


def test_what_is_not_in_it_is_told_with_what_resembles_it() -> None:
    assert SHIPPED.near("Databse") == ("Database",)
    assert SHIPPED.near("x" * 100_000) == ()
    guidance = SHIPPED.guidance("Databse", "other")
    assert (guidance.key, guidance.runbook, guidance.near) == (None, "docs/runbooks/README.md", ("Database",))


def test_what_fails_with_a_part_is_all_that_depends_on_it() -> None:
    assert [one.key for one in SHIPPED.failing_with("db")] == ["api", "worker", "audit", "backup", "nginx"]
    assert SHIPPED.failing_with("nginx") == SHIPPED.failing_with("Mailer") == ()


def test_what_a_part_stands_on_is_all_below_it() -> None:
    assert [one.key for one in SHIPPED.standing_on("nginx")] == ["api", "postgres", "cache"]
    assert SHIPPED.standing_on("postgres") == SHIPPED.standing_on("Mailer") == ()


def test_parts_that_depend_on_one_another_end() -> None:
    parts = {"a": {"name": "A", "depends_on": ["b"]}, "b": {"name": "B", "depends_on": ["a"]}}
    circle = Catalogue.from_document({"components": parts})
    assert [one.key for one in circle.failing_with("a")] == ["b"]
    assert [one.key for one in circle.standing_on("a")] == ["b"]


def test_the_page_is_that_of_the_type_unless_the_part_has_its_own() -> None:
    parts = {"mail": {"name": "Mail", "type": "other", "runbook": "https://wiki.example.org/mail"}}
    catalogue = Catalogue.from_document({"components": parts})
    assert catalogue.guidance("Mail", "other").runbook == "https://wiki.example.org/mail"
    assert catalogue.guidance("Mail", "security").runbook == "docs/runbooks/security.md"
    assert SHIPPED.guidance("api", "high_memory").runbook == "docs/runbooks/high-memory.md"
    assert SHIPPED.guidance("backup", "other").runbook == "docs/runbooks/upkeep.md"


def test_a_catalogue_is_read_back_from_its_document() -> None:
    assert Catalogue.from_document(json.loads(json.dumps(SHIPPED.document()))) == SHIPPED
    assert Catalogue.from_text(json.dumps(SHIPPED.document())) == SHIPPED


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "c:1: the catalogue is nothing: expected a mapping with the keys components"),
        ("components:", "c:1: the catalogue has no 'components': add it"),
        ("components: [api]", "c:1: components is a list of 1: expected a mapping of keys to parts"),
        ("components:\n  Api: {name: A}", "c:2: components.Api is 'Api': expected small letters, digits"),
        ("components:\n  api: {}", "c:2: components.api has no 'name': add it"),
        ('components:\n  api: {name: "a\\nb"}', "c:2: components.api.name is 'a.*b': expected a name in one line"),
        ("components:\n  api: {name: A, typ: other}", "has the key 'typ': expected one of .*did you mean 'type'"),
        ("components:\n  api: {name: A, type: api-down}", "type is 'api-down': expected one of .*mean 'api_down'"),
        ("components:\n  api: {name: A, dashboard: 'javascript:alert(1)'}", "expected an address, as https://"),
        ("components:\n  api: {name: A, runbook: ../../etc/passwd}", "expected a page of the runbook, as api-down"),
        ("components:\n  api: {name: A, duty: cto}", "c:2: components.api.duty is 'cto': expected one of 'security'"),
        ("components:\n  api:\n    name: A\n    depends_on: [apy]", "c:4: .*is 'apy': expected one of 'api'"),
        ("components:\n  api: {name: A, depends_on: [api]}", "components.api depends on itself: leave that out"),
        (
            "components:\n  api: {name: A, aliases: [x]}\n  b: {name: X}",
            "c:3: components.b is called 'x', and so is components.api: rename one",
        ),
        ("components:\n  api: {name: A, public: Shop}", "components.api.public is 'Shop': expected a mapping"),
        ("components:\n  api: {name: A, public: {}}", "components.api.public has no 'name': add it"),
        (
            "components:\n  api: {name: A, public: {name: '" + "x" * 101 + "'}}",
            "public.name is .*: expected a name in one line of at most 100 characters",
        ),
        (
            "components:\n  a: {name: A, public: {name: Shop}}\n  b: {name: B, public: {name: shop}}",
            "c:3: components.b is called 'shop' in public, as components.a is: rename one",
        ),
        (
            "components:\n  a: {name: A}\n  b: {name: B, shown_on: [a]}",
            r"c:3: components.b.shown_on\[0\] is a, which has no public name: give it one, or name another",
        ),
        ("components:\n  a: {name: A, shown_on: [b]}", "is 'b': expected one of 'a'"),
        (
            "components:\n  a: {name: A, public: {name: X}, shown_on: [a]}",
            "components.a has both public and shown_on: leave out one",
        ),
        ("components: {a: {name: A}}\n---\nx: 1", "c:3: a second document begins"),
        ("components: &x {a: {name: A}}", "anchors .* are not read here"),
        ("components: {a: {name: A}", "c:1: the text is no YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(SettingError) as refused:
        Catalogue.from_text(text, "c")
    assert re.search(told, str(refused.value))


def test_all_mistakes_are_told_at_once_and_no_more_than_a_hundred() -> None:
    parts = {f"p{number}": {"name": ""} for number in range(500)}
    with pytest.raises(SettingError) as refused:
        Catalogue.from_document({"components": parts})
    assert len(str(refused.value).splitlines()) == 101
    with pytest.raises(SettingError, match="components has 2,000 entries: at most 1,000 are taken"):
        Catalogue.from_document({"components": {f"p{number}": {"name": "x"} for number in range(2000)}})


PUBLIC = """
components:
  shop: {name: Web shop, depends_on: [payments], public: {name: Shop, about: Where you buy}}
  search: {name: Search, depends_on: [index], public: {name: Search}}
  payments: {name: Payments, depends_on: [db]}
  index: {name: Index, depends_on: [db]}
  db: {name: Database}
  proxy: {name: nginx, depends_on: [shop, search], shown_on: [shop]}
  mail: {name: Mail}
"""


@pytest.mark.parametrize(
    ("names", "seen"),
    [
        (["Web shop"], ["shop"]),
        (["payments"], ["shop"]),
        (["Database"], ["shop", "search"]),
        (["search", "payments"], ["shop", "search"]),
        (["nginx"], ["shop"]),
        (["mail", "nobody knows this"], []),
    ],
)
def test_users_see_a_part_on_what_they_know_of_it(names: list[str], seen: list[str]) -> None:
    assert list(Catalogue.from_text(PUBLIC).public_with(names)) == seen


def test_what_is_public_comes_back_from_the_document() -> None:
    made = Catalogue.from_text(PUBLIC)
    assert Catalogue.from_document(made.document()) == made
    assert [one.public.about for one in made.public_parts() if one.public] == ["Where you buy", ""]
