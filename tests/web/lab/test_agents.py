"""The page of an agent, in a real browser."""

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from support.service import RunningService


def beliefs(page: Page) -> dict[str, str]:
    """`factor.state` → what the page says of its probability."""
    said = {}
    for table in page.locator("table.beliefs").all():
        factor = table.locator("caption").inner_text().split(":")[0].strip()
        for row in table.locator("tbody tr").all():
            said[f"{factor}.{row.locator('th').inner_text()}"] = row.locator("td.number").inner_text()
    return said


def test_an_agent_is_made_and_stepped_with_the_keyboard_alone(open_page: Any) -> None:
    page = open_page("/")
    page.focus("#model")
    page.keyboard.type("tmaze")
    page.keyboard.press("Tab")
    page.keyboard.type("Explorer")
    page.keyboard.press("Enter")
    page.wait_for_url("**/agents/*")
    expect(page.get_by_role("heading", name="Explorer")).to_be_visible()
    assert page.evaluate("document.activeElement.name") == "o0"  # where = centre is what it expects
    page.keyboard.press("Enter")
    expect(page.locator("#outcome-title")).to_contain_text("It chose cue")
    assert beliefs(page)["context.left"] == "50.0%"
    page.keyboard.type("221")  # where cue, cue left, outcome none
    page.keyboard.press("Enter")
    expect(page.locator("#outcome-title")).to_contain_text("It chose left")
    assert beliefs(page)["context.left"] == "95.0%"
    why = page.locator("#why")
    expect(why).to_contain_text("The best policy that starts so")
    expect(why.locator(".causes")).to_contain_text("risk of outcome, next step")
    expect(page.locator("#told")).to_contain_text("context: left 95.0%")


def test_the_numbers_of_the_reasons_add_up_to_those_of_the_api(service: "RunningService", agent_page: Page) -> None:
    agent_page.keyboard.press("Enter")
    agent_page.wait_for_selector("#why")
    with service.client() as api:
        step = api.get(f"/v1{agent_page.url.removeprefix(service.url)}/steps/0").raise_for_status().json()
    row = agent_page.locator("table.policies tbody tr").first
    q, G, *terms = [cell.inner_text() for cell in row.locator("td.number").all()]
    assert float(G) == round(min(step["G"]), 3)
    assert q == f"{max(step['q_pi']):.1%}"
    assert abs(sum(map(float, terms)) - float(G)) < 0.002
    differences = [
        float(cell.replace("−", "-")) for cell in agent_page.locator("table.causes td.number").all_inner_texts()
    ]
    assert abs(sum(differences[:-1]) - differences[-1]) < 0.002


def test_the_world_answers_as_often_as_space_is_pressed(agent_page: Page) -> None:
    agent_page.focus("#world-button")
    for number in range(1, 5):
        agent_page.keyboard.press("Space")
        expect(agent_page.locator("#observe-title")).to_contain_text(f"Step {number}")
    assert agent_page.locator("#strip a").count() == 4


def test_an_earlier_step_is_shown_when_it_is_asked_for(service: "RunningService", agent_page: Page) -> None:
    for _ in range(2):
        agent_page.keyboard.press("w")
        agent_page.wait_for_function("n => document.querySelectorAll('#strip a').length > n", arg=_)
    agent_page.locator("#strip a").nth(1).focus()
    agent_page.keyboard.press("ArrowLeft")
    agent_page.keyboard.press("Enter")
    agent_page.wait_for_url("**?step=0")
    expect(agent_page.locator("#strip [aria-current]")).to_contain_text("0 cue")
    expect(agent_page.locator(".outcome")).to_contain_text("0 of 1")
    reply = agent_page.request.get(agent_page.get_by_text("This step as JSON").get_attribute("href") or "")
    assert reply.json()["step"] == 0
    assert reply.json()["observation"] == {"where": "centre", "cue": "none", "outcome": "none"}


def test_what_is_impossible_is_said_and_changes_nothing(agent_page: Page) -> None:
    agent_page.keyboard.type("4")
    agent_page.keyboard.press("Enter")
    expect(agent_page.locator("#step-problem")).to_contain_text("is impossible")
    expect(agent_page.locator("#observe-title")).to_contain_text("Step 0")
    agent_page.keyboard.press("Shift+Tab")
    agent_page.keyboard.type("1")
    agent_page.keyboard.press("Enter")
    expect(agent_page.locator("#observe-title")).to_contain_text("Step 1")


def test_a_page_that_is_outdated_takes_no_second_step(service: "RunningService", agent_page: Page) -> None:
    with service.client() as api:
        steps = f"/v1{agent_page.url.removeprefix(service.url)}/steps"
        api.post(steps, json={"observation": {"where": "centre"}}).raise_for_status()
    agent_page.keyboard.press("Enter")
    expect(agent_page.locator("#step-problem")).to_contain_text("step 1 comes next")
    agent_page.reload()
    expect(agent_page.locator("#why")).to_contain_text("The best policy that starts so")


