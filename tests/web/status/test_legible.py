"""The status page in a browser: nothing runs or comes from elsewhere, and everybody can read it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from mimetypes import guess_type
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from support.legible import FOCUSED, OPERABLE, SKIPPED, WEAK
from support.status_page import calm, empty, hostile, large, troubled

from actinf.web.status import render, subscription_pages
from actinf.web.status.pages import STYLE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

SITE = "http://status.test"
PATHS = [
    "/sites/calm/index.html",
    "/sites/troubled/index.html",
    "/sites/troubled/incidents/2026-11-27-001.html",
    "/sites/troubled/maintenance/maintenance-3.html",
    "/sites/hostile/index.html",
    "/sites/large/history.html",
    "/sites/empty/index.html",
    "/sites/empty/404.html",
    "/sites/calm/confirm",
    "/sites/calm/leave",
    "/sites/calm/wrong",
]

#: What is drawn in a colour that is below 3 to 1 against the card it lies on, as `2.10 path.degraded`.
FAINT = """() => {
  const bright = text => text.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
    .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [.2126, .7152, .0722][at], 0)
  const behind = bright(getComputedStyle(document.querySelector('.components')).backgroundColor)
  const ratio = one => { const [low, high] = [bright(getComputedStyle(one).fill), behind].sort((x, y) => x - y)
    return (high + .05) / (low + .05) }
  return [...document.querySelectorAll('.bars path, .legend path, .mark .shape')].filter(one => ratio(one) < 3)
    .map(one => `${ratio(one).toFixed(2)} ${one.outerHTML.slice(0, 60)}`) }"""


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """What is given out, each site in a folder of its own, as on a host that has more than this."""
    found = {
        f"/sites/{make.__name__}/{path}": content
        for make in (calm, troubled, hostile, large, empty)
        for path, content in render(make()).items()
    }
    return found | {
        "/style.css": STYLE,
        "/sites/calm/confirm": subscription_pages.confirm(calm(), "token", ["gateway"]),
        "/sites/calm/leave": subscription_pages.leave(calm(), "token", "a…@example.org"),
        "/sites/calm/wrong": subscription_pages.wrong(calm(), "This link has expired", "Ask for a new one."),
    }


@pytest.fixture
def visit(browser: "Browser", files: dict[str, bytes]) -> "Iterator[Callable[..., Page]]":
    """Open a window, on which nothing may happen unasked."""
    from support.browser import visiting

    def given(route: "Route") -> None:
        path = urlsplit(route.request.url).path
        kind = f"{guess_type(path)[0] or 'text/html'}; charset=utf-8"
        route.fulfill(status=200 if path in files else 404, body=files.get(path, b""), content_type=kind)

    with ExitStack() as windows:

        def opened(**context: Any) -> "Page":
            page = windows.enter_context(visiting(browser, SITE, **context)).page
            page.route("**/*", given)
            return page

        yield opened


def unfold(page: "Page") -> None:
    """Show what is folded."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.setAttribute('open', ''))")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nothing_is_too_weak_to_be_read_and_no_heading_leaves_a_level_out(visit: Any, colours: str) -> None:
    page = visit(color_scheme=colours)
    found = {}
    for path in PATHS:
        page.goto(path)
        unfold(page)
        found[path] = page.evaluate(WEAK) + page.evaluate(SKIPPED)
    assert {path: weak for path, weak in found.items() if weak} == {}


def test_nothing_is_wider_than_a_small_phone(visit: Any) -> None:
    page = visit(viewport={"width": 320, "height": 640}, is_mobile=True, has_touch=True)
    wide = {}
    for path in PATHS:
        page.goto(path)
        unfold(page)
        wide[path] = page.evaluate("document.documentElement.scrollWidth")
    assert {path: found for path, found in wide.items() if found > 320} == {}


def test_tab_reaches_all_that_a_mouse_does_in_its_order_and_is_seen(visit: Any) -> None:
    page = visit()
    for path in ("/sites/troubled/index.html", "/sites/troubled/incidents/2026-11-27-001.html", "/sites/calm/confirm"):
        page.goto(path)
        unfold(page)
        expected = page.evaluate(OPERABLE)
        reached: list[str] = []
        for _ in expected:
            page.keyboard.press("Tab")
            at, what, seen = page.evaluate(FOCUSED)
            assert seen, f"{path}: the focus is not seen on {what}"
            reached.append(at)
        assert reached == expected, path


def test_an_address_of_an_update_shows_it(visit: Any) -> None:
    page = visit(viewport={"width": 390, "height": 400})
    page.goto("/sites/troubled/incidents/2026-11-27-001.html#update-2026-11-27-001-1")
    assert page.locator(":target").inner_text().startswith("Investigating")
    assert page.evaluate("document.querySelector(':target').getBoundingClientRect().top < innerHeight")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_shapes_and_bars_stand_out_from_what_lies_behind_them(visit: Any, colours: str) -> None:
    page = visit(color_scheme=colours)
    page.goto("/sites/troubled/index.html")
    assert page.evaluate(FAINT) == []


def test_on_paper_it_is_dark_on_light(visit: Any) -> None:
    page = visit(color_scheme="dark")
    page.emulate_media(media="print")
    page.goto("/sites/troubled/index.html")
    assert page.evaluate(WEAK) == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
