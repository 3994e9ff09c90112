"""`Idempotency-Key`: a request that is sent twice is carried out once, and answered twice alike.

The key is taken in the transaction of the request itself: a second request with the same key waits for the first to
end, then replays its reply, or does the work where the first failed.  Keys belong to a workspace and are kept for at
least 24 hours.
"""

from collections.abc import Awaitable, Callable

from fastapi import Response
from pydantic import BaseModel
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from actinf.errors import IdempotencyError
from actinf.runtime.idempotency_key import REPLAYED, digest_of_body
from actinf.service.context import Asking
from actinf.service.tables import IDEMPOTENCY_KEYS

__all__ = ["once"]


async def once(
    asking: Asking,
    key: str | None,
    operation: str,
    body: BaseModel | None,
    work: Callable[[], Awaitable[BaseModel]],
    *,
    status: int = 201,
    secret: bool = False,
) -> Response:
    """Do the work and answer with what it makes, or with what it made when the key was first used.

    Args:
        asking: the request.
        key: its `Idempotency-Key`, if any.
        operation: which operation it is; the same key for another one is a mistake.
        body: what was sent.
        work: makes the reply; its writes and the key are in one transaction.
        status: of the reply.
        secret: the reply holds what must not be kept: sent again, the request is refused instead of replayed.

    Raises:
        IdempotencyError: the key was used for another request.
    """
    if key is None:
        return _reply(await work(), status)
    table, digest = IDEMPOTENCY_KEYS, digest_of_body(operation, body)
    mine = (table.c.workspace_id == asking.principal.workspace) & (table.c.key == key)
    values = {"workspace_id": asking.principal.workspace, "key": key, "operation": operation, "digest": digest}
    taken = await asking.connection.execute(
        insert(table).values(**values).on_conflict_do_nothing().returning(table.c.key)
    )
    if taken.first() is None:
        row = (await asking.connection.execute(select(table).where(mine))).one()
        if bytes(row.digest) != digest:
            raise IdempotencyError(
                f"the Idempotency-Key {key!r} was used at {row.created_at:%Y-%m-%d %H:%M:%S} UTC for another request "
                f"({row.operation}): take a new key for a new request, and the same body for the same key"
            )
        if row.body is None:
            raise IdempotencyError(
                f"the request with the Idempotency-Key {key!r} was carried out, and its reply held a secret that is "
                "not kept: list what there is, revoke it if the reply was lost, and ask again with a new key"
            )
        return Response(bytes(row.body), row.status, {REPLAYED: "true"}, media_type="application/json")
    reply = _reply(await work(), status)
    kept = None if secret else bytes(reply.body)
    await asking.connection.execute(update(table).where(mine).values(status=status, body=kept))
    return reply


def _reply(made: BaseModel, status: int) -> Response:
    return Response(made.model_dump_json().encode(), status, media_type="application/json")
