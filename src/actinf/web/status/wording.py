"""How states, moments and names read on the status page: in words, so that no colour has to be seen."""

import math
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime

from actinf.responder.publishing.page import NoticeState, PublicPage, Working

__all__ = ["day", "hour", "listed", "minute", "said", "sentence", "share", "working"]

#: Names that a sentence carries; of more it says how many there are.
_MOST_NAMES = 3

_OPENINGS = {
    Working.MAINTENANCE: "Planned work is under way on",
    Working.DEGRADED: "There are problems with",
    Working.PARTIAL_OUTAGE: "There is a partial outage of",
    Working.MAJOR_OUTAGE: "There is a major outage of",
}


def working(how: Working) -> str:
    """How something works, with a capital letter.

    >>> working(Working.PARTIAL_OUTAGE)
    'Partial outage'
    """
    return how.value.capitalize()


def said(state: NoticeState) -> str:
    """Where a notice stands, with a capital letter.

    >>> said(NoticeState.UNDER_WAY)
    'Under way'
    """
    return state.value.capitalize()


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["Gateway", "Results", "Sign-in"])
    'Gateway, Results and Sign-in'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def sentence(page: PublicPage) -> str:
    """How the whole service works, in one sentence that can stand alone."""
    if page.working is Working.OPERATIONAL:
        return "Everything is working." if page.components or page.current else "No problems are known."
    hit = [_isolated(one.name) for one in page.components if one.working is page.working]
    if not hit:  # something is told of that is none of the parts, or not of which of them
        about = "the service"
    elif len(hit) == len(page.components) > 1:
        about = "the whole service"
    elif len(hit) > _MOST_NAMES:
        about = f"{len(hit)} of the {len(page.components)} parts of the service"
    else:
        about = listed(hit)
    return f"{_OPENINGS[page.working]} {about}."


def minute(at: datetime) -> str:
    """A moment, UTC.

    >>> minute(datetime(2026, 11, 7, 14, 2, tzinfo=UTC))
    '7 Nov 2026, 14:02'
    """
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M}"


def day(on: date) -> str:
    """A day."""
    return f"{on:%-d %b %Y}"


def hour(at: datetime) -> str:
    """The time of day of a moment, UTC."""
    return f"{at.astimezone(UTC):%H:%M}"


def share(part: float) -> str:
    """A share as per cent, never rounded up: only where nothing is missing it is 100 %.

    >>> share(0.999999), share(1.0), share(0.57)
    ('99.99 %', '100 %', '57.00 %')
    """
    return "100 %" if part >= 1 else f"{math.floor(max(part, 0.0) * 10_000 + 1e-6) / 100:.2f} %"


def _isolated(name: str) -> str:
    """A name that is written from right to left, so that it turns nothing around it; any other as it is."""
    turns = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name)
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}" if turns else name
