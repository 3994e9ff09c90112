"""Who is told of what: which messages come of an event.

What everybody should know goes to the channels that announce; they get one message for each incident, which later
events edit, so that a channel does not fill up with news of the same thing.  What one person has to act on goes to that
person through every channel that can reach them.  A private incident is not announced.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from actinf.responder.catalogue.parts import Guidance
from actinf.responder.channels import messages
from actinf.responder.channels.messages import Briefing
from actinf.responder.channels.port import Channel, Kind, Message, Offer
from actinf.responder.incident import events as happened
from actinf.responder.incident import ramp_events
from actinf.responder.incident.event import Recorded
from actinf.responder.incident.severity import Severity
from actinf.responder.incident.state import Incident
from actinf.responder.oncall.people import Person
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.record import ramp_narrative
from actinf.responder.store import outbox

__all__ = ["Announcer", "Knows", "Route", "reached_by"]

#: What is edited into the incident's first message.
_NEWS = (
    happened.Acknowledged,
    happened.Merged,
    happened.LeadTaken,
    happened.HandedOver,
    happened.SeverityChanged,
    happened.Assessed,
    happened.MilestoneReached,
    happened.ClosedAsFalse,
    happened.Reopened,
)

_CONCERNS_ROOM = (
    happened.Opened,
    happened.SeverityChanged,
    happened.Acknowledged,
    happened.LeadTaken,
    happened.HandedOver,
)
#: What is news of a ramp; its steps are on the timeline.
_RAMP_NEWS = (
    ramp_events.RampBegan,
    ramp_events.RampHeld,
    ramp_events.RampAborted,
    ramp_events.RampGoesBack,
    ramp_events.RampWentBack,
    ramp_events.RampDone,
)
_ENDS_PAGING = (happened.Acknowledged, happened.Resolved, happened.ClosedAsFalse, happened.Merged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A channel, and what it is for.

    Attributes:
        channel: the channel.
        announces: whether what everybody should know goes there.
        rooms: whether it can make a war room.
        reaches: whether it can reach a person.
    """

    channel: Channel
    announces: bool
    rooms: bool
    reaches: Callable[[Person], bool]


class Knows(Protocol):
    """Who knows how people are reached beyond what the schedule says: `actinf.responder.contacts.directory`."""

    def reach(self, connection: sqlite3.Connection, person: Person) -> Person:
        """Somebody of the schedule, with all their means."""
        ...

    def person(self, connection: sqlite3.Connection, handle: str, schedule: Schedule | None) -> Person | None:
        """Whoever a message is for, with all their means; None: nobody is called so."""
        ...


class _ScheduleAlone:
    """Nobody knows more."""

    def reach(self, connection: sqlite3.Connection, person: Person) -> Person:  # noqa: ARG002 -- it knows nothing
        return person

    def person(self, connection: sqlite3.Connection, handle: str, schedule: Schedule | None) -> Person | None:  # noqa: ARG002
        return schedule.people.get(handle) if schedule is not None else None


def reached_by(routes: Sequence[Route], person: Person) -> tuple[str, ...]:
    """The names of the channels that can reach somebody; empty where none can."""
    return tuple(route.channel.name for route in routes if route.reaches(person))


