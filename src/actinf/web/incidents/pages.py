"""The pages of incidents: what strangers wrote is cleaned of what no reader sees before it is shown as text."""

from collections.abc import Callable
from datetime import UTC, datetime

from actinf.responder.channels import neutral
from actinf.web.incidents.assets import ASSETS
from actinf.web.lengths import lasting
from actinf.web.markup import Markup

__all__ = ["page", "text"]

#: Characters that are shown of one text; timelines hold longer ones in full, behind "…".
_LONGEST = 20_000


def plain(text: object, most: int = _LONGEST) -> str:
    """Text of anybody, in lines, without marks that turn its direction, terminal sequences and control characters."""
    return neutral.block(str(text), most)


def line(text: object, most: int = 300) -> str:
    """The same, in one line."""
    return neutral.line(str(text), most)


def capitalized(text: object) -> str:
    """One line that begins with a capital letter."""
    said = line(text)
    return said[:1].upper() + said[1:]


def minute(at: datetime) -> str:
    """A moment, UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def near(at: datetime, now: datetime) -> str:
    """A moment, UTC, with its day only where that is another than today."""
    at, today = at.astimezone(UTC), now.astimezone(UTC).date()
    if at.date() == today:
        return f"{at:%H:%M}"
    return f"{at:%d %b %H:%M}" if at.year == today.year else minute(at)


def clock(at: datetime) -> str:
    """The time of day of a moment, UTC."""
    return f"{at.astimezone(UTC):%H:%M:%S}"


def day(at: datetime) -> str:
    """The day of a moment, UTC."""
    return f"{at.astimezone(UTC):%a %d %b %Y}"


def attribute(at: datetime) -> str:
    """A moment as the attribute `datetime` wants it."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


_FILTERS: dict[str, Callable[..., str]] = {
    "plain": plain,
    "line": line,
    "capitalized": capitalized,
    "minute": minute,
    "near": near,
    "clock": clock,
    "day": day,
    "attribute": attribute,
    "lasting": lasting,
}
_MARKUP = Markup("actinf.web.incidents", ASSETS, _FILTERS)

page, text = _MARKUP.page, _MARKUP.text
