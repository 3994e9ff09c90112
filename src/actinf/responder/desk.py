"""What is done with incidents, by whoever does it: the command line, the pages, the intake, the responder itself.

Everything happens in one transaction: the events are written down, and with them what follows from them, timers, the
escalation and messages that are to go out.  Nothing here waits for a network.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Any

from actinf.errors import OutOfTurn, SettingError
from actinf.responder.advising.lessons import lesson_of
from actinf.responder.advising.port import Adviser, NoAdviser
from actinf.responder.announcing import Announcer
from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.changing import TellChange
from actinf.responder.clocks.timers import timers_of
from actinf.responder.contacts.port import KnowsVendors, NoVendors
from actinf.responder.documents import incident_document
from actinf.responder.duties import DutyChange
from actinf.responder.escalation.policy import NO_SCHEDULE, Policy, standing_for
from actinf.responder.incident import decisions
from actinf.responder.incident.event import Event, Recorded
from actinf.responder.incident.events import Erased, Opened
from actinf.responder.incident.office_events import CatalogueSet, ScheduleSet
from actinf.responder.incident.severity import Severity
from actinf.responder.incident.state import Incident, incident_of
from actinf.responder.intake.changes import Change, recent
from actinf.responder.intake.grouping import GroupKey
from actinf.responder.measuring.port import Measurements, NoMeasurements
from actinf.responder.oncall.calendar import Calendar
from actinf.responder.oncall.revision import Revision, mark_of, revision
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.publishing.documents import public_document
from actinf.responder.publishing.measured import is_quiet
from actinf.responder.publishing.told import public_updates
from actinf.responder.publishing.unattended import Unattended
from actinf.responder.ramp.words import in_the_way
from actinf.responder.runbooks import INCIDENT_TYPES
from actinf.responder.store import (
    alerts,
    catalogues,
    changes,
    escalations,
    incidents,
    lessons,
    office,
    outbox,
    ramps,
    repeats,
    rosters,
    timeline,
    timers,
)
from actinf.responder.store.database import Store
from actinf.responder.store.incidents import Wanted, absorbed_by
from actinf.responder.store.outbox import Update

__all__ = ["BY_ITSELF", "INCIDENT_TYPES", "Desk", "NewIncident", "hours_of"]

#: Who does what nobody does.
BY_ITSELF = "actinf"

_SKEW = timedelta(minutes=1)
_USUAL_HOURS = Calendar(zone="UTC", weekdays=frozenset(range(5)), opens=time(9), closes=time(17))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIncident:
    """What is known when an incident opens.

    Attributes:
        severity: as it was judged.
        reasons: why.
        component: what does not work as it should.
        impact: what users notice of it.
        incident_type: api_down, database_performance, high_memory, security or other.
        detected_at: from when its clocks count; None: from now on.
        source: "alert" or "person".
        private: whether only those who are concerned may see it; one of security always is.
    """

    severity: Severity
    reasons: tuple[str, ...]
    component: str
    impact: str
    incident_type: str = "other"
    detected_at: datetime | None = None
    source: str = "person"
    private: bool = False

    def __post_init__(self) -> None:
        if self.incident_type not in INCIDENT_TYPES:
            raise SettingError(f"type is {self.incident_type!r}: expected one of {', '.join(INCIDENT_TYPES)}")
        for name in ("component", "impact"):
            if not getattr(self, name).strip():
                raise SettingError(f"{name} is empty: say it in a few words")


@dataclass(frozen=True, slots=True)
class Desk:
    """Does things with the incidents of a store.

    Attributes:
        store: where they are.
        clock: the time, UTC.
        announcer: who is told of what.
        policy: how long an answer to a page is waited for.
        measurements: who is asked how the service is.
        unattended: what the public is told by itself.
        adviser: who is asked what to look at next.
        learns: whether it learns from incidents that are closed.
        vendors: who knows those who run something for us.
    """

    store: Store
    clock: Callable[[], datetime]
    announcer: Announcer
    policy: Policy = field(default_factory=Policy)
    measurements: Measurements = field(default_factory=NoMeasurements)
    unattended: Unattended = field(default_factory=Unattended)
    adviser: Adviser = field(default_factory=NoAdviser)
    learns: bool = True
    vendors: KnowsVendors = field(default_factory=NoVendors)

    def open(self, new: NewIncident, *, by: str) -> Incident:
        """Open an incident.

        Args:
            new: what is known of it.
            by: the handle of who opens it.

        Raises:
            SettingError: it was detected in the future.
        """
        with self.store.writing() as connection:
            incident = self.opened(connection, new, by=by)
            # Alerts of the same will join it.
            component = catalogues.catalogue(connection).key_of(incident.component)
            key = GroupKey(component=component, root=incident.incident_type, private=incident.private)
            alerts.set_family(connection, incident.id, key, self.clock())
            return incident

    def opened(
        self, connection: sqlite3.Connection, new: NewIncident, *, by: str, also: Sequence[Event] = ()
    ) -> Incident:
        """As `open`, in a transaction of the caller's, with events that belong to its beginning."""
        now = self.clock()
        detected_at = (new.detected_at or now).astimezone(UTC)
        if detected_at > now + _SKEW:
            raise SettingError(f"detected_at is {detected_at:%Y-%m-%d %H:%M:%S} UTC, which is yet to come")
        catalogue = catalogues.catalogue(connection)
        event = Opened(
            incident_type=new.incident_type,
            severity=new.severity,
            reasons=new.reasons,
            component=catalogue.named(new.component),
            dependents=tuple(one.name for one in catalogue.failing_with(new.component)),
            impact=new.impact.strip(),
            detected_at=min(detected_at, now),
            source=new.source,
            private=new.private or new.incident_type == "security",
            changes=tuple(
                f"{change.at:%Y-%m-%d %H:%M} UTC {change.kind}: {change.what} (by {change.by})"
                for change in recent(changes.lately(connection, now), now)
            ),
        )
        return self.record(connection, incidents.new_id(connection, now), None, (event, *also), by=by)

    def act(
        self, incident: str, decide: Callable[[Incident], tuple[Event, ...]], *, by: str, at: datetime | None = None
    ) -> Incident:
        """Do something with an incident.

        Args:
            incident: its id.
            decide: makes the events of it, one of `actinf.responder.incident.decisions` with its arguments.
            by: the handle of who does it.
            at: when it happened, where somebody tells of the past; None: now.

        Returns:
            The incident as it stands afterwards.

        Raises:
            NoSuchIncident: there is none of that id.
            OutOfTurn: it is not in a state for that.
            SettingError: `at` is before the incident was detected, or yet to come.
        """
        with self.store.writing() as connection:
            before = incidents.incident(connection, incident)
            now = self.clock()
            if at is not None and not before.detected_at <= at <= now + _SKEW:
                raise SettingError(
                    f"at is {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: expected a time since the detection, "
                    f"{before.detected_at:%Y-%m-%d %H:%M} UTC, that is not yet to come"
                )
            return self.record(connection, incident, before, decide(before), by=by, at=at)

    def merge(self, incident: str, into: str, *, by: str) -> Incident:
        """Let an incident go on as another; the other as it stands afterwards."""
        with self.store.writing() as connection:
            one, other = incidents.incident(connection, incident), incidents.incident(connection, into)
            self.record(connection, incident, one, decisions.merge_into(one, other), by=by)
            connection.execute("UPDATE alert SET incident = ? WHERE incident = ?", [into, incident])
            return self.record(connection, into, other, decisions.absorb(other, one), by=by)

    def erase(self, incident: str, reason: str, *, by: str) -> Incident:
        """Erase what is stored of people with a closed incident: who acted, and what they wrote.

        That something happened, and when, stays, and the chain still holds.  Incidents that were merged into it are
        erased with it: they are shown as part of it.

        Raises:
            OutOfTurn: it is open, and whoever works on it needs what would be erased.
        """
        with self.store.writing() as connection:
            before = incidents.incident(connection, incident)
            if before.is_open:
                raise OutOfTurn(f"{incident} is open: resolve it before what is personal in it is erased")
            for name in absorbed_by(connection, before):
                self._erase(connection, name, reason, by=by)
            after = self._erase(connection, incident, reason, by=by)
        self.store.settle()
        return after

    def _erase(self, connection: sqlite3.Connection, name: str, reason: str, *, by: str) -> Incident:
        numbers = tuple(range(1, incidents.incident(connection, name).number + 1))
        timeline.erase(connection, name, numbers)
        connection.execute(
            "UPDATE alert SET alert = '{}', look_at = NULL, quieted_by = NULL WHERE incident = ?", [name]
        )
        event = Erased(numbers=numbers, reason=reason)
        after = self.record(connection, name, incidents.incident(connection, name), (event,), by=by)
        outbox.forget(connection, name)
        repeats.forget(connection, name)
        survivor = after.merged_into
        while survivor:  # what was answered of it tells of this one, too
            repeats.forget(connection, survivor)
            survivor = incidents.incident(connection, survivor).merged_into
        return after

    def incident(self, name: str) -> Incident:
        """An incident as it stands.

        Raises:
            NoSuchIncident: there is none of that id.
        """
        with self.store.reading() as connection:
            return incidents.incident(connection, name)

    def document(self, name: str) -> dict[str, Any]:
        """All of an incident, as a document, with where its escalation stands."""
        with self.store.reading() as connection:
            incident = incidents.incident(connection, name)
            happened = timeline.timeline(connection, name)
            standing = escalations.standing(connection, name)
            catalogue = catalogues.catalogue(connection)
            document = incident_document(
                incident,
                happened,
                self.clock(),
                standing,
                self.updates(connection, incident),
                catalogue.guidance(incident.component, incident.incident_type),
                incidents.taken_up(connection, incident),
            )
            return document | {"public": public_document(incident, catalogue, self.unattended.service)}

    @staticmethod
    def updates(connection: sqlite3.Connection, incident: Incident) -> list[Update]:
        """What everybody was told of an incident, by messages and on the status page; the latest first."""
        sent = [*outbox.updates(connection, incident.id), *public_updates(incident)]
        return sorted(sent, key=lambda one: one.sent_at, reverse=True)

    def update(self, name: str, number: int | str) -> Update:
        """A message or an update of the status page that told everybody how an incident stands.

        Args:
            name: the incident's id.
            number: of the message, or of the update, `page-5`; or "latest".

        Raises:
            SettingError: there is none of that number that was sent.
        """
        with self.store.reading() as connection:
            there = self.updates(connection, incidents.incident(connection, name))
        found = [one for one in there if number in ("latest", one.number)]
        if not found:
            known = ", ".join(f"{one.number} ({one.channel}, {one.sent_at:%H:%M} UTC)" for one in there[:5])
            if not known:
                raise SettingError(
                    f"no update of {name} was sent to everybody: say in words how users were told, --found"
                )
            raise SettingError(f"no update {number} of {name} was sent: expected one of {known}")
        return found[0]

    def timeline(self, name: str) -> list[Recorded]:
        """What happened to an incident, in the order in which it was written down."""
        with self.store.reading() as connection:
            incidents.incident(connection, name)
            return timeline.timeline(connection, name)

    def taken_up(self, name: str) -> Sequence[tuple[Incident, Sequence[Recorded]]]:
        """The incidents that were merged into one, with their timelines, as they are shown with it."""
        with self.store.reading() as connection:
            return incidents.taken_up(connection, incidents.incident(connection, name))

    def list(self, which: str = "open", *, since: datetime | None = None, limit: int | None = None) -> list[Incident]:
        """Incidents, the most severe first, then the newest; where there is a limit, no more than that."""
        with self.store.reading() as connection:
            return list(islice(incidents.each(connection, Wanted(which=which, since=since)), limit))

    def set_schedule(self, schedule: Schedule, *, by: str) -> None:
        """Let a schedule hold from now on; who could not be paged without one is paged now."""
        with self.store.writing() as connection:
            now = self.clock()
            self._set_schedule(connection, schedule, "set", what="", by=by)
            escalations.take_up(connection, NO_SCHEDULE, now)

    def revise_schedule(self, written: Schedule, *, mark: str, by: str) -> Revision:
        """Let a schedule that somebody wrote hold from now on, with the exceptions that go on.

        Args:
            written: as it was written.
            mark: of the schedule with which they began, by `oncall.revision.mark_of`.
            by: the handle of who wrote it.

        Raises:
            OutOfTurn: another holds by now.
        """
        with self.store.writing() as connection:
            before = rosters.schedule(connection)
            if mark_of(before) != mark:
                raise OutOfTurn(
                    "somebody else has set a schedule meanwhile: take yours elsewhere, and begin with theirs, so that "
                    "nothing is lost unseen"
                )
            made, now = revision(written, before), self.clock()
            self._set_schedule(connection, made.schedule, "set", what="on its page", by=by)
            escalations.take_up(connection, NO_SCHEDULE, now)
            return made

    def change_duties(self, change: DutyChange, *, by: str) -> Schedule:
        """Let an exception to the rotation hold, or end; the schedule as it stands afterwards.

        Raises:
            SettingError: there is no schedule, or no such post or person in it, or the time makes no sense.
        """
        with self.store.writing() as connection:
            schedule = rosters.schedule(connection)
            if schedule is None:
                raise SettingError("no schedule is set that could have exceptions: actinf oncall schedule --set FILE")
            now = self.clock()
            schedule = change.changed(schedule, by=by, now=now)
            self._set_schedule(connection, schedule, change.change, what=change.told(), by=by)
            return schedule

    def revise_duties(
        self, changed: Callable[[Schedule], Schedule], *, change: str, what: str, by: str, dry_run: bool = False
    ) -> bool:
        """Let exceptions hold that come of something else than one request; whether anything was changed.

        Args:
            changed: the schedule that comes of the one that holds.
            change, what: what is logged.
            by: the handle of who does it.
            dry_run: change nothing.

        Raises:
            SettingError: there is no schedule.
        """
        with self.store.writing() as connection:
            schedule = rosters.schedule(connection)
            if schedule is None:
                raise SettingError("no schedule is set that could have exceptions: actinf oncall schedule --set FILE")
            after = changed(schedule)
            if dry_run or after == schedule:
                return False
            self._set_schedule(connection, after, change, what=what, by=by)
            return True

    def _set_schedule(
        self, connection: sqlite3.Connection, schedule: Schedule, change: str, *, what: str, by: str
    ) -> None:
        now = self.clock()
        digest = rosters.set_schedule(connection, schedule, by=by, now=now)
        event = ScheduleSet(change=change, what=what, digest=digest)
        office.record(connection, self.store.key, event, by=by, now=now)

    def tell_change(self, request: TellChange, *, by: str) -> Change:
        """Remember a change to the system; incidents that open afterwards show it.

        Raises:
            SettingError: it is yet to come, or its address is none.
        """
        with self.store.writing() as connection:
            change = request.change(by, self.clock())
            changes.keep(connection, change)
            return change

    def changes(self, most: int = 100) -> Sequence[Change]:
        """The changes of the last seven days, the newest first."""
        with self.store.reading() as connection:
            return changes.lately(connection, self.clock(), most)

    def set_catalogue(self, catalogue: Catalogue, *, by: str) -> None:
        """Let a catalogue hold from now on; incidents keep the names with which they opened."""
        with self.store.writing() as connection:
            now = self.clock()
            event = CatalogueSet(digest=catalogues.set_catalogue(connection, catalogue, by=by, now=now))
            office.record(connection, self.store.key, event, by=by, now=now)

    def catalogue(self) -> Catalogue:
        """The catalogue that holds; where none was ever set, the one that is shipped."""
        with self.store.reading() as connection:
            return catalogues.catalogue(connection)

    def schedule(self) -> Schedule | None:
        """The schedule that holds; None: none was ever set."""
        with self.store.reading() as connection:
            return rosters.schedule(connection)

    def record(
        self,
        connection: sqlite3.Connection,
        name: str,
        before: Incident | None,
        events: Sequence[Event],
        *,
        by: str,
        at: datetime | None = None,
    ) -> Incident:
        """Write events down, and what follows from them.

        Args:
            connection: of a transaction that writes.
            name: the incident's id.
            before: as it stood; None: it begins.
            events: what happened to it.
            by: who did it.
            at: when; None: now.

        Raises:
            OutOfTurn: they end an incident whose ramp goes on.
        """
        if not events and before is not None:
            return before
        now = self.clock()
        added = timeline.append(connection, self.store.key, name, events, by=by, at=at or now, now=now)
        after = incident_of(added, before)
        if before is not None and _ends(before, after):
            _require_no_ramp(connection, after)
        told = self.unattended.follow(
            before,
            after,
            events,
            lambda: catalogues.catalogue(connection),
            lambda other: incidents.incident(connection, other),
            lambda: is_quiet(connection, after, catalogues.catalogue(connection)),
        )
        if told:
            published = timeline.append(connection, self.store.key, name, told, by=BY_ITSELF, at=now, now=now)
            after = incident_of(published, after)
            added = [*added, *published]
        incidents.keep(connection, after)
        if after.cause and self.learns:
            lessons.keep(connection, name, after.incident_type, lesson_of(after))
        schedule = rosters.schedule(connection)
        timers.set_timers(connection, name, timers_of(after))
        standing = standing_for(
            after, escalations.standing(connection, name), policy=self.policy, hours=hours_of(schedule), now=now
        )
        escalations.set_standing(connection, name, standing)
        self.announcer.announce(connection, after, added, schedule, now)
        return after


def _ends(before: Incident, after: Incident) -> bool:
    return (before.is_open and not after.is_open) or (after.is_over and not before.is_over)


def _require_no_ramp(connection: sqlite3.Connection, after: Incident) -> None:
    """Nobody looks at an incident that has ended, and a ramp may ask something, or change the service, at any time."""
    ended = "merged" if after.merged_into else "closed as false" if after.is_false else "resolved"
    ramp = ramps.latest(connection, after.id)
    if ramp is not None and not ramp.state.is_over:
        raise OutOfTurn(in_the_way(ramp, ended))


def hours_of(schedule: Schedule | None) -> Calendar:
    """When a P2 may page; where no schedule says otherwise, Monday to Friday from 9 to 17 UTC."""
    return _USUAL_HOURS if schedule is None else schedule.business_hours
