"""Subscribing to the status page, saying yes and leaving, as browsers, mail programs and robots do it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import SecretStr
from support.mailed import COMPONENTS, URL, Mailed, link_in, mailed, notice, page_with, update
from support.ports import wait_until
from support.status_site import public_page, publish

from actinf.responder.publishing.page import PublicPage
from actinf.responder.subscribing.settings import StatusSettings
from actinf.responder.subscribing.subscribers import FILE
from actinf.web.status.generations import Site
from actinf.web.status.server import StatusServer
from actinf.web.status.subscriptions import Subscriptions

_ADA = "ada@example.org"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Served:
    """A server of the page with its subscriptions, asked without a network."""

    mailed: Mailed
    server: StatusServer
    site: Site
    subscriptions: Subscriptions

    def ask(self, method: str, path: str, client: str = "203.0.113.9", **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.server, client=(client, 4711))
            async with httpx.AsyncClient(transport=transport, base_url=URL) as http:
                return await http.request(method, path, **more)

        return asyncio.run(ask())

    def post(self, path: str, client: str = "203.0.113.9", headers: Any = None, **fields: Any) -> httpx.Response:
        body = urlencode(fields, doseq=True)
        return self.ask("POST", path, client, content=body, headers=_FORM | (headers or {}))

    def publish(self, page: PublicPage) -> None:
        publish(self.mailed.folder, {"index.html": "page"}, page)
        self.site.look()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with mailed(tmp_path / "status") as at_hand:
        settings = StatusSettings(
            smtp_url=SecretStr(f"smtp://127.0.0.1:{at_hand.post.port}"),
            mail_from="status@example.org",
            mails_per_second=1000,
        )
        subscriptions = Subscriptions(at_hand.folder, settings)
        site = Site(at_hand.folder / "site", lambda: server.changed())
        server = StatusServer(site, subscriptions, metrics="everyone", asks=True)
        subscriptions.start()
        one = Served(at_hand, server, site, subscriptions)
        one.publish(page_with())
        try:
            yield one
        finally:
            subscriptions.stop()


def _addresses(served: Served) -> list[str]:
    return [one.address for one in served.mailed.subscribers.all()]


def test_from_an_address_to_a_mail_and_out_again(served: Served) -> None:
    asked = served.post("/subscribe", address=_ADA, component=["api"])
    assert asked.status_code == 200
    assert "Look into your mailbox" in asked.text
    (question,) = served.mailed.until(1)
    token = link_in(question, "confirm")
    assert question["List-Unsubscribe"] is None

    # What looks into mails follows the link, more than once, and nothing happens.
    for method in ("GET", "HEAD", "GET"):
        assert served.ask(method, f"/confirm?token={token}").status_code == 200
    shown = served.ask("GET", f"/confirm?token={token}")
    assert "Inference API" in shown.text
    assert f'value="{token}"' in shown.text
    assert _addresses(served) == []

    assert "You get updates from now on" in served.post("/confirm", token=token).text
    assert _addresses(served) == [_ADA]
    assert served.post("/confirm", token=token).status_code == 200  # pressed twice

    served.publish(page_with(notice(update(1))))
    mail = served.mailed.until(2)[-1]
    leave = link_in(mail, "leave")
    page = served.ask("GET", f"/leave?token={leave}")
    assert "a…@example.org" in page.text
    assert _ADA not in page.text
    assert _addresses(served) == [_ADA]

    # One click in a mail program (RFC 8058): no cookie, no origin, and no page that was seen before.
    one_click = served.ask(
        "POST", f"/leave?token={leave}", client="198.51.100.1", content="List-Unsubscribe=One-Click", headers=_FORM
    )
    assert one_click.status_code == 200
    assert _addresses(served) == []
    assert "You get no more mails" in served.ask("GET", f"/leave?token={leave}").text
    served.publish(page_with(notice(update(2), update(1))))
    served.mailed.until(2)


def test_leaving_by_the_button_of_the_page(served: Served) -> None:
    served.mailed.subscribed(_ADA)
    (ada,) = served.mailed.subscribers.all()
    token = served.mailed.subscribers.leaving(ada.id)
    assert served.post("/leave", token=token).status_code == 200
    assert _addresses(served) == []


def test_nothing_tells_who_is_subscribed(served: Served) -> None:
    served.mailed.subscribed(_ADA)
    known, unknown = served.post("/subscribe", address=_ADA), served.post("/subscribe", address="bob@example.org")
    again = served.post("/subscribe", address=_ADA)
    assert known.content == unknown.content == again.content
    assert known.status_code == unknown.status_code == again.status_code == 200


def test_a_robot_that_fills_in_everything_mails_nobody(served: Served) -> None:
    reply = served.post("/subscribe", address=_ADA, website="https://spam.example")
    assert "Look into your mailbox" in reply.text
    assert served.mailed.subscribers.counts()["waiting"] == 0


def test_a_flood_from_one_network_is_refused_and_others_are_not(served: Served) -> None:
    replies = [served.post("/subscribe", address=f"v{number}@example.org").status_code for number in range(14)]
    assert replies == [200] * 10 + [429] * 4
    assert served.post("/subscribe", client="198.51.100.7", address=_ADA).status_code == 200
    assert len(served.mailed.until(11)) == 11


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": URL}, 200),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "https://evil.example"}, 422),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 422),
        ({"Sec-Fetch-Site": "cross-site"}, 422),
        ({"Origin": "http://[nonsense"}, 422),
    ],
)
def test_the_pages_of_other_sites_subscribe_nobody(served: Served, headers: dict[str, str], status: int) -> None:
    assert served.post("/subscribe", headers=headers, address=_ADA).status_code == status
    assert served.mailed.subscribers.counts()["waiting"] == (1 if status == 200 else 0)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "a@b",
        "ada@example.org\r\nBcc: x@example.org",
        "<script>@example.org",
        "x" * 5000,
        "\ud800@example.org",
    ],
)
def test_what_is_no_address_is_said_to_be_none(served: Served, address: str) -> None:
    body = b"address=" + b"".join(b"%%%02x" % byte for byte in address.encode("utf-8", "surrogatepass"))
    reply = served.ask("POST", "/subscribe", content=body[:8000], headers=_FORM)
    assert reply.status_code == 422
    assert "expected one like ada@example.org" in reply.text
    assert "<script>" not in reply.text


def test_parts_that_the_page_has_not_are_refused_and_all_of_them_are_all(served: Served) -> None:
    assert served.post("/subscribe", address=_ADA, component=["api", "' OR 1=1"]).status_code == 422
    served.post("/subscribe", address=_ADA, component=[one.key for one in COMPONENTS])
    (question,) = served.mailed.until(1)
    assert "any part of" in served.ask("GET", f"/confirm?token={link_in(question, 'confirm')}").text


@pytest.mark.parametrize("path", ["/confirm", "/leave"])
@pytest.mark.parametrize("token", ["", "x", "0" * 32 + ".0." + "A" * 22, "<script>alert(1)</script>", "%00"])
def test_links_that_are_not_from_here_do_nothing(served: Served, path: str, token: str) -> None:
    for reply in (served.ask("GET", path, params={"token": token}), served.post(path, token=token)):
        assert reply.status_code == 422
        assert "This link is not whole" in reply.text
        assert "<script>alert" not in reply.text


def test_what_is_too_large_or_has_too_many_fields_is_refused(served: Served) -> None:
    large = served.ask("POST", "/subscribe", content=b"address=" + b"x" * 100_000, headers=_FORM)
    assert (large.status_code, large.headers["connection"]) == (413, "close")

    async def pieces() -> Any:
        for _ in range(100):
            yield b"x" * 1000

    async def in_pieces() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(served.server), base_url=URL) as http:
            return await http.post("/subscribe", content=pieces(), headers=_FORM)

    assert asyncio.run(in_pieces()).status_code == 413
    assert served.ask("POST", "/subscribe", content=b"a=&" * 1000, headers=_FORM).status_code in (413, 422)
    many = b"&".join(b"a=b" for _ in range(1000))
    assert served.ask("POST", "/subscribe", content=many, headers=_FORM).status_code == 413


def test_other_ways_of_asking(served: Served) -> None:
    assert served.ask("GET", "/subscribe", follow_redirects=False).headers["location"] == "index.html#follow"
    refused = served.ask("DELETE", "/leave")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, POST")


def test_pages_of_subscriptions_are_kept_by_nobody(served: Served) -> None:
    reply = served.ask("GET", "/leave?token=x")
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert reply.headers["x-robots-tag"] == "noindex"
    assert "style-src 'self'" in reply.headers["content-security-policy"]


def test_a_broken_file_of_subscribers_takes_no_page_away(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    settings = StatusSettings(smtp_url=SecretStr("smtp://127.0.0.1:9"), mail_from="status@example.org")
    subscriptions = Subscriptions(tmp_path, settings)
    site = Site(tmp_path / "site", lambda: server.changed())
    server = StatusServer(site, subscriptions, metrics="everyone", asks=True)
    subscriptions.start()
    publish(tmp_path, {"index.html": "page"}, public_page(url=URL))
    site.look()
    served = Served(None, server, site, subscriptions)  # type: ignore[arg-type]
    assert served.ask("GET", "/").text == "page"
    assert served.ask("GET", "/metrics").status_code == 200
    reply = served.post("/subscribe", address=_ADA)
    assert reply.status_code == 503
    assert "Try again in some minutes" in reply.text
    assert served.ask("GET", "/health").json()["subscriptions"] == {"open": True, "trouble": "not open"}
    subscriptions.stop()


def test_where_nobody_is_mailed_links_of_earlier_mails_still_work(served: Served, tmp_path: Path) -> None:
    served.mailed.subscribed(_ADA)
    (ada,) = served.mailed.subscribers.all()
    later = Subscriptions(served.mailed.folder, StatusSettings())
    later.start()
    server = StatusServer(served.site, later, metrics="everyone")
    served.site.look()
    silent = Served(served.mailed, server, served.site, later)
    assert silent.post("/subscribe", address="bob@example.org").status_code == 404
    assert silent.post("/leave", token=served.mailed.subscribers.leaving(ada.id)).status_code == 200
    assert _addresses(served) == []
    later.stop()


def test_who_wants_to_leave_can_where_no_page_can_be_read(served: Served) -> None:
    served.mailed.subscribed(_ADA)
    (ada,) = served.mailed.subscribers.all()
    token = served.mailed.subscribers.leaving(ada.id)
    bare = Site(served.mailed.folder / "nothing")
    served.server = StatusServer(bare, served.subscriptions, metrics="everyone", asks=True)
    assert served.post("/subscribe", address="bob@example.org").status_code == 503
    assert "a…@example.org" in served.ask("GET", f"/leave?token={token}").text
    one_click = served.ask("POST", f"/leave?token={token}", content="List-Unsubscribe=One-Click", headers=_FORM)
    assert one_click.status_code == 200
    assert _addresses(served) == []


def test_who_did_not_say_yes_is_forgotten_where_nothing_mails_any_more(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actinf.web.status.subscriptions._TRIED_EVERY", 0.01)
    served.mailed.subscribers.ask(_ADA, (), "203.0.113.9", datetime.now(UTC) - timedelta(days=3))
    silent = Subscriptions(served.mailed.folder, StatusSettings())
    silent.start()
    wait_until(lambda: served.mailed.subscribers.counts()["waiting"] == 0, "it is forgotten")
    silent.stop()


def test_how_many_there_are_is_measured(served: Served) -> None:
    served.mailed.subscribed(_ADA)
    served.post("/subscribe", address="bob@example.org")
    wait_until(
        lambda: 'actinf_status_mails_total{outcome="sent"}' in served.ask("GET", "/metrics").text, "it is counted"
    )
    text = served.ask("GET", "/metrics").text
    assert 'actinf_status_subscribers{state="confirmed"} 1.0' in text
    assert 'actinf_status_subscribers{state="waiting"} 1.0' in text
    assert "example.org" not in text
