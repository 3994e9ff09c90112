"""A schedule to try things on, and a slow and obvious second opinion on who is on call."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from actinf.responder.oncall.rotation import Schedule

EXAMPLE = """\
zone: Europe/Berlin
business_hours: {opens: "09:00", closes: "17:00", holidays: [2026-12-25]}
people:
  ada: {name: Ada Lovelace, role: DevOps Engineer, chat_id: U1, email: ada@example.org}
  bob: {name: Bob Jones, role: DevOps Engineer, phone: +49 30 1234567}
  cyd: {name: Cyd Ray, role: Senior Backend Engineer, email: cyd@example.org}
  eve: {name: Eve Moss, role: Engineering Manager, chat_id: U5}
  fay: {name: Fay Orr, role: CTO, phone: "+49 30 7654321"}
levels:
  - {members: [ada, bob, cyd], shift: 1 week, hand_off: monday 09:00, starts: 2026-01-05}
  - {members: [bob, cyd, ada], shift: 1 week, hand_off: monday 09:00, starts: 2026-01-05}
  - {members: [eve]}
  - {members: [fay]}
duties: {security: cyd, legal: eve}
"""


def example(*changes: tuple[str, str]) -> Schedule:
    """The example with parts of its text replaced."""
    text = EXAMPLE
    for old, new in changes:
        if old not in text:
            raise ValueError(f"{old!r} does not stand in the example")
        text = text.replace(old, new)
    return Schedule.from_text(text)


def member_by_walking(layer: dict[str, object], zone: str, at: datetime) -> str | None:
    """Who of a rotation's document is on call: day by day from its start, on the clock on the wall.

    An instant is judged by what a wall clock in the zone shows then; hand-offs at times that occur twice are not asked.
    """
    wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    count, unit = str(layer["shift"]).split()
    days = int(count) * (7 if unit.startswith("week") else 1)
    clock = datetime.strptime(str(layer["hand_off"]).split()[-1], "%H:%M").time()
    starts = datetime.combine(date.fromisoformat(str(layer["starts"])), clock)
    members = list(layer["members"])  # type: ignore[call-overload]
    if wall < starts:
        return None
    turn = 0
    while starts + timedelta(days=days) <= wall:
        starts += timedelta(days=days)
        turn += 1
    return str(members[turn % len(members)])
