"""Whether an alert has to be seen again before an incident opens, and when one may be resolved by itself.

What pages is never kept waiting: P0 and P1 open at once.  The rest has to last a moment, unless it comes and goes: then
it would never last, and is a trouble all the same.  At the other end an incident that its alerts opened is resolved
when all of them have been quiet for a while, and the longer, the more often they came back.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from actinf.errors import SettingError
from actinf.responder.incident.severity import Severity

__all__ = [
    "ByHand",
    "Closing",
    "Drop",
    "LookAgain",
    "OpenNow",
    "Opening",
    "RecheckSettings",
    "ResolveNow",
    "closing",
    "flaps",
    "opening",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class RecheckSettings:
    """How long alerts have to last, and to be gone.

    Args:
        lasts: how long an alert has to fire before it opens an incident; a severity that is not named: no time.
        flap_window: how far back it is counted how often an alert began.
        flapping_from: so many beginnings within that window are a coming and going.
        hold: how long all alerts of an incident have to be quiet before it is resolved by itself.
        longest_hold: how long at most, where they come and go.
        by_hand: kinds of incidents that only a person resolves: that nothing is heard any more says nothing there.

    Raises:
        SettingError: a number or a time is out of its range.
    """

    lasts: Mapping[Severity, timedelta] = field(
        default_factory=lambda: {Severity.P2: timedelta(seconds=30), Severity.P3: timedelta(minutes=2)}
    )
    flap_window: timedelta = timedelta(minutes=30)
    flapping_from: int = 3
    hold: timedelta = timedelta(minutes=5)
    longest_hold: timedelta = timedelta(hours=1)
    by_hand: frozenset[str] = frozenset({"security", "data_loss", "data_corruption"})

    def __post_init__(self) -> None:
        if self.flapping_from < 2:
            raise SettingError(f"flapping_from is {self.flapping_from}: expected 2 or more")
        if not timedelta(0) <= self.hold <= self.longest_hold:
            raise SettingError(f"hold is {self.hold}, longest_hold {self.longest_hold}: expected 0 <= the first <= it")


@dataclass(frozen=True, slots=True)
class OpenNow:
    """The alert is to be told."""

    why: str


@dataclass(frozen=True, slots=True)
class LookAgain:
    """It is too soon to say; ask again at `at`."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Drop:
    """The alert has gone before it lasted: nothing is to be told."""

    why: str


@dataclass(frozen=True, slots=True)
class ResolveNow:
    """The incident may be resolved by itself."""

    why: str


@dataclass(frozen=True, slots=True)
class ByHand:
    """The incident stays open until something changes, or somebody resolves it."""

    why: str


Opening = OpenNow | LookAgain | Drop
Closing = ResolveNow | LookAgain | ByHand


def flaps(began: Collection[datetime], at: datetime, settings: RecheckSettings | None = None) -> int:
    """How often an alert began lately.

    Args:
        began: each time at which it began to fire, in any order.
        at: the time now.
        settings: how far back it counts; None: the defaults.
    """
    settings = settings or RecheckSettings()
    return sum(timedelta(0) <= at - moment <= settings.flap_window for moment in began)


def opening(
    severity: Severity,
    ended: bool,
    began: Collection[datetime],
    at: datetime,
    settings: RecheckSettings | None = None,
) -> Opening:
    """Whether an alert that belongs to no incident opens one.

    Args:
        severity: that the incident would have.
        ended: whether the alert was resolved meanwhile.
        began: each time at which it began to fire, the present one as well.
        at: the time now.
        settings: None: the defaults.

    Raises:
        SettingError: it never began.
    """
    settings = settings or RecheckSettings()
    if not began:
        raise SettingError("began is empty: expected at least the time at which the alert began to fire")
    wait = settings.lasts.get(severity, timedelta(0))
    if wait <= timedelta(0):
        return OpenNow(f"{severity} is not kept waiting")
    if ended:
        return Drop(f"it was gone again within {_spoken(wait)}")
    times = flaps(began, at, settings)
    if times >= settings.flapping_from:
        return OpenNow(f"it came and went {times} times within {_spoken(settings.flap_window)}")
    since = max(began)
    if at - since >= wait:
        return OpenNow(f"it has lasted {_spoken(wait)}")
    return LookAgain(since + wait, f"{severity} has to last {_spoken(wait)} before it is told")


def closing(
    kind: str,
    firing: int,
    quiet_since: datetime | None,
    began: Collection[datetime],
    at: datetime,
    settings: RecheckSettings | None = None,
) -> Closing:
    """Whether an incident is resolved by itself.

    Args:
        kind: of incident.
        firing: how many of its alerts still fire.
        quiet_since: when the last of them was resolved; None: none ever was, or it was not opened by an alert.
        began: each time at which one of them began to fire again after all had been quiet.
        at: the time now.
        settings: None: the defaults.

    Returns:
        That it is, when to look again, or that it is up to a person or to the alerts.
    """
    settings = settings or RecheckSettings()
    if kind in settings.by_hand:
        return ByHand(f"that no alert fires any more does not end an incident of the kind {kind}")
    if firing > 0:
        return ByHand(f"{firing} of its alerts still {'fires' if firing == 1 else 'fire'}")
    if quiet_since is None:
        return ByHand("none of its alerts was resolved")
    hold = _hold(flaps(began, quiet_since, settings), settings)
    if at - quiet_since >= hold:
        return ResolveNow(f"all its alerts have been quiet for {_spoken(hold)}")
    return LookAgain(quiet_since + hold, f"its alerts have to be quiet for {_spoken(hold)}")


def _hold(returns: int, settings: RecheckSettings) -> timedelta:
    """How long it has to be quiet: twice as long for each time that it came back lately."""
    # Past ten doublings the longest one holds anyway.
    return min(settings.hold * (1 << min(returns, 10)), settings.longest_hold)


def _spoken(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds % 3600 == 0 and seconds:
        return f"{seconds // 3600} h"
    return f"{seconds // 60} min" if seconds % 60 == 0 and seconds else f"{seconds} s"
