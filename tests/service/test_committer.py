"""Steps that share a commit do not share their fate."""

import asyncio
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import httpx
import psycopg
import pytest
from support.service import RunningService

from actinf.errors import ServiceUnavailable
from actinf.service.lineage import Lineage
from actinf.service.protection.make import make_breakers
from actinf.service.steps import committer
from actinf.service.steps.committer import Committer

CENTRE = {"observation": {"where": "centre", "cue": "none"}}


def test_an_agent_whose_row_is_held_keeps_no_other_waiting_for_ever(
    service: RunningService, api: httpx.Client, agent: dict[str, Any]
) -> None:
    wanted = {"model": "tmaze", "inference": "exact", "planner": {"exhaustive": {"horizon": 2}}}
    others = [api.post("/v1/agents", json=wanted).raise_for_status().json()["id"] for _ in range(8)]
    with psycopg.connect(service.database.url) as holder:
        holder.execute("SELECT FROM agent_states WHERE agent_id = %s FOR UPDATE", [agent["id"]])
        with ThreadPoolExecutor(9) as pool:
            replies = list(
                pool.map(lambda one: api.post(f"/v1/agents/{one}/steps", json=CENTRE), [agent["id"], *others])
            )
        holder.rollback()
    assert replies[0].status_code == 503
    assert replies[0].headers["Retry-After"] == "1"
    assert {reply.status_code for reply in replies[1:]} == {201}
    assert api.post(f"/v1/agents/{agent['id']}/steps", json=CENTRE).raise_for_status().json()["step"] == 0


def test_of_steps_that_were_sent_together_only_that_of_the_held_row_fails(
    service: RunningService, api: httpx.Client, agent: dict[str, Any]
) -> None:
    wanted = {"model": "tmaze", "planner": {"exhaustive": {"horizon": 1}}}
    others = [api.post("/v1/agents", json=wanted).raise_for_status().json()["id"] for _ in range(8)]
    steps = [{"agent": one, "observation": {}} for one in [agent["id"], *others]]
    api.post("/v1/steps", json={"steps": steps}).raise_for_status()
    with psycopg.connect(service.database.url) as holder:
        holder.execute("SELECT FROM agent_states WHERE agent_id = %s FOR UPDATE", [agent["id"]])
        results = api.post("/v1/steps", json={"steps": steps}).raise_for_status().json()["results"]
        holder.rollback()
    assert [one["problem"] and one["problem"]["status"] for one in results] == [503, *[None] * 8]
    again = api.post("/v1/steps", json={"steps": steps}).raise_for_status().json()["results"]
    assert [one["reply"]["step"] for one in again] == [1, *[2] * 8]


def test_a_step_waits_for_a_short_transaction_of_somebody_else(
    service: RunningService, api: httpx.Client, agent: dict[str, Any]
) -> None:
    with psycopg.connect(service.database.url) as holder:
        holder.execute("SELECT FROM agent_states WHERE agent_id = %s FOR UPDATE", [agent["id"]])
        timer = threading.Timer(0.3, holder.rollback)
        timer.start()
        reply = api.post(f"/v1/agents/{agent['id']}/steps", json=CENTRE)
        timer.join()
    assert reply.raise_for_status().json()["step"] == 0


def test_a_server_that_stands_still_keeps_no_step_waiting_for_ever(
    service: RunningService, api: httpx.Client, agent: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process behind the committer's connection is stopped; when it goes on, the step may be kept after all."""

    def step() -> httpx.Response:
        return api.post(
            f"/v1/agents/{agent['id']}/steps", json={"observation": {}}, headers={"Idempotency-Key": "second"}
        )

    api.post(f"/v1/agents/{agent['id']}/steps", json=CENTRE).raise_for_status()
    monkeypatch.setattr(committer, "_ANSWER_SECONDS", 0.5)
    with psycopg.connect(service.database.url) as asking:
        (pid,) = asking.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'actinf steps' AND datname = current_database()"
        ).fetchone() or (0,)
    os.kill(pid, signal.SIGSTOP)
    try:
        assert step().status_code == 503
    finally:
        os.kill(pid, signal.SIGCONT)
    assert step().raise_for_status().json()["step"] == 1
    assert api.get(f"/v1/agents/{agent['id']}").json()["next_step"] == 2


class Written(Committer):
    """A committer whose database is played: what it answers to each attempt to write the agents 0, 1, …."""

    def __init__(self, *answers: Exception | None, unwritable: int | None = None, held: tuple[int, ...] = ()):
        super().__init__("", make_breakers()["database"], Lineage())
        self._answers = list(answers)
        self._unwritable, self._held = unwritable, held
        self.tried: list[list[int]] = []

    async def _write(self, records: Any, *, wait: bool) -> Any:
        agents = [record.agent for record in records]
        self.tried.append(agents)
        answer = self._answers.pop(0) if self._answers else None
        if answer is not None:
            raise answer
        if self._unwritable in agents:
            raise psycopg.errors.NumericValueOutOfRange("it is too large")
        if wait and set(self._held) & set(agents):
            raise psycopg.errors.LockNotAvailable("somebody holds the row")
        return set(agents) - set(self._held)


def ended(committer: Committer, size: int) -> list[bool | None]:
    """How each of so many steps ended that were committed together; None: as unavailable."""

    async def go() -> list[Any]:
        futures: list[asyncio.Future[bool]] = [asyncio.get_running_loop().create_future() for _ in range(size)]
        batch: Any = [(SimpleNamespace(agent=at), future) for at, future in enumerate(futures)]
        await committer._commit_all(batch)
        return await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), 10)

    results = asyncio.run(go())
    assert all(isinstance(one, bool | ServiceUnavailable) for one in results)
    return [one if isinstance(one, bool) else None for one in results]


def test_one_step_that_cannot_be_written_is_found_by_halves() -> None:
    committer = Written(unwritable=100)
    assert ended(committer, 256) == [None if at == 100 else True for at in range(256)]
    assert len(committer.tried) == 1 + 2 * 8


def test_however_many_rows_are_held_there_is_one_wait_and_one_more_try() -> None:
    committer = Written(held=(0, 3, 4))
    assert ended(committer, 6) == [None, True, True, None, None, True]
    assert len(committer.tried) == 2


@pytest.mark.parametrize("gone", [psycopg.OperationalError("gone"), psycopg.errors.QueryCanceled("late"), OSError("x")])
def test_a_database_that_goes_away_among_the_halves_is_asked_no_more(gone: Exception) -> None:
    committer = Written(psycopg.errors.NumericValueOutOfRange("it is too large"), None, gone)
    assert ended(committer, 8) == [True] * 4 + [None] * 4
    assert committer.tried == [list(range(8)), [0, 1, 2, 3], [4, 5, 6, 7]]
    committer = Written(psycopg.errors.NumericValueOutOfRange("it is too large"), gone)
    assert ended(committer, 8) == [None] * 8
    assert committer.tried == [list(range(8)), [0, 1, 2, 3]]
