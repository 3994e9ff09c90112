"""Who may do what: every operation with every scope and without a key; what browsers may; what the log may hold."""

import json
import logging
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from support.postgres import PostgresServer
    from support.service import RunningService

OPEN = {"/health", "/ready", "/live", "/metrics"}
SCOPES = ("read", "run", "operate")
ORIGIN = "https://lab.example"


@pytest.fixture(scope="module")
def service(postgres_server: "PostgresServer") -> "Iterator[RunningService]":
    from support.postgres import fresh_database
    from support.service import running_service

    settings: dict[str, Any] = {"failure_limit": 100_000, "cors_origins": (ORIGIN,)}
    with fresh_database(postgres_server) as url, running_service(url, **settings) as running:
        yield running


def operations(service: "RunningService") -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation of the OpenAPI document."""
    document = httpx.get(f"{service.url}/openapi.json").raise_for_status().json()
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def filled(path: str) -> str:
    """The path with ids of the right form that nothing has."""
    known = {"reference": "0" * 64, "name": "memory", "step": "0"}
    return re.sub(r"{(\w+)}", lambda match: known.get(match[1], str(uuid4())), path)


def test_no_operation_answers_without_a_key_but_those_of_health(service: "RunningService") -> None:
    answered = {
        (method, path): httpx.request(method, service.url + filled(path)).status_code
        for method, path, _ in operations(service)
        if path.startswith("/v1/")
    }
    assert len(answered) > 15
    assert {one: status for one, status in answered.items() if status != 401} == {}
    for path in OPEN:
        assert httpx.get(service.url + path).status_code == 200


def test_every_operation_needs_one_scope_and_refuses_all_others(service: "RunningService") -> None:
    """An endpoint that forgot its scope answers anything but 403 to every key."""
    keys = {scope: service.new_key(scope) for scope in SCOPES}
    let_in: dict[tuple[str, str], set[str]] = {}
    for method, path, _ in operations(service):
        if not path.startswith("/v1/"):
            continue
        for scope, key in keys.items():
            with service.client(key) as client:
                body = {"content": "{}", "headers": {"content-type": "application/json"}}
                reply = client.request(method, filled(path), **(body if method in ("POST", "PUT") else {}))  # type: ignore[arg-type]
                if reply.status_code != 403:
                    let_in.setdefault((method, path), set()).add(scope)
                else:
                    assert "needs a key with the scope" in reply.json()["detail"]
    wrong = {one: scopes for one, scopes in let_in.items() if len(scopes) != 1}
    assert wrong == {}


def test_what_belongs_to_another_workspace_does_not_exist(service: "RunningService") -> None:
    """Every route with an id, asked for an object that is there and belongs to somebody else."""
    with service.client() as mine, service.client(service.new_key("admin", workspace="others")) as theirs:
        agent = mine.post("/v1/agents", json={"model": "tmaze", "name": "mine"}).raise_for_status().json()
        mine.post(f"/v1/agents/{agent['id']}/steps", json={"observation": {}}).raise_for_status()
        key = mine.post("/v1/keys", json={"name": "mine", "scopes": ["read"]}).raise_for_status().json()
        ids = {"agent": agent["id"], "reference": agent["model"], "step": "0", "key": key["id"]}
        bodies = {"steps": {"observation": {}}, "reset": {}}
        asked = 0
        for method, path, _ in operations(service):
            names = re.findall(r"{(\w+)}", path)
            if not names or not set(names) <= set(ids):
                continue
            body = {"json": bodies[path.rpartition("/")[2]]} if method == "POST" else {}
            reply = theirs.request(method, path.format(**ids), **body)  # type: ignore[arg-type]
            assert reply.status_code == 404, (method, path, reply.text)
            asked += 1
        assert asked >= 8
        assert theirs.get("/v1/agents").json()["items"] == []
        assert mine.get(f"/v1/agents/{agent['id']}").json()["next_step"] == 1
        many = theirs.post("/v1/steps", json={"steps": [{"agent": agent["id"], "observation": {}}]}).json()
        assert many["results"][0]["problem"]["status"] == 404


def test_pages_of_the_origins_that_are_named_may_call_and_no_others(service: "RunningService") -> None:
    wish = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,idempotency-key"}
    allowed = httpx.options(f"{service.url}/v1/agents", headers={"origin": ORIGIN, **wish})
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, ORIGIN)
    other = httpx.options(f"{service.url}/v1/agents", headers={"origin": "https://elsewhere.example", **wish})
    assert "access-control-allow-origin" not in other.headers
    with service.client() as client:
        reply = client.get("/v1/agents", headers={"origin": ORIGIN})
        assert "RateLimit" in reply.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in reply.headers


def test_no_secret_is_logged(service: "RunningService", caplog: pytest.LogCaptureFixture) -> None:
    """Everything that a process logs, down to debug, of requests that succeed and of those that fail."""
    caplog.set_level(logging.DEBUG)
    with service.client() as client:
        made = client.post("/v1/keys", json={"name": "x", "scopes": ["read"]}).raise_for_status().json()
        agent = client.post("/v1/agents", json={"model": "tmaze"}).raise_for_status().json()
        client.post(f"/v1/agents/{agent['id']}/steps", json={"observation": {"where": "centre", "cue": "none"}})
        client.post(f"/v1/agents/{agent['id']}/steps", json={"observation": {"where": "nowhere-at-all"}})
        client.post(
            "/v1/agents", content=b'{"model": "\\u0000nowhere-at-all"}', headers={"content-type": "application/json"}
        )
        client.get("/v1/agents", headers={"authorization": f"Bearer {made['key'][:-1]}x"})
        client.get("/v1/agents", headers={"authorization": made["key"]})
    logged = "\n".join([*caplog.messages, *(json.dumps(record.__dict__, default=str) for record in caplog.records)])
    assert "answered" in logged
    url = make_url(service.database.url)
    secrets = [service.key[12:], made["key"][12:], url.password, service.database.url, "nowhere-at-all"]
    assert [secret for secret in secrets if secret and str(secret) in logged] == []


def test_every_operation_of_the_api_is_in_the_document(service: "RunningService") -> None:
    """What stands outside it would escape the tests above."""
    from support.service import routes_of

    documented = {(method, path) for method, path, _ in operations(service)}
    routes = {(method, route.path) for route in routes_of(service.app) for method in route.methods or ()}
    assert {one for one in routes if one[1].startswith("/v1/")} <= documented
