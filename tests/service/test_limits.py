"""Limits as callers meet them: of a key, of an address without one, and of the whole process."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from support.postgres import PostgresServer
    from support.service import RunningService


@pytest.fixture(scope="module")
def service(postgres_server: "PostgresServer") -> "Iterator[RunningService]":
    from support.postgres import fresh_database
    from support.service import running_service

    with pytest.MonkeyPatch.context() as patch:
        # In the middle of a minute, for ever: the window does not slide on while a slow machine counts.
        patch.setattr("limits.aio.storage.memory.time", SimpleNamespace(time=lambda: 1_000_000_010.0))
        with fresh_database(postgres_server) as url, running_service(url, rate_limit=20, failure_limit=10) as running:
            yield running


def test_a_key_that_makes_too_many_requests_is_told_when_to_try_again(service: "RunningService") -> None:
    with service.client(service.new_key("read")) as client:
        replies = [client.get("/v1/agents") for _ in range(25)]
        assert [reply.status_code for reply in replies] == [200] * 20 + [429] * 5
        assert [reply.headers["ratelimit"].split(";")[1] for reply in replies[:20]] == [
            f"r={n}" for n in range(19, -1, -1)
        ]
        assert {reply.headers["ratelimit-policy"] for reply in replies} == {'"key";q=20;w=60'}
        refused = replies[-1]
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["type"] == "/problems/rate-limited"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert {client.get(path).status_code for path in ("/health", "/live", "/metrics") for _ in range(10)} == {200}
    with service.client(service.new_key("read")) as other:
        assert other.get("/v1/agents").status_code == 200


def test_an_address_that_tries_keys_is_refused_while_keys_that_are_known_go_on(service: "RunningService") -> None:
    """Whoever guesses behind the same proxy must not lock out those who need not guess."""
    with service.client(service.new_key("read")) as known:
        assert known.get("/v1/agents").status_code == 200
        wrong = [httpx.get(f"{service.url}/v1/agents", headers={"Authorization": "Bearer x"}) for _ in range(15)]
        assert [reply.status_code for reply in wrong] == [401] * 10 + [429] * 5
        assert int(wrong[-1].headers["retry-after"]) >= 1
        assert httpx.get(f"{service.url}/v1/agents").status_code == 429
        assert known.get("/v1/agents").status_code == 200
        assert httpx.get(f"{service.url}/health").status_code == 200
