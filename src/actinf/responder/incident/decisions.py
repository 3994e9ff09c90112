"""What may be done with an incident, and which events come of it.

Each function looks at the incident as it stands and returns events, or raises `OutOfTurn` with what would have to be
different.  None knows a clock, a store or a channel.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from actinf.errors import NoSuchEvidence, OutOfTurn, SettingError
from actinf.responder.incident import events as happened
from actinf.responder.incident.event import Event
from actinf.responder.incident.events import Milestone
from actinf.responder.incident.severity import Severity
from actinf.responder.incident.state import Evidence, Incident
from actinf.responder.incident.tasks import CHECKLIST, TASKS

__all__ = [
    "LONGEST_TEXT",
    "TELLS_USERS",
    "ByMessage",
    "absorb",
    "acknowledge",
    "add_action",
    "assess",
    "assign",
    "change_severity",
    "check",
    "close_as_false",
    "do_task",
    "finish_action",
    "hand_evidence_on",
    "hand_over",
    "keep_evidence",
    "learn",
    "link",
    "merge_into",
    "note",
    "reach",
    "remove_evidence",
    "reopen",
    "resolve",
    "settle_legal",
    "state_impact",
    "suspect_breach",
    "the_evidence",
]

#: Characters of a text that somebody writes; more belongs into a file that is kept as evidence.
LONGEST_TEXT = 20_000
#: The item that is passed by an update that was sent, or by words.
TELLS_USERS = "users"
_DIGITS = re.compile(r"[0-9a-f]{8,64}")


class ByMessage(Protocol):
    """A message that was sent: `actinf.responder.store.outbox.Update`."""

    @property
    def channel(self) -> str:
        """Through which it was sent."""
        ...

    @property
    def reference(self) -> str:
        """What its provider calls it; empty: nothing."""
        ...

    @property
    def sent_at(self) -> datetime:
        """When it arrived."""
        ...

    @property
    def subject(self) -> str:
        """Its first line."""
        ...


def acknowledge(incident: Incident, who: str) -> tuple[Event, ...]:
    """Somebody is there.  A second acknowledgement by the same person changes nothing and is no mistake."""
    _must_be_open(incident, "acknowledged")
    if incident.attended and incident.acknowledged_by == who:
        return ()
    return (happened.Acknowledged(who=who),)


def assign(incident: Incident, who: str) -> tuple[Event, ...]:
    """Give the lead to somebody; who leads already goes on."""
    _must_not_be_over(incident, "assigned")
    return () if incident.lead == who else (happened.LeadTaken(who=who),)


def hand_over(incident: Incident, to: str, note: str = "") -> tuple[Event, ...]:
    """Pass the lead on, with what the next one has to know."""
    _must_not_be_over(incident, "handed over")
    if not incident.lead:
        raise OutOfTurn(f"{incident.id} has no lead that could hand it over: give it one, actinf incident assign")
    if incident.lead == to:
        raise OutOfTurn(f"{to} leads {incident.id} already")
    return (happened.HandedOver(giver=incident.lead, taker=to, note=_text("note", note, may_be_empty=True)),)


def change_severity(incident: Incident, severity: Severity, reason: str, *, by_hand: bool = True) -> tuple[Event, ...]:
    """Make it more or less severe, with the reason."""
    _must_not_be_over(incident, "given another severity")
    if severity == incident.severity:
        raise OutOfTurn(f"{incident.id} is {severity} already")
    return (happened.SeverityChanged(severity=severity, reason=_text("reason", reason), by_hand=by_hand),)


def assess(
    incident: Incident, *, severity: Severity, components: Sequence[str], impact: str, findings: str
) -> tuple[Event, ...]:
    """The initial assessment; all four are needed."""
    _must_not_be_over(incident, "assessed")
    named = tuple(dict.fromkeys(one.strip() for one in components if one.strip()))
    if not named:
        raise SettingError("components is empty: expected at least one, those that do not work as they should")
    return (
        happened.Assessed(
            severity=severity,
            components=named,
            impact=_text("impact", impact),
            findings=_text("findings", findings),
        ),
    )


def note(text: str) -> tuple[Event, ...]:
    """Write something down; also when all is over."""
    return (happened.Noted(text=_text("text", text)),)


def reach(incident: Incident, milestone: Milestone, text: str = "") -> tuple[Event, ...]:
    """Say that a milestone was reached; said again, it is corrected."""
    _must_not_be_over(incident, "taken further")
    if milestone in (Milestone.DETECTED, Milestone.RESTORED):
        other = "opening" if milestone is Milestone.DETECTED else "resolving"
        raise OutOfTurn(f"the milestone {milestone.value!r} comes with {other} the incident")
    return (happened.MilestoneReached(milestone=milestone, text=_text("text", text, may_be_empty=True)),)


def check(
    item: str, *, passed: bool | None, found: str, by_machine: bool, by_message: ByMessage | None = None
) -> tuple[Event, ...]:
    """Say how an item of the recovery checklist stands.

    Args:
        item: its key.
        passed: whether it is as it should be; None where it cannot be told.
        found: what was seen.
        by_machine: whether a query said so, or a person.
        by_message: of the item `users`, which has passed, the message that told them; None: `found` says what did.
    """
    if item not in CHECKLIST:
        raise SettingError(f"no item {item!r} on the checklist: expected one of {', '.join(CHECKLIST)}")
    said = _text("found", found, may_be_empty=True)
    if item != TELLS_USERS and by_message is not None:
        raise SettingError(f"a message was chosen for {item!r}: only {TELLS_USERS!r} rests on one")
    if item == TELLS_USERS and passed and by_message is None and not said:
        raise SettingError(
            "by what users were told is not said: choose an update that was sent (`message`; --sent), or name how else "
            "they were told (`found`; --found)"
        )
    told: dict[str, Any] = {}
    if by_message is not None and passed:
        told = {
            "channel": by_message.channel,
            "reference": by_message.reference,
            "sent_at": by_message.sent_at,
            "subject": by_message.subject,
        }
    return (happened.Checked(item=item, passed=passed, found=said, by_machine=by_machine, **told),)


def resolve(incident: Incident, how: str = "", *, by_itself: bool = False) -> tuple[Event, ...]:
    """Call it over: the resolution clock stops, and the tasks afterwards begin to count."""
    _must_be_open(incident, "resolved")
    return (happened.Resolved(how=_text("how", how, may_be_empty=True), by_itself=by_itself),)


def reopen(incident: Incident, reason: str) -> tuple[Event, ...]:
    """It was not over."""
    if incident.merged_into:
        raise OutOfTurn(f"{incident.id} goes on as {incident.merged_into}: reopen that one")
    if incident.is_open:
        raise OutOfTurn(f"{incident.id} is open")
    return (happened.Reopened(reason=_text("reason", reason)),)


def close_as_false(incident: Incident, reason: str) -> tuple[Event, ...]:
    """There was nothing."""
    _must_be_open(incident, "closed as false")
    return (happened.ClosedAsFalse(reason=_text("reason", reason)),)


def merge_into(incident: Incident, other: Incident) -> tuple[Event, ...]:
    """Let it go on as another; see `absorb` for the other's side."""
    _must_not_be_over(incident, "merged")
    if incident.id == other.id:
        raise OutOfTurn(f"{incident.id} cannot be merged into itself")
    _must_not_be_over(other, "what another is merged into")
    if incident.private and not other.private:
        raise OutOfTurn(
            f"{incident.id} is private and {other.id} is not: whoever sees {other.id} would read what was kept from "
            f"them; merge {other.id} into {incident.id}"
        )
    return (happened.Merged(into=other.id),)


