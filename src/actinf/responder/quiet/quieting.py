"""Keeping alerts from being told: silences, and windows of maintenance.

Both are bounded and kept, so that nobody has to remember what was quiet, and why.  Neither touches an incident that is
open: what people work on, they see.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from actinf.errors import NoSuchSilence, SettingError
from actinf.responder.incident.office_events import SilenceEnded, SilenceMade
from actinf.responder.incident.severity import SeveritySettings, classify, signals_of
from actinf.responder.incident.state import Incident
from actinf.responder.intake.silence import Maintenance, Silence
from actinf.responder.quiet.documents import Held, maintenance_document, period_words, silence_document, spoken
from actinf.responder.quiet.requests import AnnounceMaintenance, MakeSilence
from actinf.responder.store import alerts, incidents, office, quiets
from actinf.responder.store.alerts import Known
from actinf.responder.store.database import Store
from actinf.responder.store.quiets import KeptMaintenance, KeptSilence

__all__ = ["InShort", "Quieting"]

Kept = TypeVar("Kept", KeptSilence, KeptMaintenance)

#: Of each kind, so many may hold at a time: each alert is compared with all of them.
_MOST = 200
#: Alerts that a preview looks at, and names.
_LOOKED_AT, _NAMED = 20_000, 100
_LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class InShort:
    """How much is silenced.

    Attributes:
        silences, windows: how many hold, and go on.
        held: how many alerts are kept from being told.
        grave: how many of them somebody would be paged for at any hour.
    """

    silences: int
    windows: int
    held: int
    grave: int


@dataclass(frozen=True, slots=True)
class Quieting:
    """Makes and ends silences and windows of maintenance, and says what they hold back.

    Attributes:
        store: where they are.
        clock: the time, UTC.
        longest: that a silence may last, so that none is forgotten.
        severity: how alerts are judged.
    """

    store: Store
    clock: Callable[[], datetime]
    longest: timedelta = timedelta(hours=24)
    severity: SeveritySettings = field(default_factory=SeveritySettings)

    def silence(self, request: MakeSilence, *, by: str) -> dict[str, Any]:
        """Make a silence; it holds from now on.

        Returns:
            The silence as a document, with the alerts that fire and that it is for; it hides none of those whose
            `incident` is open.

        Raises:
            SettingError: it is too long, would silence everything, or there are too many.
        """
        with self.store.writing() as connection:
            now = self.clock()
            silence = self._silence(request, by, now)
            _require_room(quiets.silences(connection, now), "silences", "actinf silence end ID")
            kept = quiets.add_silence(
                connection,
                matchers=silence.matchers,
                private=silence.private,
                starts_at=silence.starts_at,
                ends_at=silence.ends_at,
                reason=silence.reason,
                by=by,
            )
            made = _made(
                f"silence {kept.silence.id}", silence, f"until {silence.ends_at:%Y-%m-%d %H:%M} UTC", request.reason
            )
            office.record(connection, self.store.key, made, by=by, now=now)
            met = self._met(connection, silence, now)
            self._look_now(connection, met, now)
            return silence_document(kept, now, [one for one in met if one.known.firing])

    def end_silence(self, name: str, *, by: str, sees_private: bool = True) -> dict[str, Any]:
        """End a silence before its time; what it held back is looked at again at once.

        Args:
            name: its number.
            by: the handle of who ends it.
            sees_private: whether they see what is private.

        Raises:
            NoSuchSilence: none that holds has this number, or they may not see it.
        """
        with self.store.writing() as connection:
            now = self.clock()
            kept = self._live_silence(connection, name, now, sees_private=sees_private)
            quiets.end_silence(connection, kept.silence.id, by=by, now=now)
            ended = SilenceEnded(what=f"silence {kept.silence.id}")
            office.record(connection, self.store.key, ended, by=by, now=now)
            held = self._held_by(connection, kept.silence)
            self._look_now(connection, self._held(connection), now)
            return silence_document(_ended(kept, by, now), now, held)

    def announce(self, request: AnnounceMaintenance, *, by: str) -> dict[str, Any]:
        """Announce work during which alerts are expected.

        Returns:
            The window as a document; where it goes on already, with the alerts that fire and that it is for.

        Raises:
            SettingError: its time makes no sense, it would silence everything, or its name is taken.
        """
        with self.store.writing() as connection:
            now = self.clock()
            maintenance = _maintenance(request, by, now)
            live = quiets.maintenances(connection, now)
            _require_room(live, "windows of maintenance", "actinf maintenance end NAME")
            if any(one.maintenance.name.casefold() == maintenance.name.casefold() for one in live):
                raise SettingError(
                    f"name is {maintenance.name!r}, which another window of maintenance has: give another name, or end "
                    "that one first, actinf maintenance end"
                )
            kept = quiets.add_maintenance(connection, maintenance, now)
            made = _made(f"maintenance {kept.number}", maintenance, period_words(maintenance.period), maintenance.name)
            office.record(connection, self.store.key, made, by=by, now=now)
            met = self._met(connection, maintenance, now)
            if maintenance.period.running(now) is None:
                met = []
            self._look_now(connection, met, now)
            return maintenance_document(kept, now, [one for one in met if one.known.firing])

    def end_maintenance(self, name: str, *, by: str, sees_private: bool = True) -> dict[str, Any]:
        """End a window of maintenance, for good; what it held back is looked at again at once.

        Args:
            name: of it.
            by: the handle of who ends it.
            sees_private: whether they see what is private.

        Raises:
            NoSuchSilence: none that holds has this name, or they may not see it.
        """
        with self.store.writing() as connection:
            now = self.clock()
            found = [
                one
                for one in quiets.maintenances(connection, now)
                if one.maintenance.name.casefold() == name.strip().casefold()
                and (sees_private or not one.maintenance.private)
            ]
            if not found:
                raise NoSuchSilence(
                    f"no window of maintenance that goes on or will is called {name[:80]!r}: actinf maintenance list "
                    "shows them"
                )
            quiets.end_maintenance(connection, found[0].number, by=by, now=now)
            ended = SilenceEnded(what=f"maintenance {found[0].number}")
            office.record(connection, self.store.key, ended, by=by, now=now)
            held = self._held_by(connection, found[0].maintenance)
            self._look_now(connection, self._held(connection), now)
            return maintenance_document(_ended(found[0], by, now), now, held)

    def would_hold_back(self, request: MakeSilence | AnnounceMaintenance, *, by: str) -> list[Held]:
        """Which of the alerts of the last seven days it would be for; nothing is made.

        Raises:
            SettingError: as where it is made.
        """
        with self.store.reading() as connection:
            now = self.clock()
            if isinstance(request, MakeSilence):
                return self._met(connection, self._silence(request, by, now), now)
            return self._met(connection, _maintenance(request, by, now), now)

    def silences(self, *, past: bool = False, sees_private: bool = True) -> list[dict[str, Any]]:
        """The silences that hold, as documents; where wanted also those that are over."""
        with self.store.reading() as connection:
            now, held = self.clock(), self._held(connection)
            return [
                silence_document(one, now, _of(held, one.silence) if one.is_live(now) else [])
                for one in quiets.silences(connection, now, past=past)
                if sees_private or not one.silence.private
            ]

    def maintenances(self, *, past: bool = False, sees_private: bool = True) -> list[dict[str, Any]]:
        """The windows of maintenance that go on or will, as documents; where wanted also those that are over."""
        with self.store.reading() as connection:
            now, held = self.clock(), self._held(connection)
            return [
                maintenance_document(one, now, _of(held, one.maintenance) if _goes_on(one, now) else [])
                for one in quiets.maintenances(connection, now, past=past)
                if sees_private or not one.maintenance.private
            ]

    def held(self) -> list[Held]:
        """The alerts that are kept from being told now, the most severe first."""
        with self.store.reading() as connection:
            return self._held(connection)

    def in_short(self, *, sees_private: bool = True) -> InShort:
        """How much is silenced, for who sees what is private, or does not."""
        with self.store.reading() as connection:
            now = self.clock()
            silences, windows = quiets.silences(connection, now), quiets.maintenances(connection, now)
            held = self._held(connection) if silences or windows else []
            seen = [one for one in held if sees_private or not one.alert.is_private]
            return InShort(
                silences=sum(sees_private or not one.silence.private for one in silences),
                windows=sum(_goes_on(one, now) and (sees_private or not one.maintenance.private) for one in windows),
                held=len(seen),
                grave=sum(one.is_grave for one in seen),
            )

    def overlong(self) -> list[tuple[str, timedelta]]:
        """What holds and lasts longer than a silence may: windows of maintenance, and silences of before the limit."""
        with self.store.reading() as connection:
            now = self.clock()
            found = [
                (f"silence {one.silence.id}", one.silence.ends_at - one.silence.starts_at)
                for one in quiets.silences(connection, now)
            ]
            for one in quiets.maintenances(connection, now):
                upcoming = one.maintenance.period.upcoming(now)
                if upcoming is not None:
                    found.append((f"maintenance {one.maintenance.name}", upcoming[1] - upcoming[0]))
            return [(what, lasts) for what, lasts in found if lasts > self.longest]

    def _silence(self, request: MakeSilence, by: str, now: datetime) -> Silence:
        lasts = timedelta(minutes=request.minutes)
        if lasts > self.longest:
            raise SettingError(
                f"the silence would last {spoken(lasts)}: expected {spoken(self.longest)} at most, so that nobody "
                "forgets it (ACTINF_RESPOND_LONGEST_SILENCE_HOURS); work that is planned is a window of maintenance"
            )
        return Silence(
            id="",
            matchers=request.read(),
            starts_at=now,
            ends_at=now + lasts,
            by=by,
            reason=request.reason,
            private=request.private,
        )

    def _live_silence(
        self, connection: sqlite3.Connection, name: str, now: datetime, *, sees_private: bool
    ) -> KeptSilence:
        for one in quiets.silences(connection, now):
            if one.silence.id == name.strip() and (sees_private or not one.silence.private):
                return one
        raise NoSuchSilence(f"no silence that holds has the number {name[:20]!r}: actinf silence list shows them")

    @staticmethod
    def _look_now(connection: sqlite3.Connection, found: Iterable[Held], now: datetime) -> None:
        """Look now at what waits, so that what comes of a change is seen at once."""
        alerts.look_now(connection, [one.alert.fingerprint for one in found], now)

    def _held(self, connection: sqlite3.Connection) -> list[Held]:
        return sorted((self._seen(one) for one in alerts.quieted(connection)), key=lambda one: one.severity)

    def _held_by(self, connection: sqlite3.Connection, one: Silence | Maintenance) -> list[Held]:
        return _of(self._held(connection), one)

    def _met(self, connection: sqlite3.Connection, wanted: Silence | Maintenance, now: datetime) -> list[Held]:
        found: list[Held] = []
        named: dict[str, Incident] = {}
        for known in alerts.lately(connection, now - _LATELY, _LOOKED_AT):
            if known.alert.is_private != wanted.private or not wanted.quiets(known.alert.labels):
                continue
            name = known.incident
            if name is not None and name not in named:
                named[name] = incidents.incident(connection, name)
            stays = name is not None and named[name].is_open
            if stays and name is not None and named[name].private and not wanted.private:
                continue  # it stays in an incident of which who looks need not know
            found.append(self._seen(known, name if stays else None))
            if len(found) >= _NAMED:
                break
        return found

    def _seen(self, known: Known, incident: str | None = None) -> Held:
        judgement = classify(signals_of(known.alert.labels, known.alert.annotations), self.severity)
        return Held(known=known, severity=judgement.severity, incident=incident)


def _maintenance(request: AnnounceMaintenance, by: str, now: datetime) -> Maintenance:
    return Maintenance(
        name=request.name, matchers=request.read(), period=request.period(now), by=by, private=request.private
    )


def _of(held: Iterable[Held], one: Silence | Maintenance) -> list[Held]:
    return [each for each in held if each.alert.is_private == one.private and one.quiets(each.alert.labels)]


def _goes_on(one: KeptMaintenance, now: datetime) -> bool:
    return one.is_live(now) and one.maintenance.period.running(now) is not None


def _made(what: str, one: Silence | Maintenance, when: str, text: str) -> SilenceMade:
    matchers = tuple(str(matcher) for matcher in one.matchers)
    return SilenceMade(what=what, matchers=matchers, private=one.private, when=when, text=text)


def _ended(kept: Kept, by: str, now: datetime) -> Kept:
    return replace(kept, ended_by=by, ended_at=now)


def _require_room(live: Sequence[object], what: str, mend: str) -> None:
    if len(live) >= _MOST:
        raise SettingError(f"{len(live)} {what} hold already, and at most {_MOST} may: end one first, {mend}")
