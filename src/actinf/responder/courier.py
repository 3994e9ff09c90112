"""Carries messages from the outbox to the channels: one at a time for each channel, and each channel for itself.

A channel that is dead or slow delays its own messages and nobody else's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from actinf.errors import ChannelRefused, ChannelTrouble
from actinf.responder.announcing import Route
from actinf.responder.channels import messages
from actinf.responder.channels.port import Channel, Kind
from actinf.responder.desk import BY_ITSELF, Desk
from actinf.responder.incident import events as happened
from actinf.responder.store import incidents, outbox, rosters
from actinf.responder.store.outbox import Waiting

__all__ = ["Courier", "Patience"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How a message is tried again.

    Attributes:
        first: the wait after the first failure; each further one is twice as long.
        longest: the longest wait.
        at_all: after that time a message is given up: it says nothing any more that somebody should act on.
    """

    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(minutes=2)
    at_all: timedelta = timedelta(hours=24)

    def wait(self, attempts: int) -> timedelta:
        """The wait after so many attempts."""
        return min(self.first * float(2 ** min(attempts - 1, 20)), self.longest)


@dataclass(slots=True)
class Courier:
    """Delivers.

    Attributes:
        desk: whose store has the outbox, and through which timelines are written.
        routes: the channels.
        patience: how a message is tried again.
        sent: called with each message that has arrived, the channel and how long it had waited; for metrics.
        failed: called with the channel of each attempt that failed, and whether its message was given up.
    """

    desk: Desk
    routes: Sequence[Route]
    patience: Patience = field(default_factory=Patience)
    sent: Callable[[str, Kind, timedelta], None] | None = None
    failed: Callable[[str, bool], None] | None = None

    def begin(self) -> int:
        """Take up what a process that died had under way; how many messages may show twice."""
        with self.desk.store.writing() as connection:
            takes_key = {route.channel.name: route.channel.takes_key for route in self.routes}
            return outbox.left_under_way(connection, takes_key, self.desk.clock())

    def deliver(self, channel: Channel) -> bool:
        """Deliver one message of a channel; False: there is none whose time has come."""
        with self.desk.store.reading() as connection:
            if not outbox.is_due(connection, channel.name, self.desk.clock()):
                return False
        with self.desk.store.writing() as connection:
            waiting = outbox.claim(connection, channel.name, self.desk.clock())
            if waiting is None:
                return False
            to = None
            if waiting.to is not None:
                to = self.desk.announcer.known.person(connection, waiting.to, rosters.schedule(connection))
        message = replace(waiting.message, to=to)
        if waiting.perhaps_twice and not channel.takes_key:
            message = messages.possible_duplicate(message)
        try:
            delivery = channel.send(message)
        except ChannelRefused as error:
            self._give_up(waiting, str(error))
        except ChannelTrouble as error:
            self._try_again(waiting, channel, error)
        else:
            self._arrived(waiting, delivery.reference)
        return True

    def _arrived(self, waiting: Waiting, reference: str | None) -> None:
        now = self.desk.clock()
        with self.desk.store.writing() as connection:
            outbox.sent(connection, waiting, reference, now)
            name = waiting.message.incident
            if waiting.message.kind == Kind.WAR_ROOM and name is not None:
                incident = incidents.incident(connection, name)
                if not incident.room:
                    event = happened.RoomOpened(channel=waiting.channel, room=f"#{waiting.message.room}")
                    self.desk.record(connection, name, incident, (event,), by=BY_ITSELF)
        if self.sent is not None:
            self.sent(waiting.channel, waiting.message.kind, now - waiting.put_at)

    def _try_again(self, waiting: Waiting, channel: Channel, error: ChannelTrouble) -> None:
        now = self.desk.clock()
        wait = self.patience.wait(waiting.attempts)
        if error.retry_after is not None:
            wait = max(wait, timedelta(seconds=error.retry_after))
        if now + wait > waiting.put_at + self.patience.at_all:
            self._give_up(waiting, str(error))
            return
        if self.failed is not None:
            self.failed(waiting.channel, False)
        _LOG.warning("%s: %s; tried again in %.0f s", waiting.channel, error, wait.total_seconds())
        with self.desk.store.writing() as connection:
            outbox.delayed(
                connection,
                waiting,
                str(error),
                until=now + wait,
                perhaps_twice=error.may_have_arrived and not channel.takes_key,
            )

    def _give_up(self, waiting: Waiting, why: str) -> None:
        if self.failed is not None:
            self.failed(waiting.channel, True)
        _LOG.error("%s: a message was given up: %s", waiting.channel, why)
        with self.desk.store.writing() as connection:
            is_known = outbox.given_up(connection, waiting, why)
            name = waiting.message.incident
            if is_known and name is not None:
                event = happened.Undelivered(channel=waiting.channel, what=waiting.message.kind, why=why)
                self.desk.record(connection, name, incidents.incident(connection, name), (event,), by=BY_ITSELF)
