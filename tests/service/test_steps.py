"""Steps: the same numbers as in the library, in order, once, and durable."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import numpy as np
import psycopg
import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeout
from support.postgres import fresh_database
from support.service import RunningService, running_service

import actinf as ai
from actinf.errors import ServiceUnavailable
from actinf.service.steps import service as service_of_steps
from actinf.service.steps import service as taking
from actinf.service.steps.schemas import NewStep

CENTRE = {"where": "centre", "cue": "none"}
CUE = {"where": "cue", "cue": "left"}


def steps_of(agent: dict[str, Any]) -> str:
    return f"/v1/agents/{agent['id']}/steps"


def test_a_step_gives_the_numbers_of_the_library(api: httpx.Client, agent: dict[str, Any]) -> None:
    model = ai.envs.BUNDLED["tmaze"]().model()
    session = ai.Agent(model, inference=ai.Exact(), planner=ai.Exhaustive(horizon=2)).start(seed=1)
    for observation in (CENTRE, CUE):
        expected = session.step(observation)
        reply = api.post(steps_of(agent), json={"observation": observation}).raise_for_status().json()
        assert reply["action"] == expected.action
        assert reply["F"] == expected.F
        assert reply["q_pi"] == expected.q_pi.tolist()
        assert reply["G"] == expected.G.tolist()
        assert reply["qs"] == {name: q.tolist() for name, q in expected.qs.items()}


def test_the_terms_add_up_to_G(api: httpx.Client, agent: dict[str, Any]) -> None:
    reply = api.post(steps_of(agent), json={"observation": CENTRE, "include": ["terms"]}).raise_for_status().json()
    terms = {name: np.array(reply["terms"][name]) for name in ("risk", "ambiguity", "novelty_A", "novelty_B")}
    total = (terms["risk"] + terms["ambiguity"] - terms["novelty_A"]).sum((1, 2)) - terms["novelty_B"].sum(1)
    np.testing.assert_allclose(total, reply["G"], rtol=1e-12)
    assert reply["terms"]["policies"] == agent["policies"]


def test_an_impossible_observation_leaves_the_agent_where_it_stood(api: httpx.Client, agent: dict[str, Any]) -> None:
    api.post(steps_of(agent), json={"observation": CENTRE}).raise_for_status()
    refused = api.post(steps_of(agent), json={"observation": CENTRE})
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "/problems/impossible-observation"
    assert api.post(steps_of(agent), json={"observation": CUE}).raise_for_status().json()["step"] == 1


def test_a_stale_step_is_refused_and_the_next_one_is_named(api: httpx.Client, agent: dict[str, Any]) -> None:
    assert api.post(steps_of(agent), json={"observation": CENTRE, "step": 0}).status_code == 201
    for stale in (0, 2):
        refused = api.post(steps_of(agent), json={"observation": CUE, "step": stale})
        assert refused.status_code == 409
        assert "step 1 comes next" in refused.json()["detail"]


def test_the_same_key_takes_the_step_once_and_answers_alike(api: httpx.Client, agent: dict[str, Any]) -> None:
    def send(_: int) -> httpx.Response:
        return api.post(steps_of(agent), json={"observation": CENTRE}, headers={"Idempotency-Key": "first"})

    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(send, range(64)))
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.content for reply in replies}) == 1
    assert api.get(f"/v1/agents/{agent['id']}").json()["next_step"] == 1
    api.post(steps_of(agent), json={"observation": CUE}).raise_for_status()
    again = send(0)
    assert again.content == replies[0].content
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_key_for_another_observation_is_refused(api: httpx.Client, agent: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": "mine"}
    api.post(steps_of(agent), json={"observation": CENTRE}, headers=headers).raise_for_status()
    refused = api.post(steps_of(agent), json={"observation": CUE}, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["type"] == "/problems/idempotency-key-reused"


def test_steps_sent_at_once_follow_one_another(api: httpx.Client, agent: dict[str, Any]) -> None:
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: api.post(steps_of(agent), json={"observation": {}}), range(40)))
    assert sorted(reply.json()["step"] for reply in replies) == list(range(40))
    shown = api.get(steps_of(agent), params={"limit": 1000}).json()
    assert [step["step"] for step in shown["items"]] == list(range(40))
    assert shown["next"] is None


def test_many_agents_step_in_one_request(api: httpx.Client, agent: dict[str, Any]) -> None:
    strange = "01997a3e-5d7c-7c39-9d51-6a1f6b1a2f10"
    steps = [{"agent": agent["id"], "observation": CENTRE}, {"agent": agent["id"], "observation": CUE}]
    reply = api.post("/v1/steps", json={"steps": [*steps, {"agent": strange, "observation": CENTRE}]}).json()["results"]
    assert [one["reply"]["step"] for one in reply[:2]] == [0, 1]
    assert reply[2]["problem"]["status"] == 404


def test_of_many_steps_of_an_agent_none_is_taken_after_one_that_failed(
    api: httpx.Client, agent: dict[str, Any]
) -> None:
    other = api.post("/v1/agents", json={"model": "tmaze", "planner": {"exhaustive": {"horizon": 1}}}).json()
    steps = [
        {"agent": agent["id"], "observation": CENTRE, "key": "one"},
        {"agent": agent["id"], "observation": {"where": "nowhere"}, "key": "two"},
        {"agent": other["id"], "observation": CENTRE, "key": "one"},
        {"agent": agent["id"], "observation": {}, "key": "three"},
    ]
    ended = api.post("/v1/steps", json={"steps": steps}).json()["results"]
    assert [one["problem"] and one["problem"]["status"] for one in ended] == [None, 422, None, 409]
    assert "an earlier step of this agent in the request failed: " in ended[3]["problem"]["detail"]
    steps[1]["observation"] = CUE
    again = api.post("/v1/steps", json={"steps": steps}).json()["results"]
    assert [one["reply"]["step"] for one in again] == [0, 1, 0, 2]
    assert [again[at]["reply"] for at in (0, 2)] == [ended[at]["reply"] for at in (0, 2)]


@pytest.mark.parametrize(
    "error", [PoolTimeout("no connection is free"), psycopg.OperationalError("the server went away"), OSError("reset")]
)
def test_a_database_that_fails_one_step_of_many_fails_no_other(
    api: httpx.Client, agent: dict[str, Any], error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails_for_the_other(parts: Any, principal: Any, identity: UUID, *wanted: Any) -> taking.Taken:
        if str(identity) == other["id"]:
            raise error
        return await take(parts, principal, identity, *wanted)

    take = taking.take
    monkeypatch.setattr(taking, "take", fails_for_the_other)
    other = api.post("/v1/agents", json={"model": "tmaze", "planner": {"exhaustive": {"horizon": 1}}}).json()
    steps = [{"agent": one, "observation": CENTRE} for one in (other["id"], agent["id"], other["id"])]
    ended = api.post("/v1/steps", json={"steps": steps}).raise_for_status().json()["results"]
    assert [one["problem"] and one["problem"]["status"] for one in ended] == [503, None, 409]
    assert ended[1]["reply"]["step"] == 0


@pytest.mark.parametrize("learning", [None, {"A": True}])
def test_two_processes_serve_one_agent(postgres_server: Any, learning: dict[str, Any] | None) -> None:
    """Steps alternate between two processes, each of which finds its own memory outdated; the course is that of one."""
    wanted = {
        "model": "tmaze",
        "inference": "exact",
        "planner": {"exhaustive": {"horizon": 2}},
        "seed": 3,
        "alpha": 1.0,
    }
    course = [CENTRE, CUE, {"where": "cue", "cue": "left"}, {"where": "cue", "cue": "left"}]
    with (
        fresh_database(postgres_server) as url,
        running_service(url) as one,
        running_service(url) as other,
        one.client() as first,
        other.client(one.key) as second,
    ):
        alternating, alone = (
            first.post("/v1/agents", json=wanted | {"learning": learning}).raise_for_status().json() for _ in range(2)
        )
        for at, observation in enumerate(course):
            body = {"observation": observation, "executed": {"location": "cue"}}
            client = (first, second)[at % 2]
            mine = client.post(steps_of(alternating), json=body).raise_for_status().json()
            reference = first.post(steps_of(alone), json=body).raise_for_status().json()
            assert mine | {"agent": None} == reference | {"agent": None}


def test_a_step_that_others_always_overtake_is_worth_sending_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def overtaken(*_: Any) -> None:
        tries.append(place.waiting)

    async def go() -> None:
        place.lock = asyncio.Lock()
        wanted = NewStep(observation={}, executed=None, step=None)
        await taking.take(parts, SimpleNamespace(workspace=UUID(int=1)), UUID(int=2), wanted, "key")  # type: ignore[arg-type]

    tries: list[int] = []
    place = SimpleNamespace(waiting=0)
    parts: Any = SimpleNamespace(hot=SimpleNamespace(place=lambda *_: place))
    monkeypatch.setattr(taking, "_try", overtaken)
    with pytest.raises(ServiceUnavailable, match="came first 4 times") as refused:
        asyncio.run(go())
    assert refused.value.retry_after == 1
    assert (tries, place.waiting) == ([1] * 4, 0)


def test_an_observation_may_be_a_distribution_by_name(api: httpx.Client, agent: dict[str, Any]) -> None:
    api.post(steps_of(agent), json={"observation": CENTRE}).raise_for_status()
    soft = {"where": "cue", "cue": {"left": 0.9, "right": 0.1}, "outcome": None}
    reply = api.post(steps_of(agent), json={"observation": soft}).raise_for_status().json()
    assert 0.8 < reply["qs"]["context"][0] < 0.95


def test_a_million_wrong_outcomes_are_one_mistake(api: httpx.Client, agent: dict[str, Any]) -> None:
    content = b'{"observation":[' + b",".join([b"true"] * 1_000_000) + b"]}"
    headers = {"Content-Type": "application/json"}
    refused = api.post(steps_of(agent), content=content, headers=headers)
    assert refused.status_code == 422
    assert len(refused.content) < 5_000
    assert httpx.post(str(refused.url), content=content, headers=headers, timeout=30).status_code == 401


def test_asking_for_an_agent_of_others_does_not_take_it_from_them(
    service: RunningService, agent: dict[str, Any]
) -> None:
    """Their place is one of their own: it was the owner who was told that there is no such agent."""
    with service.client(service.new_key(workspace="strangers")) as stranger, service.client() as owner:
        service.app.state.parts.hot.place(uuid4(), UUID(agent["id"]))
        assert stranger.post(steps_of(agent), json={"observation": CENTRE}).status_code == 404
        assert owner.post(steps_of(agent), json={"observation": CENTRE}).status_code == 201


def test_a_page_ends_early_where_its_steps_are_long(
    api: httpx.Client, agent: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(6):
        api.post(steps_of(agent), json={"observation": {}}).raise_for_status()
    monkeypatch.setattr(service_of_steps, "_MOST_NUMBERS_OF_A_PAGE", 3 * (6 + 2 * 16))  # three steps of a T-maze
    seen, after, pages = [], -1, 0
    while after is not None:
        page = api.get(steps_of(agent), params={"after": after, "limit": 100}).raise_for_status().json()
        seen += [step["step"] for step in page["items"]]
        after, pages = page["next"], pages + 1
    assert seen == list(range(6))
    assert pages == 2


def test_more_policies_than_can_be_replied_are_refused_before_the_step(api: httpx.Client) -> None:
    wanted = {"model": "tmaze", "planner": {"exhaustive": {"horizon": 10}}}  # 2 × 4¹⁰ numbers
    made = api.post("/v1/agents", json=wanted).raise_for_status().json()
    refused = api.post(steps_of(made), json={"observation": CENTRE, "include": ["policies"]})
    assert refused.status_code == 422
    assert "1,048,576 policies" in refused.json()["detail"]
    assert api.get(f"/v1/agents/{made['id']}").json()["next_step"] == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"observation": {"where": 1.5}},
            "body.observation.where: expected a string, a whole number, a list or an object (got 1.5)",
        ),
        ({"observation": {"where": True}}, "body.observation.where: expected a string"),
        ({"observation": "x"}, 'body.observation: expected an object or a list (got "x")'),
        ({"observation": {}, "step": -1}, "body.step: expected at least 0 (got -1)"),
        ({"observation": {}, "steps": 3}, "body.steps: there is no such field"),
        ({}, "body.observation: is required"),
    ],
)
def test_a_wrong_body_is_told_without_the_words_of_the_schema(
    api: httpx.Client, agent: dict[str, Any], body: dict[str, Any], said: str
) -> None:
    detail = api.post(steps_of(agent), json=body).json()["detail"]
    assert detail.startswith(said)
    assert "nullable" not in detail
    assert "dict[" not in detail
