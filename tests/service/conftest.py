"""One service for the tests of a file; tests make agents of their own in it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from support.service import RunningService


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
