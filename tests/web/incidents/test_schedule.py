"""Writing the schedule on its page: mistakes at their lines, what would hold, and only then saved."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import expect
from support.duties import EXAMPLE

from actinf.errors import SettingError
from actinf.responder.oncall.rotation import Schedule
from actinf.web.incidents.schedule import mistakes_in

if TYPE_CHECKING:
    from support.responder_site import ResponderSite

TEXT = """\
zone: Europe/Berlin
people:
  ada: {name: Ada Lovelace, role: DevOps Engineer, chat_id: U1}
levels:
- {members: [ada, zoe]}
"""


@pytest.fixture(autouse=True)
def as_before(responder: "ResponderSite") -> None:
    responder.set_schedule(EXAMPLE)


def members(api: httpx.Client) -> Any:
    return api.get("/v1/schedule").json()["schedule"]["levels"][0]["members"]


def test_a_mistake_is_shown_at_its_line_and_what_was_written_stays(open_page: Any, api: httpx.Client) -> None:
    page = open_page("/oncall/schedule")
    page.fill("#text", TEXT)
    page.get_by_role("button", name="Check it").click()
    told = page.get_by_role("alert")
    expect(told).to_contain_text("is 'zoe': expected somebody who stands in people")
    expect(told.locator(".quoted").first).to_contain_text("- {members: [ada, zoe]}")
    expect(page.locator("#text")).to_have_value(TEXT)
    told.get_by_role("link", name="Line 5").first.click()
    chosen = "(() => { const t = document.activeElement; return t.value.slice(t.selectionStart, t.selectionEnd) })()"
    assert page.evaluate(chosen) == "- {members: [ada, zoe]}"
    assert members(api) == ["ada", "bob", "cyd"]


@pytest.mark.parametrize("scripts", [True, False])
def test_it_is_checked_first_and_saved_then(open_page: Any, api: httpx.Client, scripts: bool) -> None:
    page = open_page("/oncall", java_script_enabled=scripts)
    page.get_by_role("link", name="Change the schedule").click()
    page.fill("#text", page.input_value("#text").replace("[ada, bob, cyd]", "[cyd, ada, bob]"))
    page.get_by_role("button", name="Check it").click()
    expect(page.locator("#preview")).to_contain_text("in the place of")
    expect(page.locator("#preview .shifts").first).to_be_visible()
    assert members(api) == ["ada", "bob", "cyd"]
    page.get_by_role("button", name="Save it").click()
    page.wait_for_url("**/oncall")
    assert members(api) == ["cyd", "ada", "bob"]


def test_one_by_which_a_page_could_reach_nobody_wants_to_be_saved_anyway(open_page: Any, api: httpx.Client) -> None:
    page = open_page("/oncall/schedule")
    page.fill("#text", TEXT.replace(", chat_id: U1", "").replace(", zoe", ""))
    page.get_by_role("button", name="Check it").click()
    expect(page.locator("#preview")).to_contain_text("cannot be reached")
    page.evaluate("document.querySelector('[name=anyway]').required = false")
    page.get_by_role("button", name="Save it").click()
    expect(page.get_by_role("alert")).to_contain_text("It was not saved: a page could reach nobody")
    assert members(api) == ["ada", "bob", "cyd"]
    page.check("[name=anyway]")
    page.get_by_role("button", name="Save it").click()
    page.wait_for_url("**/oncall")
    assert members(api) == ["ada"]


def test_an_exception_that_is_made_meanwhile_goes_on_and_another_schedule_is_not_overwritten(
    open_page: Any, api: httpx.Client, responder: "ResponderSite"
) -> None:
    page = open_page("/oncall/schedule")
    page.fill("#text", page.input_value("#text").replace("[ada, bob, cyd]", "[cyd, ada, bob]"))
    page.get_by_role("button", name="Check it").click()
    api.post("/v1/schedule/take", json={"level": 3, "who": "fay"}).raise_for_status()
    page.get_by_role("button", name="Save it").click()
    page.wait_for_url("**/oncall")
    assert [one["who"] for one in api.get("/v1/schedule").json()["schedule"]["overrides"]] == ["fay"]
    page.goto("/oncall/schedule")
    page.get_by_role("button", name="Check it").click()
    responder.set_schedule(EXAMPLE)
    page.get_by_role("button", name="Save it").click()
    expect(page.get_by_role("alert")).to_contain_text("somebody else has set a schedule meanwhile")
    expect(page.get_by_role("link", name="Show theirs")).to_be_visible()
    assert members(api) == ["ada", "bob", "cyd"]


def test_what_is_no_text_of_a_schedule_is_told_with_its_line() -> None:
    def told(text: str) -> list[tuple[int | None, str]]:
        with pytest.raises(SettingError) as refused:
            Schedule.from_text(text, "line")
        return [(one.line, one.quoted) for one in mistakes_in(refused.value, text)]

    assert told("zone: UTC\nlevels: [}") == [(2, "levels: [}")]
    assert told("a: &x b\n") == [(1, "a: &x b")]
    assert told("x" * 2_000_000) == [(None, "")]
    assert told("- 1\n") == [(1, "- 1")]
