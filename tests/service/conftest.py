"""One service for the tests of a file; tests make agents of their own in it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from support.postgres import PostgresServer
    from support.service import RunningService


@pytest.fixture(scope="module")
def service(postgres_server: "PostgresServer") -> "Iterator[RunningService]":
    """The API, with a database of its own."""
    from support.postgres import fresh_database
    from support.service import running_service

    with fresh_database(postgres_server) as url, running_service(url) as running:
        yield running


@pytest.fixture
def api(service: "RunningService") -> Iterator[httpx.Client]:
    """A client with a key for everything."""
    with service.client() as client:
        yield client


TMAZE = {"model": "tmaze", "inference": "exact", "planner": {"exhaustive": {"horizon": 2}}, "seed": 1}


@pytest.fixture
def agent(api: httpx.Client) -> dict[str, Any]:
    """An agent in the T-maze, before its first step."""
    made: dict[str, Any] = api.post("/v1/agents", json=TMAZE).raise_for_status().json()
    return made