def absorb(incident: Incident, other: Incident) -> tuple[Event, ...]:
    """Take up another incident, with its alerts, and how severe it is where that is worse."""
    joined = tuple(
        happened.AlertJoined(
            fingerprint=fingerprint, name=alert.name, firing=alert.firing, summary=alert.summary, link=alert.link
        )
        for fingerprint, alert in other.alerts.items()
        if fingerprint not in incident.alerts
    )
    # The time that the law gives runs on, from when the breach was first known.
    known_at = other.breach_known_at if other.legal_settled_at is None else None
    sooner = known_at is not None and (incident.breach_known_at is None or known_at < incident.breach_known_at)
    breach = (happened.BreachSuspected(aware_at=known_at, what=other.breach),) if known_at and sooner else ()
    # As grave as the worse of both: its limits were promised, and users were told.
    worse = incident.is_open and other.is_open and other.severity < incident.severity
    reason = f"{other.severity}: {other.id} was merged into it"
    raised = (happened.SeverityChanged(severity=other.severity, reason=reason, by_hand=False),) if worse else ()
    return (happened.Merged(absorbed=other.id), *joined, *raised, *breach)


def link(incident: Incident, target: str, relation: str = "related") -> tuple[Event, ...]:
    """Say what it has to do with."""
    target = _text("target", target)
    return () if (target, relation) in incident.links else (happened.Linked(target=target, relation=relation),)


