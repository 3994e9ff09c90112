"""Letting timers take the wall clock's time after it was set: asked for by a person, done by whoever keeps the time.

A server holds its clock in memory, so a command cannot correct it: it leaves word in the store, which the server's next
turn of its clock takes up.  Where no server runs, the command takes it up itself.  Each correction is noted, with who
asked for it and why, in the store and on the timeline of every open incident, whose times it moves.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from actinf.responder.clocks.steady import SteadyClock
from actinf.responder.desk import Desk
from actinf.responder.incident import decisions
from actinf.responder.store import incidents, notes
from actinf.responder.store.incidents import Wanted

__all__ = ["Correction", "ask", "corrections", "is_asked", "take_up"]

_ASKED, _DONE = "clock asked", "clock corrections"
_MOST_KEPT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """The time that timers count by was set to the wall clock's.

    Attributes:
        at: when, by the wall clock.
        seconds: by how much; less than nothing: back.
        by: the handle of who asked for it.
        reason: why.
    """

    at: datetime
    seconds: float
    by: str
    reason: str

    def sentence(self) -> str:
        """What was done, in one sentence."""
        way = "ahead" if self.seconds > 0 else "back"
        return f"the time that timers count by was set {way} by {abs(self.seconds):.0f} s, to the wall clock's"


def ask(connection: sqlite3.Connection, *, by: str, reason: str) -> None:
    """Leave word that the wall clock is right."""
    notes.put(connection, _ASKED, json.dumps({"by": by, "reason": reason}))


def is_asked(connection: sqlite3.Connection) -> bool:
    """Whether word was left that nobody has taken up yet."""
    return bool(notes.get(connection, _ASKED))


def corrections(connection: sqlite3.Connection) -> list[Correction]:
    """The latest corrections, the oldest first."""
    kept = json.loads(notes.get(connection, _DONE) or "[]")
    return [Correction(**{**one, "at": datetime.fromisoformat(one["at"])}) for one in kept]


def take_up(connection: sqlite3.Connection, desk: Desk, clock: SteadyClock) -> Correction | None:
    """Do what was asked for, where anything was; whoever keeps the time of a store calls this before keeping it.

    Args:
        connection: of a transaction that writes.
        desk: through which the timelines of open incidents are written.
        clock: that is corrected.

    Returns:
        What was done; None: nothing was asked, or the clocks agree.
    """
    asked = notes.get(connection, _ASKED)
    if not asked:
        return None
    notes.put(connection, _ASKED, "")
    step = clock.step.total_seconds()
    if not step:
        return None
    clock.believe_the_wall()
    said = json.loads(asked)
    done = Correction(at=datetime.now(UTC), seconds=round(step, 3), by=said["by"], reason=said["reason"])
    kept = [*corrections(connection), done][-_MOST_KEPT:]
    notes.put(connection, _DONE, json.dumps([{**asdict(one), "at": one.at.isoformat()} for one in kept]))
    for name in incidents.names(connection, Wanted()):
        incident = incidents.incident(connection, name)
        desk.record(connection, name, incident, decisions.note(f"{done.sentence()}: {done.reason}"), by=done.by)
    return done
