"""What the public is told, from the page of an incident: previewed, published, withheld, without a script as well."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import expect


def public(api: httpx.Client, name: str) -> dict[str, Any]:
    document: dict[str, Any] = api.get(f"/v1/incidents/{name}").json()["public"]
    return document


@pytest.mark.parametrize("scripts", [True, False])
def test_it_is_previewed_and_then_published(open_page: Any, api: httpx.Client, incident: Any, scripts: bool) -> None:
    name = incident(severity="P2", component="api")
    page = open_page(f"/incidents/{name}?still", java_script_enabled=scripts)
    card = page.locator("#public")
    expect(card).to_contain_text("Told by itself at")
    expect(card).to_contain_text("We are looking into problems with Inference API.")
    card.locator("summary", has_text="Publish").click()
    card.get_by_label("What users should know").fill("Some <b>wait</b>.")
    card.get_by_label("Impact").select_option("partial outage")
    card.get_by_role("button", name="Preview").click()
    expect(card.get_by_role("status")).to_contain_text("Nothing is published yet")
    expect(card.locator(".told")).to_contain_text("investigating, partial outage, of api")
    expect(card.locator(".told")).to_contain_text("Some <b>wait</b>.")
    assert public(api, name)["notice"] is None
    card.get_by_role("button", name="Publish").click()
    expect(card).to_contain_text("on the status page")
    (update,) = public(api, name)["notice"]["updates"]
    assert (update["text"], update["by"]) == ("Some <b>wait</b>.", "ada")


def test_what_is_refused_stays_in_the_form_with_why(open_page: Any, api: httpx.Client, incident: Any) -> None:
    name = incident(severity="P2", component="api")
    page = open_page(f"/incidents/{name}?still")
    card = page.locator("#public")
    card.locator("summary", has_text="Publish").click()
    card.get_by_label("What users should know").fill("Some wait.")
    card.get_by_label("Components").fill("Database")
    for button in ("Preview", "Publish"):
        card.get_by_role("button", name=button).click()
        expect(card.get_by_role("alert").first).to_contain_text("'Database', which users do not know")
        expect(card.get_by_label("What users should know")).to_have_value("Some wait.")
    assert public(api, name)["notice"] is None


def test_it_is_withheld_with_a_reason(open_page: Any, api: httpx.Client, incident: Any) -> None:
    name = incident(severity="P2", component="api")
    page = open_page(f"/incidents/{name}?still")
    card = page.locator("#public")
    card.locator("summary", has_text="Withhold").click()
    card.get_by_label("Why the public is not told").fill("one customer, who was called")
    card.get_by_role("button", name="Withhold it").click()
    expect(card).to_contain_text("Withheld by ada: one customer, who was called")
    assert public(api, name)["withheld"]["by"] == "ada"