def do_task(incident: Incident, task: str, *, done: bool = True, text: str = "") -> tuple[Event, ...]:
    """Say that one of the twelve tasks was done, or was not after all."""
    if task not in TASKS:
        raise SettingError(f"no task {task!r}: expected one of {', '.join(TASKS)}")
    if incident.resolved_at is None:
        raise OutOfTurn(f"{incident.id} is not resolved: its tasks begin with the resolution")
    if (task in incident.tasks) == done:
        return ()
    return (happened.TaskDone(task=task, done=done, text=_text("text", text, may_be_empty=True)),)


def add_action(incident: Incident, *, text: str, owner: str, due: datetime) -> tuple[Event, ...]:
    """Something that has to change; both an owner and a day are needed."""
    number = max(incident.actions, default=0) + 1
    return (happened.ActionAdded(action=number, text=_text("text", text), owner=_text("owner", owner), due=due),)


def finish_action(incident: Incident, number: int) -> tuple[Event, ...]:
    """It has changed."""
    action = incident.actions.get(number)
    if action is None:
        known = ", ".join(map(str, incident.actions)) or "none"
        raise SettingError(f"{incident.id} has no action item {number}: it has {known}")
    return () if action.done_at is not None else (happened.ActionDone(action=number),)


def keep_evidence(*, name: str, sha256: str, size: int, source: str, custody: str) -> tuple[Event, ...]:
    """Write down that a file was taken as evidence."""
    return (happened.EvidenceKept(name=name, sha256=sha256, size=size, source=source, custody=custody),)


def hand_evidence_on(incident: Incident, evidence: str, *, to: str, note: str = "") -> tuple[Event, ...]:
    """Write down who has a file of evidence from now on."""
    held = the_evidence(incident, evidence)
    taker = _text("to", to)
    if held.holder == taker:
        raise OutOfTurn(f"{taker} has {held.name} already, since {held.held_since:%Y-%m-%d %H:%M} UTC")
    told = _text("note", note, may_be_empty=True)
    return (happened.EvidenceHandedOn(name=held.name, sha256=held.sha256, taker=taker, note=told),)


def remove_evidence(incident: Incident, evidence: str, reason: str) -> tuple[Event, ...]:
    """Write down that a file of evidence is deleted, and why."""
    held = the_evidence(incident, evidence)
    return (happened.EvidenceRemoved(name=held.name, sha256=held.sha256, reason=_text("reason", reason)),)


