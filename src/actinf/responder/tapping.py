"""What comes of a tap in the chat: somebody is there, or takes the lead, as if they had said so by command."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from actinf.errors import NoSuchIncident
from actinf.responder.access.accounts import Principal
from actinf.responder.access.privacy import may_see
from actinf.responder.access.roles import NEEDS
from actinf.responder.channels import messages
from actinf.responder.channels.port import Offer
from actinf.responder.desk import Desk
from actinf.responder.incident import decisions
from actinf.responder.incident.event import Event
from actinf.responder.incident.state import Incident
from actinf.responder.intake.authentic import REPLAY_WINDOW
from actinf.responder.intake.slack_tap import Tap
from actinf.responder.oncall.people import Person
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.store import incidents, outbox, rosters, signatures

__all__ = ["Tapping"]

_VERBS = {Offer.ACKNOWLEDGE: "ack", Offer.LEAD: "assign", Offer.TAKE_OVER: "assign"}


@dataclass(frozen=True, slots=True)
class Tapping:
    """Takes taps.

    Attributes:
        desk: through which things are done.
        account_of: whose account a handle is; None where there is none.
        channel: the name of the channel that shows the buttons.
    """

    desk: Desk
    account_of: Callable[[str], Principal | None]
    channel: str = "slack"

    def take(self, tap: Tap, signature: str, received_at: datetime) -> str | None:
        """Do what somebody tapped on.

        Args:
            tap: what they tapped on.
            signature: of the message that told of it.
            received_at: when it came.

        Returns:
            What they are to be told, in a sentence; None: the same message was taken before.
        """
        with self.desk.store.writing() as connection:
            signatures.forget(connection, received_at)
            if not signatures.keep(connection, signature, received_at + 2 * REPLAY_WINDOW):
                return None
            schedule = rosters.schedule(connection)
            found = self._people(connection, schedule, tap.user)
            if len(found) != 1:
                return _who_is_that(tap.user, found)
            return self._done(connection, tap, found[0], schedule)

    def _people(self, connection: sqlite3.Connection, schedule: Schedule | None, user: str) -> list[Person]:
        """Who has that member id: by the schedule, or, as for pages, by the contact that completes it."""
        known = self.desk.announcer.known
        people = () if schedule is None else schedule.people.values()
        return [one for one in people if (one.chat_id or known.reach(connection, one).chat_id) == user]

    def _done(self, connection: sqlite3.Connection, tap: Tap, person: Person, schedule: Schedule | None) -> str:
        who, verb = self.account_of(person.handle), _VERBS[tap.offer]
        if who is None:
            return (
                f"Nothing was done: you are @{person.handle} in the schedule, but have no account. "
                f"An admin can make one: actinf respond accounts set {person.handle} --role responder"
            )
        try:
            before = incidents.incident(connection, tap.incident)
        except NoSuchIncident:
            before = None
        if before is None or not may_see(connection, who, before, schedule):
            return f"There is no incident {tap.incident} that you may see."
        if not who.role.includes(NEEDS[verb]):
            return f"Nothing was done: that needs the role {NEEDS[verb]}, and yours is {who.role}."
        events, told = _decided(tap.offer, before, person.handle)
        after = self.desk.record(connection, tap.incident, before, events, by=person.handle)
        self._edit_page(connection, tap, person, after, schedule)
        return told

    def _edit_page(
        self, connection: sqlite3.Connection, tap: Tap, person: Person, incident: Incident, schedule: Schedule | None
    ) -> None:
        """Let a page that was tapped on say how it stands; the message to everybody is edited with each event."""
        page = outbox.page_of(connection, self.channel, tap.message) if tap.message else None
        if page is None or page.incident != incident.id:
            return
        briefing = self.desk.announcer.briefing(incident, schedule)
        key = f"{incident.id}/answered/{tap.message}/{incident.number}"
        message = messages.answered(briefing, key=key, to=person, update_of=tap.message)
        outbox.put(connection, self.channel, message, self.desk.clock())


def _who_is_that(user: str, found: list[Person]) -> str:
    if not found:
        return (
            f"Nothing was done: nobody in the schedule has your member id. A commander can give it to you there, "
            f"chat_id: {user}, or in your contact, chat: {user}"
        )
    handles = " and ".join(f"@{one.handle}" for one in found)
    return f"Nothing was done: {handles} have the same member id {user}. A commander can mend that."


def _decided(offer: Offer, incident: Incident, who: str) -> tuple[tuple[Event, ...], str]:
    """What comes of a tap, and what is said of it; a second tap changes nothing."""
    if not incident.is_open:
        return (), f"{incident.id} is {incident.status.lower()}: nothing was done."
    acknowledged = () if incident.attended else decisions.acknowledge(incident, who)
    if offer is Offer.ACKNOWLEDGE:
        if acknowledged:
            return acknowledged, f"You have acknowledged {incident.id}: nobody else is paged for it."
        by = "you have" if incident.acknowledged_by == who else f"@{incident.acknowledged_by} has"
        return (), f"Nothing to do: {by} acknowledged {incident.id} already."
    if incident.lead == who and incident.attended:
        return (), f"Nothing to do: you lead {incident.id} already."
    if offer is Offer.LEAD and incident.lead not in ("", who):
        # Of two who tap at the same time the second has not been asked whether to take it from the first.
        return (), f"Nothing was done: @{incident.lead} leads {incident.id} by now. Tap again to take it over."
    # Who acknowledges what nobody leads leads it.
    leads = bool(acknowledged) and not incident.lead
    events = (*acknowledged, *(() if leads else decisions.assign(incident, who)))
    before = f", in the place of @{incident.lead}" if incident.lead and incident.lead != who else ""
    return events, f"You lead {incident.id} now{before}."
