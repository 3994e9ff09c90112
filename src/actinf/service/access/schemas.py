"""Keys as they are sent and received."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["KeyCreated", "KeyPage", "KeyShown", "NewKey", "Scope"]

Scope = Literal["read", "run", "operate", "admin"]


class NewKey(BaseModel):
    """A key to be made in the workspace of the key that asks."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "lab notebook", "scopes": ["read", "run"], "expires_in_days": 90}]},
    )

    name: str = Field(min_length=1, max_length=100, description="What it is for.")
    scopes: list[Scope] = Field(min_length=1, max_length=4, description="What it may do.")
    expires_in_days: int | None = Field(
        None, strict=True, ge=1, le=3650, description="After which it ends; null: never."
    )


class KeyShown(BaseModel):
    """What is known of a key; the key itself is shown once, when it is made."""

    id: UUID
    name: str
    prefix: str = Field(description="The part that names the key in lists and logs.")
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To within a minute.")


class KeyCreated(KeyShown):
    """A new key."""

    key: str = Field(description="The key. It is shown this once: keep it.")


class KeyPage(BaseModel):
    """Keys, the oldest first."""

    items: list[KeyShown]
    next: UUID | None = Field(description="`after` of the next page; null: this is the last.")
