"""An incident report as Markdown, in the runbook's template, and read back from it.

Whatever people wrote is escaped, so that it can neither look like a part of the template nor do anything where it is
shown.  Each statement ends with the events that it rests on, `[#12]`; what is not known says so, with the command that
fills it, and is read back as not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Generic, TypeVar

from actinf.errors import SettingError
from actinf.responder.channels import neutral
from actinf.responder.incident.events import Milestone

__all__ = ["MILESTONES", "ActionItem", "Impact", "Known", "Moment", "PostMortem", "Statement", "parse", "render"]

#: What the template calls the five milestones.
MILESTONES = {
    Milestone.DETECTED: "Initial detection",
    Milestone.INVESTIGATION: "Investigation started",
    Milestone.ROOT_CAUSE: "Root cause identified",
    Milestone.FIX: "Fix implemented",
    Milestone.RESTORED: "Service restored",
}

_LONGEST, _LONGEST_LINE = 20_000, 500
_UNSAID = "(nothing that can be shown)"
_SECTIONS = ("Summary", "Timeline", "Root Cause", "Impact", "Resolution", "Action Items", "Lessons Learned")

Value = TypeVar("Value")
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Something that is said, in any number of paragraphs.

    Attributes:
        text: what; without what nobody would see.
        events: the numbers of the events that say so, at least one.
    """

    text: str
    events: tuple[int, ...]

    def __post_init__(self) -> None:
        lines = [part.strip() for part in neutral.block(self.text, _LONGEST).split("\n")]
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
        object.__setattr__(self, "text", text or _UNSAID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(Generic[Value]):
    """A number, a line or several, and the events that say so."""

    value: Value
    events: tuple[int, ...]

    def __post_init__(self) -> None:
        if isinstance(self.value, str):
            object.__setattr__(self, "value", _line(self.value))
        elif isinstance(self.value, tuple):
            object.__setattr__(self, "value", tuple(_line(one) for one in self.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A line of the timeline.

    Attributes:
        at: when, to the minute, UTC.
        text: one line; that of a milestone begins as `MILESTONES` has it.
        events: the numbers of the events that say so.
        source: the id of the incident whose events they are, of one that was merged into this; empty: of this.
    """

    at: datetime
    text: str
    events: tuple[int, ...]
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", self.at.astimezone(UTC).replace(second=0, microsecond=0))
        object.__setattr__(self, "text", _line(self.text))

    @property
    def milestone(self) -> Milestone | None:
        """Which one it is, of this incident; None: none."""
        if self.source:
            return None
        return next((key for key, said in MILESTONES.items() if self.text.partition(": ")[0] == said), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What it cost; None: not known.

    Attributes:
        minutes: how long it lasted.
        users: how many were affected.
        services: which were.
        revenue: what was lost.
    """

    minutes: Known[int] | None = None
    users: Known[int] | None = None
    services: Known[tuple[str, ...]] | None = None
    revenue: Known[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionItem:
    """Something that has to change."""

    text: str
    owner: str
    due: date
    done: bool
    events: tuple[int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _line(self.text))
        object.__setattr__(self, "owner", _line(self.owner))


@dataclass(frozen=True, slots=True, kw_only=True)
class PostMortem:
    """What the template has, part by part; an empty part is not known yet."""

    incident: str
    summary: tuple[Statement, ...] = ()
    timeline: tuple[Moment, ...] = ()
    root_cause: tuple[Statement, ...] = ()
    impact: Impact = Impact()
    resolution: tuple[Statement, ...] = ()
    actions: tuple[ActionItem, ...] = ()
    lessons: tuple[Statement, ...] = ()


def render(post_mortem: PostMortem) -> str:
    """The report as Markdown."""
    name = post_mortem.incident
    parts = {
        "Summary": _statements(
            post_mortem.summary, f"actinf incident assess {name} --severity P1 --component … --impact … --findings …"
        ),
        "Timeline": "\n".join(_timeline(post_mortem)),
        "Root Cause": _statements(post_mortem.root_cause, _reach(name, Milestone.ROOT_CAUSE)),
        "Impact": "\n".join(_impact(post_mortem)),
        "Resolution": _statements(post_mortem.resolution, _reach(name, Milestone.RESTORED)),
        "Action Items": "\n".join(map(_action, post_mortem.actions))
        or _missing(f"actinf incident action {name} … --owner … --due 2w"),
        "Lessons Learned": _statements(post_mortem.lessons, f"actinf incident lesson {name} …"),
    }
    return f"# Incident Report: {name}\n" + "".join(f"\n## {title}\n{text}\n" for title, text in parts.items())


def parse(text: str) -> PostMortem:
    """The report that `render` wrote.

    Raises:
        SettingError: it is another text, or was changed so that a part cannot be read.
    """
    title = re.match(r"# Incident Report: (\S+)\n", text)
    parts = re.split(r"\n## (.+)\n", text[title.end() - 1 :] if title else text)
    if title is None or tuple(parts[1::2]) != _SECTIONS:
        raise SettingError(f"it is no incident report: expected a title and the parts {', '.join(_SECTIONS)}")
    name = title[1]
    body = {section: said.removesuffix("\n") for section, said in zip(parts[1::2], parts[2::2], strict=True)}
    return PostMortem(
        incident=name,
        summary=_read_statements("Summary", body),
        timeline=tuple(_read_timeline(name, body["Timeline"])),
        root_cause=_read_statements("Root Cause", body),
        impact=_read_impact(body["Impact"]),
        resolution=_read_statements("Resolution", body),
        actions=tuple(_read_lines("Action Items", body["Action Items"], _ACTION, _read_action)),
        lessons=_read_statements("Lessons Learned", body),
    )


# ------------------------------------------------------------------------------------------------------------ writing


def _timeline(post_mortem: PostMortem) -> Iterator[str]:
    day = post_mortem.incident[:10]
    for moment in post_mortem.timeline:
        # The day is the id's until a line says another.
        shown = "" if f"{moment.at:%Y-%m-%d}" == day else f"{moment.at:%Y-%m-%d} "
        day = f"{moment.at:%Y-%m-%d}"
        yield f"- {shown}{moment.at:%H:%M} - {_written(moment.text)}{_cited(moment.events, moment.source)}"
    reached = {moment.milestone for moment in post_mortem.timeline}
    for milestone, said in MILESTONES.items():
        if milestone not in reached:
            yield f"- HH:MM - {said}: {_missing(_reach(post_mortem.incident, milestone))}"


def _reach(incident: str, milestone: Milestone) -> str:
    if milestone is Milestone.RESTORED:
        return f"actinf incident resolve {incident} --how …"
    word = {Milestone.INVESTIGATION: "investigation", Milestone.ROOT_CAUSE: "root-cause"}.get(milestone, "fix")
    return f"actinf incident milestone {incident} {word} …"


def _impact(post_mortem: PostMortem) -> Iterator[str]:
    impact, say = post_mortem.impact, f"actinf incident impact {post_mortem.incident}"
    if impact.minutes is None:
        yield f"- Duration: {_missing(_reach(post_mortem.incident, Milestone.RESTORED))}"
    else:
        hours, minutes = divmod(impact.minutes.value, 60)
        yield f"- Duration: {_counted(hours, 'hour')} {_counted(minutes, 'minute')}{_cited(impact.minutes.events)}"
    if impact.users is None:
        yield f"- Users affected: {_missing(f'{say} --users …')}"
    else:
        yield f"- Users affected: ~{_counted(impact.users.value, 'user')}{_cited(impact.users.events)}"
    if impact.services is None:
        yield f"- Services affected: {_missing(f'actinf incident assess {post_mortem.incident} --component …')}"
    else:
        services = ", ".join(map(_written_in_list, impact.services.value))
        yield f"- Services affected: {services}{_cited(impact.services.events)}"
    if impact.revenue is None:
        yield f"- Revenue impact: {_missing(f'{say} --revenue …', 'Not stated; where it applies')}"
    else:
        yield f"- Revenue impact: {_written(impact.revenue.value)}{_cited(impact.revenue.events)}"


def _action(item: ActionItem) -> str:
    mark = "x" if item.done else " "
    called = "@" if _HANDLE.fullmatch(item.owner) else ""
    return (
        f"- [{mark}] {_written(item.text)} (Owner: {called}{_written_in_list(item.owner)}, Due: {item.due:%Y-%m-%d})"
        f"{_cited(item.events)}"
    )


def _statements(statements: Sequence[Statement], command: str) -> str:
    if not statements:
        return _missing(command)
    return "\n\n".join(f"{_written(one.text)}{_cited(one.events)}" for one in statements)


def _missing(command: str, what: str = "Missing") -> str:
    return f"*{what}: `{command}`*"


def _cited(events: Iterable[int], source: str = "") -> str:
    whose = f"{source} " if source else ""
    return "".join(f" [{whose}#{number}]" for number in events)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _written(text: str) -> str:
    # What ends the text of an action item is escaped inside of one.
    return neutral.markdown(text, 10 * len(text) + 100).replace("(Owner:", r"\(Owner:")


def _written_in_list(text: str) -> str:
    """Text beside others, which commas and brackets keep apart."""
    written = neutral.markdown(text, 10 * len(text) + 100)
    return re.sub(r"\\.|[(),]", lambda found: found[0] if found[0][0] == "\\" else f"\\{found[0]}", written)


def _line(text: str) -> str:
    return neutral.line(text, _LONGEST_LINE) or _UNSAID


# ------------------------------------------------------------------------------------------------------------ reading

#: Text in which all that has a meaning in Markdown is escaped.
_TEXT = r"((?:[^\\\[\]*]|\\.)+?)"
_TEXT_IN_LIST = r"((?:[^\\\[\]()*,]|\\.)+?)"
_CITED = r"((?: \[#\d+\])+)"
_HANDLE = re.compile(r"(?!(?:all|channel|everyone|here)$)[a-z0-9][a-z0-9._-]{0,63}")
_STATEMENT = re.compile(rf"{_TEXT}{_CITED}(?:\n\n|\Z)", re.DOTALL)
_MOMENT = re.compile(rf"- (\d{{4}}-\d\d-\d\d )?(\d\d:\d\d) - {_TEXT}((?: \[(?:\d{{4}}-\d\d-\d\d-\d+ )?#\d+\])+)")
_SOURCE = re.compile(r" \[(\d{4}-\d\d-\d\d-\d+) #")
_UNREACHED = re.compile(r"- HH:MM - .*")
_ACTION = re.compile(rf"- \[([ x])\] {_TEXT} \(Owner: {_TEXT_IN_LIST}, Due: (\d{{4}}-\d\d-\d\d)\){_CITED}")
_DURATION = re.compile(rf"- Duration: (\d+) hours? (\d+) minutes?{_CITED}")
_USERS = re.compile(rf"- Users affected: ~(\d+) users?{_CITED}")
_SERVICES = re.compile(rf"- Services affected: ((?:[^\\\[*]|\\.)+?){_CITED}")
_ONE_OF_SEVERAL = re.compile(r"(?:[^\\,]|\\.)+(?=, |\Z)")
_REVENUE = re.compile(rf"- Revenue impact: {_TEXT}{_CITED}")


def _read_statements(section: str, body: dict[str, str]) -> tuple[Statement, ...]:
    said = body[section]
    if said.startswith("*"):
        return ()
    found, at = [], 0
    while at < len(said):
        match = _STATEMENT.match(said, at)
        if match is None:
            raise SettingError(f"{section} cannot be read from {said[at : at + 60]!r} on: expected text and [#12]")
        found.append(Statement(text=_plain(match[1]), events=_events(match[2])))
        at = match.end()
    return tuple(found)


def _read_lines(section: str, said: str, pattern: re.Pattern[str], made: Callable[..., Read]) -> Iterator[Read]:
    for line in said.split("\n"):
        if line.startswith("*") or _UNREACHED.fullmatch(line):
            continue
        match = pattern.fullmatch(line)
        if match is None:
            raise SettingError(f"{section}: {line[:80]!r} cannot be read")
        yield made(match)


def _read_timeline(name: str, said: str) -> Iterator[Moment]:
    day = f"{name[:10]} "

    def moment(match: re.Match[str]) -> Moment:
        nonlocal day
        day = match[1] or day
        at = datetime.strptime(f"{day}{match[2]}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        source = _SOURCE.match(match[4])
        events = tuple(map(int, re.findall(r"#(\d+)", match[4])))
        return Moment(at=at, text=_plain(match[3]), events=events, source=source[1] if source else "")

    return _read_lines("Timeline", said, _MOMENT, moment)


def _read_action(match: re.Match[str]) -> ActionItem:
    return ActionItem(
        text=_plain(match[2]),
        owner=_owner(match[3]),
        due=date.fromisoformat(match[4]),
        done=match[1] == "x",
        events=_events(match[5]),
    )


def _read_impact(said: str) -> Impact:
    lines = said.split("\n")
    if len(lines) != 4:
        raise SettingError(f"Impact has {len(lines)} lines: expected duration, users, services and revenue")
    duration, users = _DURATION.fullmatch(lines[0]), _USERS.fullmatch(lines[1])
    services, revenue = _SERVICES.fullmatch(lines[2]), _REVENUE.fullmatch(lines[3])
    return Impact(
        minutes=Known(value=60 * int(duration[1]) + int(duration[2]), events=_events(duration[3]))
        if duration
        else None,
        users=Known(value=int(users[1]), events=_events(users[2])) if users else None,
        services=Known(value=tuple(map(_plain, _ONE_OF_SEVERAL.findall(services[1]))), events=_events(services[2]))
        if services
        else None,
        revenue=Known(value=_plain(revenue[1]), events=_events(revenue[2])) if revenue else None,
    )


def _events(cited: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", cited)))


def _owner(written: str) -> str:
    """Who owns an action; the "@" that calls a handle is no part of it, that of another owner is."""
    called = _plain(written[1:])
    is_called = written.startswith("@") and written[1:2] != "\u2060" and _HANDLE.fullmatch(called)
    return called if is_called else _plain(written)


def _plain(written: str) -> str:
    """What was written before it was escaped; the joiner behind an "@" is no part of it."""
    return re.sub(r"\\(.)", r"\1", written, flags=re.DOTALL).replace("\u2060", "")
