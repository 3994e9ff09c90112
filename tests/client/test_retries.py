"""Sending again: when, how often, and that nothing is carried out twice or lost."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.lossy_proxy import LOST_AFTER, LOST_BEFORE, PASSED, lossy_proxy
from support.ports import wait_until
from support.postgres import fresh_database, running_postgres
from support.service import running_service

import actinf as ai
from actinf.client import NextStep, Retries, StepReply
from actinf.client.retries import Attempts
from actinf.errors import Conflict, RateLimited, ServiceUnavailable, SettingError

if TYPE_CHECKING:
    from support.service import RunningService

AT_ONCE = Retries(seconds=5, first=0.0, most=0.0)
STRANGER = "01997a3e-5d7c-7c39-9d51-6a1f6b1a2f10"
KEY = {"id": STRANGER, "name": "", "prefix": "", "scopes": [], "created_at": "2026-01-01T00:00:00Z", "key": "ai_"}
KEY |= {"expires_at": None, "revoked_at": None, "last_used_at": None}


# ----------------------------------------------------------------------------------------------------- how long to wait


def test_waits_double_to_a_bound_are_drawn_and_end_with_the_time() -> None:
    clock = [100.0]
    attempts = Attempts(Retries(seconds=60, first=1, most=8), now=lambda: clock[0], draw=lambda: 0.0)
    waits = []
    while (wait := attempts.wait()) is not None:
        waits.append(wait)
        clock[0] += wait
    assert waits[:5] == [0.5, 1.0, 2.0, 4.0, 4.0]
    assert sum(waits) <= 60 < sum(waits) + 4
    assert attempts.made == len(waits) + 1
    assert Attempts(Retries(first=1), now=lambda: 0.0, draw=lambda: 1.0).wait() == 1.0


def test_the_service_may_ask_for_more_patience_than_there_is() -> None:
    attempts = Attempts(Retries(seconds=10), now=lambda: 0.0)
    assert attempts.wait(retry_after=7.0) == 7.0
    assert attempts.wait(retry_after=11.0) is None
    assert Attempts(Retries(seconds=0, first=0, most=0), now=lambda: 0.0).wait() is None


@pytest.mark.parametrize("wrong", [{"seconds": -1}, {"first": 2, "most": 1}, {"seconds": float("inf")}])
def test_retries_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingError, match="Retries"):
        Retries(**wrong)


# --------------------------------------------------------------------------------------------------- what is sent again


class Stub:
    """Gives answers in turn, and keeps the requests."""

    def __init__(self, *answers: httpx.Response | Exception):
        self.answers: Iterator[httpx.Response | Exception] = iter(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, retries: Retries = AT_ONCE) -> ai.Client:
        return ai.Client("http://lab.test", transport=httpx.MockTransport(self), retries=retries)


def problem(status: int, kind: str = "x", **headers: str) -> httpx.Response:
    document = {"type": f"/problems/{kind}", "status": status, "detail": f"said {status}", "request_id": "f2b1"}
    return httpx.Response(status, json=document, headers={"Content-Type": "application/problem+json", **headers})


def test_a_request_is_sent_again_with_the_same_key_until_it_is_answered() -> None:
    stub = Stub(
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("closed"),
        httpx.ReadTimeout("slow"),
        problem(429, "rate-limited", **{"Retry-After": "0"}),
        problem(503, "unavailable"),
        httpx.Response(502, html="<h1>Bad gateway</h1>"),
        httpx.Response(201, json=KEY),
    )
    with stub.client(Retries(seconds=20, first=0, most=0)) as client:
        client.keys.create("mine", ["read"])
    assert len(stub.requests) == 7
    assert len({request.headers["Idempotency-Key"] for request in stub.requests}) == 1
    assert len({request.content for request in stub.requests}) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 500])
def test_other_refusals_are_final(status: int) -> None:
    stub = Stub(problem(status))
    with stub.client() as client, pytest.raises(ai.errors.ServiceError, match=f"said {status}") as refused:
        client.agents.create("tmaze")
    assert refused.value.request_id == "f2b1"


def test_when_the_time_is_over_the_last_refusal_is_raised() -> None:
    stub = Stub(problem(503), problem(429, **{"Retry-After": "3600"}))
    with stub.client() as client, pytest.raises(RateLimited, match="said 429") as refused:
        client.agents.create("tmaze")
    assert refused.value.retry_after == 3600
    assert "tried 2 times within 5 s" in refused.value.__notes__[-1]
    with Stub(problem(503)).client(Retries(seconds=0)) as hasty, pytest.raises(ServiceUnavailable):
        hasty.agents.create("tmaze")


def test_a_lost_connection_is_worth_trying_again_once_the_service_was_reached() -> None:
    away = httpx.ConnectError("refused")
    with Stub(away).client() as client, pytest.raises(ServiceUnavailable, match="cannot connect"):
        client.health()
    there = httpx.Response(200, json={"status": "ok", "reason": None, "degraded": [], "version": "1"})
    with Stub(there, away, away, there).client() as client:
        assert client.health().ok
        assert client.health().ok


def test_what_is_gone_when_it_is_deleted_again_was_deleted() -> None:
    with Stub(httpx.ReadError("reset"), problem(404, "not-found")).client() as client:
        client.models.delete("0" * 64)
    with Stub(problem(404, "not-found")).client() as client, pytest.raises(ai.errors.NotFound):
        client.models.delete("0" * 64)


def step_reply(agent: str, number: int) -> dict[str, Any]:
    reply = {"agent": agent, "step": number, "episode": 0, "time": number, "action": {}, "qs": {}, "F": 0.0}
    return {"reply": reply | {"q_pi": [], "G": [], "terms": None}, "problem": None}


def step_problem(status: int) -> dict[str, Any]:
    return {"reply": None, "problem": problem(status).json()}


def test_of_many_steps_those_are_sent_again_that_still_come_in_their_order() -> None:
    """a's steps may both be sent again; b's first may not, for its second was taken; c's is wrong for good."""
    first = [step_problem(503), step_problem(503), step_problem(503), step_reply("b", 0), step_problem(409)]
    stub = Stub(
        httpx.Response(200, json={"results": first}),
        httpx.Response(200, json={"results": [step_reply("a", 0), step_reply("a", 1)]}),
    )
    with stub.client(Retries(seconds=5, first=0, most=0)) as client:
        ended = client.step_many([("a", {}), ("a", {}), ("b", {}), ("b", {}), ("c", {})])
    assert [type(one) for one in ended] == [StepReply, StepReply, ServiceUnavailable, StepReply, Conflict]
    sent = [json.loads(request.content)["steps"] for request in stub.requests]
    assert sent[1] == sent[0][:2]
    assert len({step["key"] for step in sent[0]}) == 5


