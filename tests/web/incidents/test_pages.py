"""What holds for every page: it fits a phone, its fields have names, and what strangers wrote is text."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from support.responder_process import alert, message

if TYPE_CHECKING:
    from support.responder_site import ResponderSite

NAMELESS = """[...document.querySelectorAll('main input:not([type=hidden]), main select, main textarea, main button')]
    .filter((one) => !(one.labels?.length || one.textContent.trim() || one.getAttribute('aria-label')))
    .map((one) => one.outerHTML)"""
SMALL = """[...document.querySelectorAll('main button, main a.button, nav a')]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 40)
    .map((one) => one.outerHTML)"""
TWICE = (
    """[...document.querySelectorAll('[id]')].map((one) => one.id).filter((one, at, all) => all.indexOf(one) < at)"""
)

#: Marks that turn the direction of writing, a terminal's sequence, markup, a script, a word without an end.
HOSTILE = (
    "<script>alert(1)</script>\u202egnp.exe\u202c \x1b[31mred\x1b[0m {{ 7 * 7 }} <!channel> @everyone " + "W" * 400
)


def check(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(SMALL) == []
    assert page.evaluate(TWICE) == []
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_every_page_fits_a_phone(
    responder: "ResponderSite", open_page: Any, incident: Any, api: httpx.Client, colours: str
) -> None:
    name = incident(impact="W" * 300, component="C" * 200)
    for verb, body in (("ack", {}), ("note", {"text": "N" * 300}), ("resolve", {"how": "H" * 300})):
        api.post(f"/v1/incidents/{name}/{verb}", json=body).raise_for_status()
    due = {"text": "T" * 300, "owner": "bob", "due": "2099-01-01T00:00:00Z"}
    api.post(f"/v1/incidents/{name}/action", json=due).raise_for_status()
    api.post(f"/v1/incidents/{name}/evidence", params={"name": "E" * 110, "source": "S" * 300}, content=b"x")
    other = incident(component="D" * 200)
    found = {"ruleId": "R" * 200, "message": {"text": "M" * 300}, "level": "note"}
    scan = {"tool": {"driver": {"name": "T" * 150}}, "results": [found]}
    api.post(f"/v1/scans?target={'G' * 150}", json={"version": "2.1.0", "runs": [scan]}).raise_for_status()
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": colours}
    page = open_page("/login", as_whom=None, **phone)
    check(page)
    page.fill("#handle", "ada")
    page.press("#handle", "Enter")
    page.wait_for_url(responder.url + "/")
    check(page)
    paths = (name, other, "new", f"{name}/post-mortem", f"{name}/erase")
    others = (
        "/oncall",
        "/silences",
        "/findings",
        "/oncall/schedule",
        "/accounts",
        "/me",
        "/runbooks/api-down",
        "/nothing",
    )
    for path in (*(f"/incidents/{one}" for one in paths), *others):
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => one.setAttribute('open', ''))")
        check(page)


def test_what_strangers_wrote_is_text(open_page: Any, api: httpx.Client) -> None:
    told = alert("Hostile", severity="page", component=HOSTILE)
    told["annotations"] = {"summary": HOSTILE}
    told["generatorURL"] = "javascript:alert(1)"
    api.post("/hooks/alertmanager", content=message(told)).raise_for_status()
    page = open_page("/", viewport={"width": 390, "height": 844})
    card = page.get_by_role("article").filter(has_text="<script>alert(1)</script>")
    expect(card.first).to_be_visible()
    card.get_by_role("link").first.click()
    page.wait_for_url("**/incidents/*")
    words = page.locator("main").inner_text()
    assert "<script>alert(1)</script>" in words
    assert "{{ 7 * 7 }}" in words
    assert not {"\u202e", "\u202c", "\x1b"} & set(words)
    assert page.locator("main script, a[href^='javascript']").count() == 0
    check(page)


def test_what_is_not_there_is_a_page_for_people_and_a_problem_for_programs(open_page: Any) -> None:
    page = open_page("/")
    assert page.goto("/incidents/2001-01-01-001").status == 404
    assert page.goto("/runbooks/..%2Fhowto").status == 404
    assert page.goto("/nothing").status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    assert page.request.get("/nothing", headers={"Accept": "application/json"}).json()["status"] == 404


def test_an_incident_is_opened_by_hand(open_page: Any) -> None:
    page = open_page("/incidents/new")
    page.fill("#component", "Billing")
    page.fill("#impact", "Invoices are wrong")
    page.fill("#degradation", "a lot")
    page.get_by_role("button", name="Open the incident").click()
    expect(page.locator("#degradation-mistake")).to_contain_text("expected a number")
    expect(page.locator("#impact")).to_have_value("Invoices are wrong")
    page.fill("#degradation", "55")
    page.get_by_role("button", name="Open the incident").click()
    page.wait_for_url("**/incidents/2*")
    expect(page.locator("#now")).to_contain_text("P1 high")
    expect(page.locator("#about")).to_contain_text("55 %")


def test_of_many_exceptions_the_next_are_shown_and_the_others_folded(open_page: Any, api: httpx.Client) -> None:
    for day in range(10, 17):
        until = f"2099-01-{day + 1}T10:00:00Z"
        wanted = {"level": 1, "who": "ada", "since": f"2099-01-{day}T10:00:00Z", "until": until}
        api.post("/v1/schedule/override", json=wanted).raise_for_status()
    aside = open_page("/oncall").locator("aside")
    expect(aside.get_by_role("button", name="End it")).to_have_count(5)
    aside.get_by_text("2 later").click()
    expect(aside.get_by_role("button", name="End it")).to_have_count(7)
    for one in api.get("/v1/schedule").json()["schedule"]["overrides"]:
        api.post("/v1/schedule/cancel", json={"number": one["number"]}).raise_for_status()


def test_a_shift_is_taken_over_and_somebody_stands_in(open_page: Any, api: httpx.Client) -> None:
    page = open_page("/oncall")
    page.get_by_role("button", name="Take over now as Level 3").click()
    assert api.get("/v1/oncall").json()["posts"][2]["person"]["handle"] == "ada"
    expect(page.locator("aside")).to_contain_text("Ada Lovelace as level 3")
    page.get_by_role("button", name="End it").click()
    expect(page.locator("aside")).to_contain_text("None.")
    page.get_by_text("Somebody stands in").click()
    page.select_option("#override-who", "bob")
    page.fill("#override-until", "2001-01-01T10:00")
    page.get_by_role("button", name="Let them stand in").click()
    expect(page.get_by_role("alert")).to_contain_text("which is past")
    expect(page.locator("#override-who")).to_have_value("bob")


def test_the_console_loads_neither_the_engine_nor_a_database(fresh_python: Any) -> None:
    """The process that pages people lives in little memory, beside whatever has gone wrong."""
    done = fresh_python(
        "import sys\n"
        "from actinf.web.incidents import console\n"
        "print([name for name in ('numba', 'numpy', 'sqlalchemy', 'psycopg', 'redis') if name in sys.modules])"
    )
    assert done.stdout.strip() == "[]"
