"""The OpenAPI document: what it says is what the service does."""

import json
from typing import Any

import httpx
import jsonschema
import pytest
from schemathesis.config import SchemathesisConfig
from support.documentation import ROOT
from support.postgres import PostgresServer
from support.schemathesis import held_to_its_document
from support.service import RunningService

from actinf.service.openapi import ALSO
from actinf.service.openapi_examples import PARAMETERS


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


def examples(content: dict[str, Any]) -> list[Any]:
    """The examples of a body."""
    found = [one["value"] for one in content.get("examples", {}).values()]
    return [*found, content["example"]] if "example" in content else found


def test_every_operation_has_examples_that_its_schemas_admit(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        succeeded = [said for code, said in operation["responses"].items() if code < "300"]
        assert succeeded, name
        for part in (operation.get("requestBody", {}), *operation["responses"].values()):
            for kind, content in part.get("content", {}).items():
                assert examples(content), (name, kind)
                schema = content.get("schema", {}) | {"components": document["components"]}
                for example in examples(content):
                    jsonschema.validate(example, schema, jsonschema.Draft202012Validator)
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                assert "example" in parameter or parameter["schema"].get("examples"), (name, parameter["name"])


def test_every_example_of_a_request_is_accepted_and_answered_as_the_schema_says(
    document: dict[str, Any], api: httpx.Client
) -> None:
    """In the story of the examples: each operation is called with the ids that those before it gave."""
    known: dict[str, Any] = {"name": "memory", "step": 0}
    made = {"createAgent": "agent", "createKey": "key", "createSimulation": "simulation"}
    paths = [(path, method, one) for path, methods in document["paths"].items() for method, one in methods.items()]
    # What others need comes first, what ends them last.
    rank = {"createModel": 0, "createAgent": 1, "createKey": 1, "createSimulation": 1, "takeStep": 2}
    last = {"cancelSimulation": 5, "deleteSimulation": 6, "deleteAgent": 6, "revokeKey": 6, "deleteModel": 7}
    for path, method, operation in sorted(paths, key=lambda one: (rank | last).get(one[2]["operationId"], 4)):
        name = operation["operationId"]
        if name in ("streamSteps", "streamSimulation", "readResult"):
            continue  # they have tests of their own
        bodies = examples(operation.get("requestBody", {}).get("content", {}).get("application/json", {})) or [None]
        for body in bodies:
            sent = json.loads(json.dumps(body).replace(PARAMETERS["agent"], known.get("agent", "")))
            if name in ("takeStep", "takeManySteps"):  # what is observed is what an episode begins with
                api.post(f"/v1/agents/{known['agent']}/reset", json={}).raise_for_status()
            reply = api.request(method, path.format(**known), json=sent)
            assert reply.is_success, (name, reply.status_code, reply.text)
            said = operation["responses"][str(reply.status_code)]
            if reply.content and reply.headers["Content-Type"] == "application/json":
                schema = said["content"]["application/json"]["schema"] | {"components": document["components"]}
                jsonschema.validate(reply.json(), schema, jsonschema.Draft202012Validator)
            if name in made:
                known[made[name]] = reply.json()["id"]
            if name == "createModel":
                known["reference"] = reply.json()["hash"]


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


def test_the_checks_are_those_of_schemathesis_widened_by_four_statuses() -> None:
    ours = SchemathesisConfig.from_path(ROOT / "schemathesis.toml").projects.default.checks
    theirs = SchemathesisConfig.from_dict({}).projects.default.checks
    widened = ("not_a_server_error", "positive_data_acceptance", "missing_required_header")
    for check in (*widened, "negative_data_rejection"):
        before = set(getattr(theirs, check).expected_statuses)
        after = set(getattr(ours, check).expected_statuses)
        assert before <= after <= before | {"409", "422", "429", "503"}, check


def test_the_service_does_what_its_document_says(postgres_server: PostgresServer) -> None:
    """Every check on every operation, with few examples: `make campaign` takes many."""
    passed, said = held_to_its_document(postgres_server, "--max-examples", "3", seconds=170)
    assert passed, said[-12_000:]
