"""The reception: alerts come in, and some of them open an incident.

An alert is first kept, with others in one transaction, and so durable when its sender is told that it was accepted.
What it means is worked out a moment later, for all that came meanwhile together, so that a storm costs little more
than a breeze.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from actinf.responder.desk import BY_ITSELF, INCIDENT_TYPES, Desk, NewIncident
from actinf.responder.incident import decisions
from actinf.responder.incident.event import Event
from actinf.responder.incident.events import AlertJoined, Noted, SeverityChanged
from actinf.responder.incident.severity import Judgement, Severity, SeveritySettings, Signals, classify, signals_of
from actinf.responder.incident.state import Incident
from actinf.responder.intake.alert import Alert
from actinf.responder.intake.fingerprint import partial_fingerprint
from actinf.responder.intake.grouping import GroupingSettings, Joins, Opens, Reopens, Standing, group_of, place
from actinf.responder.intake.recheck import Drop, LookAgain, RecheckSettings, opening
from actinf.responder.intake.silence import Quiet, quieted
from actinf.responder.store import alerts, catalogues, quiets
from actinf.responder.store.alerts import Known
from actinf.responder.store.folded import Folded
from actinf.runtime.wording import counted

__all__ = ["Reception"]

#: Alerts of an incident that each stand on its timeline; of more, only how many there are is known.
_MOST_ON_A_TIMELINE = 100
#: An alert that begins so often within that time comes and goes: it is said once, and then its changes are counted.
_COMES_AND_GOES, _WITHIN = 6, timedelta(hours=1)
_AT_ONCE = RecheckSettings(lasts={})


@dataclass(slots=True)
class Reception:
    """Takes alerts.

    Attributes:
        desk: through which incidents are opened.
        severity, grouping, recheck: how alerts are judged, put together, and looked at again.
        at_once: alerts that are looked at in one transaction; others who want to write wait that long.
        quieted: told of what keeps an alert from being told, each time that one begins to be: "silence 3".
    """

    desk: Desk
    severity: SeveritySettings = field(default_factory=SeveritySettings)
    grouping: GroupingSettings = field(default_factory=GroupingSettings)
    recheck: RecheckSettings = field(default_factory=RecheckSettings)
    at_once: int = 5_000
    quieted: Callable[[str], None] = lambda _: None
    _folded: Folded = field(default_factory=Folded, repr=False)

    def accept(self, taken: Iterable[Alert]) -> None:
        """Keep alerts; they are on the disk when this returns."""
        with self.desk.store.writing() as connection:
            alerts.accept(connection, taken, self.desk.clock())

    def digest(self) -> bool:
        """Look at what has come in, and at what was to be looked at again; whether there was anything."""
        now = self.desk.clock()
        with self.desk.store.reading() as connection:
            if not alerts.waiting(connection) and not alerts.look_again(connection, now, 1):
                return False
        with self.desk.store.writing() as connection:
            digest = _Digest(self, connection, now)
            digest.run()
        for what in digest.quieted:
            self.quieted(what)
        return True


class _Digest:
    """One look at what has come in, within one transaction."""

    def __init__(self, reception: Reception, connection: sqlite3.Connection, now: datetime):
        self._reception = reception
        self._desk = reception.desk
        self._folded = reception._folded
        self._connection = connection
        self._now = now
        self._catalogue = catalogues.catalogue(connection)
        self._standing = self._all_standing()
        self._severity: dict[str, Severity] = {}
        self._news: dict[str, list[Event]] = {}
        self._silences, self._maintenances = quiets.in_force(connection, now)
        self.quieted: list[str] = []

    def run(self) -> None:
        """Do it."""
        touched: dict[str, Known] = {}
        for alert, received_at in alerts.take(self._connection, self._reception.at_once):
            touched[alert.fingerprint] = self._seen(alert, received_at, touched.get(alert.fingerprint))
        for known in alerts.look_again(self._connection, self._now):
            touched.setdefault(known.alert.fingerprint, known)
        for known in touched.values():
            alerts.keep(self._connection, self._placed(known), self._now)
        for name, events in self._news.items():
            self._write(name, events)

    def _seen(self, alert: Alert, received_at: datetime, lately: Known | None) -> Known:
        """What is known of an alert now that it was told again."""
        known = lately or alerts.known(self._connection, alert.fingerprint)
        if known is None:
            known = Known(
                alert=alert,
                partial=partial_fingerprint(self._canonical(alert).labels),
                incident=None,
                firing=False,
                began=(),
                times=0,
                look_at=None,
            )
        began = known.began
        if alert.is_firing and not known.firing:
            began = (*began, received_at)
        seen = replace(known, alert=alert, firing=alert.is_firing, began=began, times=known.times + 1)
        if known.firing == alert.is_firing or known.incident is None or self._is_hidden(known, alert):
            return seen
        return self._changed(seen, known.incident)

    def _changed(self, seen: Known, incident: str) -> Known:
        """The alert once its incident was told that it changed, or has stopped being told because it does so often."""
        if seen.unlisted is not None:
            return replace(seen, unlisted=seen.unlisted + 1)
        self._tell(incident, seen.alert)
        times = sum(self._now - one < _WITHIN for one in seen.began)
        if not seen.firing or times < _COMES_AND_GOES:
            return seen
        self._note(incident, f"{seen.alert.name} came {times} times within an hour: from now on that is counted")
        return replace(seen, unlisted=0)

    def _calmed(self, known: Known, incident: str) -> Known:
        """The alert of an open incident, told as it stands once it has stopped coming and going."""
        known = replace(known, look_at=None, quieted_by=None)
        if known.unlisted is None:
            return known
        calm_at = known.began[-_COMES_AND_GOES:][0] + _WITHIN
        if self._now < calm_at:
            return replace(known, look_at=calm_at)
        state = "fires" if known.firing else "has ended"
        if not known.firing:
            self._tell(incident, known.alert)
        changes = f"changed {counted(known.unlisted, 'more time')}"
        self._note(incident, f"{known.alert.name} {changes}, comes and goes no more, and {state}")
        return replace(known, unlisted=None)

    def _placed(self, known: Known) -> Known:
        """The alert with the incident that it belongs to; one is opened where it has to be."""
        if known.incident is not None and self._is_open(known.incident):
            return self._calmed(known, known.incident)
        if not known.firing or not known.began:
            return replace(known, look_at=None, quieted_by=None)
        quiet = self._quiet(known.alert)
        if quiet is not None:
            return self._held_back(known, quiet)
        signals = signals_of(known.alert.labels, known.alert.annotations)
        judgement = classify(signals, self._reception.severity)
        placement = place(
            self._canonical(known.alert),
            self._standing.values(),
            self._now,
            self._reception.grouping,
            # A weakness takes nothing down with it.
            bound_to=() if signals.weakness else self._bound_to(known.alert.component),
            may_take=lambda name: self._graveness(name) <= judgement.severity,
        )
        if isinstance(placement, Joins):
            return self._joined(known, placement.incident, signals, judgement)
        # What a scanner found is there: it does not come and go.
        recheck = _AT_ONCE if signals.weakness else self._reception.recheck
        verdict = opening(judgement.severity, not known.firing, known.began, self._now, recheck)
        if isinstance(verdict, LookAgain):
            return replace(known, look_at=verdict.at, quieted_by=None)
        if isinstance(verdict, Drop):
            return replace(known, look_at=None, quieted_by=None)
        if isinstance(placement, Reopens):
            incident = self._folded.incident(self._connection, placement.incident)
            events = (*decisions.reopen(incident, placement.why), *self._beginning(known))
            self._desk.record(self._connection, incident.id, incident, events, by=BY_ITSELF)
            placed = self._belongs(known, incident.id)
            self._standing = self._all_standing()
            return placed
        return self._opened(known, placement, judgement)

    def _opened(self, known: Known, placement: Opens, judgement: Judgement) -> Known:
        alert = known.alert
        new = NewIncident(
            severity=judgement.severity,
            reasons=judgement.reasons,
            component="several" if placement.takes_storm else alert.component or alert.name,
            impact=alert.headline,
            incident_type=self._type_of(alert),
            detected_at=self._told_from(known),
            source="alert",
            private=alert.is_private,
        )
        incident = self._desk.opened(self._connection, new, by=BY_ITSELF, also=self._beginning(known))
        alerts.set_family(self._connection, incident.id, placement.key, self._now, takes_storm=placement.takes_storm)
        placed = self._belongs(known, incident.id)
        self._standing = self._all_standing()
        return placed

    def _bound_to(self, component: str) -> set[str]:
        """Keys of the parts that fail with one, or make it fail."""
        return {one.key for one in (*self._catalogue.failing_with(component), *self._catalogue.standing_on(component))}

    def _graveness(self, name: str) -> Severity:
        """Of an incident, with what has just come."""
        return self._severity.get(name) or self._folded.incident(self._connection, name).severity

    def _canonical(self, alert: Alert) -> Alert:
        """The alert with the key of its component, whatever the one who sent it calls that."""
        key = self._catalogue.key_of(alert.component)
        return alert if key == alert.component else replace(alert, labels={**alert.labels, "component": key})

    def _type_of(self, alert: Alert) -> str:
        """The type of the incident that an alert opens: what it says, else that of its component."""
        known = self._catalogue.find(alert.component)
        kind = alert.kind or ("other" if known is None else known.incident_type)
        # What is not said to be of security was not kept from others either.
        return kind if kind in INCIDENT_TYPES and (alert.kind or kind != "security") else "other"

    def _joined(self, known: Known, name: str, signals: Signals, judgement: Judgement) -> Known:
        self._tell(name, known.alert)
        incident = self._folded.incident(self._connection, name)
        self._severity.setdefault(name, incident.severity)
        if judgement.severity < self._severity[name] and not _was_looked_at(incident, signals):
            self._severity[name] = judgement.severity
            worse = SeverityChanged(severity=judgement.severity, reason=judgement.reasons[0], by_hand=False)
            self._news[name].append(worse)
        one = self._standing[name]
        self._standing[name] = replace(one, newest_alert_at=self._now, alerts={*one.alerts, known.partial})
        return self._belongs(known, name)

    def _belongs(self, known: Known, name: str) -> Known:
        key = group_of(self._canonical(known.alert), self._reception.grouping)
        alerts.set_family(self._connection, name, key, self._now)
        placed = replace(known, incident=name, look_at=None, quieted_by=None, unlisted=None)
        alerts.keep(self._connection, placed, self._now)
        return placed

    def _quiet(self, alert: Alert) -> Quiet | None:
        if not self._silences and not self._maintenances:
            return None
        return quieted(alert.labels, self._now, self._silences, self._maintenances, private=alert.is_private)

    def _held_back(self, known: Known, quiet: Quiet) -> Known:
        """The alert as it waits for the end of what quiets it."""
        if known.quieted_by != quiet.what:
            quiets.count_held(self._connection, quiet.what, self._now)
            self.quieted.append(quiet.what)
        return replace(known, look_at=quiet.until, quieted_by=quiet.what)

    def _is_hidden(self, known: Known, alert: Alert) -> bool:
        """Whether a change of an alert is kept from an incident that was resolved, because something quiets it."""
        if known.incident is None or self._is_open(known.incident):
            return False
        return known.quieted_by is not None or (alert.is_firing and self._quiet(alert) is not None)

    def _told_from(self, known: Known) -> datetime:
        """From when an alert is to be told: nobody could know of it for as long as something quieted it."""
        since = max(known.began)
        if known.quieted_by is None or known.look_at is None:
            return since
        return max(since, min(known.look_at, self._now))

    def _beginning(self, known: Known) -> tuple[Event, ...]:
        """What stands at the beginning of an incident of the alert's own."""
        if known.quieted_by is None:
            return (_joins(known.alert),)
        text = f"it fires since {max(known.began):%Y-%m-%d %H:%M} UTC, and was kept back by {known.quieted_by}"
        return (_joins(known.alert), Noted(text=text))

    def _all_standing(self) -> dict[str, Standing]:
        reopen_within = self._reception.grouping.reopen_within
        return {one.incident: one for one in alerts.standing(self._connection, self._now, reopen_within)}

    def _tell(self, name: str, alert: Alert) -> None:
        self._news.setdefault(name, []).append(_joins(alert))

    def _note(self, name: str, text: str) -> None:
        self._news.setdefault(name, []).append(Noted(text=text))

    def _is_open(self, name: str) -> bool:
        return name in self._standing and self._standing[name].resolved_at is None

    def _write(self, name: str, events: Sequence[Event]) -> None:
        """Put news on the timeline of an incident, as long as there is room for all of it."""
        incident = self._folded.incident(self._connection, name)
        if incident.is_over:
            return
        told = _latest(events)
        room = _MOST_ON_A_TIMELINE - len(incident.alerts)
        fresh = [one for one in told if isinstance(one, AlertJoined) and one.fingerprint not in incident.alerts]
        left_out = {one.fingerprint for one in fresh[max(room, 0) :]}
        kept = [one for one in told if not (isinstance(one, AlertJoined) and one.fingerprint in left_out)]
        if left_out and room > 0:
            kept.append(Noted(text=f"more than {_MOST_ON_A_TIMELINE} alerts: further ones are counted, not listed"))
        self._desk.record(self._connection, name, incident, kept, by=BY_ITSELF)


def _was_looked_at(incident: Incident, signals: Signals) -> bool:
    """Whether somebody has judged by hand what an alert only suspects; evidence is more than that."""
    if not (incident.incident_type == "security" and incident.judged_by_hand):
        return False
    return not (signals.security or signals.data_loss or signals.down)


def _latest(events: Sequence[Event]) -> list[Event]:
    """Of each alert what was told last."""
    latest: dict[object, Event] = {}
    for at, event in enumerate(events):
        key = event.fingerprint if isinstance(event, AlertJoined) else at
        latest.pop(key, None)
        latest[key] = event
    return list(latest.values())


def _joins(alert: Alert) -> AlertJoined:
    return AlertJoined(
        fingerprint=alert.fingerprint,
        name=alert.name,
        firing=alert.is_firing,
        summary=alert.summary,
        link=alert.generator_url,
    )
