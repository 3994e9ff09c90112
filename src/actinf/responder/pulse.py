"""What the responder does by itself: timers fire, pages go to the next in turn, what is over is closed.

One pass after another, by one process at a time.  Each thing that is done is written down in the transaction that does
it, so that a pass which is broken off anywhere is taken up by the next one, and nothing is done twice.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from actinf.responder.channels import messages
from actinf.responder.channels.messages import Briefing
from actinf.responder.channels.port import Message
from actinf.responder.clocks.public import STATUS_PAGE
from actinf.responder.clocks.timers import LEGAL_NOTICE, VENDOR_CASE, Timer
from actinf.responder.desk import BY_ITSELF, Desk, hours_of
from actinf.responder.escalation.policy import NO_SCHEDULE, Standing, after
from actinf.responder.incident import decisions
from actinf.responder.incident import events as happened
from actinf.responder.incident.cases import overdue
from actinf.responder.incident.event import Event
from actinf.responder.incident.state import Incident
from actinf.responder.intake.recheck import RecheckSettings, ResolveNow, closing
from actinf.responder.oncall.people import Person
from actinf.responder.oncall.rotation import Duty, Schedule
from actinf.responder.publishing import timed as publishing
from actinf.responder.publishing.measured import Watching
from actinf.responder.record.anchoring import Anchoring
from actinf.responder.store import alerts, catalogues, escalations, incidents, ramps, rosters, timeline, timers
from actinf.responder.store.database import moment_of, ticks

__all__ = ["Pulse"]

_LOG = logging.getLogger(__name__)

#: The level that has to know of what was promised and is overdue: the manager.
_MANAGES = 3
#: A step of an escalation that is later than this was missed.
_LATE = timedelta(seconds=60)


@dataclass(slots=True)
class Pulse:
    """Passes over the store.

    Attributes:
        desk: through which things are done.
        recheck: how long all alerts of an incident that nobody attends to have to be quiet before it is closed.
        anchoring: anchors what was written, whenever nothing more is due; None: nobody does.
        needs_watchdog: whether an alert is expected that says that alerts arrive.
    """

    desk: Desk
    recheck: RecheckSettings = field(default_factory=RecheckSettings)
    anchoring: Anchoring | None = None
    needs_watchdog: bool = False
    _watching: Watching = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._watching = Watching(self.desk.unattended.service, self.needs_watchdog, self.desk.clock())

    def once(self) -> bool:
        """One pass; whether anything was done, and so more may be due."""
        with self.desk.store.reading() as connection:
            now = self.desk.clock()
            due = (
                bool(timers.due(connection, now, 1))
                or bool(escalations.due(connection, now, 1))
                or bool(self._quiet(connection, now))
                or bool(self._watching.due(connection, now))
            )
        if not due:
            if self.anchoring is not None:
                self.anchoring.anchor(now)
            return False
        with self.desk.store.writing() as connection:
            schedule = rosters.schedule(connection)
            self._fire(connection, schedule)
            self._escalate(connection, schedule)
            self._close(connection)
            for incident, events in self._watching.due(connection, self.desk.clock()):
                self.desk.record(connection, incident.id, incident, events, by=BY_ITSELF)
        return True

    def audit(self) -> list[tuple[str, str]]:
        """Look whether each open incident that nobody attends to is being escalated, and mend what is not.

        Returns:
            The incidents that were not, each with what was wrong; written on their timelines, too.
        """
        late = self.desk.clock() - _LATE
        with self.desk.store.reading() as connection:
            if not escalations.unescalated(connection, late):
                return []
        with self.desk.store.writing() as connection:
            found = escalations.unescalated(connection, late)
            for name, wrong in found:
                _LOG.error("the escalation of %s had stopped: %s", name, wrong)
                now = self.desk.clock()
                standing = escalations.standing(connection, name)
                level = standing.level if standing is not None else 1
                taken_up = Standing(level=level, attempt=1, next_at=now, why=f"taken up again: {wrong}")
                escalations.set_standing(connection, name, taken_up)
                event = happened.Escalated(level=level, reason=f"the escalation had stopped: {wrong}", next_at=now)
                self.desk.record(connection, name, incidents.incident(connection, name), (event,), by=BY_ITSELF)
            return found

    def _fire(self, connection: sqlite3.Connection, schedule: Schedule | None) -> None:
        now = self.desk.clock()
        fired = timers.due(connection, now)
        last_of_clock = {(name, timer.clock): timer for name, timer in fired}
        for name, timer in fired:
            timers.fired(connection, name, timer, now)
            incident = incidents.incident(connection, name)
            events = self._events_of(connection, timer, incident, schedule)
            incident = self.desk.record(connection, name, incident, events, by=BY_ITSELF)
            if events and last_of_clock[name, timer.clock] is timer:
                self._tell_of(connection, incident, timer, schedule)

    def _events_of(
        self, connection: sqlite3.Connection, timer: Timer, incident: Incident, schedule: Schedule | None
    ) -> tuple[Event, ...]:
        if timer.clock == STATUS_PAGE:
            service = self.desk.unattended.service
            return publishing.events_of(timer, incident, catalogues.catalogue(connection), service)
        return _events_of(timer, incident, schedule)

    def _tell_of(
        self, connection: sqlite3.Connection, incident: Incident, timer: Timer, schedule: Schedule | None
    ) -> None:
        """Tell whoever has to know that time runs out, or has."""
        now = self.desk.clock()
        briefing = self.desk.announcer.briefing(incident, schedule)
        for person in _concerned(incident, timer, schedule, now):
            key = f"{incident.id}/{timer.key}/{person.handle}"
            message: Message
            if timer.clock.startswith(VENDOR_CASE):
                case = incident.cases[int(timer.clock.split()[1])]
                what = f"No answer of {case.name} to case {case.number}: call them again"
                message = messages.reminder(key=key, to=person, what=what, due=timer.due, incident=incident.id)
            elif timer.clock == STATUS_PAGE:
                what = publishing.reminder(incident)
                message = messages.reminder(key=key, to=person, what=what, due=timer.due, incident=incident.id)
            elif timer.clock.startswith("action"):
                action = incident.actions[int(timer.clock.split()[1])]
                message = messages.reminder(key=key, to=person, what=action.text, due=timer.due, incident=incident.id)
            elif timer.clock == LEGAL_NOTICE and timer.share == 0:
                what = "A breach of people's data is suspected: tell the authority, or find that nobody has to be told"
                message = messages.reminder(key=key, to=person, what=what, due=timer.due, incident=incident.id)
            elif timer.is_breach:
                message = messages.breach(briefing, key=key, to=person, limit=timer.clock, due=timer.due)
            else:
                message = messages.warning(
                    briefing, key=key, to=person, limit=timer.clock, used=timer.share, due=timer.due
                )
            self.desk.announcer.tell(connection, person, message, now)

    def _escalate(self, connection: sqlite3.Connection, schedule: Schedule | None) -> None:
        now = self.desk.clock()
        for name, standing in escalations.due(connection, now):
            incident = incidents.incident(connection, name)
            if schedule is None:
                event = happened.Escalated(level=0, reason=NO_SCHEDULE)
                self.desk.record(connection, name, incident, (event,), by=BY_ITSELF)
                waits = Standing(level=1, attempt=1, next_at=None, why=NO_SCHEDULE)
                escalations.set_standing(connection, name, waits)
                continue
            events, asked = self._page(connection, incident, standing, schedule)
            next_one = after(
                asked,
                incident.severity,
                levels=len(schedule.levels),
                policy=self.desk.policy,
                hours=hours_of(schedule),
                now=now,
            )
            self.desk.record(connection, name, incident, events, by=BY_ITSELF)
            escalations.set_standing(connection, name, next_one)

    def _page(
        self, connection: sqlite3.Connection, incident: Incident, standing: Standing, schedule: Schedule
    ) -> tuple[list[Event], Standing]:
        """Page the level whose turn it is, or the first one after it where somebody can be paged."""
        now, levels = self.desk.clock(), len(schedule.levels)
        catalogue = catalogues.catalogue(connection)
        guidance = catalogue.guidance(incident.component, incident.incident_type)
        briefing = self.desk.announcer.briefing(incident, schedule, guidance)
        events: list[Event] = []
        if (standing.level, standing.attempt) == (1, 1):
            known = catalogue.find(incident.component)
            wanted = {"security" if incident.incident_type == "security" else "", known.duty if known else ""}
            for duty_name in sorted(wanted - {""}):
                events += self._page_duty(connection, incident.id, briefing, schedule, duty_name)
        for step in range(levels):
            level = (standing.level - 1 + step) % levels + 1
            attempt = standing.attempt if step == 0 else 1
            duty = schedule.on_call(level, now)
            if duty is None:
                events.append(happened.Escalated(level=level, reason=f"nobody is on call at level {level}"))
                continue
            number = sum(1 for _ in _pages(connection, incident.id))
            key = f"{incident.id}/page {number + 1}"
            if level > 1 and attempt == 1:
                message = messages.escalation(
                    briefing,
                    key=key,
                    to=duty.person,
                    duty=duty.name,
                    unanswered=timeline.paged(connection, incident.id),
                )
            else:
                message = messages.page(briefing, key=key, to=duty.person, duty=duty.name, attempt=attempt)
            channels = self.desk.announcer.tell(connection, duty.person, message, now)
            if not channels:
                reason = f"{duty.person.handle}, at level {level}, cannot be reached through any channel that is set up"
                events.append(happened.Escalated(level=level, reason=reason))
                continue
            if level != max(incident.level, 1):
                events.append(happened.Escalated(level=level, reason=standing.why))
            events.append(_paged_event(duty, level, attempt, channels))
            return events, Standing(level=level, attempt=attempt, next_at=now, why=standing.why)
        events.append(happened.Escalated(level=1, reason="nobody at any level can be paged"))
        # Tried again and again, it is said once, until something else happens.
        latest = timeline.timeline(connection, incident.id, after=incident.number - len(events))
        if sorted(map(repr, events)) == sorted(repr(one.event) for one in latest):
            events = []
        return events, Standing(level=1, attempt=self.desk.policy.attempts, next_at=now, why="nobody could be paged")

    def _page_duty(
        self, connection: sqlite3.Connection, name: str, briefing: Briefing, schedule: Schedule, wanted: str
    ) -> list[Event]:
        """Page who has a duty, beside the levels."""
        now = self.desk.clock()
        duty = schedule.on_call(wanted, now) if wanted in schedule.duties else None
        if duty is None:
            return [happened.Escalated(level=1, reason=f"nobody has the duty of {wanted}")]
        message = messages.page(briefing, key=f"{name}/page {wanted}", to=duty.person, duty=duty.name or wanted)
        channels = self.desk.announcer.tell(connection, duty.person, message, now)
        return [_paged_event(duty, 0, 1, channels)]

    def _close(self, connection: sqlite3.Connection) -> None:
        """Close what nobody attends to, and whose alerts have long ended."""
        now = self.desk.clock()
        for name, why in self._quiet(connection, now):
            incident = incidents.incident(connection, name)
            self.desk.record(connection, name, incident, decisions.resolve(incident, why, by_itself=True), by=BY_ITSELF)

    def _quiet(self, connection: sqlite3.Connection, now: datetime) -> list[tuple[str, str]]:
        """The incidents that may be closed, each with why; none whose service is being brought back."""
        ramping = {ramp.incident for ramp in ramps.going_on(connection)}
        verdicts = [
            (
                row["id"],
                closing(
                    row["incident_type"],
                    alerts.firing(connection, row["id"]),
                    max(moment_of(row["cleared_at"]), self._watching.since),
                    alerts.beginnings(connection, row["id"]),
                    now,
                    self.recheck,
                ),
            )
            for row in _cleared(connection, now - self.recheck.hold)
            if row["id"] not in ramping
        ]
        return [(name, verdict.why) for name, verdict in verdicts if isinstance(verdict, ResolveNow)]


def _events_of(timer: Timer, incident: Incident, schedule: Schedule | None) -> tuple[Event, ...]:
    if not timer.is_breach:
        return (happened.Warned(clock=timer.clock, share=timer.share, due_at=timer.due),)
    if timer.clock.startswith(VENDOR_CASE):
        return overdue(incident, int(timer.clock.split()[1]), timer.due)
    breached = happened.Breached(clock=timer.clock, due_at=timer.due)
    if schedule is None or not incident.attended or timer.clock not in ("response", "resolution", "assessment"):
        # Where nobody attends to it the pages go from level to level anyhow.
        return (breached,)
    level = min(max(incident.level, 1) + 1, len(schedule.levels))
    return (breached, happened.Escalated(level=level, reason=f"the time for {timer.clock} has run out"))


def _concerned(incident: Incident, timer: Timer, schedule: Schedule | None, now: datetime) -> Sequence[Person]:
    """Who has to know that time runs out: who does it, and of a breach the level above."""
    if schedule is None:
        return ()
    doer = incident.lead
    if timer.clock.startswith("action"):
        doer = incident.actions[int(timer.clock.split()[1])].owner
    found: list[Person | None] = [schedule.people.get(doer)]
    if timer.clock == LEGAL_NOTICE:
        found.append(_on_call(schedule, "legal", now) if "legal" in schedule.duties else None)
    elif found[0] is None or not incident.attended:
        found.append(_on_call(schedule, max(incident.level, 1), now))
    if timer.is_breach and not timer.clock.startswith(VENDOR_CASE):
        found.append(_on_call(schedule, min(_above(incident, timer), len(schedule.levels)), now))
    return tuple({person.handle: person for person in found if person is not None}.values())


def _above(incident: Incident, timer: Timer) -> int:
    """The level that has to know of a breach: the next one, or, when all is over, the one that manages."""
    if timer.clock.startswith(("tasks", "action", LEGAL_NOTICE)):
        return _MANAGES
    return incident.level if incident.attended and incident.level > 1 else max(incident.level, 1) + 1


def _on_call(schedule: Schedule, level: int | str, now: datetime) -> Person | None:
    duty = schedule.on_call(level, now)
    return None if duty is None else duty.person


def _paged_event(duty: Duty, level: int, attempt: int, channels: tuple[str, ...]) -> Event:
    return happened.Paged(who=duty.person.handle, duty=duty.name, level=level, attempt=attempt, channels=channels)


def _pages(connection: sqlite3.Connection, incident: str) -> list[sqlite3.Row]:
    return connection.execute(
        "SELECT p.value FROM event e JOIN personal p ON p.seq = e.seq AND p.field = 'who'"
        " WHERE e.incident = ? AND e.kind = ? ORDER BY e.seq",
        [incident, happened.Paged.kind],
    ).fetchall()


def _cleared(connection: sqlite3.Connection, since: datetime) -> list[sqlite3.Row]:
    """The incidents that nobody attends to, and none of whose alerts on the timeline has fired since then."""
    return connection.execute(
        "SELECT id, incident_type, cleared_at FROM incident WHERE state = 'open' AND NOT attended AND cleared_at <= ?",
        [ticks(since)],
    ).fetchall()
