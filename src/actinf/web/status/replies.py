"""Replies of the server of the status page: what it has in memory, and pages of its own where there is none."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

from starlette.types import Scope

from actinf.web.status.generations import Page

__all__ = ["HEADERS", "Reply", "document_reply", "html_reply", "note", "page_reply", "policy_header"]

Header = tuple[bytes, bytes]

#: Of every reply.  Nothing of the page is loaded from elsewhere, no script runs, and no other site frames it.
HEADERS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"interest-cohort=()"),
)
#: Where a page does not say itself what it may load.
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'"
#: Where it does.  The header says the same, since of two policies the stricter parts of both would hold.
_STATED = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([\x20-\x7e]{1,2000}?)">')
#: What others show as well: feeds, the document, the badge.
_FOR_OTHERS: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
_FOR_ITSELF: tuple[Header, ...] = ((b"cross-origin-resource-policy", b"same-origin"),)
#: Fresh for as long as nobody minds; and better old than nothing, where a cache cannot reach us.
_CACHED: Header = (b"cache-control", b"public, max-age=15, stale-if-error=86400")
_NOT_CACHED: Header = (b"cache-control", b"no-store")

_NOTE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title></head>
<body><main><h1>{title}</h1><p>{text}</p></main></body></html>
"""


class Reply:
    """A whole reply.

    Args:
        status: of it.
        body: its bytes.
        headers: beside those of every reply, and its length.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes, headers: Iterable[Header]):
        self.status = status
        self.body = body
        self.headers = (*headers,)

    def messages(self, *, with_body: bool, more: Iterable[Header] = ()) -> tuple[dict[str, Any], dict[str, Any]]:
        """What ASGI is sent.

        Args:
            with_body: whether its body is sent, or only said how long it is.
            more: headers beside its own.
        """
        length = () if self.status == 304 else ((b"content-length", b"%d" % len(self.body)),)
        headers = [*HEADERS, *self.headers, *length, *more]
        start = {"type": "http.response.start", "status": self.status, "headers": headers}
        return start, {"type": "http.response.body", "body": self.body if with_body else b""}


def page_reply(page: Page, scope: Scope, *, status: int = 200) -> Reply:
    """A file of the site, or that the browser has it already.

    Args:
        page: the file.
        scope: of the request.
        status: of the reply.
    """
    headers = [
        (b"content-type", page.media_type.encode()),
        (b"etag", page.etag.encode()),
        (b"last-modified", formatdate(page.modified, usegmt=True).encode()),
        _CACHED if status == 200 else _NOT_CACHED,
        policy_header(page.body if page.media_type.startswith("text/html") else b""),
        *(_FOR_ITSELF if page.media_type.startswith(("text/html", "text/css")) else _FOR_OTHERS),
    ]
    if status == 200 and _is_known(page, scope):
        return Reply(304, b"", headers)
    return Reply(status, page.body, headers)


def note(status: int, title: str, text: str, *, headers: Iterable[Header] = ()) -> Reply:
    """A page of few words.

    Args:
        status: of the reply.
        title: its heading.
        text: what it says, a sentence or two.
        headers: beside those of every reply.
    """
    body = _NOTE.format(title=html.escape(title), text=html.escape(text)).encode()
    return Reply(
        status,
        body,
        ((b"content-type", b"text/html; charset=utf-8"), _NOT_CACHED, policy_header(b""), *_FOR_ITSELF, *headers),
    )


def html_reply(body: bytes, *, status: int = 200, headers: Iterable[Header] = ()) -> Reply:
    """A page for whoever asked, which nobody keeps and no search engine lists.

    Args:
        body: the page.
        status: of the reply.
        headers: beside those of every reply.
    """
    kind = (b"content-type", b"text/html; charset=utf-8")
    unlisted = (b"x-robots-tag", b"noindex")
    return Reply(status, body, (kind, _NOT_CACHED, unlisted, policy_header(body), *_FOR_ITSELF, *headers))


def policy_header(body: bytes) -> Header:
    """What a page may load: what it states itself, and in any case that no other site frames it."""
    stated = _STATED.search(body[:4096])
    policy = html.unescape(stated[1].decode("ascii")) if stated is not None else _POLICY
    return b"content-security-policy", f"{policy}; frame-ancestors 'none'".encode()


def document_reply(document: Mapping[str, Any], *, status: int = 200) -> Reply:
    """A document for machines, which is not kept."""
    body = json.dumps(document).encode()
    return Reply(status, body, ((b"content-type", b"application/json"), _NOT_CACHED, *_FOR_ITSELF))


def _is_known(page: Page, scope: Scope) -> bool:
    """Whether the browser has this very file (RFC 9110, 13.1)."""
    given = dict(scope["headers"])
    tags = given.get(b"if-none-match")
    if tags is not None:
        known = [tag.strip().removeprefix("W/") for tag in tags.decode("latin-1").split(",")]
        return "*" in known or page.etag in known
    since = given.get(b"if-modified-since")
    if since is None:
        return False
    try:
        return page.modified <= int(parsedate_to_datetime(since.decode("latin-1")).timestamp())
    except (ValueError, OverflowError):
        return False
