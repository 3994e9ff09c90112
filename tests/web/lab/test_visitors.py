"""Who is let in: signing in and out, other workspaces, other sites."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import expect
from support.postgres import fresh_database

if TYPE_CHECKING:
    from support.service import RunningService


@contextmanager
def signed_in(service: "RunningService", key: str) -> Iterator[httpx.Client]:
    """A client with the cookie of a session, as a browser that is on a page of the service."""
    with httpx.Client(base_url=service.url, headers={"Origin": service.url, "Accept": "text/html"}) as client:
        assert client.post("/sign-in", data={"key": key}).status_code == 303
        yield client


def test_a_key_opens_a_session_and_signing_out_ends_it(service: "RunningService", open_page: Any) -> None:
    page = open_page("/", key=None)
    page.fill("#key", "ai_nothing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("is no key")
    page.fill("#key", service.key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Laboratory")).to_be_visible()
    cookie = page.context.cookies()[0]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert service.key not in cookie["value"]
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    old = httpx.get(service.url, cookies={cookie["name"]: cookie["value"]}, headers={"Accept": "text/html"})
    assert old.headers["location"] == "/sign-in?next=/&ended=1"


def test_a_session_ends_with_its_key(service: "RunningService", open_page: Any) -> None:
    key = service.new_key("read", "run")
    page = open_page("/", key=key)
    with service.client() as api:
        mine = next(one for one in api.get("/v1/keys").json()["items"] if one["prefix"] in key)
        api.delete(f"/v1/keys/{mine['id']}").raise_for_status()
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("The session has ended")


def test_another_workspace_sees_nothing_and_a_page_says_so(service: "RunningService", open_page: Any) -> None:
    with service.client() as api:
        made = api.post("/v1/agents", json={"model": "tmaze", "name": "Elsewhere"}).raise_for_status().json()
    page = open_page("/", key=service.new_key("admin", workspace="elsewhere"))
    expect(page.locator("main")).not_to_contain_text("Elsewhere")
    assert page.goto(f"/agents/{made['id']}").status == 404
    expect(page.locator("main")).to_contain_text("There is no such thing")
    expect(page.locator("main")).not_to_contain_text("Traceback")


def test_a_key_that_may_only_look_is_offered_nothing_else(service: "RunningService", open_page: Any) -> None:
    with service.client() as api:
        made = api.post("/v1/agents", json={"model": "tmaze"}).raise_for_status().json()
    key = service.new_key("read")
    page = open_page(f"/agents/{made['id']}", key=key)
    expect(page.locator(".observe")).to_contain_text("needs the scope run")
    assert page.locator("form[action^='/agents']").count() == 0
    with signed_in(service, key) as client:
        assert client.post(f"/agents/{made['id']}/steps", data={}).status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_another_site_changes_nothing_even_with_the_cookie(service: "RunningService", origin: str) -> None:
    with signed_in(service, service.key) as client:
        client.headers["Origin"] = origin
        for path in ("/agents", "/sign-in", "/sign-out"):
            assert client.post(path, data={"model": "tmaze"}).status_code == 403
        assert client.get("/").status_code == 200


def test_the_api_takes_no_cookie(service: "RunningService") -> None:
    with signed_in(service, service.key) as client:
        assert client.get("/v1/agents").status_code == 401


@pytest.mark.parametrize("there", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(service: "RunningService", there: str) -> None:
    with httpx.Client(base_url=service.url, headers={"Origin": service.url}) as client:
        reply = client.post("/sign-in", data={"key": service.key, "next": there})
        assert reply.headers["location"] == "/"


@pytest.fixture(scope="module")
def keyless(postgres_server: Any) -> "Iterator[RunningService]":
    """A service that needs no key, and lets in one other site."""
    from support.service import running_service

    settings: dict[str, Any] = {"insecure_local": True, "cors_origins": ("https://lab.example",)}
    with fresh_database(postgres_server) as url, running_service(url, **settings) as local:
        yield local


# Another site can let its name mean 127.0.0.1: then its scripts would be of the same origin.
FOREIGN = [
    {"Host": "evil.example"},
    {"Host": "evil.example:8000", "Origin": "http://evil.example:8000"},
    {"Host": "localhost.evil.example"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_without_keys_no_other_site_is_answered(keyless: "RunningService", headers: dict[str, str]) -> None:
    with httpx.Client(base_url=keyless.url, headers=headers) as client:
        assert client.get("/", headers={"Accept": "text/html"}).status_code == 403
        for reply in (
            client.get("/v1/agents"),
            client.post("/v1/agents", json={"model": "tmaze"}),
            client.post("/v1/agents/00000000-0000-0000-0000-000000000000/steps", json={"observation": {}}),
            client.post("/v1/keys", json={"name": "stolen", "scopes": ["admin"]}),
        ):
            assert reply.status_code == 403
            assert "without keys" in reply.json()["detail"]


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1", "[::1]:8000"])
def test_without_keys_this_machine_is_answered_by_each_of_its_names(keyless: "RunningService", host: str) -> None:
    assert "Laboratory" in httpx.get(keyless.url, headers={"Accept": "text/html", "Host": host}).text
    for origin in ({}, {"Origin": f"http://{host}"}, {"Origin": "https://lab.example"}):
        made = httpx.post(f"{keyless.url}/v1/agents", json={"model": "tmaze"}, headers={"Host": host, **origin})
        assert made.status_code == 201


def test_forms_that_are_slow_to_come_hold_no_connection_to_the_database(service: "RunningService") -> None:
    """Nobody has to be let in to send half a sign-in; as many as there are connections must keep nobody else out."""
    address = httpx.URL(service.url)
    with service.client() as api:
        made = api.post("/v1/agents", json={"model": "tmaze"}).raise_for_status().json()
    with signed_in(service, service.key) as client:
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    with ExitStack() as open_sockets:
        for path in ["/sign-in"] * 8 + [f"/agents/{made['id']}/episodes"] * 8:
            slow = open_sockets.enter_context(socket.create_connection((address.host, address.port), timeout=10))
            slow.sendall(
                f"POST {path} HTTP/1.1\r\nHost: {address.host}:{address.port}\r\nOrigin: {service.url}\r\n"
                f"Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                "Content-Length: 9\r\n\r\nkey=".encode()
            )
        with service.client() as api:
            for _ in range(10):
                assert api.get("/v1/agents").status_code == 200
