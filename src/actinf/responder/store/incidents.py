"""Incidents in the store: their numbers, and what their timelines make of them, for lists."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from actinf.errors import NoSuchIncident
from actinf.responder.incident.event import Recorded
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.severity import Severity
from actinf.responder.incident.state import Incident, incident_of
from actinf.responder.store.database import ticks
from actinf.responder.store.office import OFFICE
from actinf.responder.store.timeline import timeline

__all__ = [
    "Wanted",
    "absorbed_by",
    "each",
    "incident",
    "keep",
    "lately_resolved",
    "listed",
    "names",
    "new_id",
    "open_by_severity",
    "row_of",
    "taken_up",
]

_STATES = {"open": ("open",), "resolved": ("resolved",), "all": ("open", "resolved", "over")}


def new_id(connection: sqlite3.Connection, now: datetime) -> str:
    """The next id of the day, `YYYY-MM-DD-NNN`, wider from the thousandth on."""
    day = f"{now:%Y-%m-%d}"
    number = connection.execute(
        "INSERT INTO day VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET last = last + 1 RETURNING last", [day]
    ).fetchone()[0]
    return f"{day}-{number:03d}"


def incident(connection: sqlite3.Connection, name: str) -> Incident:
    """An incident as it stands.

    Raises:
        NoSuchIncident: there is none of that id.
    """
    events = timeline(connection, name) if name != OFFICE else []
    if not events:
        known = [row["id"] for row in connection.execute("SELECT id FROM incident ORDER BY id DESC LIMIT 3")]
        hint = f"the latest are {', '.join(known)}" if known else "there is none yet"
        raise NoSuchIncident(f"no incident {name!r}: {hint}")
    return incident_of(events)


def absorbed_by(connection: sqlite3.Connection, survivor: Incident) -> list[str]:
    """The ids of the incidents that were merged into one, and of those that were merged into them, in that order."""
    found: list[str] = []
    waiting = [survivor]
    while waiting:
        for name in waiting.pop(0).absorbed:
            if name not in found and name != survivor.id:
                found.append(name)
                waiting.append(incident(connection, name))
    return found


def taken_up(connection: sqlite3.Connection, survivor: Incident) -> list[tuple[Incident, list[Recorded]]]:
    """The incidents that were merged into one, with their timelines, as they are shown with it.

    A private one is shown only with one that is private, too: who sees the survivor need not be concerned with it.
    """
    found = [(incident(connection, name), timeline(connection, name)) for name in absorbed_by(connection, survivor)]
    return [(one, happened) for one, happened in found if survivor.private or not one.private]


def keep(connection: sqlite3.Connection, incident: Incident) -> None:
    """Bring the row that lists read up to date."""
    row = row_of(incident)
    connection.execute(f"INSERT OR REPLACE INTO incident VALUES ({', '.join('?' * len(row))})", row)


def row_of(incident: Incident) -> tuple[object, ...]:
    """What the row that lists read says of an incident."""
    state = "over" if incident.is_over else "open" if incident.is_open else "resolved"
    fix = incident.milestones.get(Milestone.FIX)
    return (
        incident.id,
        incident.incident_type,
        incident.severity.value,
        incident.component,
        int(incident.private),
        ticks(incident.opened_at),
        ticks(incident.detected_at),
        *(None if one is None else ticks(one) for one in (incident.acknowledged_at, fix[0] if fix else None)),
        *(None if one is None else ticks(one) for one in (incident.resolved_at, incident.cleared_at)),
        state,
        int(incident.attended),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which incidents a list is of.

    Attributes:
        which: "open", "resolved" or "all".
        since: only those that were opened then or later.
        severities: only those that are of one of these now.
        after: only what comes after the incident of this id in the order of the list, which is by how they stand now.
    """

    which: str = "open"
    since: datetime | None = None
    severities: tuple[Severity, ...] = tuple(Severity)
    after: str | None = None


def each(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[Incident]:
    """Incidents, the most severe first, then the newest; each is read when it is its turn, so that few cost little.

    Raises:
        NoSuchIncident: there is none after which the others could come.
    """
    where, what = _where(wanted)
    if wanted.after is not None:
        row = connection.execute("SELECT * FROM incident WHERE id = ?", [wanted.after]).fetchone()
        if row is None:
            raise NoSuchIncident(
                f"after is {wanted.after[:60]!r}, which is no incident: expected `next` of the page before"
            )
        where += " AND (severity > ? OR severity = ? AND (opened_at, id) < (?, ?))"
        what += [row["severity"], row["severity"], row["opened_at"], row["id"]]
    order = "severity, opened_at DESC, id DESC"
    for row in connection.execute(f"SELECT id FROM incident WHERE {where} ORDER BY {order}", what).fetchall():
        yield incident(connection, row["id"])


def listed(
    connection: sqlite3.Connection,
    wanted: Wanted,
    limit: int,
    visible: Callable[[Incident], bool] = lambda one: True,  # noqa: ARG005
) -> tuple[list[Incident], bool]:
    """The first of those that somebody may see, and whether there are more.

    Args:
        connection: to the store.
        wanted: which ones.
        limit: so many at most.
        visible: whether they may see one.
    """
    found = list(islice(filter(visible, each(connection, wanted)), limit + 1))
    return found[:limit], len(found) > limit


def names(
    connection: sqlite3.Connection,
    wanted: Wanted,
    visible: Callable[[Incident], bool] = lambda one: True,  # noqa: ARG005
) -> list[str]:
    """The ids of those that somebody may see, the newest first; of the incidents, only private ones are read."""
    where, what = _where(wanted)
    found = connection.execute(
        f"SELECT id, private FROM incident WHERE {where} ORDER BY opened_at DESC, length(id) DESC, id DESC", what
    ).fetchall()
    return [row["id"] for row in found if not row["private"] or visible(incident(connection, row["id"]))]


def _where(wanted: Wanted) -> tuple[str, list[object]]:
    states = _STATES[wanted.which]
    where = (
        f"state IN ({', '.join('?' * len(states))}) AND severity IN ({', '.join('?' * len(wanted.severities))})"
        " AND opened_at >= ?"
    )
    return where, [*states, *map(str, wanted.severities), ticks(wanted.since) if wanted.since else 0]


def lately_resolved(connection: sqlite3.Connection, since: datetime, most: int) -> list[Incident]:
    """Incidents that were resolved then or later, the latest first, and no more than `most`."""
    found = connection.execute(
        "SELECT id FROM incident WHERE state = 'resolved' AND resolved_at >= ? ORDER BY resolved_at DESC LIMIT ?",
        [ticks(since), most],
    ).fetchall()
    return [incident(connection, row["id"]) for row in found]


def open_by_severity(connection: sqlite3.Connection) -> dict[str, int]:
    """How many incidents are open, by severity; one of which there is none is not named."""
    found = connection.execute("SELECT severity, count(*) AS n FROM incident WHERE state = 'open' GROUP BY severity")
    return {row["severity"]: row["n"] for row in found}
