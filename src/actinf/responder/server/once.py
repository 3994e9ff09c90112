"""`Idempotency-Key`: a request that is sent twice is carried out once, and answered twice alike.

The key is kept in the transaction of the request itself: whatever the process dies of, both are there or neither.  Keys
belong to who sent them and are known for 24 hours.  The contract is that of the service, whose code is not loaded here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from actinf.errors import IdempotencyError
from actinf.responder.server.context import Asking
from actinf.responder.store import repeats
from actinf.responder.store.repeats import Answer
from actinf.runtime.idempotency_key import REPLAYED, digest_of_body

__all__ = ["answered"]


def answered(
    asking: Asking,
    key: str | None,
    operation: str,
    body: BaseModel,
    work: Callable[[], str],
    *,
    status: int = 200,
    is_long: bool = False,
) -> Response:
    """Do the work and answer with the incident that it makes, or with what was answered when the key was first used.

    Args:
        asking: the request.
        key: its `Idempotency-Key`, if any.
        operation: which operation it is, and of what; the same key for another one is a mistake.
        body: what was sent.
        work: does it, and says which incident the answer is about; who asks may see that one.
        status: of the reply.
        is_long: it takes long, or does more than a transaction can: its key is kept when it has ended.  A process that
            dies in between lets it be done again.

    Raises:
        IdempotencyError: the key was used for another request.
    """
    store, clock, desk = asking.server.parts.store, asking.server.parts.clock, asking.server.parts.desk
    if key is None:
        return _reply(_written(desk.document(work())), status)
    digest = digest_of_body(operation, body)

    def kept(document: dict[str, Any]) -> Answer:
        return Answer(operation=operation, digest=digest, incident=document["id"], body=_written(document), at=clock())

    with store.writing() as connection:
        before = repeats.answer(connection, asking.by, key, clock())
        if before is None and not is_long:
            given = kept(desk.document(work()))
            repeats.keep(connection, asking.by, key, given)
            return _reply(given.body, status)
    if before is None:
        name = work()
        with store.writing() as connection:
            # As it stands when it is kept: what is erased from now on takes the answer with it.
            given = kept(desk.document(name))
            repeats.keep(connection, asking.by, key, given)
        return _reply(given.body, status)
    if before.digest != digest:
        raise IdempotencyError(
            f"the Idempotency-Key {key!r} was used at {before.at:%Y-%m-%d %H:%M:%S} UTC for another request "
            f"({before.operation}): take a new key for a new request, and the same body for the same key"
        )
    reply = _reply(before.body, status)
    reply.headers[REPLAYED] = "true"
    return reply


def _written(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _reply(body: bytes, status: int) -> Response:
    return Response(body, status, media_type="application/json")
