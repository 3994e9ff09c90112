"""What is done with keys."""

from datetime import UTC, datetime, timedelta

from actinf.service.access import repository
from actinf.service.access.keys import new_key
from actinf.service.access.schemas import KeyCreated, NewKey
from actinf.service.context import Asking

__all__ = ["create"]


async def create(asking: Asking, wanted: NewKey) -> KeyCreated:
    """Make a key in the workspace of whoever asks."""
    key = new_key()
    expires = None if wanted.expires_in_days is None else datetime.now(UTC) + timedelta(days=wanted.expires_in_days)
    row = await repository.insert_key(
        asking.connection, asking.principal.workspace, key, wanted.name, sorted(set(wanted.scopes)), expires
    )
    await asking.record("keys.create", f"key:{key.prefix}", name=wanted.name, scopes=sorted(set(wanted.scopes)))
    return KeyCreated(**dict(row._mapping), key=key.text)
