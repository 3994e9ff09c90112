"""The header `Idempotency-Key`, as every server of ours takes it; how a key is kept is each server's own."""

import hashlib
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel

__all__ = ["REPLAYED", "IdempotencyKey", "digest_of_body"]

#: The header of a reply that was given before.
REPLAYED = "Idempotent-Replayed"

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Names this request: sent again with the same key, it is carried out once and answered alike.",
    ),
]


def digest_of_body(operation: str, body: BaseModel | None) -> bytes:
    """What has to agree for two requests to be the same: the operation and what it was told."""
    said = b"" if body is None else body.model_dump_json(exclude_unset=True).encode()
    return hashlib.sha256(operation.encode() + b"\0" + said).digest()
