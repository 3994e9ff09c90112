"""What is burning: the first page, and acknowledging from it."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import expect
from support.responder_process import alert, message

if TYPE_CHECKING:
    from support.responder_site import ResponderSite


def test_an_alert_is_seen_and_acknowledged_with_one_tap(
    responder: "ResponderSite", open_page: Any, api: httpx.Client
) -> None:
    page = open_page("/")
    body = message(alert("GatewayDown", severity="critical", component="Gateway"))
    api.post("/hooks/alertmanager", content=body).raise_for_status()
    burning = page.get_by_role("article").filter(has_text="GatewayDown fires")
    expect(burning).to_contain_text("P0 critical")
    expect(burning).to_contain_text("Nobody has it yet")
    expect(burning.locator(".clock")).to_have_count(3)
    burning.get_by_role("button", name="Acknowledge").click()
    page.wait_for_url("**/incidents/*")
    expect(page.locator("#now")).to_contain_text("ada has it")
    expect(page.locator("#now")).to_contain_text("Nobody is paged any more")
    name = page.url.rpartition("/")[2]
    told = api.get(f"/v1/incidents/{name}").json()["timeline"]
    assert [one["by"] for one in told if one["kind"] == "acknowledged"] == ["ada"]


def test_the_most_severe_comes_first_and_the_queue_apart(open_page: Any, incident: Any) -> None:
    names = {severity: incident(severity=severity, component=f"Part {severity}") for severity in ("P3", "P2", "P0")}
    page = open_page("/")
    shown = page.locator("#burning-title ~ article .sev b").all_text_contents()
    assert shown == sorted(shown)
    expect(page.locator(".card").filter(has_text="Queue")).to_contain_text(names["P3"])
    expect(page.get_by_role("article").filter(has_text=names["P3"])).to_have_count(0)


def test_of_very_many_the_most_severe_are_shown_and_the_rest_is_counted(open_page: Any, incident: Any) -> None:
    names = [incident(severity="P2", component=f"Part {number}") for number in range(51)]
    linked = incident(severity="P0", component="Gateway")
    page = open_page("/")
    expect(page.locator("#burning-title ~ article")).to_have_count(50)
    expect(page.locator("article").first).to_contain_text(linked)
    expect(page.locator("#part")).to_contain_text("more are not shown here, which are milder or older")
    expect(page.locator("article").filter(has_text=names[0])).to_have_count(0)


def test_what_happens_elsewhere_is_shown_without_loading_the_page(open_page: Any, api: httpx.Client) -> None:
    page = open_page("/")
    page.evaluate("window.untouched = true")
    asked = {"component": "Mailer", "impact": "Mails wait", "severity": "P1"}
    name = api.post("/v1/incidents", json=asked).raise_for_status().json()["id"]
    card = page.get_by_role("article").filter(has_text="Mails wait")
    expect(card).to_be_visible()
    api.post(f"/v1/incidents/{name}/ack", json={}).raise_for_status()
    expect(card).to_contain_text("ada has it")
    api.post(f"/v1/incidents/{name}/resolve", json={}).raise_for_status()
    expect(card).to_have_count(0)
    expect(page.locator("aside")).to_contain_text(name)
    assert page.evaluate("window.untouched")


def test_nothing_is_sent_where_nothing_has_changed(responder: "ResponderSite", incident: Any) -> None:
    path = f"/incidents/{incident(severity='P3')}"
    with httpx.Client(base_url=responder.url, headers={"X-Part": "1"}) as client:
        client.cookies.set("actinf_responder", "anything.ada")
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) in {(304, b""), (200, again.content)}
        assert again.status_code == 304 or again.headers["etag"] != first.headers["etag"]  # a minute may have passed


def test_a_second_tap_writes_a_note_once(responder: "ResponderSite", open_page: Any, incident: Any) -> None:
    name = incident()
    page = open_page(f"/incidents/{name}")
    page.fill("#note-text", "restarted the gateway")
    form = page.evaluate("Object.fromEntries(new FormData(document.querySelector('#do-note form')))")
    for _ in range(2):
        sent = page.request.post(f"/incidents/{name}/note", form=form, headers={"Origin": responder.url})
        assert sent.ok
    page.reload()
    expect(page.locator(".event").filter(has_text="restarted the gateway")).to_have_count(1)


@pytest.mark.parametrize("part", ["This responder", "On call now"])
def test_the_page_says_how_the_responder_is(open_page: Any, part: str) -> None:
    page = open_page("/")
    expect(page.get_by_role("heading", name=part)).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="No channel is set up")).to_be_visible()


def test_what_the_public_is_told_is_one_tap_away(open_page: Any) -> None:
    link = open_page("/").get_by_role("link", name="What the public is told")
    expect(link).to_have_attribute("href", "https://status.test/")
