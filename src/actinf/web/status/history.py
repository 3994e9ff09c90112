"""What was, as it is shown: the days of a component as bars with a summary in words, and past notices by month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from actinf.responder.publishing.page import Day, Notice, PublicComponent, PublicPage, Working
from actinf.web.lengths import lasting
from actinf.web.status.wording import day, working

__all__ = ["Bars", "Month", "bar_of", "bars", "months"]

#: Of the drawing: what a day takes, the bar in it, and how high all is.
_PITCH, _WIDTH, _HEIGHT = 7, 5, 32
#: The worse a day was, the higher its bar, so that trouble is seen without its colour; None: nothing is known.
_HEIGHTS: dict[Working | None, int] = {
    None: 3,
    Working.OPERATIONAL: 14,
    Working.MAINTENANCE: 14,
    Working.DEGRADED: 20,
    Working.PARTIAL_OUTAGE: 26,
    Working.MAJOR_OUTAGE: _HEIGHT,
}
#: Notices on one page of the history; where there are more, each month has its own.
_MOST_ON_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Bar:
    """A day, or many days that need no word each.

    Attributes:
        look: class of it.
        path: of its bar or bars, for SVG.
        words: what a pointer is told of it; may be empty.
    """

    look: str
    path: str
    words: str


@dataclass(frozen=True, slots=True)
class Bars:
    """The days of a component.

    Attributes:
        width: of the drawing.
        height: of it.
        drawn: the bars.
        words: all of it in a few words, which stand below it for those who do not see it.
        troubled: the days that were not as they should be, the newest first.
        known: days of which something is known; of one alone, a share of it says nothing of ninety.
    """

    width: int
    height: int
    drawn: tuple[Bar, ...]
    words: str
    troubled: tuple[Day, ...]
    known: int


@dataclass(frozen=True, slots=True)
class Month:
    """Notices that began in a month.

    Attributes:
        first: day of it.
        path: of the page that shows it.
        notices: the newest first.
    """

    first: date
    path: str
    notices: tuple[Notice, ...]

    @property
    def name(self) -> str:
        """Of it, with its year."""
        return f"{self.first:%B %Y}"


def bar_of(worst: Working | None, left: int = 0) -> str:
    """The bar of a day as a path of SVG, with its left edge there."""
    return f"M{left} {_HEIGHT - _HEIGHTS[worst]}h{_WIDTH}v{_HEIGHTS[worst]}h-{_WIDTH}z"


def bars(component: PublicComponent) -> Bars:
    """The days of a component as they are drawn and told."""
    days = component.days
    plain: dict[Working | None, list[str]] = {None: [], Working.OPERATIONAL: []}
    told = []
    for at, one in enumerate(days):
        path = bar_of(one.worst, at * _PITCH + 1)
        if one.worst in plain and not one.notices:
            plain[one.worst].append(path)
        else:
            told.append(Bar(_look(one.worst), path, _words(one)))
    drawn = [Bar(_look(worst), "".join(paths), "") for worst, paths in plain.items() if paths]
    troubled = tuple(one for one in reversed(days) if one.notices or one.worst not in plain)
    known = sum(one.worst is not None for one in days)
    words = _summary(days, troubled, known)
    return Bars(max(len(days), 1) * _PITCH, _HEIGHT, tuple(drawn + told), words, troubled, known)


def months(page: PublicPage) -> list[Month]:
    """What is over, by the months in which it began, the newest first.

    All stands on `history.html` where it is little; else the newest month does, and each other one on its own page.
    """
    grouped: dict[date, list[Notice]] = {}
    for notice in sorted(page.past, key=lambda one: one.began_at, reverse=True):
        grouped.setdefault(notice.began_at.astimezone(UTC).date().replace(day=1), []).append(notice)
    paged = len(page.past) > _MOST_ON_A_PAGE
    return [
        Month(first, f"history-{first:%Y-%m}.html" if paged and at else "history.html", tuple(notices))
        for at, (first, notices) in enumerate(grouped.items())
    ]


def _look(worst: Working | None) -> str:
    return "unknown" if worst is None else worst.value.replace(" ", "-")


def _words(one: Day) -> str:
    outage = f", {lasting(timedelta(seconds=one.seconds_down))} of outage" if one.seconds_down > 0 else ""
    return f"{day(one.day)}: {working(one.worst) if one.worst is not None else 'nothing is known'}{outage}"


def _summary(days: Sequence[Day], troubled: Sequence[Day], known: int) -> str:
    if not known:
        return "Nothing is known yet."
    down = sum(one.seconds_down for one in days)
    outage = f"{lasting(timedelta(seconds=down))} of outage" if down > 0 else "no outage"
    if known == 1:
        only = "on the only day that is known"
        return f"Affected {only}, {outage}." if troubled else f"No trouble {only}."
    span = f"the last {known:,} days"
    return f"{len(troubled):,} of {span} affected, {outage}." if troubled else f"No trouble in {span}."
