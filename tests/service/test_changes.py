"""What a request changes is one transaction: its entries come last, and what follows from it waits for the commit."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from support.service import RunningService

from actinf.lab.experiment import AgentSettings


def test_a_slow_creation_keeps_no_other_change_waiting(
    service: RunningService, api: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It held the end of the audit log while its agent was built, and with it every change of every workspace."""
    begun, go_on, build = threading.Event(), threading.Event(), AgentSettings.build

    def slow(settings: AgentSettings, model: Any) -> Any:
        begun.set()
        assert go_on.wait(30)
        return build(settings, model)

    monkeypatch.setattr(AgentSettings, "build", slow)
    # gamma: settings that no other test has, so that the agent is really built
    wanted = {"model": "tmaze", "gamma": 3.25}
    with ThreadPoolExecutor(1) as pool:
        creation = pool.submit(api.post, "/v1/agents", json=wanted)
        try:
            assert begun.wait(30)
            made = api.post("/v1/keys", json={"name": "meanwhile", "scopes": ["read"]}, timeout=10)
            assert made.status_code == 201
        finally:
            go_on.set()
        assert creation.result().status_code == 201
    actions = [entry["action"] for entry in api.get("/v1/audit", params={"limit": 3}).json()["items"]]
    assert actions == ["agents.create", "models.create", "keys.create"]


def test_a_revoked_key_ends_and_no_other_is_asked_for_again(service: RunningService, api: httpx.Client) -> None:
    made = api.post("/v1/keys", json={"name": "short", "scopes": ["read"]}).raise_for_status().json()
    with service.client(made["key"]) as guest:
        assert guest.get("/v1/agents").status_code == 200
        keyring = service.app.state.parts.keyring
        assert keyring.knows(made["key"])
        assert keyring.knows(service.key)
        api.delete(f"/v1/keys/{made['id']}").raise_for_status()
        assert not keyring.knows(made["key"])
        assert keyring.knows(service.key)
        assert guest.get("/v1/agents").status_code == 401


def test_switches_are_of_whoever_runs_the_installation(service: RunningService) -> None:
    with service.client(service.new_key("admin", workspace="tenant")) as tenant:
        for refused in (
            tenant.get("/v1/switches"),
            tenant.put("/v1/switches/memory", json={"position": "open", "reason": "mischief"}),
        ):
            assert refused.status_code == 403
            assert "'default'" in refused.json()["detail"]
