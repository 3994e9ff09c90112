"""Admission as callers meet it: refused before it begins, and never by falling over."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from actinf.service.measures import REGISTRY

if TYPE_CHECKING:
    from support.postgres import PostgresServer
    from support.service import RunningService

MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def service(postgres_server: "PostgresServer") -> "Iterator[RunningService]":
    """A service with little room."""
    from support.postgres import fresh_database
    from support.service import running_service

    room = {"max_memory_bytes": 64 * MEBIBYTE, "memory_budget_bytes": 128 * MEBIBYTE, "large_work_bytes": 16 * MEBIBYTE}
    with fresh_database(postgres_server) as url, running_service(url, **room) as running:
        yield running


def make(api: httpx.Client, horizon: int) -> httpx.Response:
    return api.post("/v1/agents", json={"model": "tmaze", "planner": {"exhaustive": {"horizon": horizon}}, "seed": 1})


@pytest.mark.parametrize("horizon", [66, 10])
def test_an_agent_that_no_worker_could_bear_is_refused_with_the_numbers(api: httpx.Client, horizon: int) -> None:
    reply = make(api, horizon)
    assert (reply.status_code, reply.json()["type"]) == (422, "/problems/too-large")
    for said in ("policies", "at most 64 MiB", "shorter horizon", "ACTINF_MAX_MEMORY_BYTES"):
        assert said in reply.json()["detail"]
    assert api.get("/health").status_code == 200


def test_more_agents_than_fit_are_served_all_the_same(service: "RunningService", api: httpx.Client) -> None:
    """The budget holds: who was not asked for longest is read again from the database when it is asked."""
    agents = [make(api, 7).raise_for_status().json()["id"] for _ in range(20)]
    observation: dict[str, Any] = {"observation": {}}
    for number in range(2):
        for agent in agents:
            reply = api.post(f"/v1/agents/{agent}/steps", json=observation)
            assert reply.status_code == 201, reply.text
            assert reply.json()["step"] == number
    parts = service.app.state.parts
    assert len(parts.hot) < 20
    assert 0 < parts.admission.kept_bytes <= 64 * MEBIBYTE
    assert api.get("/metrics").status_code == 200
    assert REGISTRY.get_sample_value("actinf_memory_held_bytes", {"by": "kept"}) == parts.admission.kept_bytes


def test_the_memory_switch_refuses_large_agents_and_small_ones_go_on(api: httpx.Client) -> None:
    def throw(position: str) -> None:
        api.put("/v1/switches/memory", json={"position": position, "reason": "a test"}).raise_for_status()

    throw("open")
    try:
        refused = make(api, 8)
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/unavailable")
        assert int(refused.headers["retry-after"]) >= 1
        assert make(api, 2).status_code == 201
    finally:
        throw("auto")
    assert make(api, 8).status_code == 201
