"""Simulations: the numbers of the library, by a worker that is a process of its own."""

import io
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import psycopg
import pytest
import xarray as xr
from support.service import RunningService
from support.worker import running_worker

import actinf as ai
from actinf.lab.experiment import Experiment
from actinf.lab.experiment_document import document_of, experiment_from_document
from actinf.lab.running import simulated
from actinf.service.simulations import result

SMALL = {"experiment": "tmaze", "num_agents": 300, "num_steps": 6, "seed": 4}
LONG = {"experiment": "grid_world", "num_agents": 20_000, "num_steps": 200, "seed": 1}
FINISHED = ("succeeded", "failed", "cancelled")


@pytest.fixture(scope="module", autouse=True)
def worker(service: RunningService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with running_worker(service.database.url, tmp_path_factory.mktemp("worker")):
        yield


def submitted(api: httpx.Client, **wanted: Any) -> str:
    return str(api.post("/v1/simulations", json=wanted).raise_for_status().json()["id"])


def until(api: httpx.Client, simulation: str, *, chunks: int = 0, seconds: float = 60) -> dict[str, Any]:
    """Wait until a simulation has ended, or has so many chunks."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        shown: dict[str, Any] = api.get(f"/v1/simulations/{simulation}").raise_for_status().json()
        if shown["status"] in FINISHED or 0 < chunks <= shown["progress"]["chunks_done"]:
            return shown
        time.sleep(0.02)
    raise AssertionError(f"the simulation did not come so far: {shown}")


@pytest.fixture(scope="module")
def finished(service: RunningService) -> dict[str, Any]:
    """A simulation that succeeded."""
    with service.client() as api:
        shown = until(api, submitted(api, **SMALL))
    assert shown["status"] == "succeeded"
    return shown


def test_the_trace_is_that_of_the_library(api: httpx.Client, finished: dict[str, Any]) -> None:
    where = f"/v1/simulations/{finished['id']}"
    reply = api.get(f"{where}/result", headers={"Accept": "application/x-netcdf"}).raise_for_status()
    expected = simulated(experiment_from_document(api.get(f"{where}/experiment").json()))
    with xr.open_dataset(io.BytesIO(reply.content), engine="h5netcdf") as trace:
        assert trace.load().identical(expected)
    assert reply.headers["content-type"] == "application/x-netcdf"
    assert set(expected.data_vars) >= {"F", "obs_where", "state_location", "action_location"}


def test_json_holds_the_same_numbers(api: httpx.Client, finished: dict[str, Any]) -> None:
    where = f"/v1/simulations/{finished['id']}"
    sent = api.get(f"{where}/result").raise_for_status().json()
    expected = simulated(experiment_from_document(api.get(f"{where}/experiment").json()))
    assert list(sent["variables"]) == list(expected.data_vars)
    for name, variable in expected.data_vars.items():
        assert sent["variables"][name]["dims"] == list(variable.dims)
        np.testing.assert_array_equal(np.array(sent["variables"][name]["values"]), variable.values)
    assert sent["summary"]["headline"] == finished["summary"]["headline"]


def test_a_whole_document_is_run_as_it_is(api: httpx.Client) -> None:
    """With learning, a world that changes, and beliefs on record."""
    document = {
        "actinf": 1,
        "kind": "experiment",
        "name": "reversal",
        "model": {"bundled": "bandit", "make": "learning_model"},
        "world": {"bundled": "bandit", "settings": {"better": 1}},
        "schedule": {"2": {"bundled": "bandit", "settings": {"better": 2}}},
        "agent": {"planner": {"exhaustive": {"horizon": 1, "novelty": True}}, "learning": {"A": True}, "alpha": 4},
        "agents": 20,
        "steps": 3,
        "episodes": 4,
        "record": ["obs", "qs", "counts"],
    }
    shown = until(api, submitted(api, experiment=document, num_agents=30))
    reply = api.get(f"/v1/simulations/{shown['id']}/result", params={"format": "netcdf"}).raise_for_status()
    with xr.open_dataset(io.BytesIO(reply.content), engine="h5netcdf") as trace:
        assert trace.load().identical(simulated(experiment_from_document({**document, "agents": 30})))


def test_a_cancelled_run_ends_at_once_and_leaves_the_worker_free(api: httpx.Client, service: RunningService) -> None:
    identity = submitted(api, **LONG)
    assert until(api, identity, chunks=1)["status"] == "running"
    assert api.get(f"/v1/simulations/{identity}/result").status_code == 409
    assert api.delete(f"/v1/simulations/{identity}").status_code == 409
    replies = [api.post(f"/v1/simulations/{identity}/cancel") for _ in range(2)]
    assert [reply.status_code for reply in replies] == [200, 200]
    assert replies[0].json() == replies[1].json()
    assert until(api, submitted(api, **SMALL))["status"] == "succeeded"
    assert api.get(f"/v1/simulations/{identity}").json() == replies[0].json()
    with psycopg.connect(service.database.url) as connection:
        query = "SELECT count(*) FROM simulation_chunks WHERE simulation_id = %s"
        assert connection.execute(query, [identity]).fetchone() == (0,)
    assert "was cancelled" in api.get(f"/v1/simulations/{identity}/result").json()["detail"]


def test_a_run_that_ended_is_not_cancelled(api: httpx.Client, finished: dict[str, Any]) -> None:
    refused = api.post(f"/v1/simulations/{finished['id']}/cancel")
    assert refused.status_code == 409
    assert "has succeeded" in refused.json()["detail"]


def test_a_deleted_simulation_is_gone(api: httpx.Client) -> None:
    identity = until(api, submitted(api, **SMALL))["id"]
    assert api.delete(f"/v1/simulations/{identity}").status_code == 204
    assert api.get(f"/v1/simulations/{identity}").status_code == 404
    assert api.get(f"/v1/simulations/{identity}/result").status_code == 404


def test_the_same_key_submits_once(api: httpx.Client) -> None:
    def send(_: int) -> httpx.Response:
        return api.post("/v1/simulations", json={**SMALL, "name": "once"}, headers={"Idempotency-Key": "once"})

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(send, range(16)))
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.content for reply in replies}) == 1
    listed = api.get("/v1/simulations", params={"limit": 1000}).json()["items"]
    assert [one["name"] for one in listed].count("once") == 1


def test_another_workspace_sees_none_of_it(service: RunningService, finished: dict[str, Any]) -> None:
    where = f"/v1/simulations/{finished['id']}"
    with service.client(service.new_key(workspace="other")) as stranger:
        assert stranger.get("/v1/simulations").json() == {"items": [], "next": None}
        replies = [stranger.get(f"{where}{part}") for part in ("", "/result", "/experiment")]
        replies += [stranger.post(f"{where}/cancel"), stranger.delete(where)]
        assert [reply.status_code for reply in replies] == [404] * len(replies)


def test_whoever_may_only_read_submits_nothing(service: RunningService) -> None:
    with service.client(service.new_key("read")) as reader:
        assert reader.post("/v1/simulations", json=SMALL).status_code == 403
        assert reader.get("/v1/simulations").status_code == 200


def test_pages_go_from_the_newest_to_the_oldest(api: httpx.Client) -> None:
    made = [submitted(api, **SMALL) for _ in range(3)]
    first = api.get("/v1/simulations", params={"limit": 2}).json()
    second = api.get("/v1/simulations", params={"limit": 1, "after": first["next"]}).json()
    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]
    until(api, made[-1])
    listed = api.get("/v1/simulations", params={"status": "succeeded", "limit": 1}).json()["items"]
    assert [one["status"] for one in listed] == ["succeeded"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"experiment": "tmaze", "num_agents": 10_000_000, "num_steps": 5_000}, "MiB is the most: record less"),
        ({"experiment": "tmaze", "num_agents": 1, "num_steps": 10**7, "num_episodes": 5}, "MiB of memory, and 1,024"),
        (
            {"experiment": "grid_world", "num_agents": 10**6, "num_steps": 5_000, "record": []},
            "s on one core, and 86,400 s is the most",
        ),
    ],
)
def test_what_is_too_large_is_refused_with_the_numbers(api: httpx.Client, wanted: dict[str, Any], said: str) -> None:
    refused = api.post("/v1/simulations", json=wanted)
    assert refused.status_code == 422
    assert refused.json()["type"] == "/problems/too-large"
    assert said in refused.json()["detail"]


def test_a_horizon_without_end_is_refused_before_anything_is_built(api: httpx.Client) -> None:
    document = {"actinf": 1, "kind": "experiment", "name": "far", "model": "tmaze"}
    document |= {"agent": {"planner": {"exhaustive": {"horizon": 60}}}}
    refused = api.post("/v1/simulations", json={"experiment": document})
    assert refused.status_code == 422
    assert "policies would take about" in refused.json()["detail"]


def test_a_trace_of_too_many_numbers_is_sent_as_netcdf_only(
    api: httpx.Client, finished: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(result, "MOST_VALUES", 1000)
    refused = api.get(f"/v1/simulations/{finished['id']}/result")
    assert refused.status_code == 422
    assert "?format=netcdf" in refused.json()["detail"]
    assert api.get(f"/v1/simulations/{finished['id']}/result?format=netcdf").status_code == 200


def test_a_run_that_cannot_go_on_says_why(api: httpx.Client) -> None:
    """The world shows, with some probability, what the agents' model excludes."""
    model = ai.Model.from_arrays([np.eye(2)], [np.eye(2)[:, :, None]], D=[np.array([1.0, 0.0])])
    drifting = ai.Model.from_arrays([np.eye(2)], [np.full((2, 2, 1), 0.5)], D=[np.array([1.0, 0.0])])
    document = document_of(Experiment(name="drift", model=model, world=ai.World(drifting)))
    shown = until(api, submitted(api, experiment=document))
    assert shown["status"] == "failed"
    assert "is impossible" in shown["error"]
    assert shown["error"] in api.get(f"/v1/simulations/{shown['id']}/result").json()["detail"]


def test_what_is_done_with_simulations_is_on_the_audit_log(api: httpx.Client, service: RunningService) -> None:
    identity = until(api, submitted(api, **SMALL, name="watched"))["id"]
    api.delete(f"/v1/simulations/{identity}").raise_for_status()
    with psycopg.connect(service.database.url) as connection:
        query = "SELECT action, details FROM audit_log WHERE object = %s ORDER BY seq"
        rows = connection.execute(query, [f"simulation:{identity}"]).fetchall()
    assert [action for action, _ in rows] == ["simulations.create", "simulations.delete"]
    assert rows[0][1]["name"] == "watched"


def test_the_metrics_count_simulations_and_workers(api: httpx.Client, finished: dict[str, Any]) -> None:
    deadline = time.monotonic() + 30
    while 'actinf_simulations{status="succeeded"}' not in (told := api.get("/metrics").text):
        assert time.monotonic() < deadline, told
        time.sleep(0.1)
    assert "actinf_workers 1.0" in told


def test_the_document_is_kept_in_its_order(api: httpx.Client) -> None:
    """The order of factors is that of the model's axes, and text is what keeps it."""
    model = ai.envs.random_model(num_states=(3, 2), num_obs=(2, 3), num_actions=(2, 2), seed=1).to_dict()
    document = {"actinf": 1, "kind": "experiment", "name": "order", "model": model, "agents": 2, "steps": 2}
    identity = submitted(api, experiment=document)
    kept = api.get(f"/v1/simulations/{identity}/experiment").text
    assert json.loads(kept)["model"] == json.loads(json.dumps(model))
    assert list(json.loads(kept)["model"]["factors"]) == list(model["factors"])
    assert until(api, identity)["status"] == "succeeded"


def told(api: httpx.Client, simulation: str, **headers: str) -> list[tuple[int, dict[str, Any]]]:
    """All events of a simulation, until its stream ends: version and data."""
    events, fields = [], {}
    with api.stream("GET", f"/v1/simulations/{simulation}/events", headers=headers) as reply:
        assert reply.status_code == 200
        for line in reply.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields.pop("event", None) == "simulation":
                events.append((int(fields.pop("id")), json.loads(fields.pop("data"))))
    return events


def test_a_stream_tells_how_a_simulation_gets_on_until_it_has_ended(api: httpx.Client) -> None:
    wanted = {"experiment": "grid_world", "num_agents": 400, "num_steps": 200}
    identity = submitted(api, **wanted)
    events = told(api, identity)
    versions, states = [version for version, _ in events], [state for _, state in events]
    assert versions == sorted(set(versions))
    assert versions == [state["version"] for state in states]
    done = [state["progress"]["chunks_done"] for state in states]
    assert done == sorted(done)
    assert 0 < done[-1] == states[-1]["progress"]["num_chunks"]
    assert {state["status"] for state in states[:-1]} <= {"queued", "running"}
    assert states[-1] == api.get(f"/v1/simulations/{identity}").json()
    assert told(api, identity, **{"Last-Event-ID": str(versions[0])})[-1] == events[-1]


def test_whoever_knows_how_it_ended_is_told_to_leave(api: httpx.Client, finished: dict[str, Any]) -> None:
    where = f"/v1/simulations/{finished['id']}/events"
    assert api.get(where, headers={"Last-Event-ID": str(finished["version"])}).status_code == 204


@pytest.mark.parametrize("form", ["name", "document"])
def test_a_model_of_the_workspace_is_simulated_by_its_name(api: httpx.Client, form: str) -> None:
    model = ai.envs.BUNDLED["tmaze"](cue_validity=0.7).model()
    api.post("/v1/models", json={"name": "my-maze", "document": model.to_dict()}).raise_for_status()
    experiment: Any = "my-maze" if form == "name" else {"actinf": 1, "kind": "experiment", "model": "my-maze@1"}
    simulation = submitted(api, experiment=experiment, num_agents=20, num_steps=3, seed=2)
    assert until(api, simulation)["status"] == "succeeded"
    document = api.get(f"/v1/simulations/{simulation}/experiment").raise_for_status().json()
    assert ai.Model.from_dict(document["model"]).hash == model.hash


def test_a_model_of_another_workspace_is_not_there(service: RunningService, api: httpx.Client) -> None:
    model = ai.envs.BUNDLED["tmaze"](cue_validity=0.6).model()
    api.post("/v1/models", json={"name": "hidden-maze", "document": model.to_dict()}).raise_for_status()
    with service.client(service.new_key(workspace="strangers")) as stranger:
        refused = stranger.post("/v1/simulations", json={"experiment": "hidden-maze", "num_agents": 2, "num_steps": 2})
    assert refused.status_code == 422
    assert "hidden-maze" in refused.json()["detail"]
