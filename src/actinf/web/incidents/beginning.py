"""What is still to be done before a new responder pages anybody."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from actinf.responder.channels.none import NoChannel
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.server.context import Server
from actinf.responder.store import outbox

__all__ = ["Beginnings", "beginnings_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginnings:
    """The first three steps, and which of them are done.

    Attributes:
        schedule: it is known who is on call.
        channel: there is a way to tell them.
        arrived: something has gone out by it.
    """

    schedule: bool
    channel: bool
    arrived: bool

    @property
    def done(self) -> bool:
        """Whether all of them are."""
        return self.schedule and self.channel and self.arrived


def beginnings_of(server: Server, connection: sqlite3.Connection, schedule: Schedule | None) -> Beginnings:
    """How far a responder is."""
    routes = server.parts.courier.routes
    return Beginnings(
        schedule=schedule is not None,
        channel=not all(isinstance(route.channel, NoChannel) for route in routes),
        arrived=outbox.anything_arrived(connection),
    )
