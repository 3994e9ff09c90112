"""A database that is restored to an earlier moment while the API works: nothing that never happened is served."""

import subprocess
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.archiving_postgres import ArchivingServer, archiving_server
from support.postgres import folder_for_servers
from support.service import running_service

from actinf.upkeep.database.current import point_to

SETTINGS = {
    "model": "tmaze", "inference": "exact", "planner": {"exhaustive": {"horizon": 2}}, "alpha": 1.0,
    "learning": {"A": True},
}  # fmt: skip
CENTRE = {"observation": {"where": "centre", "cue": "none"}}
LEFT = {"observation": {"where": "cue", "cue": "left"}, "executed": {"location": "cue"}}
RIGHT = {"observation": {"where": "cue", "cue": "right"}, "executed": {"location": "cue"}}


@pytest.fixture
def server() -> Iterator[ArchivingServer]:
    with folder_for_servers(in_memory=True) as folder, archiving_server(folder) as server:
        yield server


def keep_a_copy(server: ArchivingServer) -> None:
    server.stop()
    subprocess.run(["/bin/cp", "-a", server.data, server.volume / "earlier"], check=True)
    server.start()


def set_back(server: ArchivingServer) -> None:
    """Serve the copy, on a timeline of its own, as a restore does."""
    server.kill()
    point_to(server.volume, "earlier")
    server.account.write(server.data / "standby.signal", "")
    server.start()
    server.ask("SELECT pg_promote()")


def stepped(client: httpx.Client, agent: str, wanted: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    """The reply of a step; it is sent again for as long as the service says that it will work again soon."""
    until = time.monotonic() + 30
    headers = {} if key is None else {"Idempotency-Key": key}
    while True:
        reply = client.post(f"/v1/agents/{agent}/steps", json=wanted, headers=headers)
        if reply.status_code != 503 or time.monotonic() > until:
            return reply.raise_for_status().json() | {"agent": None}
        time.sleep(0.1)


def test_replicas_that_lived_through_a_restore_forget_what_they_knew(server: ArchivingServer) -> None:
    """By the numbers of their steps the agents of before and after cannot be told apart."""
    with (
        running_service(server.url) as one,
        running_service(server.url) as two,
        one.client() as first,
        two.client(one.key) as second,
    ):
        agent, reference, other = (
            first.post("/v1/agents", json=SETTINGS | {"seed": 5}).raise_for_status().json()["id"] for _ in range(3)
        )
        for each in (agent, reference, other):
            stepped(first, each, CENTRE)
        keep_a_copy(server)
        for _ in range(3):
            stepped(first, agent, LEFT)
        stepped(first, other, LEFT)
        lost = stepped(first, other, LEFT, key="lost")
        set_back(server)

        # Its step was in the database of before: it is taken now, and is no reply from memory.
        again = stepped(first, other, LEFT, key="lost")
        assert (lost["step"], again["step"]) == (2, 1)
        assert [one["step"] for one in first.get(f"/v1/agents/{other}/steps").json()["items"]] == [0, 1]

        for _ in range(3):
            expected = stepped(second, reference, RIGHT)
            assert stepped(second, agent, RIGHT) == expected
        assert stepped(first, agent, RIGHT) == stepped(second, reference, RIGHT)
