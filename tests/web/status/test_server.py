"""The server of the status page: it answers from memory, whatever becomes of the folder."""

import asyncio
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.status_site import public_page, publish

from actinf.web.status import render
from actinf.web.status.generations import Site
from actinf.web.status.server import StatusServer


@dataclass
class Asked:
    """A server that is asked without a network."""

    folder: Path
    site: Site
    server: StatusServer

    def __call__(self, path: str, method: str = "GET", client: str = "203.0.113.9", **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.server, client=(client, 4711))
            async with httpx.AsyncClient(transport=transport, base_url="http://status.example") as http:
                return await http.request(method, path, **more)

        return asyncio.run(ask())

    def publish(self, page: Any = None, **files: str) -> None:
        publish(self.folder, {name.replace("__", "/").replace("_", "."): text for name, text in files.items()}, page)
        self.site.look()


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    site = Site(tmp_path / "site", lambda: server.changed())
    server = StatusServer(site, metrics="loopback")
    return Asked(tmp_path, site, server)


def test_before_anything_was_published_it_says_so_and_that_it_passes(asked: Asked) -> None:
    asked.site.look()
    reply = asked("/")
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "60")
    assert "Nothing was published yet" in reply.text
    assert reply.headers["cache-control"] == "no-store"
    health = asked("/health")
    assert health.status_code == 200  # a start anew would not mend it
    assert health.json()["site"]["published"] is False


def test_a_page_is_served_with_what_keeps_it_safe(asked: Asked) -> None:
    asked.publish(index_html="<h1>All is well</h1>", style_css="h1{}", badge_svg="<svg/>", rss_xml="<rss/>")
    reply = asked("/")
    assert reply.text == "<h1>All is well</h1>"
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in reply.headers
    for path, kind in (("/badge.svg", "image/svg+xml"), ("/rss.xml", "application/rss+xml; charset=utf-8")):
        other = asked(path)
        assert other.headers["content-type"] == kind
        assert other.headers["access-control-allow-origin"] == "*"