class Announcer:
    """Puts the messages that come of events into the outbox.

    Args:
        routes: the channels.
        link: the address of an incident's page, with `{id}` for its id; None: there is no page.
        known: who knows how people are reached beyond what the schedule says; None: nobody.
    """

    def __init__(self, routes: Sequence[Route], link: str | None = None, known: Knows | None = None):
        self.routes = tuple(routes)
        self.known: Knows = _ScheduleAlone() if known is None else known
        self._link = link

    def announce(
        self,
        connection: sqlite3.Connection,
        incident: Incident,
        added: Sequence[Recorded],
        schedule: Schedule | None,
        now: datetime,
    ) -> None:
        """Let the channels that announce know what has happened.

        Args:
            connection: of the transaction in which it was written down.
            incident: as it stands afterwards.
            added: what has happened.
            schedule: who is who; None: nobody is known.
            now: the time.
        """
        for one in added:
            if isinstance(one.event, _ENDS_PAGING):
                outbox.withdraw(connection, incident.id, Kind.PAGE, Kind.ESCALATION)
            for route, message in self._messages(connection, incident, one, schedule):
                if message.update_of is not None and message.kind == Kind.ALERT:
                    # Only the newest state is worth an edit.
                    outbox.withdraw_updates(connection, incident.id, route.channel.name)
                outbox.put(connection, route.channel.name, message, now)
            if isinstance(one.event, ramp_events.RampHeld):
                self._ask(connection, incident, one, schedule, now)

    def _ask(
        self,
        connection: sqlite3.Connection,
        incident: Incident,
        one: Recorded,
        schedule: Schedule | None,
        now: datetime,
    ) -> None:
        """Ask who leads, or else who is on call, what is to be done with a ramp that waits.

        Of what is private whoever has the duty of security: with nobody told, it would wait for ever.
        """
        if schedule is None:
            return
        person = schedule.people.get(incident.lead)
        post: int | str = "security" if incident.private else 1
        duty = schedule.on_call(post, now) if person is None and post in schedule.posts else None
        person = person if duty is None else duty.person
        if person is not None:
            key = f"{incident.id}/{one.number}/{person.handle}"
            told = ramp_narrative.told(one.event)
            self.tell(
                connection, person, messages.ramp(self.briefing(incident, schedule), key=key, told=told, to=person), now
            )

    def tell(self, connection: sqlite3.Connection, person: Person, message: Message, now: datetime) -> tuple[str, ...]:
        """Tell one person, through every channel that can reach them; the names of these channels."""
        used = self.reached_by(connection, person)
        for name in used:
            outbox.put(connection, name, message, now)
        return used

    def reached_by(self, connection: sqlite3.Connection, person: Person) -> tuple[str, ...]:
        """The names of the channels that can reach somebody, by the schedule or by their contact."""
        return reached_by(self.routes, self.known.reach(connection, person))

    def briefing(self, incident: Incident, schedule: Schedule | None, guidance: Guidance | None = None) -> Briefing:
        """What every message about an incident says; with guidance, where to look besides."""
        people = schedule.people if schedule is not None else {}
        lead = people.get(incident.lead)
        if lead is None and incident.lead:
            lead = Person(handle=_as_handle(incident.lead), name=_as_handle(incident.lead), role="responder")
        return Briefing(
            incident=incident.id,
            severity=incident.severity,
            component=incident.component,
            impact=incident.impact,
            status=incident.status,
            lead=lead,
            link=self._link.format(id=incident.id) if self._link else None,
            private=incident.private,
            runbook=None if guidance is None else self._page_of(guidance.runbook),
            dashboard=(guidance.dashboard or None) if guidance is not None else None,
            offers=_offers(incident),
        )

    def _page_of(self, runbook: str) -> str:
        """A page of the runbook as the responder's own pages show it, where there are such pages."""
        name = runbook.removeprefix("docs/runbooks/").removesuffix(".md")
        if self._link is None or name == runbook:
            return runbook
        return f"{self._link.removesuffix('/incidents/{id}')}/runbooks/{name}"

    def _messages(
        self, connection: sqlite3.Connection, incident: Incident, one: Recorded, schedule: Schedule | None
    ) -> Iterator[tuple[Route, Message]]:
        briefing = self.briefing(incident, schedule)
        event, key = one.event, f"{incident.id}/{one.number}"
        for route in self.routes:
            if route.rooms and isinstance(event, _CONCERNS_ROOM) and _wants_room(incident):
                # Once for each lead, who is invited.
                yield route, messages.war_room(briefing, key=f"{incident.id}/room/{incident.lead}")
            if not route.announces or incident.private or incident.severity is Severity.P3:
                continue
            if isinstance(event, happened.Opened):
                yield route, messages.alert(briefing, key=f"{incident.id}/alert")
            elif isinstance(event, happened.SeverityChanged) and not outbox.was_put(
                connection, incident.id, route.channel.name, Kind.ALERT
            ):
                # It was in the queue so far.
                yield route, messages.alert(briefing, key=f"{incident.id}/alert")
            elif isinstance(event, happened.Resolved) and incident.resolved_at is not None:
                lasted = incident.resolved_at - incident.detected_at
                yield route, messages.resolved(briefing, key=key, lasted=lasted, update_of=outbox.FIRST)
            elif isinstance(event, _RAMP_NEWS):
                # It stands by itself where people talk; elsewhere it answers the incident's first message.
                room = messages.war_room_name(incident.id) if route.rooms and _wants_room(incident) else None
                told = ramp_narrative.told(event)
                first = None if route.rooms else outbox.FIRST
                yield route, messages.ramp(briefing, key=key, told=told, room=room, update_of=first)
            elif isinstance(event, _NEWS):
                yield route, messages.alert(briefing, key=key, update_of=outbox.FIRST)


def _as_handle(name: str) -> str:
    """A name that messages can show, of somebody whom no schedule knows."""
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")[:64] or "somebody"


def _offers(incident: Incident) -> tuple[Offer, ...]:
    """What can be done with an incident by one tap."""
    if not incident.is_open:
        return ()
    lead = Offer.TAKE_OVER if incident.lead else Offer.LEAD
    return (lead,) if incident.attended else (Offer.ACKNOWLEDGE, lead)


def _wants_room(incident: Incident) -> bool:
    return incident.severity in (Severity.P0, Severity.P1)
