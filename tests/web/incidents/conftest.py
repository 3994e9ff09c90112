"""One responder for the tests of a file; each test opens a window that remembers nothing."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from support.responder_site import ResponderSite

Open = Callable[..., "Page"]
Incident = Callable[..., str]


@pytest.fixture(scope="module")
def responder(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[ResponderSite]":
    """A responder that needs no password, with a schedule, a status page, and a Prometheus that is down."""
    from support.duties import EXAMPLE
    from support.ports import free_port
    from support.responder_in_thread import responder_in_thread

    folder = tmp_path_factory.mktemp("responder")
    addresses = {"prometheus_url": f"http://127.0.0.1:{free_port()}", "status_url": "https://status.test/"}
    with responder_in_thread(folder, insecure_local=True, **addresses) as process:
        process.set_schedule(EXAMPLE)
        yield process


@pytest.fixture
def api(responder: "ResponderSite") -> Iterator[httpx.Client]:
    """The API, as ada."""
    with httpx.Client(base_url=responder.url, headers={"X-Actinf-User": "ada"}, timeout=30) as client:
        yield client


@pytest.fixture
def incident(api: httpx.Client) -> Incident:
    """Open an incident: `incident(severity="P1")`; its id."""

    def opened(**given: Any) -> str:
        asked = {"component": "Gateway", "impact": "Requests fail", "severity": "P1", **given}
        return str(api.post("/v1/incidents", json=asked).raise_for_status().json()["id"])

    return opened


@pytest.fixture
def open_page(responder: "ResponderSite", browser: "Browser") -> Iterator[Open]:
    """Open a page: `open_page("/")` as ada, `as_whom=None` without saying so; more for the browser's context."""
    from support.browser import visiting

    with ExitStack() as windows:

        def go(path: str, *, as_whom: str | None = "ada", **context: Any) -> "Page":
            page = windows.enter_context(visiting(browser, responder.url, **context)).page
            if as_whom is not None:
                page.context.add_cookies([responder.cookie_of(as_whom)])
            page.goto(path)
            return page

        yield go
