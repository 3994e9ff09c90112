"""The page of silences: made from an alert, shown on the first page, ended; without a script as well."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from support.responder_process import alert, message

if TYPE_CHECKING:
    from support.responder_site import ResponderSite

HOSTILE = "<script>alert(1)</script>\u202egnp.exe\u202c \x1b[31mred\x1b[0m " + "W" * 400
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def check(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


@pytest.fixture
def fires(api: httpx.Client) -> Any:
    def told(name: str, **labels: str) -> None:
        api.post("/hooks/alertmanager", content=message(alert(name, severity="P1", **labels))).raise_for_status()

    return told


@pytest.fixture(autouse=True)
def all_ended(api: httpx.Client) -> Any:
    yield
    for one in api.get("/v1/silences").json()["silences"]:
        api.post(f"/v1/silences/{one['id']}/end").raise_for_status()
    for one in api.get("/v1/maintenance").json()["maintenance"]:
        api.post(f"/v1/maintenance/{one['name']}/end").raise_for_status()


@pytest.mark.parametrize("scripts", [True, False])
def test_an_alert_is_silenced_from_its_incident_and_told_again_when_that_ends(
    open_page: Any, api: httpx.Client, fires: Any, scripts: bool
) -> None:
    component = f"disk-{scripts}"
    fires("DiskFull", component=component, mount="/data 1")
    page = open_page("/", java_script_enabled=scripts)
    page.reload()
    page.get_by_role("link", name=component).click()
    page.get_by_role("link", name="Silence the like of DiskFull").click()
    page.wait_for_url("**/silences?alert=*")
    written = page.get_by_label("Which: one condition a line, all have to be met").first
    assert written.input_value().splitlines()[:2] == ['alertname="DiskFull"', f'component="{component}"']
    assert 'mount="/data 1"' in written.input_value()
    page.get_by_role("button", name="See what it would hold back").click()
    seen = page.get_by_role("status")
    expect(seen).to_contain_text("An incident that is open is never hidden")
    expect(seen).to_contain_text("Nothing was made yet")
    assert api.get("/v1/silences").json()["silences"] == []
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_text("is needed").or_(page.get_by_text("say why")).first).to_be_visible()
    page.get_by_label("Why").first.fill("new disks")
    page.get_by_role("button", name="Silence", exact=True).click()
    page.wait_for_url("**/silences")
    expect(page.get_by_role("heading", name="Silenced now").locator("..")).to_contain_text("new disks")
    (made,) = api.get("/v1/silences").json()["silences"]
    assert made["by"] == "ada"
    page.get_by_role("button", name="End it now").click()
    expect(page.get_by_text("ended by ada").first).to_be_visible()
    assert api.get("/v1/silences").json()["silences"] == []


def test_the_first_page_says_that_something_is_held_back(open_page: Any, api: httpx.Client, fires: Any) -> None:
    page = open_page("/", **PHONE)
    assert page.locator(".quieted").count() == 0
    api.post("/v1/silences", json={"matchers": ["component=queue"], "minutes": 5, "reason": HOSTILE}).raise_for_status()
    fires("QueueFull", component="queue", summary=HOSTILE)
    expect(page.locator(".quieted")).to_contain_text("1 silence holds back 1 alert now, 1 of P0 or P1", timeout=20_000)
    check(page)
    page.locator(".quieted a").click()
    expect(page.get_by_role("heading", name="Silenced now").locator("..")).to_contain_text("QueueFull")
    words = page.locator("main").inner_text()
    assert "<script>alert(1)</script>" in words
    assert not {"\u202e", "\u202c", "\x1b"} & set(words)
    page.evaluate("document.querySelectorAll('details').forEach((one) => one.setAttribute('open', ''))")
    check(page)


def test_maintenance_is_announced_and_what_is_wrong_with_it_is_shown_beside_its_field(
    open_page: Any, api: httpx.Client
) -> None:
    page = open_page("/silences", **PHONE)
    page.get_by_text("Every week").click()
    form = page.locator("form", has=page.locator("#weekly-name"))
    for field, text in (("name", "backups"), ("matchers", "component=database"), ("days", "mon, thurs"),
                        ("opens", "02:00"), ("minutes", "60"), ("zone", "Europe/Berlin")):  # fmt: skip
        form.locator(f"#weekly-{field}").fill(text)
    form.get_by_role("button").click()
    expect(page.locator("#weekly-days-mistake")).to_contain_text("'mon', 'tue'")
    check(page)
    page.locator("#weekly-days").fill("Mon, thu")
    page.locator("form", has=page.locator("#weekly-name")).get_by_role("button").click()
    expect(page.get_by_role("heading", name="Maintenance", exact=True).locator("..")).to_contain_text(
        "every Monday and Thursday at 02:00 for 1 h, Europe/Berlin"
    )
    page.get_by_text("End it", exact=True).click()
    page.get_by_role("button", name="End backups for good").click()
    expect(page.get_by_text("None is announced.")).to_be_visible()
    assert api.get("/v1/maintenance", params={"past": True}).json()["maintenance"][0]["ended_by"] == "ada"


def test_a_form_of_another_page_changes_nothing(responder: "ResponderSite", api: httpx.Client) -> None:
    body = {"matchers": "component=api", "minutes": "60", "reason": "r"}
    with httpx.Client(base_url=responder.url, cookies={"actinf_responder": "x.ada"}) as client:
        for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": responder.url}):
            assert client.post("/silences/silence", data=body, headers=headers).status_code == 403
    assert api.get("/v1/silences").json()["silences"] == []
