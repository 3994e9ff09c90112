"""Erasing how somebody is reached, wherever the store has it."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from actinf.responder.incident.contact_events import ContactSet
from actinf.responder.store import contact_trials, contacts, office, rosters

__all__ = ["erase_contact"]


def erase_contact(connection: sqlite3.Connection, key: bytes, handle: str, *, by: str, now: datetime) -> bool:
    """Erase a contact, its trials, and what schedules that no longer hold say of it; whether there was one.

    Args:
        connection: of a transaction that writes; what was erased is overwritten once the store is settled.
        key: of the chain.
        handle: whose.
        by: who does it.
        now: the time.
    """
    contact_trials.forget(connection, handle)
    rosters.forget_means(connection, handle)
    if not contacts.remove(connection, "contact", handle):
        return False
    event = ContactSet(change="removed", handle=handle, digest=office.sealed_digest(connection))
    office.record(connection, key, event, by=by, now=now)
    return True
