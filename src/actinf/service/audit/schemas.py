"""Entries of the audit log as they are shown."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["AuditEntry", "AuditPage"]


class AuditEntry(BaseModel):
    """Who did what to what, when, and how it ended."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "seq": 41,
                    "created_at": "2026-11-27T09:30:00.123456Z",
                    "actor": "key:k3x9q2mz",
                    "action": "agents.create",
                    "object": "agent:01997a3e-5d7c-7c39-9d51-6a1f6b1a2f10",
                    "request_id": "f2b1c7d09a5e4e0f",
                    "outcome": "done",
                    "details": {"model": "tmaze"},
                }
            ]
        }
    )

    seq: int = Field(description="Its number in the log of the whole installation; those of one workspace have gaps.")
    created_at: datetime
    actor: str = Field(description="`key:` and what names the key, `cli:` and a login, `local`, or `unknown`.")
    action: str = Field(description="What was done, for example `agents.create`; `authenticate` where it was refused.")
    object: str = Field(description="To what, for example `agent:` and its id.")
    request_id: str = Field(description="Names the request in the logs; of several refusals, the first.")
    outcome: Literal["done", "refused", "failed"]
    details: dict[str, Any] = Field(description="What else there is to know; of refusals, how many `times` and why.")


class AuditPage(BaseModel):
    """Entries of one's workspace."""

    items: list[AuditEntry]
    next: int | None = Field(
        description="Of the next page: `before`, or `after` where that was given. null: this is the last for now."
    )
