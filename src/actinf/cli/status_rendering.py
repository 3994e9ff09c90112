"""What makes files of the status page; loaded where a page is written, so that other commands answer at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from actinf.lab.extras import load_extra

if TYPE_CHECKING:
    from actinf.responder.publishing.page import PublicPage

__all__ = ["render"]


def render(page: PublicPage) -> Mapping[str, bytes]:
    """The files of the page, by their paths."""
    files: Mapping[str, bytes] = load_extra(
        "actinf.web.status.site", extra="respond", purpose="Writing the status page"
    ).render(page)
    return files
