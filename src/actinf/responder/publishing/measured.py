"""What the public is told because alerts end, and begin again: an outage falls, and comes back, as time runs.

That alerts are quiet is no proof that all is well: who watches may be down as well, and there is more that may be wrong
than is watched.  So an outage falls to what is still watched, "degraded", and never further: that it is over says
whoever resolves the incident.  It falls late and comes back at once: docs/adr/0060.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.incident.event import Event
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.notice_events import Ground
from actinf.responder.incident.notices import PublicNotice, Said
from actinf.responder.incident.state import Incident
from actinf.responder.intake.recheck import RecheckSettings, ResolveNow, closing
from actinf.responder.keeping.watched import Outsider, last_heard
from actinf.responder.publishing.template import Turn
from actinf.responder.publishing.unattended import recovering, returned
from actinf.responder.store import alerts, catalogues, notices
from actinf.responder.store.alerts import Ringing
from actinf.responder.store.folded import Folded

__all__ = ["AGAIN_AFTER", "QUIET_FOR", "Watching", "is_quiet"]

#: How long all is quiet before an outage falls: longer than most services take to start, and than a rule of Prometheus
#: needs to fire again; short, for an outage that is none is untrue for that long.
QUIET_FOR = timedelta(minutes=2)
#: Where it came back, it falls no sooner than that after it fell last, so that nobody has more mails than one down and
#: one up in that time.
AGAIN_AFTER = timedelta(minutes=10)
#: Of what comes and goes the quiet has to be longer each time, up to half an hour: by then it is no outage.
_RECHECK = RecheckSettings(hold=QUIET_FOR, longest_hold=timedelta(minutes=30))
#: So many alerts at once are trouble, whatever each of them is of.
_STORM = 500


@dataclass(slots=True)
class Watching:
    """Looks after what the public was told of outages; for one thread at a time.

    Attributes:
        service: the name of the service as a whole.
        needs_watchdog: whether there is an alert that says that alerts arrive: without it no quiet counts.
    """

    service: str
    needs_watchdog: bool
    _folded: Folded = field(default_factory=Folded, repr=False)

    def due(self, connection: sqlite3.Connection, now: datetime) -> list[tuple[Incident, tuple[Event, ...]]]:
        """The incidents of which the public is to be told something else, and what.

        Args:
            connection: in a transaction.
            now: the time.
        """
        found = []
        for name in notices.told_of_open(connection):
            incident = self._folded.incident(connection, name)
            notice = incident.notice
            if notice is None or not notice.is_out or incident.private:
                continue
            events = self._events(connection, incident, notice, now)
            if events:
                found.append((incident, events))
        return found

    def _events(
        self, connection: sqlite3.Connection, incident: Incident, notice: PublicNotice, now: datetime
    ) -> tuple[Event, ...]:
        last = notice.last
        if last.ground is Ground.PERSON or not (last.ground is Ground.MEASURED or last.impact.is_outage):
            return ()
        catalogue = catalogues.catalogue(connection)
        if last.ground is Ground.MEASURED:
            if is_quiet(connection, incident, catalogue):
                return ()
            return (returned(incident, catalogue, self.service).event(),)
        if not is_quiet(connection, incident, catalogue):
            return ()
        outage = _outage(notice)
        fixed = incident.milestones.get(Milestone.FIX)
        if fixed is not None and fixed[1] > outage.number:
            return (recovering(incident, catalogue, self.service, turn=Turn.FURTHER).event(),)
        if self._has_been_quiet(connection, incident, outage, catalogue, now):
            return (recovering(incident, catalogue, self.service).event(),)
        return ()

    def _has_been_quiet(
        self, connection: sqlite3.Connection, incident: Incident, outage: Said, catalogue: Catalogue, now: datetime
    ) -> bool:
        """Whether it has been quiet for long enough since it was told that there is an outage."""
        concerned = _concerned(alerts.ringing(connection, incident.id), incident, catalogue)
        quiet_since = max((_ended(one, incident) for one in concerned), default=None)
        # What was quiet already when somebody found that it is an outage says nothing of it.
        if quiet_since is None or quiet_since < outage.at:
            return False
        fell = [one.at for one in incident.notice.updates if one.ground is Ground.MEASURED] if incident.notice else []
        if fell and now < fell[-1] + AGAIN_AFTER:
            return False
        if self.needs_watchdog:
            heard_at = last_heard(connection, Outsider.WATCHDOG)
            if heard_at is None or heard_at <= quiet_since:
                return False
        verdict = closing(incident.incident_type, 0, quiet_since, _returns(concerned), now, _RECHECK)
        return isinstance(verdict, ResolveNow)


def is_quiet(connection: sqlite3.Connection, incident: Incident, catalogue: Catalogue) -> bool:
    """Whether no alert of an incident fires that tells of what the public was told of.

    Args:
        connection: in a transaction.
        incident: with a notice.
        catalogue: which parts there are.
    """
    count = alerts.firing(connection, incident.id)
    if not count:
        return True
    if count > _STORM:
        return False
    firing = alerts.firing_of(connection, incident.id)
    return not any(_concerns(component, incident, catalogue) for component in firing)


def _concerned(ringing: Iterable[Ringing], incident: Incident, catalogue: Catalogue) -> list[Ringing]:
    return [one for one in ringing if _concerns(one.component, incident, catalogue)]


def _concerns(component: str, incident: Incident, catalogue: Catalogue) -> bool:
    """Whether an alert of a component tells of what the public was told of; of one that nobody knows, it may."""
    keys = incident.notice.last.components if incident.notice is not None else ()
    if not keys or catalogue.find(component) is None:
        return True
    return not set(keys).isdisjoint(catalogue.public_with([component]))


def _outage(notice: PublicNotice) -> Said:
    """What first said that it is as bad as it is by what was said last."""
    said = notice.last
    for one in reversed(notice.updates):
        if (one.impact, one.ground) != (said.impact, said.ground):
            break
        said = one
    return said


def _ended(one: Ringing, incident: Incident) -> datetime:
    """Since when an alert is quiet; one that comes and goes too often for the timeline, since it was last told."""
    seen = incident.alerts.get(one.fingerprint)
    return one.last_at if seen is None or seen.firing or one.is_unlisted else seen.since


def _returns(concerned: Iterable[Ringing]) -> Sequence[datetime]:
    """When it came back: alerts that begin together do so once."""
    found: list[datetime] = []
    for began in sorted(moment for one in concerned for moment in one.began[1:]):
        if not found or began - found[-1] > QUIET_FOR:
            found.append(began)
    return found
