"""What holds for every page: it fits a phone, its fields have names, and its problems are pages too."""

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from support.service import RunningService

NAMELESS = """[...document.querySelectorAll('main input:not([type=hidden]), main select, main button')]
    .filter((one) => !(one.labels?.length || one.textContent.trim() || one.getAttribute('aria-label')))
    .map((one) => one.outerHTML)"""


def check(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    assert page.evaluate(NAMELESS) == []
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_every_page_fits_a_phone(service: "RunningService", open_page: Any, agent_page: Page, colours: str) -> None:
    agent_page.keyboard.press("Enter")
    agent_page.wait_for_selector("#why")
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": colours}
    page = open_page("/sign-in", key=None, **phone)
    check(page)
    page.fill("#key", service.key)
    page.press("#key", "Enter")
    page.wait_for_url(service.url + "/")
    check(page)
    for path in (agent_page.url, "/nothing"):
        page.goto(path)
        check(page)


def test_what_is_not_there_is_a_page_for_people_and_a_problem_for_programs(open_page: Any) -> None:
    page = open_page("/")
    assert page.goto("/agents/not-an-agent").status == 422
    assert page.goto("/nothing").status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    assert page.request.get("/nothing", headers={"Accept": "application/json"}).json()["status"] == 404
    assert page.request.get("/v1/nothing", headers={"Accept": "text/html"}).json()["status"] == 404


def test_a_mistake_stands_beside_its_field_and_what_was_filled_in_stays(open_page: Any) -> None:
    page = open_page("/")
    page.fill("#name", "Careful")
    page.fill("#horizon", "0")
    page.get_by_text("Precision, learning, seed").click()
    page.fill("#alpha", "-1")
    page.keyboard.press("Enter")
    expect(page.locator("#alpha-mistake")).to_be_visible()
    page.fill("#alpha", "")
    page.keyboard.press("Enter")
    expect(page.locator("#horizon-mistake")).to_contain_text("horizon")
    expect(page.locator("#name")).to_have_value("Careful")
    page.fill("#horizon", "30")
    page.keyboard.press("Enter")
    expect(page.locator("#horizon-mistake")).to_contain_text("policies")
    page.fill("#horizon", "1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/agents/*")
