"""A responder in memory's reach: a store in a folder, a clock that is set by hand, and a channel that writes down."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from actinf.errors import ChannelError
from actinf.responder.announcing import Announcer, Route
from actinf.responder.channels.port import Delivery, Message
from actinf.responder.courier import Courier
from actinf.responder.desk import Desk, NewIncident
from actinf.responder.incident.severity import Severity
from actinf.responder.intake.alert import Alert
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.pulse import Pulse
from actinf.responder.reception import Reception
from actinf.responder.store.database import Store

MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

SCHEDULE = """
zone: UTC
people:
  ada: {name: Ada, role: DevOps Engineer, email: ada@example.org}
  ben: {name: Ben, role: Backend Engineer, email: ben@example.org}
  eve: {name: Eve, role: Engineering Manager, email: eve@example.org}
  cto: {name: Kim, role: CTO, email: kim@example.org}
  sec: {name: Sol, role: Security Engineer, email: sol@example.org}
business_hours: {opens: 09:00, closes: 17:00}
duties: {security: sec}
levels:
LEVELS
"""


@dataclass
class Clock:
    """A clock that stands until it is set."""

    now: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **given: float) -> None:
        self.now += timedelta(**given)


@dataclass
class WritingChannel:
    """A channel that writes down what it is given, and fails as it is told to."""

    name: str = "paper"
    takes_key: bool = False
    sent: list[Message] = field(default_factory=list)
    fails: list[ChannelError] = field(default_factory=list)

    def send(self, message: Message) -> Delivery:
        if self.fails:
            raise self.fails.pop(0)
        self.sent.append(message)
        return Delivery(reference=f"ref {len(self.sent)}")

    @property
    def kinds(self) -> list[str]:
        return [message.kind.value for message in self.sent]


@dataclass
class Responding:
    """All of it."""

    clock: Clock
    store: Store
    paper: WritingChannel
    desk: Desk
    pulse: Pulse
    courier: Courier

    def beat(self) -> None:
        """Do all that is due, and deliver it."""
        while self.pulse.once():
            pass
        while self.courier.deliver(self.paper):
            pass

    def opened(self, severity: Severity = Severity.P1, **given: object) -> str:
        fields: dict[str, object] = {
            "severity": severity,
            "reasons": ("said so",),
            "component": "Active Inference API",
            "impact": "Inference requests failing",
            **given,
        }
        return self.desk.open(NewIncident(**fields), by="ada").id  # type: ignore[arg-type]


def responding(folder: Path, *, schedule: bool = True, clock: Clock | None = None, rooms: bool = False) -> Responding:
    clock = clock or Clock()
    store, paper = Store(folder), WritingChannel()
    routes = [Route(channel=paper, announces=True, rooms=rooms, reaches=lambda person: person.email is not None)]
    desk = Desk(store, clock, Announcer(routes))
    if schedule:
        desk.set_schedule(Schedule.from_text(schedule_text()), by="eve")
    return Responding(clock, store, paper, desk, Pulse(desk), Courier(desk, routes))


def schedule_text(members: Sequence[str] = ("ada", "ben", "eve", "cto")) -> str:
    return SCHEDULE.replace("LEVELS", "\n".join(_level(number, who) for number, who in enumerate(members, 1)))


def _level(number: int, who: str) -> str:
    return f"  - {{name: level {number}, members: [{who}]}}"


def alert(name: str = "ApiDown", *, firing: bool = True, pod: str = "a", **labels: str) -> Alert:
    """An alert of the API, as Alertmanager would send it."""
    given: dict[str, Any] = {"component": "api", "incident_type": "api_down", "severity": "P1", "pod": pod, **labels}
    return Alert(
        source="alertmanager",
        fingerprint=f"{name} {sorted(given.items())}",
        name=name,
        status="firing" if firing else "resolved",
        labels={"alertname": name, **given},
        annotations={"summary": f"{name}: nothing answers"},
        starts_at=MONDAY,
        ends_at=None,
        generator_url="https://prometheus.example/graph",
    )


def take(reception: Reception, *taken: Alert) -> None:
    """Let alerts come in, and be looked at."""
    reception.accept(taken)
    reception.digest()
