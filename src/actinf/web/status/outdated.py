"""Saying on a page that it is old: what serves it knows that nobody has written it anew; the page itself cannot."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from actinf.web.status.generations import Page

__all__ = ["OLD_AFTER", "outdated"]

#: Seconds. A responder writes the site every minute: what is older says how it was, not how it is.
OLD_AFTER = 300.0
#: Where pages have room for it; on a site that nobody serves it says nothing to readers.
_ROOM = b"<!-- here stands that it is old -->"
_SAID = (
    '<p class="old"><b>This page was last written on {when} UTC.</b> It shows how the service worked then, which '
    "may not be how it works now.</p>"
)


def outdated(page: Page, written_at: datetime) -> Page:
    """A page that says that it is old, where it has room for that.

    Args:
        page: a file of the site.
        written_at: when the site was.
    """
    if not page.media_type.startswith("text/html") or _ROOM not in page.body:
        return page
    said = _SAID.format(when=f"{written_at:%d %B %Y, %H:%M}").encode()
    body = page.body.replace(_ROOM, said, 1)
    return replace(page, body=body, etag=f'"{hashlib.sha256(body).hexdigest()[:24]}"')