def test_after_a_step_that_was_refused_for_now_the_later_ones_of_its_agent_are_sent_again_with_it() -> None:
    """a's second step was not taken because of its first; b's first is wrong for good, and so is what follows it."""
    first = [step_problem(503), step_problem(409), step_problem(422), step_problem(409), step_reply("c", 0)]
    stub = Stub(
        httpx.Response(200, json={"results": [*first, step_problem(503), step_problem(409)]}),
        httpx.Response(200, json={"results": [step_reply("a", 0), step_reply("a", 1), *[step_problem(503)] * 2]}),
        httpx.Response(200, json={"results": [step_reply("c", 1), step_reply("c", 2)]}),
    )
    with stub.client(Retries(seconds=5, first=0, most=0)) as client:
        ended = client.step_many([(name, {}) for name in "aabbccc"])
    refused = [at for at, one in enumerate(ended) if not isinstance(one, StepReply)]
    assert refused == [2, 3]
    assert isinstance(ended[3], Conflict)
    sent = [json.loads(request.content)["steps"] for request in stub.requests]
    assert sent[1] == sent[0][:2] + sent[0][5:]
    assert sent[2] == sent[0][5:]


def test_a_step_keeps_the_key_that_it_was_given() -> None:
    stub = Stub(httpx.Response(200, json={"results": [step_reply("a", 0), step_reply("a", 1)]}))
    with stub.client() as client:
        client.step_many([NextStep("a", {}, key="mine"), ("a", {})])
    keys = [step["key"] for step in json.loads(stub.requests[0].content)["steps"]]
    assert keys[0] == "mine"
    assert len(keys[1]) > 20


# --------------------------------------------------------------------------------------- nothing lost, nothing doubled


def lose_most(number: int) -> str:
    return (PASSED, LOST_BEFORE, LOST_AFTER, LOST_AFTER, PASSED)[number % 5]


def test_through_a_network_that_loses_requests_and_replies_each_is_carried_out_once(service: "RunningService") -> None:
    with (
        lossy_proxy(service.url, lose_most) as proxy,
        ai.Client(proxy.url, service.key, retries=Retries(seconds=30, first=0, most=0)) as client,
    ):
        agent = client.agents.create("tmaze", name="lossy", planner={"exhaustive": {"horizon": 1}})
        numbers = [agent.step({}).step for _ in range(10)]
        ended = client.step_many([(agent, {})] * 5)
        record = agent.reset()
        agent.delete()
        client.models.create("lossy", ai.Model.load("bandit"))
    assert numbers == list(range(10))
    assert [one.step for one in ended if isinstance(one, StepReply)] == list(range(10, 15))
    assert (record.next_step, record.episode) == (15, 1)
    assert min(proxy.seen[LOST_BEFORE], proxy.seen[LOST_AFTER]) > 5
    with ai.Client(service.url, service.key) as client:
        assert [one for one in client.agents.list() if one.name == "lossy"] == []
        assert [one.version for one in client.models.get("lossy").names] == [1]


def test_while_its_database_is_killed_no_step_is_lost_or_doubled() -> None:
    patient = Retries(seconds=60, first=0.02, most=0.2)
    with (
        running_postgres(durable=True) as server,
        fresh_database(server) as url,
        running_service(url) as service,
        ai.Client(service.url, service.key, retries=patient) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        agents = [client.agents.create("tmaze", planner={"exhaustive": {"horizon": 1}}) for _ in range(4)]
        answered: dict[str, list[int]] = {agent.id: [] for agent in agents}
        done = threading.Event()

        def go_on(agent: "ai.client.RemoteAgent") -> None:
            while not done.is_set():
                answered[agent.id].append(agent.step({}).step)

        def all_went_on(by: int) -> None:
            goals = {name: len(steps) + by for name, steps in answered.items()}
            wait_until(
                lambda: any(one.done() for one in courses) or all(len(answered[name]) >= goals[name] for name in goals),
                "every agent steps on",
            )

        courses = [pool.submit(go_on, agent) for agent in agents]
        try:
            for _ in range(2):
                all_went_on(by=3)
                server.embedded.stop(mode="immediate")  # every session ends in the middle of what it does
                server.embedded.start()
            all_went_on(by=3)
        finally:
            done.set()
        for course in courses:
            course.result()
        for agent in agents:
            assert answered[agent.id] == list(range(agent.read().next_step))
