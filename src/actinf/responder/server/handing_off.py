"""Telling those whose shift begins that it has begun, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from actinf.responder.channels import messages
from actinf.responder.desk import Desk
from actinf.responder.oncall.handoff import HandOff, hand_offs
from actinf.responder.store import incidents, notes, rosters
from actinf.responder.store.database import moment_of, ticks
from actinf.responder.store.incidents import Wanted

__all__ = ["HandingOff"]

_TOLD_UNTIL = "hand-offs told until"
#: Of what happened while nothing ran, so much is still told, where the shift has not ended meanwhile.
_LONGEST_BACK = timedelta(hours=12)


@dataclass(slots=True)
class HandingOff:
    """Tells.

    Attributes:
        desk: whose schedule, and through which people are told.
        told: called where there is something to deliver.
    """

    desk: Desk
    told: Callable[[], None]

    def once(self) -> None:
        """Tell of all shifts that began since the last time."""
        now = self.desk.clock()
        with self.desk.store.reading() as connection:
            since = _since(notes.get(connection, _TOLD_UNTIL), now)
            schedule = rosters.schedule(connection)
        found = hand_offs(schedule, since, now) if schedule is not None else ()
        with self.desk.store.writing() as connection:
            if found:
                names = incidents.names(connection, Wanted(), visible=lambda _: False)
            for one in found:
                if one.coming is not None and one.until > now:
                    message = messages.handoff(
                        key=_key(one),
                        to=one.coming,
                        duty=one.name,
                        until=one.until,
                        before=one.leaving,
                        open_incidents=names,
                    )
                    self.desk.announcer.tell(connection, one.coming, message, now)
            notes.put(connection, _TOLD_UNTIL, str(ticks(now)))
        if found:
            self.told()


def _since(told_until: str | None, now: datetime) -> datetime:
    if told_until is None:
        return now
    return min(max(moment_of(int(told_until)), now - _LONGEST_BACK), now)


def _key(one: HandOff) -> str:
    # The outbox has a key once: a hand-off is told once, whoever looks how often.
    return f"hand-off/{one.level or one.name}/{one.at:%Y-%m-%dT%H:%M:%S}/{one.coming.handle if one.coming else ''}"
