"""A real Chromium for tests: where it is found, how it is started, and a visit that notices what no test asks for."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

__all__ = ["CHROMIUM", "Visit", "running_browser", "visiting"]

#: Where Chromium is, or None: Playwright's own is not downloaded.
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """A Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """A page, and what happened on it unasked.

    Attributes:
        page: of a browser that remembers nothing from before.
        complaints: errors of scripts, of the console and of the content security policy; what was refused by the
            service with 4xx is none.
        strangers: addresses outside the site that were asked for.
    """

    page: Page
    site: str
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(10_000)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._console)
        self.page.on("request", self._request)

    def _console(self, message: Any) -> None:
        refused = message.text.startswith("Failed to load resource: the server responded with a status of 4")
        if message.type in ("error", "warning") and not refused:
            self.complaints.append(message.text)

    def _request(self, request: Any) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.site).netloc:
            self.strangers.append(request.url)


@contextlib.contextmanager
def visiting(browser: Browser, site: str, **context: Any) -> Iterator[Visit]:
    """A visit to a site, on which nothing may have happened unasked when it ends."""
    opened = browser.new_context(base_url=site, **context)
    try:
        visit = Visit(opened.new_page(), site)
        yield visit
        assert visit.complaints == []
        assert visit.strangers == []
    finally:
        opened.close()
