"""The client against the real service: it gives what the lab gives, and what is refused is the library's own error."""

import asyncio
import gc
import json
import math
import warnings
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest

import actinf as ai
from actinf.client import NextStep, Retries, StepReply
from actinf.errors import (
    BudgetError,
    Conflict,
    FileError,
    Forbidden,
    IdempotencyError,
    ImpossibleObservation,
    ModelError,
    NotFound,
    ObservationError,
    ServiceError,
    ServiceUnavailable,
    SettingError,
    Unauthenticated,
)
from actinf.service.models.schemas import WEATHER

if TYPE_CHECKING:
    from support.service import RunningService

CENTRE = {"where": "centre", "cue": "none"}
CUE = {"where": "cue", "cue": "left"}
SETTINGS: dict[str, Any] = {"inference": ai.Exact(), "planner": ai.Exhaustive(horizon=2)}
STRANGER = "01997a3e-5d7c-7c39-9d51-6a1f6b1a2f10"


def agent_of(client: ai.Client, **settings: Any) -> "ai.client.RemoteAgent":
    return client.agents.create("tmaze", **(SETTINGS | {"seed": 1} | settings))


# ----------------------------------------------------------------------------------------------------- what comes back


def test_a_step_gives_the_numbers_of_the_library(client: ai.Client) -> None:
    model = ai.envs.BUNDLED["tmaze"]().model()
    session = ai.Agent(model, **SETTINGS).start(seed=1)
    agent = agent_of(client)
    for observation in (CENTRE, CUE):
        expected, reply = session.step(observation), agent.step(observation, include=["terms"])
        assert reply.action == expected.action
        assert reply.F == expected.F
        np.testing.assert_array_equal(reply.q_pi, expected.q_pi)
        np.testing.assert_array_equal(reply.G, expected.G)
        for name, q in expected.qs.items():
            np.testing.assert_array_equal(reply.qs[name], q)
        explained = expected.explain()
        assert reply.terms is not None
        assert reply.terms.policies == agent.record.policies == explained.names
        for name in ("risk", "ambiguity", "novelty_A", "novelty_B"):
            np.testing.assert_array_equal(getattr(reply.terms, name), getattr(explained, name))


def test_a_model_is_sent_by_name_hash_document_or_as_it_is(client: ai.Client) -> None:
    model = ai.Model.from_dict(WEATHER)
    kept = client.models.create("my-weather", model)
    assert kept.hash == model.hash
    assert (kept.names[0].name, kept.names[0].version) == ("my-weather", 1)
    assert ai.Model.from_dict(client.models.get("my-weather@1").document).hash == model.hash
    for reference in ("my-weather", model.hash, model.to_dict(), model):
        agent = client.agents.create(reference, planner={"exhaustive": {"horizon": 1}})
        assert agent.record.model == model.hash
        agent.delete()
    assert {"my-weather", "tmaze"} <= {item.name for item in client.models.list(page_size=1)}
    client.models.delete(kept.hash)
    with pytest.raises(NotFound, match="my-weather"):
        client.models.get("my-weather")


def test_settings_are_sent_as_objects_or_as_plain_values(client: ai.Client) -> None:
    objects = agent_of(client, choice=ai.MarginalAction(), learning=ai.Learning(A=True, rate=0.5), gamma=np.float64(4))
    plain = client.agents.create(
        "tmaze",
        seed=1,
        inference="exact",
        planner={"exhaustive": {"horizon": 2}},
        learning={"A": True, "rate": 0.5},
        gamma=4.0,
    )
    assert objects.record.settings == plain.record.settings
    assert objects.record.settings["learning"] == {"A": True, "rate": 0.5}
    with pytest.raises(SettingError, match=r"planner is .*expected 'Exhaustive'"):
        client.agents.create("tmaze", planner=ai.Exact())


def test_observations_may_be_arrays_and_indices(client: ai.Client) -> None:
    soft, hard = agent_of(client), agent_of(client)
    by_array = soft.step({"where": np.array([1.0, 0, 0, 0]), "cue": np.int64(0)})
    np.testing.assert_array_equal(by_array.qs["location"], hard.step(["centre", "none", None]).qs["location"])


