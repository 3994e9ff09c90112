"""The page about timelines names every kind of event with its fields, and which of them are personal."""

import dataclasses
from pathlib import Path

import pytest

from actinf.responder.incident.kinds import KINDS, personal_fields

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "incident-timeline.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_page_has_the_event_as_it_is(kind: str) -> None:
    personal = personal_fields(KINDS[kind])
    names = [f"*{field.name}*" if field.name in personal else field.name for field in dataclasses.fields(KINDS[kind])]
    assert f"| `{kind}` | {', '.join(names)} |\n" in PAGE
