"""The page, read from the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.channels.neutral import block, calling_nobody, line
from actinf.responder.incident.notices import PublicNotice
from actinf.responder.incident.state import Incident
from actinf.responder.publishing.page import (
    Notice,
    NoticeKind,
    NoticeState,
    NoticeUpdate,
    PublicComponent,
    PublicPage,
    Working,
)
from actinf.responder.publishing.unattended import SERVICE
from actinf.responder.publishing.uptime import DAYS, Spell, days_of, uptime_of
from actinf.responder.publishing.work import LONGEST_NOTICE, LONGEST_TITLE
from actinf.responder.store import catalogues, notices, works
from actinf.responder.store.folded import Folded

__all__ = ["About", "Reader", "incident_notice", "spells_of"]

#: Notices that the page has; those that were told of last.
_MOST = 500
_SHOWN = timedelta(days=DAYS + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the page is.

    Attributes:
        name: of the service.
        url: where the page is to be found, without a slash at its end; None: nobody said.
    """

    name: str = SERVICE
    url: str | None = None


@dataclass(slots=True)
class Reader:
    """Reads the page; for one thread at a time.

    Attributes:
        about: what it is.
        takes_subscriptions: whether what serves it takes subscriptions now.
    """

    about: About
    takes_subscriptions: Callable[[], bool] = lambda: False
    _folded: Folded = field(default_factory=lambda: Folded(2 * _MOST))

    def page(self, connection: sqlite3.Connection, *, now: datetime, known_since: datetime) -> PublicPage:
        """The page as it is now.

        Args:
            connection: in a transaction that reads.
            now: the time.
            known_since: since when there is a page; what was before is unknown.
        """
        catalogue = catalogues.catalogue(connection)
        found: list[Notice] = []
        spells: list[tuple[tuple[str, ...], Spell]] = []
        for name in notices.told_since(connection, now - _SHOWN, _MOST):
            incident = self._folded.incident(connection, name)
            if incident.notice is not None:
                found.append(incident_notice(incident, incident.notice))
                spells += spells_of(incident, incident.notice, now)
        planned: list[Notice] = []
        for work in works.works(connection, now - _SHOWN):
            notice, spell = work.notice(now), work.spell(now)
            (planned if notice.state is NoticeState.SCHEDULED else found).append(notice)
            if spell is not None:
                spells.append((work.components, spell))
        public = {one.key for one in catalogue.public_parts()}
        found, planned = [_of_public(one, public) for one in found], [_of_public(one, public) for one in planned]
        current = sorted((one for one in found if not one.state.ends), key=_gravest, reverse=True)
        past = sorted((one for one in found if one.state.ends), key=_begun, reverse=True)
        components = tuple(
            _component(key, name, about, current, [one for keys, one in spells if key in keys], now, known_since)
            for key, name, about in _known(catalogue)
        )
        worst = [one.working for one in components] + [one.impact for one in current]
        return PublicPage(
            name=line(self.about.name, LONGEST_TITLE),
            url=self.about.url,
            written_at=now,
            working=max(worst, key=lambda one: one.gravity, default=Working.OPERATIONAL),
            components=components,
            current=tuple(current),
            planned=tuple(planned),
            past=tuple(past),
            takes_subscriptions=self.takes_subscriptions(),
        )


def incident_notice(incident: Incident, notice: PublicNotice) -> Notice:
    """What the public is told of an incident, in text that is harmless wherever it is shown.

    Of one that is private it is not even told when it was detected and resolved: only what somebody published.
    """
    first, last = notice.updates[0], notice.last
    ended_at = last.at if last.state.ends else None
    if ended_at is not None and not incident.private and incident.resolved_at is not None:
        ended_at = min(ended_at, incident.resolved_at)
    return Notice(
        key=incident.id,
        kind=NoticeKind.INCIDENT,
        title=calling_nobody(line(notice.title, LONGEST_TITLE)),
        impact=notice.impact,
        components=last.components,
        began_at=first.at if incident.private else min(incident.detected_at, first.at),
        ended_at=ended_at,
        state=last.state,
        updates=tuple(
            NoticeUpdate(
                key=f"{incident.id}/{one.number}",
                at=one.at,
                state=one.state,
                text=calling_nobody(block(one.text, LONGEST_NOTICE)),
            )
            for one in reversed(notice.updates)
        ),
    )


def spells_of(incident: Incident, notice: PublicNotice, now: datetime) -> Iterator[tuple[tuple[str, ...], Spell]]:
    """The times for which an incident says how well components worked, each with their keys.

    What was withdrawn was nothing, but where it went on as another.
    """
    if notice.last.state is NoticeState.WITHDRAWN and not incident.merged_into:
        return
    shown = incident_notice(incident, notice)
    ends = [*(one.at for one in notice.updates[1:]), now if shown.ended_at is None else shown.ended_at]
    for number, (one, until) in enumerate(zip(notice.updates, ends, strict=True)):
        since = shown.began_at if number == 0 else one.at
        if not one.state.ends and since < until:
            yield one.components, Spell(since=since, until=until, working=one.impact, notice=incident.id)


def _known(catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    for one in catalogue.public_parts():
        if one.public is not None:
            yield one.key, line(one.public.name, LONGEST_TITLE), line(one.public.about)


def _component(
    key: str,
    name: str,
    about: str,
    current: Sequence[Notice],
    spells: Sequence[Spell],
    now: datetime,
    known_since: datetime,
) -> PublicComponent:
    days = days_of(spells, now=now, known_since=known_since)
    working = (one.impact for one in current if key in one.components)
    return PublicComponent(
        key=key,
        name=name,
        about=about,
        working=max(working, key=lambda one: one.gravity, default=Working.OPERATIONAL),
        days=days,
        uptime=uptime_of(days, now=now, known_since=known_since),
    )


def _of_public(notice: Notice, public: Container[str]) -> Notice:
    """The notice without parts that its readers know no more: how those are called within is not theirs to read."""
    return replace(notice, components=tuple(key for key in notice.components if key in public))


def _gravest(notice: Notice) -> tuple[int, datetime, str]:
    return notice.impact.gravity, *_begun(notice)


def _begun(notice: Notice) -> tuple[datetime, str]:
    return notice.began_at, notice.key