@pytest.mark.parametrize("button", ["hand", "world"])
def test_a_form_that_is_sent_again_takes_one_step_and_shows_it(service: "RunningService", button: str) -> None:
    with httpx.Client(base_url=service.url, headers={"Origin": service.url}) as client, service.client() as api:
        client.post("/sign-in", data={"key": service.key})
        made = api.post("/v1/agents", json={"model": "tmaze", "observation": {"where": "centre"}}).json()
        page = client.get(f"/agents/{made['id']}").text
        key = re.search('name="key" value="([^"]+)"', page)
        assert key is not None
        form = {"step": "1", "key": key[1], "by": button, "o0": "", "o1": "", "o2": "", "e0": "1"}
        for _ in range(3):
            reply = client.post(f"/agents/{made['id']}/steps", data=form, headers={"X-Part": "1"})
            assert reply.status_code == 200
            assert 'name="step" value="2"' in reply.text
            assert key[1] not in reply.text
        without_number = {name: value for name, value in form.items() if name != "step"}
        client.post(f"/agents/{made['id']}/steps", data=without_number)
        assert len(api.get(f"/v1/agents/{made['id']}/steps").json()["items"]) == 2


def test_what_was_executed_can_differ_from_what_was_chosen(agent_page: Page) -> None:
    agent_page.keyboard.press("Enter")
    agent_page.wait_for_selector("#why")
    agent_page.locator("details.executed summary").click()
    agent_page.select_option("#e0", label="right")
    agent_page.get_by_role("group", name="where").get_by_label("right").check()
    agent_page.get_by_role("group", name="cue").get_by_label("none").check()
    agent_page.get_by_role("group", name="outcome").get_by_label("missing").check()
    agent_page.click("#step-button")
    expect(agent_page.locator(".outcome")).to_contain_text("Before that it was made to do right")
    assert beliefs(agent_page)["location.right"] == "100%"


def test_the_next_episode_and_the_end(service: "RunningService", agent_page: Page) -> None:
    there = agent_page.url
    agent_page.keyboard.press("Enter")
    agent_page.wait_for_selector("#why")
    agent_page.get_by_role("button", name="Begin the next episode").click()
    expect(agent_page.locator("#observe-title")).to_contain_text("episode 1, its start")
    agent_page.get_by_text("Delete…").click()
    agent_page.get_by_role("button", name="Delete Ada").click()
    agent_page.wait_for_url(re.compile(r"/$"))
    identity = there.removeprefix(service.url)
    assert agent_page.locator(f"a[href='{identity}']").count() == 0


def test_everything_works_without_a_script(service: "RunningService", agent_page: Page, open_page: Any) -> None:
    page = open_page(agent_page.url.removeprefix(service.url), java_script_enabled=False)
    page.click("#step-button")
    expect(page.locator("#outcome-title")).to_contain_text("It chose cue")


def test_names_are_text_and_never_markup(service: "RunningService", open_page: Any) -> None:
    script, image = "</script><script>window.hurt=1</script>", '"><img src=x onerror="window.hurt=1">'
    model = {
        "actinf": 1,
        "kind": "model",
        "name": script,
        "factors": {image: [image, "b"]},
        "modalities": {image: [image, "</option></select><script>window.hurt=1</script>"]},
        "controls": {image: [image, "'"]},
        "A": {image: [[0.9, 0.2], [0.1, 0.8]]},
        "B": {image: "uniform"},
    }
    with service.client() as api:
        wanted = {"model": model, "name": image}
        made = api.post("/v1/agents", json=wanted).raise_for_status().json()
    page = open_page(f"/agents/{made['id']}")
    expect(page.get_by_role("heading", name=image)).to_be_visible()
    page.click("#step-button")
    page.wait_for_selector("#why")
    assert page.locator("#agent img").count() == 0
    assert image in page.locator("table.beliefs").inner_text()
    page.goto("/")
    expect(page.get_by_role("link", name=image)).to_be_visible()
    expect(page.locator("table.list")).to_contain_text(script)
    assert page.evaluate("window.hurt") is None


def test_where_there_are_many_outcomes_a_list_is_chosen_from_and_enter_steps(
    service: "RunningService", open_page: Any
) -> None:
    with service.client() as api:
        made = api.post("/v1/agents", json={"model": "grid_world"}).raise_for_status().json()
    page = open_page(f"/agents/{made['id']}")
    assert page.evaluate("document.activeElement.id") == "step-button"
    page.keyboard.press("Enter")
    expect(page.locator("#observe-title")).to_contain_text("Step 1")
    page.focus("#o0")
    page.keyboard.press("Enter")
    expect(page.locator("#observe-title")).to_contain_text("Step 2")
    rows = page.locator("table.beliefs tbody tr")
    assert 1 < rows.count() < 11  # not all of a hundred
    expect(rows.last).to_contain_text("others")


@pytest.mark.parametrize("field", ["name", "model", "experiment", "seed"])
def test_a_text_that_no_database_keeps_is_refused_beside_its_field(service: "RunningService", field: str) -> None:
    with httpx.Client(base_url=service.url, headers={"Origin": service.url}) as client:
        client.post("/sign-in", data={"key": service.key})
        for path in {"model": ["/agents"], "experiment": ["/runs"]}.get(field, ["/agents", "/runs"]):
            form = {"model": "tmaze", "experiment": "tmaze", field: "a\0b"}
            reply = client.post(path, data=form, headers={"Accept": "text/html"})
            assert reply.status_code == 422
            assert "it holds the character NUL" in reply.text
