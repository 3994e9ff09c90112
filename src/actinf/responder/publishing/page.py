"""The status page as values: what is shown, without how it looks.

All texts here are meant for the public; nothing that an alert or a responder wrote gets in without having been
published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

__all__ = [
    "Day",
    "Notice",
    "NoticeKind",
    "NoticeState",
    "NoticeUpdate",
    "PublicComponent",
    "PublicPage",
    "Working",
    "page_document",
    "page_of",
]

#: Of the document that `page_document` makes: raised where a reader of the one before could not read it.
VERSION = 1


class Working(StrEnum):
    """How well a part of the service works; the later, the worse."""

    OPERATIONAL = "operational"
    MAINTENANCE = "maintenance"
    DEGRADED = "degraded"
    PARTIAL_OUTAGE = "partial outage"
    MAJOR_OUTAGE = "major outage"

    @property
    def gravity(self) -> int:
        """How bad it is, from 0."""
        return list(Working).index(self)

    @property
    def is_outage(self) -> bool:
        """Whether it counts against the uptime."""
        return self.gravity >= Working.PARTIAL_OUTAGE.gravity


class NoticeKind(StrEnum):
    """What a notice is about."""

    INCIDENT = "incident"
    MAINTENANCE = "maintenance"


class NoticeState(StrEnum):
    """Where what a notice is about stands."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"  # it was nothing, or goes on as another
    SCHEDULED = "scheduled"
    UNDER_WAY = "under way"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def ends(self) -> bool:
        """Whether nothing more is to be expected."""
        return self in (NoticeState.RESOLVED, NoticeState.WITHDRAWN, NoticeState.COMPLETED, NoticeState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeUpdate:
    """One thing that was said.

    Attributes:
        key: names it for ever, on this page and in mails: `2026-11-27-001/5`.
        at: when it was published.
        state: how it stood then.
        text: plain text, one paragraph or several.
    """

    key: str
    at: datetime
    state: NoticeState
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the public is told of an incident, or of planned work.

    Attributes:
        key: of it, which is a part of its address: `2026-11-27-001`, `maintenance-3`.
        kind: which of both it is.
        title: one line.
        impact: how well its components work while it goes on; of what is over, how well they did.
        components: keys of the public components that it is about.
        began_at: since when; of planned work: from when.
        ended_at: until when; of planned work that is not over: until when it is planned; None: it goes on.
        state: where it stands.
        updates: what was said, the newest first; at least one.
    """

    key: str
    kind: NoticeKind
    title: str
    impact: Working
    components: tuple[str, ...]
    began_at: datetime
    ended_at: datetime | None
    state: NoticeState
    updates: tuple[NoticeUpdate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of a component, UTC.

    Attributes:
        day: which.
        worst: the worst that it was; None: nothing is known of that day.
        seconds_down: how long there was an outage, partial or major.
        notices: keys of the notices that touch it.
    """

    day: date
    worst: Working | None
    seconds_down: float
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicComponent:
    """A part of the service, as its users know it.

    Attributes:
        key: of it.
        name: as users read it.
        about: what it does for them, a line; may be empty.
        working: how well it works now.
        days: the last ninety days, the oldest first, today last.
        uptime: the share of the known time without an outage, 0 to 1; None: nothing is known.
    """

    key: str
    name: str
    about: str
    working: Working
    days: tuple[Day, ...]
    uptime: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPage:
    """All of the page.

    Attributes:
        name: of the service.
        url: address of the page, without a slash at its end; None: nobody said.
        written_at: when it was written.
        working: the worst that a component does now.
        components: the parts of the service.
        current: incidents that go on, and work under way, the gravest first, and of those the newest.
        planned: work that is yet to come, the soonest first.
        past: what is over, the newest first.
        takes_subscriptions: whether it is served by what takes subscriptions: the same address with `/subscribe`.
    """

    name: str
    url: str | None
    written_at: datetime
    working: Working
    components: tuple[PublicComponent, ...]
    current: tuple[Notice, ...]
    planned: tuple[Notice, ...]
    past: tuple[Notice, ...]
    takes_subscriptions: bool = False


def page_document(page: PublicPage) -> dict[str, Any]:
    """The page as mappings, lists and texts: what `status.json` says; `page_of` makes the same page of it again."""
    return {
        "version": VERSION,
        "name": page.name,
        "url": page.url,
        "written_at": _text(page.written_at),
        "status": page.working.value,
        "takes_subscriptions": page.takes_subscriptions,
        "components": [
            {
                "key": one.key,
                "name": one.name,
                "about": one.about,
                "status": one.working.value,
                "uptime": one.uptime,
                "days": [
                    {
                        "day": day.day.isoformat(),
                        "worst": day.worst.value if day.worst is not None else None,
                        "seconds_down": day.seconds_down,
                        "notices": list(day.notices),
                    }
                    for day in one.days
                ],
            }
            for one in page.components
        ],
        "current": [_notice_document(one) for one in page.current],
        "planned": [_notice_document(one) for one in page.planned],
        "past": [_notice_document(one) for one in page.past],
    }


def page_of(document: Mapping[str, Any]) -> PublicPage:
    """The page that a document states, as `page_document` made it.

    Raises:
        ValueError: it is none, or of another version.
    """
    if document.get("version") != VERSION:
        raise ValueError(f"the status document has version {document.get('version')!r}: expected {VERSION}")
    try:
        return PublicPage(
            name=document["name"],
            url=document["url"],
            written_at=_moment(document["written_at"]),
            working=Working(document["status"]),
            takes_subscriptions=document["takes_subscriptions"],
            components=tuple(_component(one) for one in document["components"]),
            current=tuple(_notice(one) for one in document["current"]),
            planned=tuple(_notice(one) for one in document["planned"]),
            past=tuple(_notice(one) for one in document["past"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"the status document is not whole: {error}") from None


def _notice_document(notice: Notice) -> dict[str, Any]:
    return {
        "key": notice.key,
        "kind": notice.kind.value,
        "title": notice.title,
        "impact": notice.impact.value,
        "components": list(notice.components),
        "began_at": _text(notice.began_at),
        "ended_at": _text(notice.ended_at) if notice.ended_at is not None else None,
        "state": notice.state.value,
        "updates": [
            {"key": one.key, "at": _text(one.at), "state": one.state.value, "text": one.text} for one in notice.updates
        ],
    }


def _notice(document: Mapping[str, Any]) -> Notice:
    ended_at = document["ended_at"]
    return Notice(
        key=document["key"],
        kind=NoticeKind(document["kind"]),
        title=document["title"],
        impact=Working(document["impact"]),
        components=tuple(document["components"]),
        began_at=_moment(document["began_at"]),
        ended_at=_moment(ended_at) if ended_at is not None else None,
        state=NoticeState(document["state"]),
        updates=tuple(
            NoticeUpdate(key=one["key"], at=_moment(one["at"]), state=NoticeState(one["state"]), text=one["text"])
            for one in document["updates"]
        ),
    )


def _component(document: Mapping[str, Any]) -> PublicComponent:
    return PublicComponent(
        key=document["key"],
        name=document["name"],
        about=document["about"],
        working=Working(document["status"]),
        uptime=document["uptime"],
        days=tuple(
            Day(
                day=date.fromisoformat(one["day"]),
                worst=Working(one["worst"]) if one["worst"] is not None else None,
                seconds_down=one["seconds_down"],
                notices=tuple(one["notices"]),
            )
            for one in document["days"]
        ),
    )


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
