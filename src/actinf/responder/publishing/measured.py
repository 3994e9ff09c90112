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
from actinf.responder.incident.severity import classify, signals_of
from actinf.responder.incident.state import Incident
from actinf.responder.intake.alert import Alert
from actinf.responder.intake.recheck import RecheckSettings, ResolveNow, closing
from actinf.responder.keeping.watched import Outsider, last_heard
from actinf.responder.measuring.queries import PAST
from actinf.responder.publishing.template import impact_of
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
#: So many incidents are looked after, those that opened last.
_MOST = 200


@dataclass(slots=True)
class Watching:
    """Looks after what the public was told of outages; for one thread at a time.

    Attributes:
        service: the name of the service as a whole.
        needs_watchdog: whether there is an alert that says that alerts arrive: without it no quiet counts.
        since: from when on this process takes alerts; that none came before proves nothing.
    """

    service: str
    needs_watchdog: bool
    since: datetime
    _folded: Folded = field(default_factory=lambda: Folded(_MOST), repr=False)

    def due(self, connection: sqlite3.Connection, now: datetime) -> list[tuple[Incident, tuple[Event, ...]]]:
        """The incidents of which the public is to be told something else, and what.

        Args:
            connection: in a transaction.
            now: the time.
        """
        self.since = min(self.since, now)  # where the clock was set back
        found = []
        for name in notices.told_of_open(connection, _MOST):
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
        if last.ground is not Ground.MEASURED and alerts.firing(connection, incident.id) > alerts.MOST_RINGING:
            return ()
        catalogue = catalogues.catalogue(connection)
        telling = _telling(connection, incident, catalogue)
        if last.ground is Ground.MEASURED:
            return () if _are_quiet(telling) else (returned(incident, catalogue, self.service).event(),)
        if not _are_quiet(telling):
            return ()
        outage = _outage(notice)
        fixed = incident.milestones.get(Milestone.FIX)
        is_fixed = fixed is not None and fixed[1] > outage.number
        if is_fixed or self._have_been_quiet(connection, telling, incident, outage, now):
            return (recovering(incident, catalogue, self.service).event(),)
        return ()

    def _have_been_quiet(
        self,
        connection: sqlite3.Connection,
        telling: Sequence[Ringing],
        incident: Incident,
        outage: Said,
        now: datetime,
    ) -> bool:
        """Whether they have been quiet for long enough since it was told that there is an outage."""
        quiet_since = max((_ended(one, incident) for one in telling), default=None)
        # What was quiet already when somebody found that it is an outage says nothing of it.
        if quiet_since is None or quiet_since < outage.at:
            return False
        fell = [one.at for one in incident.notice.updates if one.ground is Ground.MEASURED] if incident.notice else []
        if fell and now < fell[-1] + AGAIN_AFTER:
            return False
        quiet_since = max(quiet_since, self.since)
        if self.needs_watchdog:
            heard_at = last_heard(connection, Outsider.WATCHDOG)
            if heard_at is None or heard_at <= quiet_since:
                return False
        verdict = closing(incident.incident_type, 0, quiet_since, _returns(telling), now, _RECHECK)
        return isinstance(verdict, ResolveNow)


def is_quiet(connection: sqlite3.Connection, incident: Incident, catalogue: Catalogue) -> bool:
    """Whether no alert of an incident fires that tells of the outage that the public was told of.

    Args:
        connection: in a transaction.
        incident: with a notice.
        catalogue: which parts there are.
    """
    return _are_quiet(_telling(connection, incident, catalogue))


def _telling(connection: sqlite3.Connection, incident: Incident, catalogue: Catalogue) -> list[Ringing]:
    """The alerts that tell of the outage: of what users see, as grave as an outage is, and of now.

    A milder one says what "degraded" says, and one of hours gone by fires long after it is over.  Where there are none
    but such, they were found to be an outage: all count.
    """
    ringing = alerts.ringing(connection, incident.id)
    if len(ringing) == alerts.MOST_RINGING and all(one.known.firing for one in ringing):
        return ringing  # so many at once are trouble, whatever each of them is of
    concerned = [one for one in ringing if _concerns(one.known.alert.component, incident, catalogue)]
    grave = [one for one in concerned if _is_grave(one.known.alert)]
    # In a storm those that ended long ago may not be among them; all that fire are.
    return grave if grave or len(ringing) == alerts.MOST_RINGING else concerned


def _are_quiet(telling: Sequence[Ringing]) -> bool:
    return not any(one.known.firing for one in telling)


def _concerns(component: str, incident: Incident, catalogue: Catalogue) -> bool:
    """Whether an alert of a component tells of what the public was told of; of one that nobody knows, it may."""
    keys = incident.notice.last.components if incident.notice is not None else ()
    if not keys or catalogue.find(component) is None:
        return True
    return not set(keys).isdisjoint(catalogue.public_with([component]))


def _is_grave(alert: Alert) -> bool:
    """Whether an alert tells of an outage that there is now."""
    severity = classify(signals_of(alert.labels, alert.annotations)).severity
    return impact_of(severity).is_outage and alert.name not in PAST


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
    seen = incident.alerts.get(one.known.alert.fingerprint)
    return one.last_at if seen is None or seen.firing or one.known.unlisted is not None else seen.since


def _returns(telling: Iterable[Ringing]) -> Sequence[datetime]:
    """When it came back: alerts that begin together do so once."""
    found: list[datetime] = []
    for began in sorted(moment for one in telling for moment in one.known.began[1:]):
        if not found or began - found[-1] > QUIET_FOR:
            found.append(began)
    return found
