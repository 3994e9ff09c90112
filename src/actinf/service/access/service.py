"""What is done with keys."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from actinf.errors import NotFound
from actinf.service.access import repository
from actinf.service.access.keys import new_key
from actinf.service.access.schemas import KeyCreated, KeyPage, KeyShown, NewKey
from actinf.service.context import Asking

__all__ = ["create", "listed", "revoke"]


async def create(asking: Asking, wanted: NewKey) -> KeyCreated:
    """Make a key in the workspace of whoever asks."""
    key = new_key()
    expires = None if wanted.expires_in_days is None else datetime.now(UTC) + timedelta(days=wanted.expires_in_days)
    row = await repository.insert_key(
        asking.connection, asking.principal.workspace, key, wanted.name, sorted(set(wanted.scopes)), expires
    )
    asking.record("keys.create", f"key:{key.prefix}", name=wanted.name, scopes=sorted(set(wanted.scopes)))
    return KeyCreated(**dict(row._mapping), key=key.text)


async def listed(asking: Asking, after: UUID | None, limit: int) -> KeyPage:
    """A page of the keys of the workspace."""
    rows = await repository.keys_of(asking.connection, asking.principal.workspace, after, limit + 1)
    items = [KeyShown.model_validate(dict(row._mapping)) for row in rows[:limit]]
    return KeyPage(items=items, next=items[-1].id if len(rows) > limit else None)


async def revoke(asking: Asking, key: UUID) -> KeyShown:
    """End a key.

    Raises:
        NotFound: there is none.
    """
    row = await repository.revoke_key(asking.connection, workspace=asking.principal.workspace, key=key, prefix=None)
    if row is None:
        raise NotFound(f"there is no key {key} in this workspace")
    actor = f"key:{row.prefix}"
    asking.record("keys.revoke", actor)
    asking.once_committed(lambda: asking.parts.keyring.forget(actor))
    return KeyShown.model_validate(dict(row._mapping))
