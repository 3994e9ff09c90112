"""Silences and windows of maintenance as documents: what the command line prints as JSON, and what the API answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from actinf.responder.incident.severity import Severity
from actinf.responder.intake.alert import Alert
from actinf.responder.intake.silence import Once, Period, Weekly
from actinf.responder.store.alerts import Known
from actinf.responder.store.quiets import KeptMaintenance, KeptSilence

__all__ = ["Held", "alerts_document", "maintenance_document", "period_words", "silence_document", "spoken"]

#: Alerts that a document names, the most severe; of the rest, how many there are: a storm has thousands.
_NAMED = 100
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An alert that is kept from being told, or would be.

    Attributes:
        known: what is known of it.
        severity: that its incident would have.
        incident: the open one that it belongs to, and which nothing hides; None: none.
    """

    known: Known
    severity: Severity
    incident: str | None = None

    @property
    def alert(self) -> Alert:
        """As it was last told."""
        return self.known.alert

    @property
    def is_kept_back(self) -> bool:
        """Whether it fires, and belongs to no incident that is open."""
        return self.known.firing and self.incident is None

    @property
    def is_grave(self) -> bool:
        """Whether somebody would be paged for it at any hour."""
        return self.severity in (Severity.P0, Severity.P1)


def silence_document(kept: KeptSilence, now: datetime, held: Sequence[Held]) -> dict[str, Any]:
    """A silence, with the alerts that it holds back."""
    silence = kept.silence
    return {
        "id": silence.id,
        "matchers": [str(one) for one in silence.matchers],
        "private": silence.private,
        "reason": silence.reason,
        "by": silence.by,
        "starts_at": _moment(silence.starts_at),
        "ends_at": _moment(silence.ends_at),
        "ended_by": kept.ended_by,
        "ended_at": _moment(kept.ended_at),
        "holds": kept.is_live(now),
        "times_held": kept.held,
        "holds_back": alerts_document(held[:_NAMED]),
        "holds_back_in_all": len(held),
    }


def maintenance_document(kept: KeptMaintenance, now: datetime, held: Sequence[Held]) -> dict[str, Any]:
    """A window of maintenance, with the alerts that it holds back."""
    maintenance, period = kept.maintenance, kept.maintenance.period
    upcoming = period.upcoming(now) if kept.ended_at is None else None
    return {
        "name": maintenance.name,
        "matchers": [str(one) for one in maintenance.matchers],
        "private": maintenance.private,
        "period": _period(period),
        "when": period_words(period),
        "by": maintenance.by,
        "made_at": _moment(kept.made_at),
        "ended_by": kept.ended_by,
        "ended_at": _moment(kept.ended_at),
        "holds": upcoming is not None and upcoming[0] <= now,
        "from": _moment(upcoming[0]) if upcoming else None,
        "until": _moment(upcoming[1]) if upcoming else None,
        "times_held": kept.held,
        "holds_back": alerts_document(held[:_NAMED]),
        "holds_back_in_all": len(held),
    }


def alerts_document(held: Iterable[Held]) -> list[dict[str, Any]]:
    """Alerts that are held back, or would be."""
    return [
        {
            "fingerprint": one.alert.fingerprint,
            "name": one.alert.name,
            "component": one.alert.component or None,
            "severity": one.severity,
            "summary": one.alert.summary,
            "firing": one.known.firing,
            "since": _moment(max(one.known.began, default=None)),
            "incident": one.incident,
        }
        for one in held
    ]


def period_words(period: Period) -> str:
    """When something goes on, for people."""
    if isinstance(period, Weekly):
        *before, last = (_DAYS[day] for day in sorted(period.weekdays))
        days = f"{', '.join(before)} and {last}" if before else last
        every = "every day" if len(period.weekdays) == len(_DAYS) else f"every {days}"
        return f"{every} at {period.opens:%H:%M} for {spoken(period.lasts)}, {period.zone}"
    if isinstance(period, Once):
        return f"{period.starts_at:%Y-%m-%d %H:%M} to {period.ends_at:%Y-%m-%d %H:%M} UTC"
    raise TypeError(f"a period is {type(period).__name__}: expected Once or Weekly")


def spoken(lasts: timedelta) -> str:
    """A length of time in whole minutes, for people.

    >>> spoken(timedelta(hours=2)), spoken(timedelta(minutes=90)), spoken(timedelta(days=2))
    ('2 h', '1 h 30 min', '2 d')
    """
    minutes = lasts // timedelta(minutes=1)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts) or "less than 1 min"


def _period(period: Period) -> dict[str, Any]:
    if isinstance(period, Weekly):
        return {
            "days": [_DAYS[day][:3].lower() for day in sorted(period.weekdays)],
            "opens": period.opens.isoformat(timespec="minutes"),
            "minutes": period.lasts // timedelta(minutes=1),
            "zone": period.zone,
        }
    if isinstance(period, Once):
        return {"since": _moment(period.starts_at), "until": _moment(period.ends_at)}
    raise TypeError(f"a period is {type(period).__name__}: expected Once or Weekly")


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
