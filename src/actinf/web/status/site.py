"""All files of the status page, made from what is published."""

import json
from collections.abc import Mapping

from actinf.responder.publishing.page import PublicPage, page_document
from actinf.web.status import drawings, feeds
from actinf.web.status.neutral_page import neutral_page
from actinf.web.status.pages import STYLE, first_page, history_pages, lost_page, notice_page, path_of

__all__ = ["render"]


def render(page: PublicPage) -> Mapping[str, bytes]:
    """The whole site of a page: the same bytes for the same page.

    Args:
        page: what is shown.

    Returns:
        The content of each file by its path below the folder of the site, with slashes.

    Raises:
        ValueError: the key of a notice could name another file than its own.
    """
    page = neutral_page(page)
    return {
        "index.html": first_page(page),
        **history_pages(page),
        **{path_of(one): notice_page(page, one) for one in (*page.past, *page.planned, *page.current)},
        "404.html": lost_page(page),
        "status.json": json.dumps(page_document(page), ensure_ascii=False, separators=(",", ":")).encode(),
        "rss.xml": feeds.rss(page),
        "atom.xml": feeds.atom(page),
        "feed.json": feeds.json_feed(page),
        "style.css": STYLE,
        "favicon.svg": drawings.favicon(page.working),
        "badge.svg": drawings.badge(page),
    }
