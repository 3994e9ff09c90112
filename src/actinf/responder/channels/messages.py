"""What is written to people, in plain English.

An incident's message has the same six fields in the same order whatever it is about, so that eyes find them.  Every
value is one line, or a stranger's text could write further fields below its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from actinf.responder.channels import neutral
from actinf.responder.channels.port import Kind, Message, Offer
from actinf.responder.oncall.people import Person

__all__ = [
    "ALERT_HEADLINE",
    "Briefing",
    "acknowledged",
    "alert",
    "answered",
    "breach",
    "contact_test",
    "digest",
    "duration",
    "escalation",
    "handoff",
    "page",
    "plain_text",
    "possible_duplicate",
    "ramp",
    "reminder",
    "resolved",
    "war_room",
    "war_room_name",
    "warning",
]

ALERT_HEADLINE = "🚨 INCIDENT ALERT 🚨"
RESOLVED_HEADLINE = "✅ INCIDENT RESOLVED ✅"

_NOBODY = "nobody yet"
_MOST_OF_A_SUBJECT = 150
_MOST_OF_A_VALUE = 300
_DUPLICATE = "Possible duplicate: "


@dataclass(frozen=True, kw_only=True, slots=True)
class Briefing:
    """What every message about an incident says of it.

    Args:
        incident: its id, "2026-11-23-001".
        severity: "P1".
        component: what is affected.
        impact: what users notice.
        status: "Investigating".
        lead: who leads; None: nobody yet.
        link: where more of it is shown; None: nowhere but in the command line.
        private: whether its war room is open to invited people alone.
        runbook: what to do, a path or an address; None: nowhere.
        dashboard: how it looks, an address; None: nowhere.
        offers: what can be done with it now.
    """

    incident: str
    severity: str
    component: str
    impact: str
    status: str
    lead: Person | None = None
    link: str | None = None
    private: bool = False
    runbook: str | None = None
    dashboard: str | None = None
    offers: tuple[Offer, ...] = ()


def alert(briefing: Briefing, *, key: str, room: str | None = None, update_of: str | None = None) -> Message:
    """An incident was opened, or, with `update_of`, what is known of it has changed.

    Args:
        briefing: what is known.
        key: names the message.
        room: see `Message.room`.
        update_of: see `Message.update_of`.
    """
    return Message(
        kind=Kind.ALERT,
        key=key,
        incident=briefing.incident,
        to=briefing.lead,
        subject=ALERT_HEADLINE,
        fields=_fields(briefing),
        update_of=update_of,
        room=room,
        private=briefing.private,
        offers=briefing.offers,
        link=briefing.link,
    )


def page(briefing: Briefing, *, key: str, to: Person, duty: str, attempt: int = 1) -> Message:
    """Somebody has to act, and to say so.

    Args:
        briefing: what is known.
        key: names the message.
        to: who.
        duty: as what they are asked: "primary on-call".
        attempt: the how-manieth page this is to them, from 1.
    """
    again = f" This is page {attempt}: the earlier ones were not answered." if attempt > 1 else ""
    return _to_person(
        Kind.PAGE,
        briefing,
        key,
        to,
        f"{briefing.severity} page: {briefing.component}: {briefing.impact}",
        f"You are paged as {_value(duty)}.{again} {_how_to_acknowledge(briefing)}",
    )


def escalation(briefing: Briefing, *, key: str, to: Person, duty: str, unanswered: Sequence[str]) -> Message:
    """Nobody answered so far: the next one is asked.

    Args:
        briefing: what is known.
        key: names the message.
        to: who is asked now.
        duty: as what they are asked: "engineering manager".
        unanswered: the handles of those who were paged and did not answer.
    """
    before = ", ".join(f"@{_value(handle)}" for handle in unanswered) or "Nobody on call"
    did_not = "did not answer" if unanswered else "could be paged"
    return _to_person(
        Kind.ESCALATION,
        briefing,
        key,
        to,
        f"{briefing.severity} escalated to you: {briefing.component}: {briefing.impact}",
        f"{before} {did_not}; it now goes to you as {_value(duty)}. {_how_to_acknowledge(briefing)}",
    )


def acknowledged(briefing: Briefing, *, key: str, by: Person, room: str | None = None) -> Message:
    """Somebody has taken it.

    Args:
        briefing: what is known.
        key: names the message.
        by: who.
        room: see `Message.room`.
    """
    return Message(
        kind=Kind.ACKNOWLEDGED,
        key=key,
        incident=briefing.incident,
        to=briefing.lead if room is not None else None,
        subject=_subject(f"{briefing.severity} acknowledged by @{by.handle}: {briefing.component}"),
        fields=_fields(briefing),
        text=f"@{_value(by.handle)} has acknowledged incident {briefing.incident}. Nobody else is paged for it.",
        room=room,
        private=briefing.private,
    )


def answered(briefing: Briefing, *, key: str, to: Person, update_of: str) -> Message:
    """How it stands, in the place of a page that was answered.

    Args:
        briefing: what is known.
        key: names the message.
        to: who had been paged.
        update_of: the reference of the page.
    """
    return Message(
        kind=Kind.ACKNOWLEDGED,
        key=key,
        incident=briefing.incident,
        to=to,
        subject=_subject(f"{briefing.severity} {briefing.status}: {briefing.component}: {briefing.impact}"),
        fields=_fields(briefing),
        text="".join(f"{name}: {where}\n" for name, where in _where_to_look(briefing) if where).rstrip(),
        update_of=update_of,
        private=briefing.private,
        offers=briefing.offers,
        link=briefing.link,
    )


def warning(briefing: Briefing, *, key: str, to: Person, limit: str, used: float, due: datetime) -> Message:
    """A time limit comes near.

    Args:
        briefing: what is known.
        key: names the message.
        to: who has to know.
        limit: which one: "response", "resolution", "assessment".
        used: how much of it has passed, 0 to 1.
        due: when it ends, aware.
    """
    return _to_person(
        Kind.WARNING,
        briefing,
        key,
        to,
        f"{briefing.severity} {limit}: {used:.0%} of the time is used: {briefing.component}",
        f"{used:.0%} of the time for {_value(limit)} has passed; it ends at {_moment(due)}.",
    )


def breach(briefing: Briefing, *, key: str, to: Person, limit: str, due: datetime) -> Message:
    """A time limit has passed.

    Args:
        briefing: what is known.
        key: names the message.
        to: who has to know.
        limit: which one: "response", "resolution", "assessment".
        due: when it ended, aware.
    """
    return _to_person(
        Kind.BREACH,
        briefing,
        key,
        to,
        f"{briefing.severity} {limit} limit missed: {briefing.component}",
        f"The time for {_value(limit)} ended at {_moment(due)}. {_how_to_acknowledge(briefing)}",
    )


def resolved(
    briefing: Briefing, *, key: str, lasted: timedelta, room: str | None = None, update_of: str | None = None
) -> Message:
    """It is over.

    Args:
        briefing: what is known.
        key: names the message.
        lasted: from detection to the end.
        room: see `Message.room`.
        update_of: see `Message.update_of`.
    """
    return Message(
        kind=Kind.RESOLVED,
        key=key,
        incident=briefing.incident,
        to=briefing.lead,
        subject=RESOLVED_HEADLINE,
        fields=_fields(briefing),
        text=f"Resolved {duration(lasted)} after it was detected.",
        update_of=update_of,
        room=room,
        private=briefing.private,
    )


def war_room(briefing: Briefing, *, key: str) -> Message:
    """Make the room of an incident and invite its lead; sent again, the room is brought up to date.

    Args:
        briefing: what is known.
        key: names the message.
    """
    return Message(
        kind=Kind.WAR_ROOM,
        key=key,
        incident=briefing.incident,
        to=briefing.lead,
        subject=neutral.line(f"{briefing.severity} {briefing.component}: {briefing.status}", _MOST_OF_A_SUBJECT),
        fields=_fields(briefing),
        text=f"War room of incident {briefing.incident}. {briefing.link or ''}".strip(),
        room=war_room_name(briefing.incident),
        private=briefing.private,
    )


def handoff(
    *, key: str, to: Person, duty: str, until: datetime, before: Person | None, open_incidents: Sequence[str]
) -> Message:
    """A shift begins.

    Args:
        key: names the message.
        to: whose.
        duty: as what: "primary on-call".
        until: when it ends, aware.
        before: who had it; None: nobody.
        open_incidents: the ids of those that are taken over.
    """
    taken = ", ".join(_value(incident) for incident in open_incidents) or "none"
    return Message(
        kind=Kind.HANDOFF,
        key=key,
        to=to,
        subject=_subject(f"You are now {duty}"),
        fields=(
            ("Until", _moment(until)),
            ("Taken over from", f"@{_value(before.handle)}" if before else "nobody"),
            ("Open incidents", neutral.line(taken, _MOST_OF_A_VALUE)),
        ),
        text="Who is on call, and who comes next: actinf oncall now",
    )


def reminder(*, key: str, to: Person, what: str, due: datetime, incident: str | None = None) -> Message:
    """Something that was promised is due.

    Args:
        key: names the message.
        to: who promised it, or has to know.
        what: what was promised, in one line.
        due: until when, aware.
        incident: the one that it belongs to; None: to none.
    """
    return Message(
        kind=Kind.REMINDER,
        key=key,
        incident=incident,
        to=to,
        subject=_subject(f"Reminder: {what}"),
        fields=(("Due", _moment(due)),) + ((("Incident", incident),) if incident else ()),
        text=neutral.line(what, _MOST_OF_A_VALUE),
    )


def ramp(
    briefing: Briefing,
    *,
    key: str,
    told: str,
    to: Person | None = None,
    room: str | None = None,
    update_of: str | None = None,
) -> Message:
    """How the way back of an incident's service goes.

    Args:
        briefing: what is known of the incident.
        key: names the message.
        told: what has happened to the ramp, a sentence.
        to: who has to say what is to be done; None: nobody in particular.
        room: see `Message.room`.
        update_of: see `Message.update_of`.
    """
    return Message(
        kind=Kind.RAMP,
        key=key,
        incident=briefing.incident,
        to=to,
        subject=_subject(f"{briefing.severity} {briefing.component}: {told}"),
        fields=(("Incident", briefing.incident), ("Status", _value(briefing.status))),
        text=_value(told)
        + f"\nHow far it is, and what can be said to it: actinf incident ramp show {briefing.incident}"
        + (f"\nMore: {briefing.link}" if briefing.link else ""),
        room=room,
        update_of=update_of,
        private=briefing.private,
    )


def contact_test(*, key: str, to: Person, answer: tuple[str, str | None] | None = None) -> Message:
    """A try whether somebody can be reached; nothing has happened.

    Args:
        key: names the message.
        to: who.
        answer: the code by which they say that it arrived, and the address that does; None: they need say nothing.
    """
    todo = "There is nothing to do."
    if answer is not None:
        link = answer[1]
        how = f"open {link}" if link is not None else "tell whoever sent it the code (actinf contacts test --code)"
        todo = f"To say that it has arrived, {how}."
    return Message(
        kind=Kind.CONTACT_TEST,
        key=key,
        to=to,
        subject="Contact test: nothing has happened",
        text=f"A page would reach @{_value(to.handle)} here. {todo}",
        fields=(("Code", answer[0]),) if answer is not None else (),
    )


def possible_duplicate(message: Message) -> Message:
    """The same message, saying that it may have come before.

    Args:
        message: one whose fate is not known: the sender died, or heard nothing, after it was handed over.
    """
    return replace(message, subject=_DUPLICATE + message.subject.removeprefix(_DUPLICATE))


def plain_text(message: Message) -> str:
    """A message as text: the subject, one line for each field, and what else is said."""
    lines = [neutral.line(message.subject, _MOST_OF_A_SUBJECT)]
    lines += [f"{neutral.line(name, 80)}: {neutral.line(value, _MOST_OF_A_VALUE)}" for name, value in message.fields]
    said = neutral.block(message.text)
    return "\n".join([*lines, *(["", said] if said else [])])


def digest(message: Message, most: int = _MOST_OF_A_SUBJECT) -> str:
    """A message in one line, for a mail's subject or a log: what it is about, where its subject is a headline alone.

    Args:
        message: what to shorten.
        most: characters.
    """
    said = message.subject
    if message.kind in (Kind.ALERT, Kind.RESOLVED) and message.incident is not None:
        told = dict(message.fields)
        said = f"{said} {told.get('Severity', '')} {told.get('Component', '')}: {told.get('Impact', '')}"
    number = f"[{message.incident}] " if message.incident else ""
    return neutral.line(number + said, most)


def war_room_name(incident: str) -> str:
    """The name of an incident's room, without "#".

    Args:
        incident: its id.

    >>> war_room_name("2026-11-23-001")
    'incident-2026-11-23-001'
    """
    return f"incident-{incident}"


def _fields(briefing: Briefing) -> tuple[tuple[str, str], ...]:
    lead = briefing.lead
    return (
        ("Severity", _value(briefing.severity)),
        ("Component", _value(briefing.component)),
        ("Impact", _value(briefing.impact)),
        ("Status", _value(briefing.status)),
        ("Lead", f"@{_value(lead.handle)}" if lead else _NOBODY),
        ("War room", f"#{war_room_name(briefing.incident)}"),
    )


def _to_person(kind: Kind, briefing: Briefing, key: str, to: Person, subject: str, text: str) -> Message:
    return Message(
        kind=kind,
        key=key,
        incident=briefing.incident,
        to=to,
        subject=_subject(subject),
        fields=_fields(briefing),
        text=text + "".join(f"\n{name}: {where}" for name, where in _where_to_look(briefing) if where),
        private=briefing.private,
        offers=briefing.offers,
        link=briefing.link,
    )


def _where_to_look(briefing: Briefing) -> tuple[tuple[str, str | None], ...]:
    return ("More", briefing.link), ("Runbook", briefing.runbook), ("Dashboard", briefing.dashboard)


def _how_to_acknowledge(briefing: Briefing) -> str:
    return f"Acknowledge it with: actinf incident ack {briefing.incident}"


def _subject(text: str) -> str:
    return neutral.line(text, _MOST_OF_A_SUBJECT)


def _value(text: str) -> str:
    return neutral.line(text, _MOST_OF_A_VALUE)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def duration(lasted: timedelta) -> str:
    """How long something lasted, in words.

    >>> duration(timedelta(hours=26, minutes=3))
    '1 d 2 h 3 min'
    """
    minutes = int(lasted.total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    parts = [(days, "d"), (hours, "h"), (minutes % 60, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "less than a minute"
