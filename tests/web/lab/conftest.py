"""One service for the tests of a file; each test opens a window that remembers nothing."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from actinf.web.lab.visitors import COOKIE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, SetCookieParam
    from support.postgres import PostgresServer
    from support.service import RunningService

Open = Callable[..., "Page"]


@pytest.fixture(scope="module")
def service(postgres_server: "PostgresServer") -> "Iterator[RunningService]":
    """The API and its console, with a database of its own."""
    from support.postgres import fresh_database
    from support.service import running_service

    with fresh_database(postgres_server) as url, running_service(url) as running:
        yield running


@cache
def session_of(url: str, key: str) -> "SetCookieParam":
    """What a browser holds after signing in with a key; begun once for all tests of a file."""
    with httpx.Client(base_url=url, headers={"Origin": url}) as client:
        assert client.post("/sign-in", data={"key": key, "next": "/"}).status_code == 303
        return {"name": COOKIE, "value": client.cookies[COOKIE], "url": url, "httpOnly": True, "sameSite": "Strict"}


@pytest.fixture
def open_page(service: "RunningService", browser: "Browser") -> Iterator[Open]:
    """Open a page: `open_page("/", key=…)` after signing in with the key, `key=None` without; more for the context."""
    from support.browser import visiting

    with ExitStack() as windows:

        def go(path: str, *, key: str | None = service.key, **context: Any) -> "Page":
            page = windows.enter_context(visiting(browser, service.url, **context)).page
            if key is not None:
                page.context.add_cookies([session_of(service.url, key)])
            page.goto(path)
            return page

        yield go


@pytest.fixture
def agent_page(service: "RunningService", open_page: Open) -> "Page":
    """The page of a new agent in the T-maze."""
    wanted = {"model": "tmaze", "name": "Ada", "inference": "exact", "planner": {"exhaustive": {"horizon": 2}}}
    with service.client() as api:
        made = api.post("/v1/agents", json=wanted | {"seed": 1}).raise_for_status().json()
    return open_page(f"/agents/{made['id']}")
