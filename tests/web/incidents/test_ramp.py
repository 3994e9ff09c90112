"""The way back on pages: looked at first, begun, followed and stopped; on a phone and without scripts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect
from support.paper_kubectl import PaperKubectl
from support.ports import wait_until

if TYPE_CHECKING:
    from support.responder_site import ResponderSite

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> PaperKubectl:
    return PaperKubectl(tmp_path_factory.mktemp("cluster"))


@pytest.fixture(scope="module")
def responder(tmp_path_factory: pytest.TempPathFactory, kubectl: PaperKubectl) -> "Iterator[ResponderSite]":
    from support.responder_in_thread import responder_in_thread

    hostile = "<script>alert(1)</script>" + "W" * 300
    given = {"kubectl": str(kubectl.program), "ramp_smoke": f"echo '{hostile}'", "ramp_load": "echo verdict: passed"}
    with responder_in_thread(tmp_path_factory.mktemp("responder"), insecure_local=True, **given) as process:
        yield process


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    assert "<Macro" not in page.inner_text("body"), page.url


def steps(api: Any, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/v1/incidents/{name}/ramp").raise_for_status().json()["steps"]
    return found


@pytest.mark.parametrize("window", [{}, PHONE | {"java_script_enabled": False}], ids=["wide", "phone without scripts"])
def test_it_is_looked_at_begun_followed_and_put_back(
    open_page: Any, api: Any, incident: Any, kubectl: PaperKubectl, window: dict[str, Any]
) -> None:
    kubectl.replicas, name = 1, incident()
    page = open_page(f"/incidents/{name}", **window)
    page.get_by_role("link", name="See what it would do").click()
    expect(page.get_by_text("--current-replicas=1 --replicas=3")).to_be_visible()
    fits(page)
    assert kubectl.replicas == 1
    page.get_by_role("button", name="Begin").click()
    wait_until(lambda: steps(api, name)[3]["state"] == "under way", "the soak's begin")
    page.goto(f"/incidents/{name}?still")
    card = page.get_by_role("region", name="The way back")
    expect(card.get_by_text("verdict: passed")).to_be_visible()
    expect(card.locator("[aria-current=step]")).to_contain_text("15m soak")
    assert page.locator("script:not([src])").count() == 0
    fits(page)
    card.get_by_role("button", name="Pause").click()
    page.goto(f"/incidents/{name}?still")
    page.locator("#do-resolve summary").click()
    expect(page.locator("#do-resolve")).to_contain_text("Its way back goes on")
    page.get_by_role("button", name="Resolved").click()
    expect(page.locator("#do-resolve")).to_contain_text("cannot be resolved while its ramp goes on")
    fits(page)
    page.goto(f"/incidents/{name}/ramp")
    expect(page.get_by_text("paused", exact=True)).to_be_visible()
    page.get_by_text("Put back what it set").click()
    page.get_by_role("button", name="Put it back").click()
    expect(page.get_by_role("alert").first).to_contain_text("has to be said twice")
    assert kubectl.replicas == 3
    fits(page)
    for box in page.locator("#rollback input[type=checkbox]").all():
        box.check()
    page.get_by_role("button", name="Put it back").click()
    wait_until(lambda: kubectl.replicas == 1, "what it set to be put back")
    wait_until(lambda: api.get(f"/v1/incidents/{name}/ramp").json()["state"] == "went back", "its end")
    page.goto(f"/incidents/{name}?still")
    expect(page.get_by_role("region", name="The way back").get_by_text("went back")).to_be_visible()


def test_where_it_would_not_begin_there_is_no_button(open_page: Any, incident: Any, kubectl: PaperKubectl) -> None:
    kubectl.replicas = 4
    page = open_page(f"/incidents/{incident()}/ramp")
    expect(page.get_by_text("there are 4 replicas, and 3 would be fewer")).to_be_visible()
    assert page.get_by_role("button", name="Begin").count() == 0
    kubectl.program.chmod(0o644)
    try:
        page.reload()
        expect(page.get_by_text("kubectl cannot be run")).to_be_visible()
    finally:
        kubectl.program.chmod(0o755)


def test_a_second_tap_does_one_thing(open_page: Any, api: Any, incident: Any, kubectl: PaperKubectl) -> None:
    kubectl.replicas, name = 1, incident()
    api.post(f"/v1/incidents/{name}/ramp", json={}).raise_for_status()
    page = open_page(f"/incidents/{name}?still")
    page.get_by_role("region", name="The way back").get_by_role("button", name="Abort").dblclick()
    wait_until(lambda: api.get(f"/v1/incidents/{name}/ramp").json()["state"] == "aborted", "its end")
    page.wait_for_load_state("networkidle")
    told = [one["kind"] for one in api.get(f"/v1/incidents/{name}").json()["timeline"]]
    assert told.count("ramp aborted") == 1
