"""`/v1/keys`: the keys of one's workspace."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from actinf.runtime.idempotency_key import IdempotencyKey
from actinf.service.access import service
from actinf.service.access.schemas import KeyCreated, KeyPage, KeyShown, NewKey
from actinf.service.context import Admin, Asking, Transaction, parts_of
from actinf.service.idempotency import once
from actinf.service.json_route import JsonRoute

__all__ = ["router"]

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=JsonRoute)


@router.post("", status_code=201, response_model=KeyCreated)
async def create_key(
    body: NewKey, request: Request, principal: Admin, changes: Transaction, idempotency_key: IdempotencyKey = None
) -> Response:
    """Make a key in the workspace of the key that asks.  It is shown this once."""
    asking = Asking(principal, changes, parts_of(request))
    return await once(asking, idempotency_key, "keys.create", body, lambda: service.create(asking, body), secret=True)


@router.get("")
async def list_keys(
    request: Request,
    principal: Admin,
    changes: Transaction,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> KeyPage:
    """The keys of the workspace, the oldest first."""
    return await service.listed(Asking(principal, changes, parts_of(request)), after, limit)


@router.delete("/{key}", status_code=200)
async def revoke_key(key: UUID, request: Request, principal: Admin, changes: Transaction) -> KeyShown:
    """Revoke a key: it ends at once here, and within 5 s in other processes.  Revoking twice changes nothing."""
    return await service.revoke(Asking(principal, changes, parts_of(request)), key)
