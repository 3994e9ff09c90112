"""Who is paged next for an incident, and when, in words."""

from dataclasses import dataclass
from datetime import datetime

from actinf.responder.escalation.policy import Standing
from actinf.responder.incident.state import Incident
from actinf.responder.oncall.rotation import Schedule
from actinf.web.lengths import lasting

__all__ = ["NextStep", "next_step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """The next step of an escalation.

    Attributes:
        words: what it is.
        why: why it is that.
        at: when; None: there is none.
    """

    words: str
    why: str = ""
    at: datetime | None = None


def next_step(incident: Incident, standing: Standing | None, schedule: Schedule | None, now: datetime) -> NextStep:
    """What happens next where nobody does anything.

    Args:
        incident: as it stands.
        standing: where its escalation stands; None: nobody is paged for it.
        schedule: the one that holds; None: none was ever set.
        now: the time.
    """
    if not incident.is_open:
        return NextStep(words="It is over: nobody is paged")
    if standing is None:
        return NextStep(words="Nobody is paged any more")
    if standing.next_at is None:
        return NextStep(words="Nobody is paged", why=standing.why)
    duty = None
    if schedule is not None and standing.level <= len(schedule.levels):
        duty = schedule.on_call(standing.level, standing.next_at)
    whom = f"{duty.person.name}, level {standing.level}" if duty is not None else f"level {standing.level}"
    when = f"in {lasting(standing.next_at - now)}" if standing.next_at > now else "now"
    return NextStep(words=f"Pages {whom}, {when}", why=standing.why, at=standing.next_at)
