"""Switches as they are sent and received."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["SwitchList", "SwitchPut", "SwitchShown"]


class SwitchPut(BaseModel):
    """Where a switch is put, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"position": "auto", "reason": "large runs exhausted the node"}]},
    )

    position: Literal["auto", "open", "closed"] = Field(
        description="`auto` lets failures decide; `open` refuses what it guards with 503; `closed` never refuses."
    )
    reason: str = Field(min_length=1, max_length=500, description="For the audit log, and whoever looks next.")


class SwitchShown(BaseModel):
    """A switch, and what the breaker behind it does in the process that answers."""

    name: str
    guards: str = Field(description="What it guards.")
    position: Literal["auto", "open", "closed"]
    state: Literal["closed", "half-open", "open"] = Field(
        description="Of this process: `closed` lets through, `half-open` lets one try through, `open` refuses."
    )
    failures: int = Field(description="In a row, in this process.")
    reason: str = Field(description="Why it was put there.")
    changed_by: str | None = Field(description="By whom; null: it was never thrown.")
    changed_at: datetime | None


class SwitchList(BaseModel):
    """All switches."""

    items: list[SwitchShown]
