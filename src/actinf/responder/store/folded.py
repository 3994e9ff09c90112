"""Incidents as they stand, remembered: of one that is asked for again only what happened since is read."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from dataclasses import dataclass

from actinf.responder.incident.events import Erased
from actinf.responder.incident.state import Incident, incident_of
from actinf.responder.store import incidents, timeline

__all__ = ["Folded"]

_MOST = 64


@dataclass(frozen=True, slots=True)
class _Known:
    incident: Incident
    mac: bytes


class Folded:
    """Remembers; for one thread at a time.

    What was remembered holds only while the event that it ends with is there as it was: a transaction may have been
    broken off, and what is personal in an earlier event erased.

    Args:
        most: so many, those that were asked for last.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def incident(self, connection: sqlite3.Connection, name: str) -> Incident:
        """The incident as it stands.

        Raises:
            NoSuchIncident: there is none of that id.
        """
        known = self._known.pop(name, None)
        found = self._continued(connection, name, known) if known is not None else None
        if found is None:
            found = incidents.incident(connection, name)
        mac = timeline.mac_of(connection, name, found.number)
        if mac is not None:
            self._known[name] = _Known(found, mac)
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        return found

    @staticmethod
    def _continued(connection: sqlite3.Connection, name: str, known: _Known) -> Incident | None:
        number = known.incident.number
        if timeline.mac_of(connection, name, number) != known.mac:
            return None
        since = timeline.timeline(connection, name, after=number)
        if any(isinstance(one.event, Erased) for one in since):
            return None
        return incident_of(since, known.incident)
