"""The page of an incident: everything that can be done with it, by mouse, by keyboard, and without scripts."""

import re
import time
from typing import TYPE_CHECKING, Any

import httpx
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from support.responder_site import ResponderSite


def do(page: Page, form: str, **filled: str) -> None:
    """Open a form, fill it in and send it."""
    seldom = page.locator("#do-seldom")
    if seldom.count() and page.locator(f"#do-seldom #do-{form}").count() and seldom.get_attribute("open") is None:
        seldom.locator("> summary").click()
    box = page.locator(f"#do-{form}")
    if box.get_attribute("open") is None:
        box.locator("> summary").click()
    for name, value in filled.items():
        field = box.locator(f"[name={name}]")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    box.locator("form > button").click()


def test_an_incident_is_led_from_its_page_to_its_end(open_page: Any, incident: Any, api: httpx.Client) -> None:
    name = incident()
    page = open_page(f"/incidents/{name}")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#now").get_by_role("link", name="Assess")).to_have_attribute("href", "#do-assess")
    do(page, "assess", components="Gateway, Cache", impact="Half of all requests fail", findings="One replica is left")
    expect(page.locator("#now").get_by_role("link", name="Assess")).to_have_count(0)
    do(page, "severity", severity="P0", reason="now all fail")
    do(page, "milestone", milestone="root cause identified", text="a certificate ran out")
    do(page, "handover", to="bob", note="the new one is ordered")
    expect(page.locator("#now")).to_contain_text("bob has it")
    page.get_by_role("button", name="Take the lead").click()
    page.locator("#checklist > summary").click()
    page.locator("#check-users > summary").click()
    page.fill("#found-users", "the status page says so")
    page.locator("#check-users").get_by_role("button", name="Yes").click()
    expect(page.locator("#recovery-title")).to_contain_text("1 of 5")
    do(page, "resolve", how="a new certificate")
    expect(page.locator("#now")).to_contain_text("Resolved")
    page.get_by_role("button", name="Done Stakeholders notified").click()
    do(page, "lesson", text="watch the day on which certificates end")
    do(page, "action", text="alert 14 days before", owner="bob", due="2099-01-31")
    do(page, "reopen", reason="one replica still has the old one")
    expect(page.locator("#now")).to_contain_text("P0 critical Identified")
    known = api.get(f"/v1/incidents/{name}").json()
    assert known["components"] == ["Gateway", "Cache"]
    assert known["actions"][0]["due"] == "2099-01-31T23:59:59+00:00"
    assert [one["task"] for one in known["tasks"] if one["done_at"]] == ["stakeholders"]
    assert {one["by"] for one in known["timeline"]} <= {"ada", "actinf"}


def test_what_a_step_showed_is_one_tap_without_scripts_too(open_page: Any, incident: Any, api: httpx.Client) -> None:
    name = incident(incident_type="api_down")
    page = open_page(f"/incidents/{name}", java_script_enabled=False)
    advice = page.locator("#advice")
    expect(advice).to_contain_text("No advice: it is switched off (ACTINF_RESPOND_ADVICE). The steps are in the")
    expect(advice.locator("pre").first).to_have_text("curl -sS https://api.active-inference.com/health")
    advice.get_by_role("button", name="no replica of the API answers").click()
    expect(page.locator("#advice")).to_contain_text("Ask the API how it is: no replica of the API answers ada")
    expect(page.locator("#timeline")).to_contain_text("looked, health: no-replica")
    assert api.get(f"/v1/incidents/{name}").json()["looks"][0]["outcome"] == "no-replica"
    other = open_page(f"/incidents/{incident(incident_type='other')}")
    expect(other.locator("#advice")).to_have_count(0)


def test_a_mistake_stands_beside_its_field_and_what_was_typed_stays(open_page: Any, incident: Any) -> None:
    page = open_page(f"/incidents/{incident()}")
    page.locator("#do-milestone > summary").click()
    page.fill("#milestone-text", "found it")
    page.fill("#milestone-at", "2001-01-01T10:00")
    page.locator("#do-milestone form > button").click()
    expect(page.locator("#do-milestone").get_by_role("alert")).to_contain_text("expected a time since the detection")
    expect(page.locator("#milestone-text")).to_have_value("found it")
    page.evaluate("document.querySelector('#note-text').required = false")
    page.locator("#do-note form > button").click()
    expect(page.locator("#do-note").get_by_role("alert")).to_contain_text("text is empty")