def test_the_steps_of_an_agent_are_read_page_by_page(client: ai.Client) -> None:
    agent = agent_of(client)
    for number in range(5):
        assert agent.step({}, executed={"location": "cue"}).step == number
    taken = list(agent.steps(page_size=2))
    assert [step.step for step in taken] == [0, 1, 2, 3, 4]
    assert taken[0].executed == {"location": "cue"}
    assert [step.step for step in agent.steps(after=2)] == [3, 4]
    assert agent.read().next_step == 5
    assert (agent.reset().episode, agent.record.time) == (1, 0)
    assert agent.id in {item.id for item in client.agents.list(page_size=1)}


def test_an_agent_may_be_made_with_its_first_step(client: ai.Client) -> None:
    made, stepped = agent_of(client, observation=CENTRE), agent_of(client).step(CENTRE)
    assert made.first is not None
    assert (made.first.step, made.first.action, made.record.next_step) == (0, stepped.action, 1)
    np.testing.assert_array_equal(made.first.G, stepped.G)
    assert made.step(CUE).action == {"location": "left"}
    assert [one.observation for one in made.steps()] == [CENTRE, CUE]
    count = len(list(client.agents.list()))
    with pytest.raises(ImpossibleObservation):
        agent_of(client, observation={"where": "left"})
    assert len(list(client.agents.list())) == count


def test_many_agents_step_at_once_and_each_ends_by_itself(client: ai.Client) -> None:
    first, second = agent_of(client), agent_of(client)
    ended = client.step_many(
        [(first, CENTRE), (second.id, CENTRE), NextStep(first, CUE, include=["terms"]), (STRANGER, CENTRE)]
    )
    replies = [one for one in ended if isinstance(one, StepReply)]
    assert [(one.agent, one.step) for one in replies] == [(first.id, 0), (second.id, 0), (first.id, 1)]
    assert replies[2].terms is not None
    assert isinstance(ended[3], NotFound)
    assert client.step_many([(first, {"where": "nowhere"})])[0].request_id is not None


def test_hidden_states_are_inferred_without_an_agent(client: ai.Client) -> None:
    observations: list[dict[str, Any]] = [CENTRE, CUE]
    found = client.infer("tmaze", observations, [{"location": "cue"}], inference=ai.Exact())
    agent = agent_of(client)
    replies = [agent.step(CENTRE), agent.step(CUE, executed={"location": "cue"})]
    np.testing.assert_array_equal(found.F, [reply.F for reply in replies])
    np.testing.assert_array_equal(found.qs["context"], [reply.qs["context"] for reply in replies])
    assert found.log_evidence == -found.total_F
    assert client.infer("tmaze", observations, [["cue"]], inference="fixed_point").log_evidence is None


def test_the_service_says_how_it_is(client: ai.Client, service: "RunningService") -> None:
    client.wait_until_ready()
    health = client.health()
    assert (health.ok, health.version) == (True, ai.__version__)
    assert "ai_" not in repr(client)


def test_keys_are_made_listed_and_revoked(client: ai.Client, service: "RunningService") -> None:
    made = client.keys.create("notebook", ["read"], expires_in_days=1)
    assert made.key not in repr(made)
    with ai.Client(service.url, made.key + "\n") as reader:  # as it is read from a file
        assert list(reader.agents.list(page_size=1)) is not None
        with pytest.raises(Forbidden, match="run"):
            reader.agents.create("tmaze")
        assert made.id in {key.id for key in client.keys.list(page_size=1)}
        assert client.keys.revoke(made.id).revoked_at is not None
        with pytest.raises(Unauthenticated):
            list(reader.agents.list())


def test_the_audit_log_is_read_page_by_page(client: ai.Client) -> None:
    agent = agent_of(client, name="audited")
    agent.delete()
    entries = list(client.audit.list(object=f"agent:{agent.id}", page_size=1))
    assert [(one.action, one.outcome) for one in entries] == [("agents.delete", "done"), ("agents.create", "done")]
    later = client.audit.list(after=entries[1].seq, since=entries[1].created_at, action="agents.delete")
    assert entries[0] in list(later)


def test_the_asynchronous_client_does_the_same(service: "RunningService") -> None:
    async def course() -> list[str]:
        async with ai.AsyncClient(service.url, service.key) as client:
            await client.wait_until_ready()
            agents = [await client.agents.create("tmaze", **SETTINGS, seed=1) for _ in range(3)]
            replies = await asyncio.gather(*(agent.step(CENTRE) for agent in agents))
            replies += await client.step_many([(agent, CUE) for agent in agents])
            assert [step.step async for step in agents[0].steps(page_size=1)] == [0, 1]
            assert agents[0].id in {item.id async for item in client.agents.list()}
            for agent in agents:
                await agent.delete()
            with pytest.raises(NotFound):
                await agents[0].read()
            return [reply.action["location"] for reply in replies]

    assert asyncio.run(course()) == ["cue"] * 3 + ["left"] * 3


