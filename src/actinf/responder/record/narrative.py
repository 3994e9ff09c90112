"""A timeline in plain English: one sentence for each event, from the event's document."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from actinf.responder.publishing.page import NoticeState
from actinf.responder.record import case_narrative, ramp_narrative
from actinf.runtime.wording import counted

__all__ = ["sentence"]

_Event = Mapping[str, Any]

_INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)")


def sentence(event: _Event) -> str:
    """What happened; texts of people stand in it as they wrote them, and have to be made harmless where it is shown.

    Args:
        event: as `actinf.responder.documents.event_document` writes it, of any kind.
    """
    told = _TOLD.get(event["kind"])
    return told(event) if told is not None else str(event["kind"])


def _opened(event: _Event) -> str:
    told = "opened by an alert" if event["source"] == "alert" else "opened"
    private = ", private" if event.get("private") else ""
    reasons = "; ".join(event["reasons"])
    return f"{told} as {event['severity']}{private}: {event['component']}: {event['impact']} ({reasons})"


def _alert(event: _Event) -> str:
    return _with(f"alert {event['name']} {'fires' if event['firing'] else 'has ended'}", event["summary"])


def _assessed(event: _Event) -> str:
    components = ", ".join(event["components"])
    return f"assessed as {event['severity']}: {components}; impact: {event['impact']}; findings: {event['findings']}"


def _paged(event: _Event) -> str:
    level = f"level {event['level']}, " if event["level"] else ""
    channels = ", ".join(event["channels"]) or "no channel"
    return f"paged {event['who']} as {event['duty']} ({level}page {event['attempt']}) through {channels}"


def _escalated(event: _Event) -> str:
    level = f"escalation, level {event['level']}: " if event["level"] else ""
    after = f"; next step {_moment(event['next_at'])}" if event.get("next_at") else ""
    return f"{level}{event['reason']}{after}"


def _checked(event: _Event) -> str:
    found = {True: "passed", False: "failed", None: "cannot be told"}[event["passed"]]
    how = " by machine" if event["by_machine"] else ""
    told = ""
    if event.get("channel"):
        named = f", {event['reference']}" if event["reference"] else ""
        told = f", by the update {event['subject']!r} ({event['channel']}{named}, {_moment(event['sent_at'])})"
    return _with(f"checked {event['item']}{how}: {found}{told}", event["found"])


def _merged(event: _Event) -> str:
    return f"goes on as {event['into']}" if event["into"] else f"took up {event['absorbed']}"


def _evidence(event: _Event) -> str:
    origin = f" from {event['source']}" if event["source"] else ""
    return _with(
        f"evidence {event['name']}{origin}, {event['size']} bytes, SHA-256 {event['sha256']}", event["custody"]
    )


def _published(event: _Event) -> str:
    override = f" (although it usually is not, because {event['override']})" if event["override"] else ""
    title, text = event["title"] or event["standard_title"], event["text"] or event["standard_text"]
    measured = " as far as is measured" if event["ground"] == "measured" else ""
    # Of what is over there is nothing to say of how well it works.
    working = "" if NoticeState(event["state"]).ends else f", {event['impact']}{measured}"
    return f"told the public{override}, {event['state']}{working}: {title}: {text}"


def _costs(event: _Event) -> list[str]:
    users = [] if event["users"] is None else [f"{counted(event['users'], 'user')} affected"]
    return users + ([event["revenue"]] if event["revenue"] else [])


def _with(told: str, text: str) -> str:
    return f"{told}: {text}" if text else told


def _until(event: _Event) -> str:
    return f", until {_moment(event['ends_at'])}" if event["ends_at"] else ""


def _moment(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _legible(text: str) -> str:
    """The text with its moments as people write them; what only looks like one stays."""

    def told(found: re.Match[str]) -> str:
        try:
            return _moment(found[0])
        except (ValueError, OverflowError):
            return found[0]

    return _INSTANT.sub(told, text)


_TOLD: dict[str, Callable[[_Event], str]] = {
    "opened": _opened,
    "alert": _alert,
    "acknowledged": lambda event: f"acknowledged by {event['who']}",
    "lead": lambda event: f"{event['who']} leads",
    "handed over": lambda event: _with(f"handed over from {event['giver']} to {event['taker']}", event["note"]),
    "severity": lambda event: f"{event['severity']} from now on: {event['reason']}",
    "assessed": _assessed,
    "note": lambda event: str(event["text"]),
    "milestone": lambda event: _with(event["milestone"], event["text"]),
    "paged": _paged,
    "escalated": _escalated,
    "warned": lambda event: (
        f"{event['share']:.0%} of the time for {event['clock']} is used; it ends {_moment(event['due_at'])}"
    ),
    "breached": lambda event: f"the time for {event['clock']} ran out {_moment(event['due_at'])}",
    "room": lambda event: f"war room {event['room']} in {event['channel']}",
    "undelivered": lambda event: f"not delivered through {event['channel']}, {event['what']}: {event['why']}",
    "checked": _checked,
    "resolved": lambda event: _with("resolved by itself" if event["by_itself"] else "resolved", event["how"]),
    "reopened": lambda event: f"reopened: {event['reason']}",
    "closed as false": lambda event: f"closed, there was nothing: {event['reason']}",
    "merged": _merged,
    "linked": lambda event: f"{event['relation']}: {event['target']}",
    "task": lambda event: _with(f"task {event['task']} {'done' if event['done'] else 'not done'}", event["text"]),
    "action": lambda event: (
        f"action item {event['action']}: {event['text']} ({event['owner']}, until {_moment(event['due'])})"
    ),
    "action done": lambda event: f"action item {event['action']} is done",
    "impact": lambda event: "; ".join(("what it cost", *_costs(event))),
    "lesson": lambda event: f"learnt: {event['text']}",
    "breach suspected": lambda event: (
        f"data may be in wrong hands, known {_moment(event['aware_at'])}: {event['what']}"
    ),
    "legal settled": lambda event: f"settled with the law: {event['how']}",
    "evidence": _evidence,
    "evidence handed on": lambda event: _with(
        f"evidence {event['name']} (SHA-256 {event['sha256'][:16]}…) handed on to {event['taker']}", event["note"]
    ),
    "evidence removed": lambda event: (
        f"evidence {event['name']} (SHA-256 {event['sha256'][:16]}…) was deleted: {event['reason']}"
    ),
    "published": _published,
    "work announced": lambda event: (
        f"told the public of planned work {event['number']}, from {_moment(event['starts_at'])} to "
        f"{_moment(event['ends_at'])}: {event['title']}"
    ),
    "work changed": lambda event: _with(f"planned work {event['number']} is {event['state']}", event["text"]),
    "withheld": lambda event: f"kept from the public: {event['reason']}",
    "looked": lambda event: _with(f"looked, {event['step']}: {event['outcome']}", event["note"]),
    "cause": lambda event: f"the cause: {event['cause']}",
    "account": lambda event: (
        f"{event['handle']} is {event['role']}{', and sees what is private' if event['security'] else ''}"
    ),
    "password": lambda event: f"{event['handle']} has another password",
    "account removed": lambda event: f"{event['handle']} has no account any more",
    "key": lambda event: _with(f"{event['handle']} has the key {event['prefix']}{_until(event)}", event["purpose"]),
    "key revoked": lambda event: f"the key {event['prefix']} is revoked",
    "schedule": lambda event: _with(f"the schedule: {event['change']}", _legible(event["what"])),
    "catalogue": lambda _: "the catalogue of parts was set",
    "contact": lambda event: f"the contact {event['handle']} was {event['change']}",
    "contact looked at": lambda event: f"looked at how {event['handle']} is reached",
    "vendor": lambda event: f"the vendor {event['vendor']} was {event['change']}",
    "contacts sealed anew": lambda event: (
        f"contacts and vendors, {event['count']:,} in all, are sealed with the key {event['key']}"
    ),
    "silenced": lambda event: _with(
        f"{event['what']}, {event['when']}, of {' '.join(event['matchers'])}", event["text"]
    ),
    "silence ended": lambda event: f"{event['what']} was ended",
    **ramp_narrative.TOLD,
    **case_narrative.TOLD,
    "erased": lambda event: f"erased what is personal in events {_span(event['numbers'])}: {event['reason']}",
}


def _span(numbers: list[int]) -> str:
    return f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else ", ".join(map(str, numbers))
