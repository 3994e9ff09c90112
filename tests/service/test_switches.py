"""The switches: seen and thrown while the service runs, kept by the database, followed by every process."""

import time
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest

from actinf.errors import NotFound
from actinf.service.audit.log import AuditLog
from actinf.service.measures import REGISTRY
from actinf.service.switches import commands

if TYPE_CHECKING:
    from support.service import RunningService


@pytest.fixture
def thrown(api: httpx.Client) -> Any:
    """Throw a switch; at the end all are as they were."""

    def throw(name: str, position: str) -> httpx.Response:
        return api.put(f"/v1/switches/{name}", json={"position": position, "reason": "a test"})

    yield throw
    for name in ("database", "cache", "memory"):
        assert throw(name, "auto").status_code == 200


def test_all_switches_are_shown_with_what_they_guard(api: httpx.Client) -> None:
    items = api.get("/v1/switches").raise_for_status().json()["items"]
    assert [(one["name"], one["position"], one["state"]) for one in items] == [
        ("database", "auto", "closed"),
        ("cache", "auto", "closed"),
        ("memory", "auto", "closed"),
    ]
    assert all(one["guards"] for one in items)


def test_a_database_switch_that_is_open_refuses_requests_at_once_and_can_be_closed_again(
    api: httpx.Client, agent: dict[str, Any], thrown: Any
) -> None:
    shown = thrown("database", "open")
    assert shown.json()["state"] == "open"
    for reply in (api.get("/v1/agents"), api.post(f"/v1/agents/{agent['id']}/steps", json={"observation": {}})):
        assert (reply.status_code, reply.json()["type"]) == (503, "/problems/unavailable")
        assert int(reply.headers["retry-after"]) >= 1
        assert "held open by an operator" in reply.json()["detail"]
    assert api.get("/health").status_code == 200  # the database works
    assert REGISTRY.get_sample_value("actinf_breaker_forced", {"breaker": "database"}) == 1
    assert thrown("database", "auto").status_code == 200
    assert api.post(f"/v1/agents/{agent['id']}/steps", json={"observation": {}}).status_code == 201


def test_a_switch_that_is_thrown_elsewhere_is_followed_within_5_seconds(
    service: "RunningService", api: httpx.Client, thrown: Any
) -> None:
    commands.put_switch(
        service.database,
        AuditLog(bytes(range(32))),
        actor="cli:someone",
        name="memory",
        position="open",
        reason="a test",
    )
    until = time.monotonic() + 5
    while service.app.state.parts.switches["memory"].state != "open" and time.monotonic() < until:
        time.sleep(0.1)
    memory = api.get("/v1/switches").json()["items"][2]
    assert (memory["state"], memory["changed_by"], memory["reason"]) == ("open", "cli:someone", "a test")
    rows = {row.name: row.position for row in commands.list_switches(service.database)}
    assert rows["memory"] == "open"


def test_throwing_is_audited(service: "RunningService", thrown: Any) -> None:
    thrown("cache", "closed")
    with psycopg.connect(service.database.url) as connection:
        row = connection.execute(
            "SELECT actor, action, object, details FROM audit_log ORDER BY seq DESC LIMIT 1"
        ).fetchone()
    assert row is not None
    assert row[0].startswith("key:")
    assert row[1:] == ("switches.put", "switch:cache", {"position": "closed", "reason": "a test"})


def test_what_is_no_switch_or_no_position_is_refused(service: "RunningService", api: httpx.Client) -> None:
    reply = api.put("/v1/switches/tmaze", json={"position": "open", "reason": "x"})
    assert (reply.status_code, "database, cache, memory" in reply.json()["detail"]) == (404, True)
    assert api.put("/v1/switches/memory", json={"position": "ajar", "reason": "x"}).status_code == 422
    assert api.put("/v1/switches/memory", json={"position": "open", "reason": ""}).status_code == 422
    with pytest.raises(NotFound, match="expected one of database, cache, memory"):
        commands.put_switch(service.database, AuditLog(bytes(32)), actor="x", name="x", position="open", reason="x")


def test_the_scope_is_operate(service: "RunningService") -> None:
    with service.client(service.new_key("operate")) as operator:
        assert operator.get("/v1/switches").status_code == 200
    with service.client(service.new_key("read", "run")) as other:
        assert other.get("/v1/switches").status_code == 403
