"""Workspaces: what belongs to another is to a key what was never there, in every operation that names an object."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.service import RunningService

import actinf as ai
from actinf.service.models.schemas import WEATHER

NOBODY = "01997a3e-0000-7000-8000-000000000000"
BODIES: dict[str, Any] = {"takeStep": {"observation": {}}, "resetAgent": {}}


@pytest.fixture(scope="module")
def theirs(service: RunningService) -> Iterator[dict[str, str]]:
    """The ids of objects in the workspace of somebody else."""
    with service.client(service.new_key(workspace="theirs")) as api:
        agent = api.post("/v1/agents", json={"model": "tmaze"}).raise_for_status().json()["id"]
        api.post(f"/v1/agents/{agent}/steps", json={"observation": {}}).raise_for_status()
        yield {
            "agent": agent,
            "key": api.post("/v1/keys", json={"name": "theirs", "scopes": ["read"]}).raise_for_status().json()["id"],
            "reference": api.post("/v1/models", json={"name": "secret", "document": WEATHER | {"name": "secret"}})
            .raise_for_status()
            .json()["hash"],
            "simulation": api.post("/v1/simulations", json={"experiment": "tmaze", "num_agents": 2, "num_steps": 2})
            .raise_for_status()
            .json()["id"],
        }


def test_what_belongs_to_others_is_not_there(
    service: RunningService, api: httpx.Client, theirs: dict[str, str]
) -> None:
    paths = httpx.get(f"{service.url}/openapi.json").raise_for_status().json()["paths"]
    asked = 0
    for path, methods in paths.items():
        names = set(re.findall(r"{(\w+)}", path)) - {"step", "name"}
        if not names:
            continue
        (name,) = names
        assert name in theirs, f"{path}: state here what an id of {name} is"
        nothing = "0" * 64 if name == "reference" else NOBODY
        for method, operation in methods.items():
            body = BODIES.get(operation["operationId"])
            of_others, of_nobody = (
                api.request(method, path.format(**{name: identity, "step": 0}), json=body)
                for identity in (theirs[name], nothing)
            )
            assert of_others.status_code == of_nobody.status_code == 404, (method, path)
            assert told(of_others, theirs[name]) == told(of_nobody, nothing), (method, path)
            asked += 1
    assert asked >= 10


def told(reply: httpx.Response, identity: str) -> tuple[str, dict[str, str]]:
    """A refusal without what names the request and the object."""
    text = reply.text.replace(identity, "…").replace(identity[:16], "…").replace(reply.headers["X-Request-ID"], "…")
    passing = ("date", "x-request-id", "content-length")
    headers = {
        name: value for name, value in reply.headers.items() if name not in passing and not name.startswith("ratelimit")
    }
    return text, headers


def test_lists_show_nothing_of_others(api: httpx.Client, theirs: dict[str, str]) -> None:
    for path in ("/v1/agents", "/v1/keys", "/v1/models", "/v1/simulations", "/v1/audit"):
        shown = api.get(path, params={"limit": 1000}).raise_for_status().text
        assert not [identity for identity in theirs.values() if identity in shown], path


def test_references_in_bodies_find_nothing_of_others(api: httpx.Client, theirs: dict[str, str]) -> None:
    for reference in (theirs["reference"], "secret", "secret@1"):
        assert api.post("/v1/agents", json={"model": reference}).status_code == 404
        assert api.post("/v1/inference", json={"model": reference, "observations": [{}]}).status_code == 404
    results = api.post("/v1/steps", json={"steps": [{"agent": theirs["agent"], "observation": {}}]}).json()["results"]
    assert results[0]["problem"]["status"] == 404


def test_a_key_of_an_idempotent_request_belongs_to_its_workspace(
    service: RunningService, api: httpx.Client, theirs: dict[str, str]
) -> None:
    headers = {"Idempotency-Key": "the-same-in-both"}
    with service.client(service.new_key(workspace="theirs")) as other:
        of_others = other.post("/v1/agents", json={"model": "tmaze"}, headers=headers).raise_for_status()
    mine = api.post("/v1/agents", json={"model": "tmaze"}, headers=headers).raise_for_status()
    assert "Idempotent-Replayed" not in mine.headers
    assert mine.json()["id"] != of_others.json()["id"]


def test_what_a_model_calls_itself_stays_in_its_workspace(service: RunningService) -> None:
    """The hash leaves names out: the words of whoever sent a model first were shown to all who sent the same."""
    document = ai.Model.load("tmaze").to_dict()
    theirs = document | {"name": "trial of patient 17", "description": "not for others"}
    ours = document | {"name": "our maze", "description": "ours"}
    with (
        service.client(service.new_key("admin", workspace="first")) as first,
        service.client(service.new_key("admin", workspace="second")) as second,
    ):
        made = first.post("/v1/models", json={"name": "maze", "document": theirs}).raise_for_status().json()
        shown = second.post("/v1/models", json={"name": "maze", "document": ours}).raise_for_status().json()
        assert shown["hash"] == made["hash"]
        agent = second.post("/v1/agents", json={"model": "maze"}).raise_for_status().json()
        run = {"experiment": "maze", "num_agents": 2, "num_steps": 2}
        simulation = second.post("/v1/simulations", json=run).raise_for_status().json()["id"]
        texts = [
            second.get(path).raise_for_status().text
            for path in (
                "/v1/models",
                f"/v1/models/{made['hash']}",
                f"/v1/agents/{agent['id']}",
                f"/v1/simulations/{simulation}/experiment",
            )
        ]
    assert [text for text in [str(shown), *texts] if "patient" in text or "not for others" in text] == []
    assert "our maze" in texts[1]
