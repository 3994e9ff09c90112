"""Telling who manages, once and in business hours, that contacts are to be tried."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from actinf.responder.channels import messages
from actinf.responder.contacts.trying import Tried, Trying, TryState, tried
from actinf.responder.desk import hours_of
from actinf.responder.oncall.people import Person
from actinf.responder.oncall.rotation import Duty, Schedule
from actinf.responder.store import contact_trials, contacts, notes, rosters
from actinf.responder.store.database import moment_of, ticks
from actinf.runtime.wording import counted

__all__ = ["Reminding"]

_TOLD = "contacts told of"
#: The level that manages, and the first, where nobody does.
_MANAGES, _FIRST = 3, 1
#: Who was made a contact so lately is left in peace: they may be tried today.
_SETTLES = timedelta(days=7)
_MOST_NAMED = 10


@dataclass(slots=True)
class Reminding:
    """Reminds.

    Attributes:
        trying: how it stands with each contact.
        told: called where there is something to deliver; None: nobody waits for it.
    """

    trying: Trying
    told: Callable[[], None] | None = None

    def once(self) -> bool:
        """Tell of contacts that came due since the last time, where somebody works; whether anything was told."""
        desk = self.trying.desk
        with desk.store.reading() as connection:
            schedule, now = rosters.schedule(connection), desk.clock()
            if schedule is None or not hours_of(schedule).is_open(now):
                return False
            due = self._due(connection)
            before = _told_of(connection)
        if all(before.get(handle) == one.basis for handle, one in due.items()):
            return False
        to = _who(schedule, now)
        if to is None:
            return False
        with desk.store.writing() as connection:
            due, before = self._due(connection), _told_of(connection)
            new = [handle for handle, one in due.items() if before.get(handle) != one.basis]
            notes.put(connection, _TOLD, json.dumps({handle: one.basis for handle, one in due.items()}))
            if new:
                more = f" and {len(new) - _MOST_NAMED} more" if len(new) > _MOST_NAMED else ""
                what = (
                    f"Try whether {counted(len(new), 'contact')} can be reached, {', '.join(new[:_MOST_NAMED])}{more}: "
                    "actinf contacts test --due"
                )
                message = messages.reminder(key=f"contacts/{ticks(now)}", to=to, what=what, due=now)
                desk.announcer.tell(connection, to, message, now)
        if new and self.told is not None:
            self.told()
        return bool(new)

    def _due(self, connection: sqlite3.Connection) -> dict[str, Tried]:
        now = self.trying.desk.clock()
        trials, saved = contact_trials.trials(connection), contacts.saved_at(connection, "contact")
        found = {handle: tried(trials.get(handle, ()), now, self.trying.every) for handle in saved}
        return {
            handle: one
            for handle, one in found.items()
            if one.is_due and (one.state is not TryState.NEVER or now - moment_of(saved[handle]) >= _SETTLES)
        }


def _told_of(connection: sqlite3.Connection) -> dict[str, int]:
    found: dict[str, int] = json.loads(notes.get(connection, _TOLD) or "{}")
    return found


def _who(schedule: Schedule, now: datetime) -> Person | None:
    """Who manages now; else whoever is called first."""
    on_call = schedule.now(now)
    for level in (_MANAGES, _FIRST):
        duty = on_call.get(level)
        if isinstance(duty, Duty):
            return duty.person
    return None
