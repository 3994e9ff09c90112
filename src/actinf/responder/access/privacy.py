"""Who may see a private incident: those who are concerned, and nobody else learns that there is one."""

from __future__ import annotations

import sqlite3

from actinf.responder.access.accounts import Principal
from actinf.responder.access.roles import Role
from actinf.responder.incident.state import Incident
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.store import timeline

__all__ = ["may_see", "sees_private"]


def may_see(
    connection: sqlite3.Connection, who: Principal, incident: Incident, schedule: Schedule | None = None
) -> bool:
    """Whether somebody may see an incident.

    A private one is seen by whoever deals with security, by account or by duty; who leads it, opened it or was paged
    for it; and admins, who could give themselves the right.

    Args:
        connection: to the store.
        who: somebody.
        incident: as it stands.
        schedule: the one that holds; None: there is none.
    """
    if not incident.private or sees_private(who, schedule):
        return True
    if who.handle in (incident.lead, incident.opened_by, incident.acknowledged_by):
        return True
    return who.handle in timeline.paged(connection, incident.id)


def sees_private(who: Principal, schedule: Schedule | None = None) -> bool:
    """Whether somebody sees all that is private: who deals with security, by account or by duty, and admins.

    Args:
        who: somebody.
        schedule: the one that holds; None: there is none.
    """
    if who.security or who.role is Role.ADMIN:
        return True
    return schedule is not None and schedule.duties.get("security") == who.handle
