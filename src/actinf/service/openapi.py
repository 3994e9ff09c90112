"""The OpenAPI document: what FastAPI derives from the endpoints, and what it cannot know.

Which refusals an operation can give follows from what it is: without a key, without a body, without an id in its path
some cannot happen.  The few that follow from nothing stand in `ALSO`.  Refusals are problem documents, and the headers
that belong to a reply are told with it.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from actinf.runtime.problem_documents import PROBLEM_JSON, Problem
from actinf.service.openapi_examples import BODIES, MEANINGS, PARAMETERS, REPLIES

__all__ = ["ALSO", "TAGS", "describe", "operation_id"]

TAGS = [
    {"name": "agents", "description": "A model, settings, a seed, and where it stands."},
    {"name": "steps", "description": "An observation in, an action and the beliefs behind it out; durable."},
    {"name": "models", "description": "What agents believe of their world: immutable, named, with versions."},
    {"name": "simulations", "description": "Many agents in a world, computed in the background; durable."},
    {"name": "inference", "description": "Beliefs and free energies of a sequence of observations, without an agent."},
    {"name": "keys", "description": "Who may do what."},
    {"name": "audit", "description": "Who did what: chained, so that a change of it is found."},
    {"name": "switches", "description": "The circuit breakers: what operators see, and throw while the service runs."},
    {"name": "health", "description": "For whoever keeps the service alive; without a key."},
]

REFUSALS = {
    401: "There is no valid key.",
    403: "The key may not do this.",
    404: "There is no such thing in the workspace.",
    409: "The request does not fit the state of its object.",
    408: "The body did not arrive in time.",
    413: "The body is larger than is accepted.",
    422: "What was sent is not what this takes; the detail says why.",
    429: "Too many requests.",
    503: "Not now; the reply says when.",
}

#: Refusals of an operation that do not follow from what it looks like.
ALSO: dict[str, tuple[int, ...]] = {
    "createAgent": (404,),  # of its model
    "infer": (404,),
    "takeStep": (409,),  # another step comes next
    "resetAgent": (409,),  # it was stepped at the same moment
    "deleteModel": (409,),  # agents have it
    "cancelSimulation": (409,),  # it has ended
    "deleteSimulation": (409,),  # it is running
    "readResult": (409,),  # there is none yet, or there will be none
}

#: What FastAPI says of a reply of which the endpoint says nothing.
_OF_THE_FRAMEWORK = "Successful Response"

_REPLAYED = {"schema": {"type": "string", "enum": ["true"]}, "description": "The reply was given before."}
_REQUEST_ID = {"schema": {"type": "string"}, "description": "Names the request in the logs."}
_RETRY_AFTER = {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds until it is worth trying again."}
_CHALLENGE = {"schema": {"type": "string"}, "description": "How to authenticate."}


def operation_id(route: APIRoute) -> str:
    """`create_agent` → `createAgent`: what a generated client calls the operation."""
    first, *others = route.name.split("_")
    return first + "".join(word.capitalize() for word in others)


def describe(app: FastAPI) -> dict[str, Any]:
    """The document of an application; made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            separate_input_output_schemas=app.separate_input_output_schemas,
        )
        schemas = document["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):  # refusals are problems instead
            schemas.pop(name, None)
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= problem.pop("$defs")
        schemas["Problem"] = problem
        for name, example in REPLIES.items():
            schemas[name]["examples"] = [example]
        used = set()
        for operations in document["paths"].values():
            for operation in operations.values():
                _complete(operation, schemas)
                used |= set(operation.get("tags", ()))
        document["tags"] = [tag for tag in TAGS if tag["name"] in used]
        app.openapi_schema = document
    return app.openapi_schema


def _complete(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation["responses"]
    responses.pop("422", None)  # FastAPI's own
    for status in _refusals(operation):
        responses.setdefault(str(status), _refusal(status))
    for code, response in responses.items():
        headers = response.setdefault("headers", {})
        headers["X-Request-ID"] = _REQUEST_ID
        if response["description"] == _OF_THE_FRAMEWORK:
            response["description"] = _said_of(response, schemas)
        if code in ("200", "201") and _named(operation, "Idempotency-Key"):
            headers["Idempotent-Replayed"] = _REPLAYED
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and not parameter["schema"].get("examples"):
            parameter["example"] = PARAMETERS[parameter["name"]]
        if not parameter.get("description"):
            parameter["description"] = MEANINGS[parameter["name"]]
    for part in (operation.get("requestBody", {}), *responses.values()):
        for kind, content in part.get("content", {}).items():
            if (operation["operationId"], kind) in BODIES:
                content["example"] = BODIES[operation["operationId"], kind]
            _show(content, schemas)


def _said_of(response: dict[str, Any], schemas: dict[str, Any]) -> str:
    """What a reply is: what its schema says of itself."""
    if "content" not in response:
        return "It is done."
    for content in response["content"].values():
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        if name in schemas:
            return str(schemas[name]["description"]).split("\n\n")[0]
    return "What was asked for."


def _refusals(operation: dict[str, Any]) -> list[int]:
    """The statuses of the refusals that an operation can give."""
    found = set(ALSO.get(operation["operationId"], ()))
    if operation.get("security"):
        found |= {401, 403, 429, 503}
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", ())):
        found |= {404}
    if operation.get("parameters") or "requestBody" in operation:
        found |= {422}
    if "requestBody" in operation:
        found |= {408, 413}
    return sorted(found)


def _refusal(status: int) -> dict[str, Any]:
    content = {"schema": {"$ref": "#/components/schemas/Problem"}}
    headers: dict[str, Any] = {}
    if status in (429, 503):
        headers["Retry-After"] = _RETRY_AFTER
    if status == 401:
        headers["WWW-Authenticate"] = _CHALLENGE
    return {"description": REFUSALS[status], "content": {PROBLEM_JSON: content}, "headers": headers}


def _named(operation: dict[str, Any], header: str) -> bool:
    return any(parameter["name"] == header for parameter in operation.get("parameters", ()))


def _show(content: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Put the examples of a schema where readers and tools look for them: beside it."""
    schema = content.get("schema", {})
    known = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
    examples = known.get("examples") or _of_list(known, schemas)
    if "example" not in content and examples:
        content["examples"] = {f"example{at + 1 if at else ''}": {"value": value} for at, value in enumerate(examples)}


def _of_list(schema: dict[str, Any], schemas: dict[str, Any]) -> list[Any]:
    """The example of a page or list without one of its own: it holds the example of an item."""
    items = schema.get("properties", {}).get("items", {}).get("items", {})
    inner = schemas.get(items.get("$ref", "").rpartition("/")[2], {}).get("examples")
    if not inner:
        return []
    return [{"items": inner[:1]} | ({"next": None} if "next" in schema["properties"] else {})]
