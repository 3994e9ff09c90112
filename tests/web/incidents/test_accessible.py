"""Who sees badly, or has no mouse: contrast (WCAG 2.2, AA), headings in their order, a way through by Tab."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.legible import FOCUSED, OPERABLE, SKIPPED, WEAK
from support.responder_process import alert, message

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from support.responder_site import ResponderSite


@pytest.fixture(scope="module")
def paths(responder: "ResponderSite") -> list[str]:
    """Of every page, with each colour on it that one can have: all severities, clocks, checks, mistakes of channels."""
    with httpx.Client(base_url=responder.url, headers={"X-Actinf-User": "ada"}, timeout=30) as api:

        def done(path: str, **body: Any) -> Any:
            return api.post(f"/v1/{path}", json=body).raise_for_status().json()

        opened = [
            done("incidents", component=f"Part {level}", impact="Requests fail", severity=level, detected_at=at)["id"]
            for level, at in (("P0", None), ("P1", "2026-01-05T00:00:00Z"), ("P2", None), ("P3", None), ("P1", None))
        ]
        live, _, _, _, over = (f"incidents/{name}" for name in opened)
        done(f"{live}/note", text="seen")
        done(f"{live}/check", item="alerts", passed=True, found="none fires")
        done(f"{live}/check", item="stable", passed=False, found="it is not")
        done(f"{over}/ack")
        done(f"{over}/resolve", how="rolled back")
        done("silences", matchers=["component=Disk"], minutes=60, reason="new disks")
        api.post("/hooks/alertmanager", content=message(alert("Burning", severity="page"))).raise_for_status()
        found = [
            {"ruleId": level, "level": level, "message": {"text": "It is"}} for level in ("error", "warning", "note")
        ]
        scan = {"tool": {"driver": {"name": "Trivy"}}, "results": found}
        api.post("/v1/scans?target=shop", json={"version": "2.1.0", "runs": [scan]}).raise_for_status()
    own = [
        "/",
        "/oncall",
        "/oncall/schedule",
        "/silences",
        "/findings",
        "/incidents/new",
        "/accounts",
        "/me",
        "/nothing",
    ]
    parts = [f"/{live}", f"/{over}", f"/{over}/post-mortem", f"/{over}/erase", "/runbooks/api-down"]
    return own + parts


def unfold(page: "Page") -> None:
    """Show what is folded."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.setAttribute('open', ''))")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nothing_is_too_weak_to_be_read_and_no_heading_leaves_a_level_out(
    open_page: Any, paths: list[str], colours: Any
) -> None:
    page = open_page("/", color_scheme=colours)
    found = {}
    for path in paths:
        page.goto(path)
        unfold(page)
        found[path] = page.evaluate(WEAK) + page.evaluate(SKIPPED)
    assert {path: weak for path, weak in found.items() if weak} == {}


def test_tab_reaches_all_that_a_mouse_does_in_its_order_and_is_seen(open_page: Any, paths: list[str]) -> None:
    page = open_page("/")
    # What is walked through is not renewed meanwhile.
    page.add_init_script("window.fetch = () => new Promise(() => {})")
    for path in paths:
        page.goto(path)
        unfold(page)
        expected = page.evaluate(OPERABLE)
        reached: list[str] = []
        for _ in range(8 * len(expected)):  # a field of a moment has a stop for each of its parts
            page.keyboard.press("Tab")
            at, what, seen = page.evaluate(FOCUSED)
            if at is not None and reached[-1:] != [at]:  # what can be scrolled is a stop as well
                assert seen, f"{path}: the focus is not seen on {what}"
                reached.append(at)
            if at == expected[-1]:
                break
        assert reached == expected, path


def test_the_ways_through_the_pages_are_whole_on_a_phone(open_page: Any) -> None:
    page = open_page("/", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    ends = page.locator("nav.ways a").evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
    assert len(ends) == 5
    assert max(ends) <= 390 - 8
