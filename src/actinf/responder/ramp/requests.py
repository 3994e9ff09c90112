"""What can be asked for with a ramp: the same by the command line, over HTTP and from a page."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from actinf.errors import SettingError

__all__ = ["DirectRamp", "Direction", "StartRamp"]

_Reason = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True)]


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    down: bool = Field(False, description="Replicas may be taken away; counts only together with `yes_down`.")
    yes_down: bool = Field(False, description="Said a second time: replicas may be taken away.")

    @property
    def may_go_down(self) -> bool:
        """Whether it was said twice that replicas may be taken away.

        Raises:
            SettingError: it was said once.
        """
        if self.down != self.yes_down:
            said, missing = ("down", "yes_down") if self.down else ("yes_down", "down")
            raise SettingError(
                f"{said} is given and {missing} is not: that replicas may be taken away during an incident has to be "
                "said twice, --down --yes-down"
            )
        return self.down


class StartRamp(_Request):
    """Begin a ramp: smoke test, reduced load, some replicas, a soak, all replicas; each when the one before passed."""

    plan: dict[str, Any] | None = Field(
        None,
        description="The plan, as a file has it; without it, the runbook's.",
        examples=[{"steps": ["smoke", "load", {"replicas": 3}, {"soak": "15m"}, {"replicas": 5}]}],
    )


class Direction(StrEnum):
    """What a person says to a ramp."""

    PAUSE = "pause"
    RESUME = "resume"
    PASS = "pass"
    ABORT = "abort"
    ROLLBACK = "rollback"


class DirectRamp(_Request):
    """Say something to a ramp."""

    reason: _Reason = Field("", description="Why; needed where a step is let pass on somebody's word.")
