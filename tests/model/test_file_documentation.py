"""The documentation of the file format: its examples load, and the schema beside it is the one that is shipped."""

import re
from pathlib import Path

import pytest

import actinf.model
from actinf.model import Model
from actinf.model.files import read_world
from actinf.model.plain import SECTIONS

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
PAGE = (REFERENCE / "files.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_page_load(example: str) -> None:
    Path("example.yaml").write_text(example, encoding="utf-8")
    if "kind: model" in example:
        assert Model.load("example.yaml").num_states
    else:
        assert read_world("example.yaml", Model).bundled == "tmaze"


def test_the_first_example_is_the_bundled_tmaze() -> None:
    Path("example.yaml").write_text(EXAMPLES[0], encoding="utf-8")
    assert Model.load("example.yaml") == Model.load("tmaze")


@pytest.mark.parametrize("name", SECTIONS)
def test_every_section_is_documented(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_the_published_schema_is_the_one_that_is_shipped() -> None:
    shipped = Path(actinf.model.__file__).parent / "schema" / "actinf-1.schema.json"
    assert (REFERENCE / shipped.name).read_bytes() == shipped.read_bytes()
