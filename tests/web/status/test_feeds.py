"""The feeds, by the rules that validators of feeds go by."""

import json
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from support.status_page import HOSTILE, NOW, calm, empty, hostile, large, troubled

from actinf.web.status import render

ATOM = "{http://www.w3.org/2005/Atom}"
PAGES = (calm, troubled, hostile, large, empty)


def text(parent: ET.Element, name: str) -> str:
    """What the only element of a name says."""
    found = parent.findall(name)
    assert len(found) == 1, name
    assert found[0].text, name
    return found[0].text


@pytest.mark.parametrize("make", PAGES)
def test_rss_holds_what_validators_demand(make) -> None:
    page = make()
    root = ET.fromstring(render(page)["rss.xml"])
    assert (root.tag, root.get("version"), [one.tag for one in root]) == ("rss", "2.0", ["channel"])
    channel = root[0]
    assert text(channel, "title")
    assert text(channel, "description")
    if page.url is not None:
        assert text(channel, "link") == "https://status.example.org/"
        assert channel.find(f"{ATOM}link").attrib == {  # type: ignore[union-attr]
            "rel": "self",
            "type": "application/rss+xml",
            "href": "https://status.example.org/rss.xml",
        }
    items = channel.findall("item")
    times = [parsedate_to_datetime(text(item, "pubDate")) for item in items]
    assert times == sorted(times, reverse=True)
    assert parsedate_to_datetime(text(channel, "lastBuildDate")) == max(times, default=NOW)
    identities = [text(item, "guid") for item in items]
    assert len(identities) == len(set(identities)) <= 50
    assert all(item.find("guid").get("isPermaLink") == "false" for item in items)  # type: ignore[union-attr]
    assert all(text(item, "description").startswith("<p>") for item in items)


@pytest.mark.parametrize("make", PAGES)
def test_atom_holds_what_its_standard_demands(make) -> None:
    page = make()
    root = ET.fromstring(render(page)["atom.xml"])
    assert root.tag == f"{ATOM}feed"
    assert text(root, f"{ATOM}id").startswith("urn:uuid:")
    assert text(root, f"{ATOM}title")
    assert text(root.find(f"{ATOM}author"), f"{ATOM}name")  # type: ignore[arg-type]
    links = {one.get("rel"): one.get("href") for one in root.findall(f"{ATOM}link")}
    assert links == {"self": f"{page.url}/atom.xml", "alternate": f"{page.url}/"} if page.url else links
    entries = root.findall(f"{ATOM}entry")
    updated = [datetime.fromisoformat(text(one, f"{ATOM}updated")) for one in entries]
    assert all(at.tzinfo is not None for at in updated)
    assert datetime.fromisoformat(text(root, f"{ATOM}updated")) == max(updated, default=NOW)
    identities = [text(one, f"{ATOM}id") for one in entries]
    assert len(identities) == len(set(identities))
    assert all(text(one, f"{ATOM}title") for one in entries)
    assert all(one.find(f"{ATOM}content").get("type") == "html" for one in entries)  # type: ignore[union-attr]


def test_the_three_feeds_tell_the_same() -> None:
    site = render(troubled())
    rss, atom = ET.fromstring(site["rss.xml"])[0], ET.fromstring(site["atom.xml"])
    told = [(one["id"], one["url"]) for one in json.loads(site["feed.json"])["items"]]
    assert [(text(one, "guid"), text(one, "link")) for one in rss.findall("item")] == told
    entries = atom.findall(f"{ATOM}entry")
    assert [(text(one, f"{ATOM}id"), one.find(f"{ATOM}link").get("href")) for one in entries] == told  # type: ignore[union-attr]
    assert told[0][1] == "https://status.example.org/incidents/2026-11-27-001.html#update-2026-11-27-001-3"


def test_what_an_entry_leads_to_stands_on_the_site() -> None:
    site = render(troubled())
    for one in json.loads(site["feed.json"])["items"]:
        address = urlsplit(one["url"])
        assert f'id="{address.fragment}"'.encode() in site[address.path.removeprefix("/")]


def test_an_update_keeps_its_name_whatever_else_changes() -> None:
    def names(page) -> set[str]:
        return {one["id"] for one in json.loads(render(page)["feed.json"])["items"]}

    later = replace(troubled(), written_at=NOW.replace(hour=20), components=(), current=())
    assert names(later) < names(troubled())


def test_a_page_written_again_with_nothing_new_has_the_same_feeds() -> None:
    first, second = render(troubled()), render(replace(troubled(), written_at=NOW.replace(hour=20)))
    assert [first[path] == second[path] for path in ("rss.xml", "atom.xml", "feed.json")] == [True] * 3


def test_what_strangers_wrote_is_text_in_every_reader_and_calls_nobody() -> None:
    site = render(hostile())
    rss, atom = ET.fromstring(site["rss.xml"])[0], ET.fromstring(site["atom.xml"])
    for title in [one.text or "" for one in rss.iter("title")]:
        assert "<" not in title
    for markup in [one.text or "" for one in (*rss.iter("description"), *atom.iter(f"{ATOM}content"))]:
        assert "<script" not in markup
        assert "<img" not in markup
    titles = [text(one, f"{ATOM}title") for one in atom.findall(f"{ATOM}entry")]
    assert f"Investigating: {HOSTILE[0]}" in titles
    for path in ("rss.xml", "atom.xml", "feed.json", "status.json"):
        assert b"@everyone" not in site[path]
        assert b"@channel" not in site[path]


def test_without_an_address_links_are_relative() -> None:
    page = replace(troubled(), url=None)
    items = json.loads(render(page)["feed.json"])["items"]
    assert items[0]["url"] == "incidents/2026-11-27-001.html#update-2026-11-27-001-3"
    assert items[0]["id"].startswith("urn:uuid:")
