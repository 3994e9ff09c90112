"""A new responder says what is still to be done; a test page goes the way of pages, and what became of it is shown."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from support.browser import visiting
from support.duties import EXAMPLE
from support.webhook_receiver import SECRET, WebhookReceiver

if TYPE_CHECKING:
    from support.responder_site import ResponderSite


@pytest.fixture(scope="module")
def provider() -> Iterator[WebhookReceiver]:
    receiver = WebhookReceiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def calling(tmp_path: Path, provider: WebhookReceiver) -> "Iterator[ResponderSite]":
    """A responder that has a provider of calls, and no schedule yet; a new one for each test."""
    from support.responder_in_thread import responder_in_thread

    with responder_in_thread(tmp_path, insecure_local=True, pager_url=provider.url, pager_secret=SECRET) as process:
        yield process


@pytest.fixture
def as_somebody(calling: "ResponderSite", browser: Any) -> Iterator[Any]:
    """Open a page as somebody: `as_somebody("bob", "/")`."""
    with visiting(browser, calling.url) as visit:

        def go(who: str, path: str) -> Page:
            visit.page.context.add_cookies([calling.cookie_of(who)])
            visit.page.goto(path)
            return visit.page

        yield go


def test_a_new_responder_says_what_is_to_be_done_next_until_all_is_done(
    calling: "ResponderSite", as_somebody: Any, provider: WebhookReceiver
) -> None:
    page = as_somebody("bob", "/")
    steps = page.locator(".steps > li")
    expect(steps).to_have_count(3)
    expect(steps.nth(1)).to_contain_text("A channel is connected")
    expect(steps.nth(2)).to_contain_text("as soon as the two others are done")
    page.get_by_role("link", name="Write the schedule").click()
    page.get_by_role("button", name="Check it").click()
    expect(page.locator("#preview")).to_contain_text("'bob' is on call")
    page.fill("#text", EXAMPLE)
    page.get_by_role("button", name="Check it").click()
    page.get_by_role("button", name="Save it").click()
    page.wait_for_url("**/oncall")
    page.goto("/")
    page.get_by_role("button", name="Send a test page to bob").click()
    page.wait_for_url("**/oncall/test-page/bob@*")
    expect(page.locator("#part")).to_contain_text("pager sent")
    _, told = provider.requests[-1]
    assert told["kind"] == "contact_test"
    assert "nothing has happened" in str(told)
    page.goto("/")
    expect(page.get_by_role("heading", name="Nothing is burning")).to_be_visible()
    expect(page.locator(".steps")).to_have_count(0)


def test_what_was_refused_and_what_is_tried_again_is_told_with_why(
    calling: "ResponderSite", as_somebody: Any, provider: WebhookReceiver
) -> None:
    calling.set_schedule(EXAMPLE.replace("chat_id: U5", 'phone: "+49 30 55"'))
    for who, illness, told in (("fay", 400, "refused"), ("eve", 503, "not sent yet")):
        provider.illness = illness
        page = as_somebody(who, "/oncall")
        page.get_by_role("button", name="Send a test page to me").click()
        expect(page.locator("#part")).to_contain_text(told)
        expect(page.locator("#part")).to_contain_text(str(illness))
    provider.illness = None
    expect(page.locator("#part")).to_contain_text("pager sent", timeout=30_000)


def test_whom_no_channel_reaches_is_told_what_is_missing(calling: "ResponderSite", as_somebody: Any) -> None:
    calling.set_schedule(EXAMPLE)
    page = as_somebody("ada", "/oncall")
    page.get_by_role("button", name="Send a test page to me").click()
    expect(page.get_by_role("alert")).to_contain_text("no channel that is set up reaches ada: there is pager, and the")
    expect(page.get_by_role("alert")).to_contain_text("gives chat_id, email")


@pytest.mark.parametrize("name", ["nobody@1", "fay", "..%2F..", "fay@1' OR 1=1", "x" * 300])
def test_what_is_no_test_page_is_not_found(api: httpx.Client, name: str) -> None:
    assert api.get(f"/v1/oncall/test-page/{name}").status_code == 404