def test_what_came_too_late_is_said_at_the_top(open_page: Any, incident: Any, api: httpx.Client) -> None:
    name = incident()
    page = open_page(f"/incidents/{name}", java_script_enabled=False)
    api.post(f"/v1/incidents/{name}/resolve", json={}).raise_for_status()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was done")
    expect(page.get_by_role("alert")).to_contain_text("reopen it first")


def test_what_somebody_writes_is_not_taken_away_by_what_happens(
    open_page: Any, incident: Any, api: httpx.Client
) -> None:
    name = incident()
    page = open_page(f"/incidents/{name}")
    page.fill("#note-text", "half a sentence")
    api.post(f"/v1/incidents/{name}/ack", json={}).raise_for_status()
    expect(page.locator("#timeline")).to_contain_text("acknowledged by ada")
    expect(page.locator("#now")).to_contain_text("ada has it")
    expect(page.locator("#note-text")).to_have_value("half a sentence")
    expect(page.get_by_role("status")).to_contain_text("Something has changed meanwhile")
    page.locator("#do-note form > button").click()
    expect(page.locator("#timeline")).to_contain_text("half a sentence")


def test_an_assessment_begins_with_what_was_measured(open_page: Any, incident: Any, api: httpx.Client) -> None:
    name = incident()
    page = open_page(f"/incidents/{name}")
    page.locator("#do-assess > summary").click()
    page.get_by_role("link", name="Measure first").click()
    expect(page.locator("#assess-findings")).to_have_value(re.compile("Measured: Prometheus at .* cannot be asked"))
    api.post(f"/v1/incidents/{name}/note", json={"text": "meanwhile"}).raise_for_status()
    expect(page.locator("#timeline")).to_contain_text("meanwhile")
    page.locator("#do-assess form > button").click()
    expect(page.locator("#about")).to_contain_text("Measured: Prometheus at")


def test_a_machine_looks_at_the_checklist_and_says_what_it_cannot_tell(open_page: Any, incident: Any) -> None:
    page = open_page(f"/incidents/{incident()}")
    page.locator("#checklist > summary").click()
    page.get_by_role("button", name="Look by machine").click()
    expect(page.locator(".check-item").filter(has_text="by machine")).to_have_count(4)
    expect(page.locator(".check-item").filter(has_text="not looked at")).to_contain_text("Affected users notified")