def test_what_a_browser_has_is_not_sent_again(asked: Asked) -> None:
    asked.publish(index_html="one")
    first = asked("/")
    assert asked("/", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert asked("/", headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'}).status_code == 304
    assert asked("/", headers={"If-Modified-Since": first.headers["last-modified"]}).status_code == 304
    assert asked("/", headers={"If-Modified-Since": "yesterday"}).status_code == 200
    assert asked("/", headers={"If-None-Match": '"other"', "If-Modified-Since": first.headers["last-modified"]}).text
    asked.publish(index_html="two")
    changed = asked("/", headers={"If-None-Match": first.headers["etag"]})
    assert (changed.status_code, changed.text) == (200, "two")


def test_head_tells_the_length_and_sends_nothing(asked: Asked) -> None:
    asked.publish(index_html="four")
    reply = asked("/", "HEAD")
    assert (reply.status_code, reply.headers["content-length"], reply.content) == (200, "4", b"")


_OUTSIDE = (
    "/../secret", "/%2e%2e/secret", "/..%2fsecret", "http://status.example//etc/passwd", "/%00", "/.hidden", "/link",
    "/a/../../secret", "/index.html/", "/INDEX.HTML", "/%ff", "/\\secret", "/incidents/../../secret",
)  # fmt: skip


@pytest.mark.parametrize("path", _OUTSIDE)
def test_no_address_leads_out_of_the_site(asked: Asked, path: str) -> None:
    (asked.folder / "secret").write_text("secret", encoding="utf-8")
    publish(asked.folder, {"index.html": "page", ".hidden": "secret"})
    (asked.folder / "site" / "link").symlink_to(asked.folder / "secret")
    asked.site.look()
    reply = asked(path)
    assert reply.status_code == 404
    assert "secret" not in reply.text.replace(path, "")


def test_a_folder_leads_to_its_page_and_to_no_other_site(asked: Asked) -> None:
    asked.publish(index_html="page", incidents__index_html="incidents")
    assert asked("/incidents/").text == "incidents"
    moved = asked("/incidents", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (308, "/incidents/")
    assert asked("http://status.example//incidents", follow_redirects=False).status_code == 404


def test_what_is_not_there_is_told_by_the_site_itself(asked: Asked) -> None:
    publish(asked.folder, {"index.html": "page", "404.html": "gone"})
    asked.site.look()
    reply = asked("/nothing")
    assert (reply.status_code, reply.text, reply.headers["cache-control"]) == (404, "gone", "no-store")


def test_the_page_stays_when_its_folder_is_lost(asked: Asked) -> None:
    asked.publish(public_page(), index_html="page")
    for generation in asked.folder.iterdir():
        if not generation.is_symlink():
            shutil.rmtree(generation)
    asked.site.look()
    assert asked("/").text == "page"
    assert asked("/health").json()["status"] == "degraded"
    assert asked("/health").json()["site"]["trouble"] == "not readable"
    asked.publish(public_page(), index_html="again")
    assert asked("/").text == "again"
    assert asked("/health").json()["status"] == "ok"


def test_what_was_written_long_ago_is_served_and_said_to_be_old(asked: Asked) -> None:
    page = public_page(written_at=datetime.now(UTC) - timedelta(hours=1))
    publish(asked.folder, {"index.html": "page"}, page)
    os.utime(asked.folder / "site" / "status.json", (page.written_at.timestamp(),) * 2)
    asked.site.look()
    health = asked("/health").json()
    assert health["status"] == "degraded"
    assert "old" not in asked("/").text
    assert 3600 <= health["site"]["seconds_old"] < 3700


def test_a_page_that_nobody_writes_any_more_says_so_itself(asked: Asked) -> None:
    files = {name: text.decode() for name, text in render(public_page()).items() if name.endswith(("html", "css"))}
    publish(asked.folder, files, public_page())
    asked.site.look()
    fresh = asked("/")
    assert "last written" not in fresh.text
    page = public_page(written_at=datetime(2026, 11, 27, 9, 5, tzinfo=UTC))
    publish(asked.folder, files, page)
    os.utime(asked.folder / "site" / "status.json", (page.written_at.timestamp(),) * 2)
    asked.site.look()
    reply = asked("/", headers={"If-None-Match": fresh.headers["etag"]})
    assert reply.status_code == 200
    assert "<b>This page was last written on 27 November 2026, 09:05 UTC.</b>" in reply.text
    assert asked("/", headers={"If-None-Match": reply.headers["etag"]}).status_code == 304
    assert "class=" in asked("/history.html").text
    assert asked("/style.css").text == files["style.css"]


def test_a_clock_of_the_responder_that_is_wrong_makes_no_page_old(asked: Asked) -> None:
    """Its timers go by a time of its own when the machine's is set; that the file is new, the machine knows."""
    asked.publish(public_page(written_at=datetime.now(UTC) - timedelta(hours=1)), index_html="page")
    assert asked("/health").json()["status"] == "ok"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 99}', '{"version": 1}', "[" * 100_000])
def test_a_document_that_nobody_understands_takes_no_page_away(asked: Asked, text: str) -> None:
    asked.publish(index_html="page", status_json=text)
    assert asked("/").text == "page"
    assert asked("/health").json()["status"] == "degraded"


def test_a_page_takes_nothing(asked: Asked) -> None:
    asked.publish(index_html="page")
    reply = asked("/", "POST", content=b"x" * 100)
    assert (reply.status_code, reply.headers["allow"], reply.headers["connection"]) == (405, "GET, HEAD", "close")


def test_figures_are_for_this_machine(asked: Asked) -> None:
    asked.publish(index_html="page")
    assert asked("/metrics").status_code == 404
    assert asked("/metrics", client="127.0.0.1", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    here = asked("/metrics", client="127.0.0.1")
    assert "actinf_status_http_requests_total" in here.text
    everyone = StatusServer(asked.site, metrics="everyone")
    assert Asked(asked.folder, asked.site, everyone)("/metrics").status_code == 200
