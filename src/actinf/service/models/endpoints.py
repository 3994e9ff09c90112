"""`/v1/models`: models by the hash of their content, with names and versions."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from actinf.runtime.idempotency_key import IdempotencyKey
from actinf.service.context import Asking, Reader, Runner, Transaction, parts_of
from actinf.service.idempotency import once
from actinf.service.json_route import YAML, JsonRoute
from actinf.service.models import service
from actinf.service.models.schemas import NAME, ModelPage, ModelShown, NewModel

__all__ = ["router"]

router = APIRouter(prefix="/v1/models", tags=["models"], route_class=JsonRoute)

Reference = Annotated[str, Path(max_length=120, description="A hash, `name`, or `name@version`.", examples=["tmaze"])]


@router.post(
    "",
    status_code=201,
    response_model=ModelShown,
    openapi_extra={"requestBody": {"content": {YAML: {"schema": {"$ref": "#/components/schemas/NewModel"}}}}},
)
async def create_model(
    body: NewModel, request: Request, principal: Runner, changes: Transaction, idempotency_key: IdempotencyKey = None
) -> Response:
    """Keep a model under a name.  Sent again under the same name, it is the same version.

    The body may be YAML (`Content-Type: application/yaml`), so that a model file can be put under `document:` as it is.
    """
    asking = Asking(principal, changes, parts_of(request))

    async def work() -> ModelShown:
        model = await service.keep(asking, body.name, body.document)
        return await service.shown(asking, model.hash)

    return await once(asking, idempotency_key, "models.create", body, work)


@router.get("")
async def list_models(
    request: Request,
    principal: Reader,
    changes: Transaction,
    after: Annotated[
        str | None, Query(pattern=NAME, examples=["weather"], description="The last name of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ModelPage:
    """The models of the workspace by name, and those that come with the service."""
    return await service.listed(Asking(principal, changes, parts_of(request)), after, limit)


@router.get("/{reference}")
async def read_model(reference: Reference, request: Request, principal: Reader, changes: Transaction) -> ModelShown:
    """A model, whole."""
    return await service.shown(Asking(principal, changes, parts_of(request)), reference)


@router.delete("/{reference}", status_code=204)
async def delete_model(
    reference: Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="The hash of the model.")],
    request: Request,
    principal: Runner,
    changes: Transaction,
) -> None:
    """Remove a model and its names; 409 where an agent has it."""
    await service.delete(Asking(principal, changes, parts_of(request)), reference)
