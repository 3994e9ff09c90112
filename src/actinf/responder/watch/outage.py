"""When a responder counts as dead, and what is told of it: from one look to the next, without a clock or a network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from actinf.responder.watch.looking import Seen

__all__ = ["News", "Notice", "Outage", "Patience", "Standing", "after", "decides_at"]


class News(StrEnum):
    """What a notice is about."""

    DEAD = "dead"
    STILL = "still"  # it lasts
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long is waited.

    Attributes:
        silent: how long no look may have gone well before it is told.
        repeat: until it is told again.
    """

    silent: timedelta = timedelta(seconds=90)
    repeat: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A time in which the responder does not work, as far as it can be seen from here, and that was told.

    Attributes:
        since: the last look before it that went well.
        number: how often it was told.
        told_at: when last.
        well_again: the last look went well: a second one in a row ends it.
    """

    since: datetime
    number: int
    told_at: datetime
    well_again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known between two looks.

    Attributes:
        well_at: when it was last seen to be well; before the first such look, when the watch began.
        outage: that lasts; None: none does.
    """

    well_at: datetime
    outage: Outage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to tell.

    Attributes:
        news: what.
        since: the last look before the outage that went well; with `number` it names the notice.
        number: the how manieth notice of this outage it is, from 1.
        at: when it was seen.
        answers: whether a responder answers.
        why: what was seen, after "it".
    """

    news: News
    since: datetime
    number: int
    at: datetime
    answers: bool
    why: str = ""


def after(standing: Standing, seen: Seen, now: datetime, patience: Patience) -> tuple[Standing, Notice | None]:
    """What is known after a look, and what is to be told of it.

    Args:
        standing: what was known before.
        seen: what the look has shown.
        now: the time, which no setting of a clock moves.
        patience: how long is waited.
    """
    outage = standing.outage
    if seen.well:
        if outage is None:
            return Standing(well_at=now), None
        if not outage.well_again:  # one that dies again and again is not back each time that it answers once
            return replace(standing, outage=replace(outage, well_again=True)), None
        back = Notice(news=News.BACK, since=outage.since, number=outage.number + 1, at=now, answers=True)
        return Standing(well_at=now), back
    if outage is None:
        if now - standing.well_at < patience.silent:
            return standing, None
        outage = Outage(since=standing.well_at, number=1, told_at=now)
    elif now - outage.told_at < patience.repeat:
        return replace(standing, outage=replace(outage, well_again=False)), None
    else:
        outage = Outage(since=outage.since, number=outage.number + 1, told_at=now)
    news = News.DEAD if outage.number == 1 else News.STILL
    told = Notice(
        news=news, since=outage.since, number=outage.number, at=now, answers=seen.answers, why=seen.why
    )  # fmt: skip
    return replace(standing, outage=outage), told


def decides_at(standing: Standing, patience: Patience) -> datetime | None:
    """When the next look has to be there at the latest, for a death to be told in time; None: whenever it comes."""
    return None if standing.outage is not None else standing.well_at + patience.silent