def the_evidence(incident: Incident, said: str) -> Evidence:
    """The file of evidence that is meant.

    Args:
        incident: as it stands.
        said: its name, or the beginning of its SHA-256, eight digits or more.

    Raises:
        NoSuchEvidence: none is meant, several are, or it was removed.
    """
    meant = [one for one in incident.evidence if one.name == said]
    if not meant and _DIGITS.fullmatch(said):
        meant = [one for one in incident.evidence if one.sha256.startswith(said)]
    there = [one for one in meant if one.removed_at is None]
    if len({one.sha256 for one in there}) == 1:
        return there[0]
    if there:
        digests = ", ".join(one.sha256[:16] for one in there)
        raise NoSuchEvidence(
            f"several files of evidence of {incident.id} are called {said[:80]!r}: say which, {digests}"
        )
    if meant:
        raise NoSuchEvidence(f"{meant[0].name} of {incident.id} was removed {meant[0].removed_at:%Y-%m-%d %H:%M} UTC")
    known = ", ".join(one.name for one in incident.evidence[:5] if one.removed_at is None)
    more = f", and {len(incident.evidence) - 5} more" if len(incident.evidence) > 5 else ""
    raise NoSuchEvidence(
        f"{incident.id} has no evidence {said[:80]!r}: expected a name or the beginning of a SHA-256, of "
        f"{known + more if known else 'which it has none; actinf incident evidence add takes a file'}"
    )


def state_impact(incident: Incident, *, users: int | None, revenue: str) -> tuple[Event, ...]:
    """Say how many users it affected and what it cost; what is left out stays as it was stated."""
    _must_not_be_over(incident, "given an impact")
    if users is None and not revenue.strip():
        raise SettingError("neither users nor revenue is given: say at least one")
    if users is not None and users < 0:
        raise SettingError(f"users is {users}: expected 0 or more")
    return (happened.ImpactStated(users=users, revenue=_text("revenue", revenue, may_be_empty=True)),)


def learn(text: str) -> tuple[Event, ...]:
    """Write down what was learnt."""
    return (happened.LessonLearned(text=_text("text", text)),)


def suspect_breach(incident: Incident, *, what: str, aware_at: datetime) -> tuple[Event, ...]:
    """Say that data of people may have got into wrong hands; the time for telling an authority begins to run."""
    _must_not_be_over(incident, "what a breach is suspected in")
    if incident.breach_known_at is not None and incident.legal_settled_at is None:
        raise OutOfTurn(
            f"{incident.id}: a breach is suspected since {incident.breach_known_at:%Y-%m-%d %H:%M} UTC already, "
            "and the time runs; what is learnt of it belongs into a note"
        )
    return (happened.BreachSuspected(aware_at=aware_at, what=_text("what", what)),)


def settle_legal(incident: Incident, how: str) -> tuple[Event, ...]:
    """Say that the authority was told, or why nobody has to be."""
    _must_not_be_over(incident, "settled")
    if incident.breach_known_at is None or incident.legal_settled_at is not None:
        raise OutOfTurn(f"{incident.id}: no breach is suspected that would have to be settled")
    return (happened.LegalSettled(how=_text("how", how)),)


def _text(name: str, value: str, *, may_be_empty: bool = False) -> str:
    text = value.strip()
    if not text and not may_be_empty:
        raise SettingError(f"{name} is empty: say it in a few words")
    if len(text) > LONGEST_TEXT:
        raise SettingError(
            f"{name} has {len(text):,} characters, of which {LONGEST_TEXT:,} are taken: keep it as a file, "
            "actinf incident evidence"
        )
    return text


def _must_be_open(incident: Incident, what: str) -> None:
    _must_not_be_over(incident, what)
    if incident.resolved_at is not None:
        raise OutOfTurn(
            f"{incident.id} was resolved at {incident.resolved_at:%Y-%m-%d %H:%M} UTC and cannot be {what}: "
            f"reopen it first, actinf incident reopen {incident.id}"
        )


def _must_not_be_over(incident: Incident, what: str) -> None:
    if incident.merged_into:
        raise OutOfTurn(f"{incident.id} goes on as {incident.merged_into}: use that one")
    if incident.is_false:
        raise OutOfTurn(
            f"{incident.id} was closed as false and cannot be {what}: reopen it first, "
            f"actinf incident reopen {incident.id}"
        )