# -------------------------------------------------------------------------------------------------- what is refused


def test_refusals_are_the_errors_of_the_library(client: ai.Client) -> None:
    agent = agent_of(client)
    agent.step(CENTRE, key="mine")
    with pytest.raises(ImpossibleObservation) as impossible:
        agent.step(CENTRE)
    assert impossible.value.request_id is not None
    assert impossible.value.request_id in impossible.value.__notes__[0]
    with pytest.raises(ObservationError, match=r"'lft'.*'left'"):
        agent.step({"cue": "lft"})
    with pytest.raises(ObservationError, match="observation"):
        agent.step({"cue": {"deep": {}}})
    with pytest.raises(Conflict, match="step 1 comes next"):
        agent.step(CUE, step=7)
    with pytest.raises(IdempotencyError):
        agent.step(CUE, key="mine")
    with pytest.raises(SettingError, match="horizon"):
        client.agents.create("tmaze", planner={"exhaustive": {"horizon": 0}})
    with pytest.raises(SettingError, match="limit"):
        list(client.agents.list(page_size=0))
    with pytest.raises(BudgetError):
        client.agents.create("tmaze", planner={"exhaustive": {"horizon": 30}})
    with pytest.raises(NotFound, match="tmaze"):
        client.agents.create("tmace")
    with pytest.raises(NotFound):
        client.agents.get(STRANGER)
    with pytest.raises(ModelError) as mistakes:
        client.models.create("mine", ai.Model.load("tmaze").to_dict() | {"D": {"location": [1.0, 1.0]}})
    assert mistakes.value.problems[0][0][0] == "D"


def test_a_wrong_key_says_so(service: "RunningService") -> None:
    with ai.Client(service.url, "ai_wrong") as stranger, pytest.raises(Unauthenticated):
        stranger.agents.create("tmaze")
    with ai.Client(service.url) as nobody, pytest.raises(Unauthenticated, match="there is no key"):
        nobody.agents.create("tmaze")


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://lab", "http://", "http://lab?x=1"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(SettingError, match="expected one like"):
        ai.Client(url)


@pytest.mark.parametrize("key", ["", " ", "ai_a b", "ai_ä", "ai_a\nX-Other: 1"])
def test_a_key_that_cannot_be_one_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(SettingError) as refused:
        ai.Client("http://127.0.0.1:8000", key)
    assert key.strip() == "" or key not in str(refused.value)


def test_the_environment_is_handed_in() -> None:
    with ai.Client.from_environment({"ACTINF_URL": "http://127.0.0.1:8000/"}) as client:
        assert client.url == "http://127.0.0.1:8000"
    with pytest.raises(SettingError, match="ACTINF_URL"):
        ai.Client.from_environment({})


# ----------------------------------------------------------------------------- what is no service, or none there


def answering(answer: httpx.Response) -> ai.Client:
    return ai.Client("http://lab.test", transport=httpx.MockTransport(lambda _: answer))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(200, html="<h1>It works</h1>"), "is no Active Inference API.*text/html"),
        (httpx.Response(404, html="<h1>Not found</h1>"), "is no Active Inference API.*404"),
        (
            httpx.Response(301, headers={"Location": "https://lab.test/"}),
            "is no Active Inference API.*https://lab.test/",
        ),
        (httpx.Response(200, json={"hello": "world"}), "cannot read.*'id'"),
        (httpx.Response(200, json=[1, 2]), "cannot read"),
        (httpx.Response(400, json="no"), "cannot read"),
        (httpx.Response(200, headers={"Content-Type": "application/json"}, content=b"{"), "cannot read"),
    ],
)
def test_a_server_that_is_another_one_is_called_that(answer: httpx.Response, said: str) -> None:
    with answering(answer) as client, pytest.raises(ServiceError, match=said):
        client.agents.get(STRANGER)


def test_where_nothing_listens_that_is_said_at_once() -> None:
    from support.ports import free_port

    port = free_port()
    with ai.Client(f"http://127.0.0.1:{port}") as client:
        with pytest.raises(ServiceUnavailable, match=rf"cannot connect to http://127.0.0.1:{port}.*actinf serve"):
            client.agents.get(STRANGER)
        with pytest.raises(ServiceUnavailable, match=r"not ready within 0 s.*cannot connect"):
            client.wait_until_ready(0)


