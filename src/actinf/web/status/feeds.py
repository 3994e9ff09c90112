"""What was published as feeds: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1, with one entry for each update.

An update is named by a URN made from its key and the address of the page (its name where it has none), so that it is
new to a reader once.  Texts are written by an XML writer, after what XML has no character for was taken out.
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET

from actinf.responder.publishing.page import Notice, NoticeUpdate, PublicPage
from actinf.web.status.pages import anchor, path_of
from actinf.web.status.wording import said, sentence

__all__ = ["atom", "json_feed", "rss"]

_MOST_ENTRIES = 50
_ATOM = "http://www.w3.org/2005/Atom"
#: What XML 1.0 has no character for.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class _Entry:
    """An update as feeds show it."""

    id: str
    title: str
    text: str
    at: datetime
    link: str
    state: str

    @property
    def markup(self) -> str:
        """Its text in HTML: paragraphs, and lines in them."""
        paragraphs = html.escape(self.text, quote=False).split("\n\n")
        return "".join(f"<p>{one.replace(chr(10), '<br>')}</p>" for one in paragraphs)


def rss(page: PublicPage) -> bytes:
    """RSS 2.0."""
    root = ET.Element("rss", {"version": "2.0", "xmlns:atom": _ATOM})
    channel = ET.SubElement(root, "channel")
    _add(channel, "title", _flat(_title(page)))
    _add(channel, "link", _address(page, "index.html"))
    _add(channel, "description", _flat(sentence(page)))
    _add(channel, "language", "en")
    _add(channel, "lastBuildDate", _rfc_822(_newest(page)))
    if page.url is not None:
        here = {"rel": "self", "type": "application/rss+xml", "href": _address(page, "rss.xml")}
        ET.SubElement(channel, "atom:link", here)
    for entry in _entries(page):
        item = ET.SubElement(channel, "item")
        _add(item, "title", _flat(entry.title))
        _add(item, "link", entry.link)
        _add(item, "description", entry.markup)
        _add(item, "category", entry.state)
        _add(item, "guid", entry.id, isPermaLink="false")
        _add(item, "pubDate", _rfc_822(entry.at))
    return _written(root)


def atom(page: PublicPage) -> bytes:
    """Atom."""
    root = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": "en"})
    _add(root, "id", _id(page, ""))
    _add(root, "title", _title(page))
    _add(root, "subtitle", sentence(page))
    _add(root, "updated", _rfc_3339(_newest(page)))
    _add(ET.SubElement(root, "author"), "name", page.name)
    ET.SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": _address(page, "atom.xml")})
    ET.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": _address(page, "index.html")})
    for entry in _entries(page):
        item = ET.SubElement(root, "entry")
        _add(item, "id", entry.id)
        _add(item, "title", entry.title)
        _add(item, "published", _rfc_3339(entry.at))
        _add(item, "updated", _rfc_3339(entry.at))
        ET.SubElement(item, "link", {"rel": "alternate", "type": "text/html", "href": entry.link})
        ET.SubElement(item, "category", {"term": entry.state})
        _add(item, "content", entry.markup, type="html")
    return _written(root)


def json_feed(page: PublicPage) -> bytes:
    """JSON Feed."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _title(page),
        "home_page_url": _address(page, "index.html"),
        "feed_url": _address(page, "feed.json"),
        "description": sentence(page),
        "language": "en",
        "items": [
            {
                "id": entry.id,
                "url": entry.link,
                "title": entry.title,
                "content_text": entry.text,
                "date_published": _rfc_3339(entry.at),
                "tags": [entry.state],
            }
            for entry in _entries(page)
        ],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _entries(page: PublicPage) -> Iterator[_Entry]:
    """The newest updates of all notices, the newest first."""
    said_of = [(one, notice) for notice in (*page.current, *page.planned, *page.past) for one in notice.updates]
    said_of.sort(key=lambda pair: (pair[0].at, pair[0].key), reverse=True)
    return (_entry(page, notice, update) for update, notice in said_of[:_MOST_ENTRIES])


def _entry(page: PublicPage, notice: Notice, update: NoticeUpdate) -> _Entry:
    return _Entry(
        id=_id(page, update.key),
        title=f"{said(update.state)}: {notice.title}",
        text=update.text,
        at=update.at,
        link=f"{_address(page, path_of(notice))}#{anchor(update)}",
        state=update.state.value,
    )


def _newest(page: PublicPage) -> datetime:
    """When the newest update was published: a page that is written again with the same is no news."""
    updates = [one.at for notice in (*page.current, *page.planned, *page.past) for one in notice.updates]
    return max(updates, default=page.written_at)


def _title(page: PublicPage) -> str:
    return f"{page.name} status"


def _id(page: PublicPage, key: str) -> str:
    return uuid5(NAMESPACE_URL, f"{page.url or page.name}#{key}").urn


def _address(page: PublicPage, path: str) -> str:
    if page.url is None:
        return path
    return f"{page.url}/" if path == "index.html" else f"{page.url}/{path}"


def _flat(text: str) -> str:
    """A text that reads the same whether a reader takes it for plain text, as RSS wants, or for HTML, as many do."""
    return text.replace("<", "\u2039").replace(">", "\u203a")


def _add(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _written(root: ET.Element) -> bytes:
    ET.indent(root, " ")
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _rfc_822(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _rfc_3339(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
