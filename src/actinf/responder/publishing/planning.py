"""Planned work for the public: announced once, also for those who would be paged because of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from actinf.errors import NoSuchSilence, SettingError
from actinf.responder.incident.event import Event
from actinf.responder.incident.work_events import WorkAnnounced, WorkChanged
from actinf.responder.publishing.deciding import public_keys
from actinf.responder.publishing.page import NoticeState
from actinf.responder.publishing.requests import AnnounceWork, WorkChange
from actinf.responder.publishing.work import PlannedWork, key_of
from actinf.responder.quiet.quieting import Quieting
from actinf.responder.quiet.requests import AnnounceMaintenance
from actinf.responder.store import catalogues, office, works
from actinf.responder.store.database import Store, moment_of

__all__ = ["Planning", "work_document"]

#: Works that are to come or go on at a time: users read them all.
_MOST = 50


@dataclass(frozen=True, slots=True)
class Planning:
    """Announces planned work, and begins, ends and cancels it.

    Attributes:
        store: where it is.
        clock: the time, UTC.
        quieting: makes windows of maintenance.
    """

    store: Store
    clock: Callable[[], datetime]
    quieting: Quieting

    def announce(self, request: AnnounceWork, *, by: str) -> dict[str, Any]:
        """Tell the public of planned work; it, as a document.

        Raises:
            SettingError: its times make no sense, a component is not known to users, or there is too much of it.
        """
        with self.store.writing() as connection:
            now = self.clock()
            since, until = request.times(now)
            if sum(not one.state(now).ends for one in works.works(connection, now)) >= _MOST:
                raise SettingError(f"there are {_MOST} planned works already: actinf status maintenance cancel N")
            made = works.add(
                connection,
                PlannedWork(
                    number=0,
                    title=" ".join(request.title.split()),
                    text=request.text,
                    components=public_keys(request.components, catalogues.catalogue(connection)),
                    impact=request.impact,
                    starts_at=since,
                    ends_at=until,
                    by=by,
                    made_at=now,
                ),
            )
            if request.expects:
                made = replace(made, window=f"{key_of(made.number)} of the status page")
                self._make_window(made, request.expects, by)
                works.set_window(connection, made.number, made.window)
            event = WorkAnnounced(
                number=made.number,
                components=made.components,
                impact=made.impact,
                starts_at=made.starts_at,
                ends_at=made.ends_at,
                window=made.window,
                title=made.title,
                text=made.text,
            )
            office.record(connection, self.store.key, event, by=by, now=now)
            return work_document(made, now)

    def change(self, number: int, change: WorkChange, text: str, *, by: str) -> dict[str, Any]:
        """Begin, end or cancel it before its time; it, as a document.

        Raises:
            SettingError: there is none of that number, or it is not in a state for that.
        """
        with self.store.writing() as connection:
            now = self.clock()
            before = next((one for one in works.works(connection, now) if one.number == number), None)
            if before is None or before.state(now).ends:
                raise SettingError(
                    f"no planned work {number} is to come or goes on: actinf status maintenance list shows which do"
                )
            after, event = _changed(before, change, text, now)
            works.change(connection, after)
            office.record(connection, self.store.key, event, by=by, now=now)
            self._bring_window_along(before, change, by)
            return work_document(after, now)

    def works(self, *, past: bool = False) -> list[dict[str, Any]]:
        """The work that is to come or goes on, the soonest first; where wanted also what is over."""
        with self.store.reading() as connection:
            now = self.clock()
            found = works.works(connection, moment_of(0) if past else now)
            return [work_document(one, now) for one in found if past or not one.state(now).ends]

    def _make_window(self, work: PlannedWork, matchers: tuple[str, ...], by: str) -> None:
        times = {"since": work.begins_at, "until": work.ends_at}
        asked = AnnounceMaintenance.model_validate({"name": work.window, "matchers": matchers, **times})
        self.quieting.announce(asked, by=by)

    def _bring_window_along(self, work: PlannedWork, change: WorkChange, by: str) -> None:
        """Let the window of maintenance begin or end with the work."""
        if not work.window:
            return
        try:
            ended = self.quieting.end_maintenance(work.window, by=by)
        except NoSuchSilence:
            return  # somebody has ended it already
        if change is WorkChange.START:
            begun = replace(work, begun_at=self.clock())
            self._make_window(begun, tuple(ended["matchers"]), by)


def work_document(work: PlannedWork, now: datetime) -> dict[str, Any]:
    """Planned work, as the public is told of it, with who announced it."""
    shown = work.notice(now)
    return {
        "number": work.number,
        "key": shown.key,
        "title": shown.title,
        "text": work.text,
        "state": shown.state,
        "impact": shown.impact,
        "components": list(shown.components),
        "from": _moment(shown.began_at),
        "until": _moment(shown.ended_at or work.ends_at),
        "by": work.by,
        "made_at": _moment(work.made_at),
        "window": work.window or None,
    }


def _changed(work: PlannedWork, change: WorkChange, text: str, now: datetime) -> tuple[PlannedWork, Event]:
    is_under_way = work.state(now) is NoticeState.UNDER_WAY
    if change is WorkChange.START:
        if is_under_way:
            raise SettingError(f"planned work {work.number} has begun already, {work.begins_at:%Y-%m-%d %H:%M} UTC")
        if text:
            raise SettingError("text is given, and users are told that it has begun: leave it out")
        return replace(work, begun_at=now), WorkChanged(number=work.number, state=NoticeState.UNDER_WAY)
    if change is WorkChange.END and not is_under_way:
        raise SettingError(f"planned work {work.number} has not begun: cancel it, actinf status maintenance cancel")
    if change is WorkChange.CANCEL and is_under_way:
        raise SettingError(f"planned work {work.number} goes on: end it, actinf status maintenance end {work.number}")
    after = replace(work, over_at=now, cancelled=change is WorkChange.CANCEL, why=text)
    return after, WorkChanged(number=work.number, state=after.state(now), text=text)


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
