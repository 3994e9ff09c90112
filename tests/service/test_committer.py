"""Steps that share a commit do not share their fate."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
from support.service import RunningService

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
