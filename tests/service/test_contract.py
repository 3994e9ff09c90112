"""The OpenAPI document: what it says is what the service does."""

from typing import Any

import httpx
import pytest
from support.postgres import PostgresServer, fresh_database
from support.schemathesis import held_to_its_document
from support.service import RunningService, running_service

from actinf.service.openapi import ALSO


@pytest.fixture(scope="module")
def document(service: RunningService) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{service.url}/openapi.json").raise_for_status().json()
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation for methods in document["paths"].values() for operation in methods.values()
    }


def test_operations_have_names_of_their_own_that_read_well(document: dict[str, Any]) -> None:
    names = operations(document)
    assert len(names) == sum(len(methods) for methods in document["paths"].values())
    assert all(name.isidentifier() and "_" not in name for name in names)
    assert {"createAgent", "takeStep", "infer"} <= names.keys()


def test_what_is_said_of_an_operation_is_said_of_one_that_there_is(document: dict[str, Any]) -> None:
    assert ALSO.keys() <= operations(document).keys()


def test_refusals_are_problems_and_tell_when_to_try_again(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        refusals = {code: said for code, said in operation["responses"].items() if code >= "400"}
        for code, said in refusals.items():
            if name in ("health", "ready"):
                continue
            assert list(said["content"]) == ["application/problem+json"], (name, code)
            assert ("Retry-After" in said["headers"]) == (code in ("429", "503")), (name, code)
        if operation.get("security"):
            assert refusals.keys() >= {"401", "403", "429", "503"}, name


def test_every_tag_is_explained(document: dict[str, Any]) -> None:
    used = {tag for operation in operations(document).values() for tag in operation["tags"]}
    assert used == {tag["name"] for tag in document["tags"]}


def test_a_path_that_several_operations_share_allows_them_all(api: httpx.Client) -> None:
    refused = api.put("/v1/agents")
    assert refused.status_code == 405
    assert refused.headers["Allow"] == "GET, POST"


def test_a_body_that_is_no_text_is_refused_as_one(api: httpx.Client) -> None:
    refused = api.post("/v1/agents", content=b"\xff{", headers={"Content-Type": "application/json"})
    assert refused.status_code == 422
    assert refused.headers["Content-Type"] == "application/problem+json"


def test_a_horizon_without_measure_is_refused_at_once(api: httpx.Client) -> None:
    for horizon in (10**6, 10**18):
        refused = api.post("/v1/agents", json={"model": "tmaze", "planner": {"exhaustive": {"horizon": horizon}}})
        assert refused.status_code == 422


def test_the_service_does_what_its_document_says(postgres_server: PostgresServer) -> None:
    """Every check on every operation, with few examples: `make campaign` takes many."""
    with fresh_database(postgres_server) as url, running_service(url, log_level="error") as service:
        passed, said = held_to_its_document(service, "--max-examples", "3", seconds=170)
        with service.client() as api:
            assert api.get("/v1/keys").status_code == 200, "the key that all requests had was revoked on the way"
    assert passed, said[-12_000:]