def test_plain_http_behind_an_address_of_https_is_told(service: "RunningService") -> None:
    with ai.Client(service.url.replace("http:", "https:")) as client, pytest.raises(ServiceError, match="http://"):
        client.health()


def test_infinite_numbers_come_back_as_such() -> None:
    step = {"agent": STRANGER, "step": 0, "episode": 0, "time": 0, "action": {"move": "on"}, "qs": {"place": [1.0]}}
    step |= {"F": None, "q_pi": [1.0, 0.0], "G": [0.5, None], "terms": None, "a field of a later release": 1}
    replies = {"GET": {"items": [], "next": None}, "POST": {"results": [{"reply": step, "problem": None}]}}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=replies[request.method]))
    with ai.Client("http://lab.test", transport=transport) as client:
        (reply,) = client.step_many([(STRANGER, {})])
    assert isinstance(reply, StepReply)
    assert reply.F == math.inf
    assert reply.G is not None
    assert reply.G.tolist() == [0.5, math.inf]


AGENT = {"id": STRANGER, "name": "", "model": "0", "next_step": 0, "episode": 0, "created_at": "2026-01-01T00:00:00Z"}
AGENT |= {"seed": 1, "settings": {}, "time": 0, "factors": {}, "modalities": {}, "controls": {}, "num_policies": 0}
AGENT |= {"policies": None}
HALF = "\ud800"  # of a surrogate pair
BROKEN = {"D": {"place": np.array([math.nan, 1.0])}}


@pytest.mark.parametrize(
    ("ask", "kind", "said"),
    [
        (
            lambda agent, _: agent.step({"cue": [math.nan, 1.0, 0.0]}),
            ObservationError,
            r"observation\['cue'\]\[0\] is nan: expected a finite number",
        ),
        (
            lambda agent, _: agent.step([None, np.array([0.5, -np.inf])]),
            ObservationError,
            r"observation\[1\]\[1\] is -inf",
        ),
        (
            lambda agent, client: client.step_many([(agent, {}), (agent, {"cue": math.inf})]),
            ObservationError,
            r"steps\[1\]\['observation'\]\['cue'\] is inf",
        ),
        (
            lambda _, client: client.infer("tmaze", [{}, {"cue": math.nan}]),
            ObservationError,
            r"observations\[1\]\['cue'\] is nan",
        ),
        (
            lambda agent, _: agent.step({}, executed={"location": {"cue"}}),
            ObservationError,
            r"executed\['location'\] is of the type set",
        ),
        (
            lambda _, client: client.models.create("m", BROKEN),
            ModelError,
            r"document\['D'\]\['place'\]\[0\] is nan",
        ),
        (lambda _, client: client.agents.create(BROKEN), ModelError, r"model\['D'\]\['place'\]\[0\] is nan"),
        (lambda _, client: client.simulations.create({"agent": {"gamma": math.inf}}), FileError, r"'gamma'\] is inf"),
        (lambda _, client: client.agents.create("tmaze", gamma=np.float32("nan")), SettingError, "gamma is nan"),
        (lambda _, client: client.agents.create("tmaze", name=HALF), SettingError, "name is the text .*surrogate"),
        (lambda _, client: client.agents.create({HALF: 1}), ModelError, "surrogate"),
        (lambda agent, _: agent.step({}, key="schlüssel"), ServiceError, "cannot be written"),
    ],
)
def test_what_json_cannot_hold_is_refused_by_its_place_and_never_sent(
    ask: Any, kind: type[Exception], said: str
) -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        return httpx.Response(200, json=AGENT)

    with ai.Client("http://lab.test", transport=httpx.MockTransport(answer)) as client:
        agent = client.agents.get(STRANGER)
        with pytest.raises(kind, match=f"{said}.*nothing was sent"):
            ask(agent, client)
    assert sent == ["GET"]


def test_a_client_that_is_forgotten_leaves_no_open_connection(service: "RunningService") -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ai.Client(service.url, service.key, retries=Retries(seconds=0)).health().ok
        gc.collect()


def test_a_record_shows_what_was_sent(client: ai.Client) -> None:
    agent = agent_of(client, name="rat 7")
    agent.step(CENTRE)
    assert next(iter(agent.steps())).observation == CENTRE
    assert json.loads(json.dumps(agent.record.settings)) == agent.record.settings
    assert "rat 7" in repr(agent)
