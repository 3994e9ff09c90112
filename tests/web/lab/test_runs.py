"""Runs: started on a page, followed while a real worker computes them, looked at when they have ended."""

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import xarray as xr
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from support.service import RunningService

PATIENCE = 60_000


@pytest.fixture(scope="module", autouse=True)
def worker(service: "RunningService", tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A worker process."""
    from support.worker import running_worker

    with running_worker(service.database.url, tmp_path_factory.mktemp("worker")):
        yield


def start(page: Page, **wanted: str) -> None:
    """Fill in the form and send it."""
    for field, value in wanted.items():
        control = page.locator(f"form[action='/runs'] [name={field}]")
        (control.select_option if field == "experiment" else control.fill)(value)
    page.get_by_role("button", name="Start the run").click()


def test_a_run_is_followed_to_its_end_and_its_pictures(open_page: Any) -> None:
    page = open_page("/")
    start(page, name="<b>Maze</b>", num_agents="50", num_steps="4", seed="1")
    page.wait_for_url("**/runs/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("<b>Maze</b>")
    expect(page.locator("#progress-title")).to_have_text("Succeeded", timeout=PATIENCE)
    expect(page.locator("#summary-title + p")).to_contain_text("50 agents lived one episode of 4 steps")
    pictures = page.locator("section#pictures img")
    expect(pictures.first).to_be_visible(timeout=PATIENCE)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") > 100
        assert picture.get_attribute("alt")
    one = page.request.get(pictures.first.get_attribute("src") or "")
    assert one.headers["content-type"] == "image/svg+xml"
    assert "script-src" not in one.headers["content-security-policy"]  # none is allowed at all
    assert "default-src 'none'" in one.headers["content-security-policy"]
    trace = xr.open_dataset(io.BytesIO(page.request.get(f"{page.url}/trace.nc").body()), engine="h5netcdf")
    assert dict(trace.sizes)["agent"] == 50
    assert page.request.get(f"{page.url}/experiment.json").json()["agents"] == 50
    page.goto(page.url)
    page.get_by_text("Delete…").click()
    page.get_by_role("button", name=re.compile("^Delete")).click()
    expect(page.get_by_role("heading", name="Laboratory")).to_be_visible()


def test_a_run_shows_its_progress_and_is_cancelled(open_page: Any) -> None:
    page = open_page("/")
    start(page, experiment="grid_world", num_agents="20000", num_steps="200")
    page.wait_for_url("**/runs/*")
    expect(page.locator("#progress-title")).to_have_text("Running", timeout=PATIENCE)
    expect(page.locator("#steps-done")).not_to_have_text("0", timeout=PATIENCE)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#progress-title")).to_have_text("Cancelled")
    refused = page.request.get(f"{page.url}/trace.nc", headers={"Accept": "text/html"})
    assert refused.status == 409
    assert "was cancelled, and has no result" in refused.text()


def test_what_no_worker_takes_is_refused_beside_its_field(open_page: Any) -> None:
    page = open_page("/")
    start(page, num_agents="many", num_steps="3")
    expect(page.locator("#num-agents-mistake")).to_have_text("many: expected a whole number")
    expect(page.locator("#num-steps")).to_have_value("3")
    start(page, num_agents="1000000000", num_steps="1000")
    expect(page.locator("#num-agents-mistake, #experiment-mistake")).to_be_visible()


def test_another_workspace_has_no_run_of_this_one(service: "RunningService", open_page: Any) -> None:
    with service.client() as api:
        wanted = {"experiment": "tmaze", "num_agents": 10, "num_steps": 2}
        made = api.post("/v1/simulations", json=wanted).raise_for_status().json()
    page = open_page("/", key=service.new_key("admin", workspace="next door"))
    for path in ("", "/events", "/pictures", "/trace.nc", "/experiment.json", "/pictures/actions.svg"):
        assert page.request.get(f"/runs/{made['id']}{path}").status == 404
