"""The page that says what `status.json` holds says all of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.status_page import troubled

from actinf.responder.publishing.page import NoticeState, Working, page_document

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def names(document: Any) -> Iterator[str]:
    """The fields of a document, those within others as well."""
    if isinstance(document, dict):
        yield from document
        document = list(document.values())
    if isinstance(document, list):
        for one in document:
            yield from names(one)


def test_every_field_and_every_state_is_documented() -> None:
    text = (ROOT / "docs" / "reference" / "status-json.md").read_text(encoding="utf-8")
    said = {part.rpartition(".")[2] for part in re.findall("`([^`\n]+)`", text)}
    assert set(names(page_document(troubled()))) <= said
    assert {*(one.value for one in Working), *(one.value for one in NoticeState)} <= said
