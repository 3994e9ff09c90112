"""An incident with hundreds of events and alerts: the page stays short, and who reads keeps the place."""

import contextlib
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect
from support.responder_process import alert, message

from actinf.responder.incident.events import Noted
from actinf.responder.store import timeline

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}


@pytest.fixture(scope="module")
def large(responder: Any) -> str:
    """The id of an incident with 300 events and 40 alerts."""
    with httpx.Client(base_url=responder.url, headers={"X-Actinf-User": "ada"}, timeout=30) as api:
        told = [alert("LargeDown", severity="critical", component="Large", instance=f"api-{n}") for n in range(40)]
        api.post("/hooks/alertmanager", content=message(*told)).raise_for_status()
        for _ in range(150):
            found = [one for one in api.get("/v1/incidents").json()["incidents"] if one["component"] == "Large"]
            if found and len(api.get(f"/v1/incidents/{found[0]['id']}").json()["alerts"]) == 40:
                break
            time.sleep(0.1)
        name = str(found[0]["id"])
        api.post(f"/v1/incidents/{name}/ack", json={}).raise_for_status()
    # Beside the server, at once: over the API each answer holds all of the incident.
    now, notes = datetime.now(UTC), [Noted(text=f"note {n}") for n in range(300)]
    with contextlib.closing(responder.store()) as store, store.writing() as connection:
        timeline.append(connection, store.key, name, notes, by="ada", at=now, now=now)
    return name


def test_it_shows_the_latest_and_all_of_it_where_that_is_asked_for(open_page: Any, large: str) -> None:
    page = open_page(f"/incidents/{large}", **PHONE)
    expect(page.locator(".event")).to_have_count(60)
    expect(page.locator("#about .rows > li")).to_have_count(10)
    expect(page.locator("#timeline")).to_contain_text("note 299")
    short = page.evaluate("document.documentElement.scrollHeight")
    detected = page.locator("#about .facts a").first
    detected.click()
    page.wait_for_url("**?all#e*")
    expect(page.locator(":target")).to_be_in_viewport()
    assert page.locator(".event").count() > 300
    expect(page.locator("#about .rows > li")).to_have_count(40)
    assert page.evaluate("document.documentElement.scrollHeight") > 2 * short
    page.get_by_role("link", name="Show the latest alone").click()
    expect(page.locator(".event")).to_have_count(60)
    page.get_by_role("link", name="Show all").last.click()
    expect(page.locator("#e1")).to_have_count(1)


def test_who_reads_the_timeline_keeps_the_place_while_it_grows(open_page: Any, large: str, api: httpx.Client) -> None:
    page = open_page(f"/incidents/{large}?all", **PHONE)
    read = page.locator(".event").filter(has_text="note 200")
    read.scroll_into_view_if_needed()
    top = "one => Math.round(one.getBoundingClientRect().top)"
    before = read.evaluate(top)
    for n in range(3):
        api.post(f"/v1/incidents/{large}/note", json={"text": f"more {n}\nin\nlines"}).raise_for_status()
    expect(page.locator("#timeline")).to_contain_text("more 2")
    assert abs(read.evaluate(top) - before) <= 2


def test_whoever_taps_the_link_of_a_page_signed_out_lands_on_the_incident(open_page: Any, large: str) -> None:
    page = open_page(f"/incidents/{large}", as_whom="bob", **PHONE)
    expect(page.locator("#title")).to_have_text("Large")
    button = page.get_by_role("button", name="Acknowledge")
    expect(button).to_be_in_viewport()
    assert button.bounding_box()["height"] >= 44


@pytest.mark.parametrize("scripts", [True, False])
def test_each_part_of_a_long_page_is_one_tap_away(open_page: Any, large: str, scripts: bool) -> None:
    page = open_page(f"/incidents/{large}?still", **PHONE, java_script_enabled=scripts)
    ways = page.get_by_role("navigation", name="Parts of this page").get_by_role("link")
    there = page.locator("#part [data-region]:not(#now, #parts)")
    shown = there.evaluate_all("all => all.map(one => `#${one.id}`)")
    assert ways.evaluate_all("all => all.map(one => one.getAttribute('href'))") == shown
    assert {"#acts", "#public", "#call", "#timeline"} <= set(shown)
    for way in ways.all():  # at the end of the page as well as at its beginning
        box = way.bounding_box()
        assert min(box["width"], box["height"]) >= 44
        assert 0 <= box["x"] <= 390 - box["width"]
        way.click()
        heading = page.locator(f"{way.get_attribute('href')} h2").first
        expect(heading).to_be_in_viewport(ratio=1)
        bar = page.locator("#parts").bounding_box()
        assert 0 <= bar["y"] <= heading.bounding_box()["y"] - bar["height"], "its heading is covered"


def test_a_part_that_was_not_there_before_comes_where_it_belongs(open_page: Any, large: str, api: httpx.Client) -> None:
    page = open_page(f"/incidents/{large}", **PHONE)
    order = "[...document.querySelectorAll('#part [data-region]')].map(one => one.id)"
    before = page.evaluate(order)
    page.evaluate("for (const id of ['public', 'acts']) document.getElementById(id).remove()")  # as if there were none
    api.post(f"/v1/incidents/{large}/note", json={"text": "it comes back"}).raise_for_status()
    expect(page.locator("#timeline")).to_contain_text("it comes back")
    assert page.evaluate(order) == before
