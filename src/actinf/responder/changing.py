"""What can be told of a change to the system: the same by the command line and over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from actinf.errors import SettingError
from actinf.responder.intake.changes import Change, ChangeKind
from actinf.responder.intake.untrusted import web_address
from actinf.responder.moments import Moment

__all__ = ["TellChange", "change_document"]


class TellChange(BaseModel):
    """Tell of a change: incidents that open within seven days show it, and it changes none that is open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ChangeKind = Field(description="What sort of change it was.", examples=["deploy"])
    what: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)] = Field(
        description="What was changed, in a sentence.", examples=["api 1.4.2 to production"]
    )
    at: Moment | None = Field(None, description="When; now where it is left out.", examples=["2026-11-23T14:02:00Z"])
    url: str = Field("", description="Where to look, an address of the web.", examples=["https://ci.example.org/42"])

    def change(self, by: str, now: datetime) -> Change:
        """The change.

        Raises:
            SettingError: it is yet to come, or the address is none.
        """
        at = now if self.at is None else self.at.astimezone(UTC)
        if at > now:
            raise SettingError(f"at is {at:%Y-%m-%d %H:%M:%S} UTC, which is yet to come: tell of it when it is done")
        if self.url and not web_address(self.url):
            raise SettingError(f"url is {self.url[:80]!r}: expected an address as https://ci.example.org/42")
        return Change(at=at, kind=self.kind, what=self.what, by=by, url=self.url)


def change_document(change: Change) -> dict[str, Any]:
    """A change, as commands and the API show it."""
    return {
        "at": change.at.isoformat(),
        "kind": str(change.kind),
        "what": change.what,
        "by": change.by,
        "url": change.url or None,
    }
