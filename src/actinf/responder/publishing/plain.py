"""The page as one document without looks: what programs read, and all there is where nothing else renders it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from actinf.responder.publishing.page import PublicPage, page_document

__all__ = ["DOCUMENT", "render"]

#: The file with all of the page.
DOCUMENT = "status.json"


def render(page: PublicPage) -> Mapping[str, bytes]:
    """The files of the page, by their paths."""
    return {DOCUMENT: json.dumps(page_document(page), indent=1).encode()}
