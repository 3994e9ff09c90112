"""`/v1/keys`: the keys of one's workspace."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from actinf.errors import NotFound
from actinf.service.access import repository, service
from actinf.service.access.principal import Principal
from actinf.service.access.schemas import KeyCreated, KeyPage, KeyShown, NewKey
from actinf.service.context import Asking, Transaction, parts_of, requires
from actinf.service.idempotency import IdempotencyKey, once
from actinf.service.json_route import JsonRoute

__all__ = ["router"]

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=JsonRoute)

Admin = Annotated[Principal, Depends(requires("admin"))]


@router.post("", status_code=201, response_model=KeyCreated)
async def create_key(
    body: NewKey, request: Request, principal: Admin, connection: Transaction, idempotency_key: IdempotencyKey = None
) -> Response:
    """Make a key in the workspace of the key that asks.  It is shown this once."""
    asking = Asking(principal, connection, parts_of(request))
    return await once(asking, idempotency_key, "keys.create", body, lambda: service.create(asking, body), secret=True)


@router.get("")
async def list_keys(
    principal: Admin,
    connection: Transaction,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> KeyPage:
    """The keys of the workspace, the oldest first."""
    rows = await repository.keys_of(connection, principal.workspace, after, limit + 1)
    items = [KeyShown.model_validate(dict(row._mapping)) for row in rows[:limit]]
    return KeyPage(items=items, next=items[-1].id if len(rows) > limit else None)


@router.delete("/{key}", status_code=200)
async def revoke_key(key: UUID, request: Request, principal: Admin, connection: Transaction) -> KeyShown:
    """Revoke a key: it ends at once here, and within 5 s in other processes.  Revoking twice changes nothing."""
    asking = Asking(principal, connection, parts_of(request))
    row = await repository.revoke_key(connection, workspace=principal.workspace, key=key, prefix=None)
    if row is None:
        raise NotFound(f"there is no key {key} in this workspace")
    await asking.record("keys.revoke", f"key:{row.prefix}")
    asking.parts.keyring.forget()
    return KeyShown.model_validate(dict(row._mapping))
