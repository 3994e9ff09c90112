"""What alerts are made of is counted: refusals by their reason, what was done, and how long simulations wait."""

import re
from typing import TYPE_CHECKING

import httpx
import psycopg
import pytest
from support.ports import wait_until

if TYPE_CHECKING:
    from support.service import RunningService


def value(service: "RunningService", series: str) -> float:
    """What /metrics says of one series."""
    said = re.search(rf"^{re.escape(series)} (\S+)$", httpx.get(f"{service.url}/metrics").text, re.MULTILINE)
    assert said is not None, f"/metrics has no {series}"
    return float(said[1])


def ask(service: "RunningService", key: str | None, path: str = "/v1/agents") -> int:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return httpx.get(f"{service.url}{path}", headers=headers).status_code


def made_useless(service: "RunningService", change: str) -> str:
    """A key that was changed in the database before anybody used it."""
    key = service.new_key("read")
    with psycopg.connect(service.database.url, autocommit=True) as connection:
        connection.execute(f"UPDATE api_keys SET {change} WHERE prefix = %s", (key.split("_")[1],))
    return key


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("no_key", None),
        ("malformed", None),
        ("unknown", None),
        ("revoked", "revoked_at = now()"),
        ("expired", "created_at = now() - interval '2 days', expires_at = now() - interval '1 day'"),
    ],
)
def test_a_request_that_is_not_let_in_is_counted_by_its_reason(
    service: "RunningService", why: str, change: str | None
) -> None:
    series = f'actinf_refusals_total{{action="authenticate",why="{why}"}}'
    before = value(service, series)
    if change is not None:
        key = made_useless(service, change)
    else:
        good = service.key
        other = good[:-1] + ("a" if good[-1] != "a" else "b")
        key = {"no_key": None, "malformed": "ai_x", "unknown": other}[why]
    assert ask(service, key) == 401
    assert value(service, series) - before == 1


def test_a_key_without_the_scope_is_counted(service: "RunningService") -> None:
    series = 'actinf_refusals_total{action="authorize",why="scope"}'
    before = value(service, series)
    assert ask(service, service.new_key("read"), "/v1/keys") == 403
    assert value(service, series) - before == 1


def test_a_sign_in_that_fails_is_counted_and_put_on_the_audit_log(service: "RunningService") -> None:
    """It is answered with a page, not with a problem document: it must not pass unseen for that."""
    series = 'actinf_refusals_total{action="authenticate",why="malformed"}'
    before = value(service, series)
    reply = httpx.post(f"{service.url}/sign-in", data={"key": "guessed"}, headers={"Origin": service.url})
    assert reply.status_code == 401
    assert value(service, series) - before == 1
    assert "what was sent is no key" in {refused.reason for refused in service.app.state.parts.refusals._counts}


def test_what_was_done_is_counted_by_action_once_it_is_committed(service: "RunningService", api: httpx.Client) -> None:
    series = 'actinf_audit_entries_total{action="keys.create"}'
    made = api.post("/v1/keys", json={"name": "for a test", "scopes": ["read"]}).raise_for_status()
    before = value(service, series)
    api.post("/v1/keys", json={"name": "for a test", "scopes": ["read"]}).raise_for_status()
    assert value(service, series) - before == 1
    assert api.post("/v1/keys", json={"name": "for a test", "scopes": ["none such"]}).status_code == 422
    api.delete(f"/v1/keys/{made.json()['id']}").raise_for_status()
    assert value(service, series) - before == 1


def test_the_age_of_the_oldest_simulation_that_waits_is_told(service: "RunningService", api: httpx.Client) -> None:
    series = "actinf_oldest_queued_simulation_seconds"
    assert value(service, series) == 0
    waits = api.post("/v1/simulations", json={"experiment": "tmaze", "num_agents": 2, "num_steps": 2})
    identity = waits.raise_for_status().json()["id"]
    with psycopg.connect(service.database.url, autocommit=True) as connection:
        connection.execute("UPDATE procrastinate_events SET at = at - interval '1 hour'")
    wait_until(lambda: value(service, series) >= 3600, "the simulation is seen to wait")
    assert value(service, series) < 3700
    api.post(f"/v1/simulations/{identity}/cancel").raise_for_status()
    wait_until(lambda: value(service, series) == 0, "nothing waits any more")
