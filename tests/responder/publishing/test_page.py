"""The status page as values, and as a document."""

import json
from datetime import UTC, date, datetime

import pytest

from actinf.responder.publishing.page import (
    Day,
    Notice,
    NoticeKind,
    NoticeState,
    NoticeUpdate,
    PublicComponent,
    PublicPage,
    Working,
    page_document,
    page_of,
)

_AT = datetime(2026, 11, 27, 14, 5, 7, 123456, tzinfo=UTC)
_NOTICE = Notice(
    key="2026-11-27-001",
    kind=NoticeKind.INCIDENT,
    title="Problems with the API",
    impact=Working.PARTIAL_OUTAGE,
    components=("api",),
    began_at=_AT,
    ended_at=None,
    state=NoticeState.INVESTIGATING,
    updates=(NoticeUpdate(key="2026-11-27-001/2", at=_AT, state=NoticeState.INVESTIGATING, text="We look.\n\nSoon."),),
)
_PAGE = PublicPage(
    name="Active Inference Simulation Lab",
    url=None,
    written_at=_AT,
    working=Working.PARTIAL_OUTAGE,
    components=(
        PublicComponent(
            key="api",
            name="API",
            about="",
            working=Working.PARTIAL_OUTAGE,
            days=(
                Day(day=date(2026, 11, 26), worst=None, seconds_down=0.0),
                Day(day=date(2026, 11, 27), worst=Working.PARTIAL_OUTAGE, seconds_down=61.5, notices=(_NOTICE.key,)),
            ),
            uptime=0.99,
        ),
    ),
    current=(_NOTICE,),
    planned=(),
    past=(),
)


def test_a_page_comes_back_from_its_document() -> None:
    assert page_of(json.loads(json.dumps(page_document(_PAGE)))) == _PAGE


def test_what_is_no_document_of_a_page_is_refused() -> None:
    with pytest.raises(ValueError, match="version None: expected 1"):
        page_of({})
    with pytest.raises(ValueError, match="not whole: 'name'"):
        page_of({"version": 1})


def test_an_outage_is_worse_than_maintenance() -> None:
    assert max(Working, key=lambda one: one.gravity) is Working.MAJOR_OUTAGE
    assert Working.MAINTENANCE.gravity < Working.DEGRADED.gravity
