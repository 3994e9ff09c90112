"""The files of the status page: which there are, what they say, and that they hold no word that runs."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser
from posixpath import dirname, join, normpath
from urllib.parse import urlsplit

import pytest
from support.status_page import HOSTILE, NOW, calm, component, empty, hostile, large, notice, troubled

from actinf.responder.publishing.page import NoticeState, PublicPage, Working, page_document, page_of
from actinf.web.status import render

PAGES = (calm, troubled, hostile, large, empty)


class Reader(HTMLParser):
    """What a page is made of."""

    def __init__(self, markup: bytes):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.feed(markup.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of all elements of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


@cache
def site_of(make: Callable[[], PublicPage]) -> Mapping[str, bytes]:
    """The site of a page, made once."""
    return render(make())


def pages_of(site: Mapping[str, bytes]) -> Iterator[tuple[str, Reader]]:
    """The pages of a site."""
    return ((path, Reader(content)) for path, content in site.items() if path.endswith(".html"))


@pytest.mark.parametrize("make", PAGES)
def test_the_same_page_gives_the_same_bytes(make) -> None:
    assert render(make()) == site_of(make)


@pytest.mark.parametrize("make", PAGES)
def test_every_link_leads_to_a_file_of_the_site_and_every_part_of_a_page_to_one_that_is_there(make) -> None:
    site = site_of(make)
    identities = {path: [one["id"] for _, one in page.elements if "id" in one] for path, page in pages_of(site)}
    for path, page in pages_of(site):
        assert len(identities[path]) == len(set(identities[path])), path
        if path == "404.html":
            continue  # it is shown below any path: its links begin at the top
        links = [one["href"] for tag in ("a", "link") for one in page.all(tag)]
        for link in links:
            address = urlsplit(link)
            assert (address.scheme, address.netloc) == ("", ""), f"{path}: {link}"
            there = normpath(join(dirname(path), address.path)) if address.path else path
            assert there in site, f"{path}: {link}"
            if address.fragment:
                assert address.fragment in identities[there], f"{path}: {link}"


@pytest.mark.parametrize("make", PAGES)
def test_no_page_has_anything_that_runs_and_all_forbid_it(make) -> None:
    for path, page in pages_of(site_of(make)):
        kinds = {tag for tag, _ in page.elements}
        assert kinds.isdisjoint({"script", "img", "iframe", "object", "embed", "base", "b1"}), path
        assert not [name for _, one in page.elements for name in one if name.startswith("on") or name == "style"], path
        policy = next(one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy")
        assert policy.startswith("default-src 'none'; style-src 'self'; "), path
        assert "unsafe" not in policy, path


def test_what_strangers_wrote_is_shown_as_text() -> None:
    site = site_of(hostile)
    words = " ".join(Reader(site["index.html"]).words.split())
    for text in (*HOSTILE[:2], *HOSTILE[3:5], *HOSTILE[6:]):
        assert text in words
    assert "@\u2060everyone @\u2060channel <!here>" in words
    assert "gnp.exe red \ufffd end" in words
    # A part that the page does not have is called by no key.
    assert not [path for path, page in pages_of(site) if "<b>gone</b>" in page.words]
    for path, content in site.items():
        assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", content.decode()), path


@pytest.mark.parametrize("key", ["../index", "a/b", "", ".htaccess", "a\n", "ä", "x" * 101])
def test_a_key_that_would_name_another_file_is_refused(key: str) -> None:
    page = replace(calm(), current=(replace(calm().past[0], key=key),))
    with pytest.raises(ValueError, match="its key names a file"):
        render(page)


@pytest.mark.parametrize("make", PAGES)
def test_status_json_states_the_page_that_was_given(make) -> None:
    document = json.loads(site_of(make)["status.json"])
    assert page_document(page_of(document)) == document
    if make is not hostile:
        assert page_of(document) == make()


@pytest.mark.parametrize(("count", "at_first"), [(1, 3), (3, 2), (4, 1)])
def test_the_more_happens_the_less_is_said_of_each_at_first(count: int, at_first: int) -> None:
    (one,) = troubled().current
    many = tuple(replace(one, key=f"{one.key}-{number}") for number in range(count))
    now = render(replace(troubled(), current=many))["index.html"].decode().partition('id="planned"')[0]
    for article in now.split("<article")[1:]:
        shown, _, folded = article.partition("<details>")
        assert (shown.count('class="when"'), folded.count('class="when"')) == (at_first, 3 - at_first)


def test_the_first_page_says_what_happens_with_all_that_was_said_of_it() -> None:
    words = " ".join(Reader(site_of(troubled)["index.html"]).words.split())
    assert "There is a major outage of Answers to requests. As of 27 Nov 2026, 14:32 UTC." in words
    for update in troubled().current[0].updates:
        assert " ".join(update.text.split()) in words
    assert "30 Nov 2026, 22:32 to 1 Dec 2026, 00:02 UTC (1 h 30 min)" in words
    assert "Since 27 Nov 2026, 13:02 UTC" in words


def test_the_first_page_tells_of_what_was_over_within_two_weeks_alone() -> None:
    words = Reader(site_of(calm)["index.html"]).words
    assert "Requests failed for some" in words
    lately = words[words.index("The last two weeks") :]
    assert "New disks for results" not in lately


def test_the_days_of_a_part_are_told_in_words_with_links_to_what_happened() -> None:
    page = Reader(site_of(calm)["index.html"])
    parts = page.words[page.words.index("Parts of the service") :]
    told = [one.strip() for one in parts.splitlines() if " of the last " in one or "No trouble" in one]
    assert told == [
        "1 of the last 90 days affected, 48 min of outage.",
        "No trouble in the last 90 days.",
        "1 of the last 90 days affected, no outage.",
        "1 of the last 64 days affected, no outage.",
    ]
    assert "Partial outage, 48 min of outage" in page.words
    assert {"incidents/2026-11-20-001.html", "maintenance/maintenance-2.html"} <= {one["href"] for one in page.all("a")}


def test_mails_are_offered_only_where_somebody_takes_subscriptions() -> None:
    form = Reader(site_of(calm)["index.html"])
    assert form.all("form") == [{"method": "post", "action": "subscribe"}]
    assert [one["type"] for one in form.all("input") if one["name"] == "address"] == ["email"]
    chosen = [one["value"] for one in form.all("input") if one["name"] == "component"]
    assert chosen == ["gateway", "sessions", "results", "sign-in"]
    without = Reader(render(replace(calm(), takes_subscriptions=False))["index.html"])
    assert without.all("form") == without.all("input") == []


def test_each_notice_keeps_its_address_when_it_is_over() -> None:
    page = troubled()
    before = render(page)
    over = replace(page.current[0], state=NoticeState.RESOLVED, ended_at=NOW)
    after = render(replace(page, current=(), past=(over, *page.past)))
    assert {path for path in before if "/" in path} == {path for path in after if "/" in path}
    assert b"Resolved" in after["incidents/2026-11-27-001.html"]


def test_a_long_history_has_a_page_for_each_month_and_a_short_one_does_not() -> None:
    assert [path for path in site_of(calm) if path.startswith("history")] == ["history.html"]
    site = site_of(large)
    paths = [path for path in site if path.startswith("history")]
    assert paths == ["history.html", "history-2026-10.html", "history-2026-09.html"]
    found = [
        one["href"] for path in paths for one in Reader(site[path]).all("a") if one["href"].startswith("incidents")
    ]
    assert found == [f"incidents/{one.key}.html" for one in large().past]


def test_where_something_goes_on_no_page_says_that_nothing_happened() -> None:
    going = notice("2026-11-27-001", began=timedelta(minutes=9), lasted=None, state=NoticeState.INVESTIGATING)
    words = Reader(render(replace(empty(), current=(going,)))["index.html"]).words
    assert ("Nothing else happened." in words, "Nothing happened." in words) == (True, False)


def test_how_long_something_lasts_fits_the_minutes_that_are_shown() -> None:
    begun = (NOW - timedelta(hours=3)).replace(minute=18, second=41)
    over = replace(
        notice("2026-11-27-001", began=timedelta(0)),
        began_at=begun,
        ended_at=begun + timedelta(hours=2) - timedelta(seconds=41),
    )
    assert ":18 UTC (2 h)" in Reader(render(replace(empty(), past=(over,)))["index.html"]).words


def test_an_empty_page_says_so() -> None:
    site = site_of(empty)
    assert "No problems are known." in Reader(site["index.html"]).words
    assert "Nothing happened." in Reader(site["index.html"]).words
    assert "Nothing has happened yet." in Reader(site["history.html"]).words


@pytest.mark.parametrize(
    ("url", "top"),
    [("https://status.example.org", "/"), ("https://example.org/status", "/status/"), (None, "/")],
)
def test_what_stands_nowhere_leads_home_from_every_path(url: str | None, top: str) -> None:
    lost = Reader(render(replace(calm(), url=url))["404.html"])
    links = {one["href"].partition("?")[0] for tag in ("a", "link") for one in lost.all(tag)} - {"#main"}
    files = ("", "index.html", "history.html", "index.html#follow", "style.css", "favicon.svg")
    assert links == {top + name for name in (*files, "atom.xml", "rss.xml", "feed.json")}


def test_many_updates_are_folded_but_all_there() -> None:
    texts = tuple(f"Update {number}" for number in range(12, 0, -1))
    going_on = notice("2026-11-27-009", began=timedelta(hours=4), lasted=None, texts=texts)
    words = Reader(render(replace(calm(), current=(going_on,)))["index.html"]).words
    assert "8 earlier updates" in words
    assert all(f"{text}\n" in words for text in texts)


def test_icon_and_badge_show_the_state() -> None:
    good, bad = site_of(calm), site_of(troubled)
    assert good["favicon.svg"] != bad["favicon.svg"]
    assert b"Active Inference API: Operational" in good["badge.svg"]
    assert b"Active Inference API: Major outage" in bad["badge.svg"]
    assert b"<script" not in site_of(hostile)["badge.svg"]


def test_a_component_of_which_nothing_is_known_has_no_share_and_no_green_day() -> None:
    page = replace(calm(), components=(component("new", "New", known=0),))
    read = Reader(render(page)["index.html"])
    assert "Nothing is known yet." in read.words
    assert "uptime" not in read.words
    bars = next(one["d"] for one in read.all("path") if one.get("class") == "unknown")
    assert bars.count("M") == 90


def test_on_its_first_day_a_component_has_no_days_to_count() -> None:
    good, bad = component("good", "Good", known=1), component("bad", "Bad", known=1)
    down = replace(bad.days[-1], worst=Working.MAJOR_OUTAGE, seconds_down=30)
    page = replace(calm(), components=(good, replace(bad, days=(*bad.days[:-1], down))))
    words = Reader(render(page)["index.html"]).words
    assert "No trouble on the only day that is known." in words
    assert "Affected on the only day that is known, less than 1 min of outage." in words
    assert "% uptime" not in words


@pytest.mark.parametrize("how", list(Working))
def test_every_state_has_a_shape_of_its_own(how: Working) -> None:
    read = Reader(render(replace(calm(), working=how))["index.html"])
    used = {one["href"].removeprefix("#") for one in read.all("use")}
    assert how.value.replace(" ", "-") in used
    assert used <= {one["id"] for one in read.all("symbol")}