def test_it_is_acknowledged_and_noted_by_keyboard_alone(open_page: Any, incident: Any) -> None:
    page = open_page(f"/incidents/{incident()}")

    def tab_to(selector: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("one => document.activeElement.matches(one)", selector):
                return
        raise AssertionError(f"{selector} is not reached")

    tab_to(".ack button")
    page.keyboard.press("Enter")
    expect(page.locator("#now")).to_contain_text("ada has it")
    tab_to("#note-text")
    page.keyboard.type("by keyboard")
    tab_to("#do-note form > button")
    page.keyboard.press("Enter")
    expect(page.locator("#timeline")).to_contain_text("by keyboard")


def test_without_scripts_the_forms_work_and_the_page_is_loaded_anew(open_page: Any, incident: Any) -> None:
    name = incident()
    page = open_page(f"/incidents/{name}", java_script_enabled=False)
    assert page.locator("noscript meta, head meta[http-equiv=refresh]").count() == 1
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#now")).to_contain_text("ada has it")
    page.fill("#note-text", "without a script")
    page.get_by_role("button", name="Write it down").click()
    expect(page.locator("#timeline")).to_contain_text("without a script")
    page.get_by_role("link", name="Hold it still while I write").click()
    assert page.locator("head meta[http-equiv=refresh]").count() == 0


def test_two_become_one_and_nothing_is_false(open_page: Any, incident: Any) -> None:
    first, second, third = incident(), incident(component="Cache"), incident(component="Queue")
    page = open_page(f"/incidents/{second}")
    do(page, "merge", into=first)
    page.wait_for_url(f"**/incidents/{first}")
    expect(page.locator("#timeline")).to_contain_text(f"took up {second}")
    page.goto(f"/incidents/{third}")
    do(page, "close", reason="a test")
    expect(page.locator("#now")).to_contain_text("False alarm")


def test_the_runbook_and_the_post_mortem_are_a_tap_away(open_page: Any, incident: Any) -> None:
    name = incident(incident_type="api_down", impact="<b>All</b> fail")
    page = open_page(f"/incidents/{name}")
    page.get_by_role("link", name="Runbook", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The API is down")
    page.get_by_role("link", name="Memory runs out").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Memory runs out")
    page.goto(f"/incidents/{name}/post-mortem")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    expect(page.locator("article")).to_contain_text("<b>All</b> fail")
    assert page.request.get(f"/incidents/{name}/post-mortem.md").text().startswith(f"# Incident Report: {name}")


def test_evidence_is_saved_and_handed_on_from_the_page(open_page: Any, incident: Any, api: httpx.Client) -> None:
    name, content = incident(), b"<script>document.title = 'taken over'</script>"
    kept = api.post(f"/v1/incidents/{name}/evidence", params={"name": "page.html"}, content=content).json()
    page = open_page(f"/incidents/{name}")
    with page.expect_download() as saving:
        page.get_by_role("link", name="page.html").click()
    assert saving.value.suggested_filename == "page.html"
    assert saving.value.path().read_bytes() == content
    do(page, f"evidence-hand-on-{kept['sha256'][:16]}", to="bob", note="on a stick")
    expect(page.locator("#about")).to_contain_text("bob has it since")
    expect(page.locator("#timeline")).to_contain_text("handed on to bob: on a stick")
    assert api.get(f"/v1/incidents/{name}/evidence").json()["evidence"][0]["holder"] == "bob"
    do(page, f"evidence-hand-on-{kept['sha256'][:16]}", to="bob")
    expect(page.locator("#about").get_by_role("alert")).to_contain_text("bob has page.html already")


def test_that_users_were_told_rests_on_something(open_page: Any, incident: Any) -> None:
    page = open_page(f"/incidents/{incident(severity='P3')}")  # of which the public is told nothing by itself
    page.locator("#checklist > summary").click()
    page.locator("#check-users > summary").click()
    expect(page.locator("#check-users")).to_contain_text("No update of it was sent to everybody yet")
    page.locator("#check-users").get_by_role("button", name="Yes").click()
    expect(page.locator("#check-users").get_by_role("alert")).to_contain_text("by what users were told is not said")
    page.fill("#found-users", "the status page says so")
    page.locator("#check-users").get_by_role("button", name="Yes").click()
    expect(page.locator("#recovery-title")).to_contain_text("1 of 5")


def test_the_update_that_told_users_is_chosen_from_those_that_were_sent(
    open_page: Any, incident: Any, responder: "ResponderSite"
) -> None:
    name, store = incident(), responder.store()
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with store.writing() as connection:  # as if there were a chat
                done = connection.execute(
                    "UPDATE outbox SET channel = 'slack', reference = '1795.17' WHERE incident = ? AND state = 'sent'"
                    " AND kind = 'alert'",
                    [name],
                )
            if done.rowcount:
                break
            time.sleep(0.1)
    finally:
        store.close()
    page = open_page(f"/incidents/{name}")
    page.locator("#checklist > summary").click()
    page.locator("#check-users > summary").click()
    expect(page.locator("#message-users option").first).to_contain_text("slack: ")
    page.locator("#check-users").get_by_role("button", name="Yes").click()
    expect(page.locator(".check-item").filter(has_text="Affected users")).to_contain_text("slack 1795.17")
    expect(page.locator("#timeline")).to_contain_text("checked users: passed, by the update")


def test_what_was_merged_into_it_is_on_its_timeline_with_where_it_is_from(
    open_page: Any, incident: Any, api: httpx.Client
) -> None:
    name, other = incident(), incident(component="Cache", impact="Sessions are lost")
    api.post(f"/v1/incidents/{other}/note", json={"text": "the cache is full"}).raise_for_status()
    api.post(f"/v1/incidents/{other}/merge", json={"into": name}).raise_for_status()
    page = open_page(f"/incidents/{name}")
    note = page.locator("#timeline .event").filter(has_text="the cache is full")
    expect(note.get_by_role("link", name=other)).to_be_visible()
    page.goto(f"/incidents/{name}/post-mortem")
    expect(page.locator("main")).to_contain_text(f"{other} #")
