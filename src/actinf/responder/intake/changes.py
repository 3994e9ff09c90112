"""Changes: what somebody did to the system.  Most incidents follow one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from actinf.errors import SettingError
from actinf.responder.intake.untrusted import Fields, web_address

__all__ = ["Change", "ChangeKind", "read_change", "recent"]


class ChangeKind(StrEnum):
    """What sort of change it was."""

    DEPLOY = "deploy"
    MIGRATION = "migration"
    FLAG = "flag"
    SCALE = "scale"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Something that was changed.

    Args:
        at: when, UTC.
        kind: of change.
        what: was changed, in a sentence.
        by: whom or by what.
        url: where to look, an address of the web; "": nowhere.

    Raises:
        SettingError: the time has no zone, or it does not say what was changed.
    """

    at: datetime
    kind: ChangeKind
    what: str
    by: str
    url: str = ""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise SettingError(f"at of a change is {self.at}: expected a time with its zone")
        if not self.what.strip():
            raise SettingError("what of a change is empty: expected a sentence that says what was changed")


def read_change(fields: Fields, received_at: datetime) -> Change:
    """Read a change from a signed webhook.

    Args:
        fields: `kind`, `what`, and where known `by`, `at` and `url`.
        received_at: when it came, UTC: the time of a change that says none, or one that is yet to come.

    Raises:
        WebhookRefused: a field is not what it should be.
    """
    return Change(
        at=min(fields.moment("at") or received_at, received_at),
        kind=ChangeKind(fields.one_of("kind", tuple(ChangeKind))),
        what=fields.text("what"),
        by=fields.text("by", "") or "unknown",
        url=web_address(fields.text("url", "")),
    )


def recent(changes: Iterable[Change], at: datetime, n: int = 5) -> tuple[Change, ...]:
    """The last changes before a moment, the newest first.

    Args:
        changes: in any order.
        at: the moment; what comes later is left out.
        n: how many at most.
    """
    before = [change for change in changes if change.at <= at]
    return tuple(sorted(before, key=lambda change: change.at, reverse=True)[: max(0, n)])
