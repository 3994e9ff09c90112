"""The runbook's pages, shown by the responder itself: they are read when all else is down."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from pathlib import Path

from fastapi import APIRouter, Response
from markdown_it.token import Token

from actinf.errors import NotFound
from actinf.web.incidents.pages import page
from actinf.web.incidents.prose import rendered
from actinf.web.incidents.visitors import Looker

__all__ = ["router", "runbook_names"]

router = APIRouter()

#: Where an installed package has them, and where a checkout does.
_FOLDERS = (Path(__file__).with_name("runbooks"), Path(__file__).parents[4] / "docs" / "runbooks")
_OVERVIEW = "README"
_PAGE = re.compile(r"([A-Za-z0-9-]+)\.md(#.*)?")


@cache
def runbook_names() -> frozenset[str]:
    """The names of the pages; none where the project's documentation is not there."""
    return frozenset(path.stem for path in _folder().glob("*.md"))


@router.get("/runbooks")
async def show_overview(visitor: Looker) -> Response:
    """Which page is for what."""
    return _page(_OVERVIEW, visitor)


@router.get("/runbooks/{name}")
async def show_runbook(name: str, visitor: Looker) -> Response:
    """A page of the runbook."""
    return _page(name, visitor)


def _page(name: str, visitor: Looker) -> Response:
    visitor.require("see")
    if name not in runbook_names():
        raise NotFound(f"the runbook has no page {name[:60]!r}: /runbooks lists those that there are")
    title, markup = _rendered(name)
    return page("runbook.html", visitor=visitor, title=title, markup=markup, is_overview=name == _OVERVIEW)


@cache
def _rendered(name: str) -> tuple[str, str]:
    """The title of a page, and its markup.  The text is the project's own; HTML in it is shown as text."""
    text = (_folder() / f"{name}.md").read_text(encoding="utf-8")
    title = next((line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ")), name)
    return title, rendered(text, _lead)


def _lead(tokens: list[Token]) -> None:
    """Let links lead to pages as they are served here, and to headings; what is not here is no link."""
    for before, token in pairwise(tokens):
        if before.type == "heading_open":
            before.attrSet("id", _anchor(token.content))
        for child in token.children or ():
            if child.type == "link_open":
                _lead_link(child)


def _lead_link(link: Token) -> None:
    target = str(link.attrGet("href") or "")
    found = _PAGE.fullmatch(target)
    if found is not None and found[1] in runbook_names():
        link.attrSet("href", f"/runbooks/{found[1]}{found[2] or ''}")
    elif not target.startswith(("https://", "http://", "#")):
        link.attrs = {"title": target}


def _anchor(heading: str) -> str:
    """The anchor that links to a heading use."""
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def _folder() -> Path:
    return next((folder for folder in _FOLDERS if folder.is_dir()), _FOLDERS[0])
