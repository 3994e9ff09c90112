"""`/v1/audit`: what was done in one's workspace."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from actinf.service.audit import repository
from actinf.service.audit.schemas import AuditEntry, AuditPage
from actinf.service.context import Operator, Transaction

__all__ = ["router"]

router = APIRouter(prefix="/v1/audit", tags=["audit"])

_TEXT = r"^[\x20-\x7e]+$"


def _written(value: object) -> object:
    """A time as RFC 3339 writes it; pydantic would take a number for seconds since 1970."""
    if isinstance(value, str) and "T" not in value.upper():
        raise ValueError("expected a date and a time, as in 2026-11-26T09:00:00Z")
    return value


class AuditQuery(BaseModel):
    """Which entries."""

    model_config = ConfigDict(extra="forbid")

    before: int | None = Field(None, ge=0, lt=2**62, description="Only entries with lower numbers.", examples=[42])
    after: int | None = Field(
        None,
        ge=0,
        lt=2**62,
        description="Only entries with higher numbers, and the oldest of them first.",
        examples=[0],
    )
    since: Annotated[AwareDatetime, BeforeValidator(_written)] | None = Field(
        None, description="Only entries from this time on.", examples=["2026-11-26T09:00:00Z"]
    )
    actor: str | None = Field(None, max_length=200, pattern=_TEXT, examples=["key:k3x9q2mz"])
    action: str | None = Field(None, max_length=200, pattern=_TEXT, examples=["agents.create"])
    object: str | None = Field(
        None, max_length=200, pattern=_TEXT, examples=["agent:01997a3e-5d7c-7c39-9d51-6a1f6b1a2f10"]
    )
    outcome: Literal["done", "refused", "failed"] | None = Field(None, examples=["refused"])
    limit: int = Field(100, ge=1, le=1000)


@router.get("")
async def list_audit(asked: Annotated[AuditQuery, Query()], principal: Operator, changes: Transaction) -> AuditPage:
    """The audit log of the workspace: who changed what, and which keys were refused; the newest first.

    It cannot be changed, and `actinf audit verify` finds out when somebody did.
    """
    rows = await repository.entries(
        changes.connection,
        principal.workspace,
        before=asked.before,
        after=asked.after,
        since=asked.since,
        equal=asked.model_dump(include={"actor", "action", "object", "outcome"}),
        limit=asked.limit + 1,
    )
    items = [AuditEntry.model_validate(dict(row._mapping)) for row in rows[: asked.limit]]
    return AuditPage(items=items, next=items[-1].seq if len(rows) > asked.limit else None)
