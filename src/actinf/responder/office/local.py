"""The office of this machine: works on the store itself, whether or not a server does so, too."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from actinf.errors import ActinfError, PublishingError
from actinf.responder.advising.advice import advice_for
from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.changing import TellChange, change_document
from actinf.responder.channels.port import Channel
from actinf.responder.contacts.reminding import Reminding
from actinf.responder.contacts.trial_page import ask_for_contact_test, fates_of
from actinf.responder.documents import contact_test_document, summary_document
from actinf.responder.duties import DutyChange
from actinf.responder.incident.decisions import the_evidence
from actinf.responder.office.address_book import LocalAddressBook
from actinf.responder.office.port import Document, Settled
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.parts import Parts
from actinf.responder.publishing.page import page_document
from actinf.responder.publishing.requests import AnnounceWork, WorkChange
from actinf.responder.quiet.documents import alerts_document
from actinf.responder.quiet.requests import AnnounceMaintenance, MakeSilence
from actinf.responder.ramp.requests import Direction, DirectRamp, StartRamp
from actinf.responder.record.evidence import content_of, kept_copy, listed, save, written_down
from actinf.responder.record.export import exported
from actinf.responder.store import incidents, outbox
from actinf.responder.store.incidents import Wanted
from actinf.responder.store.lock import sole
from actinf.responder.taking_in import TakeCalendar, take_in
from actinf.responder.verbs import OpenIncident, Verb

__all__ = ["LocalOffice"]


class LocalOffice:
    """Works on a store; see `Office` for what it does.

    Args:
        parts: of the responder, closed with the office.
        by: the handle of who acts.
        patience: seconds that `settle` may take.
    """

    def __init__(self, parts: Parts, by: str, *, patience: float = 5.0):
        self._parts = parts
        self._by = by
        self._patience = patience
        self._senders: list[threading.Thread] = []
        self._page_trouble = ""

    def open(self, request: OpenIncident) -> Document:
        """As `Office.open`."""
        return self._parts.desk.document(request.run(self._parts.desk, self._by).id)

    def act(self, incident: str, verb: Verb) -> Document:
        """As `Office.act`."""
        return self._parts.desk.document(verb.run(self._parts.desk, incident, self._by).id)

    def incident(self, name: str) -> Document:
        """As `Office.incident`."""
        return self._parts.desk.document(name)

    def advice(self, incident: str, *, patience: float) -> Document:
        """As `Office.advice`."""
        return advice_for(self._parts.desk, incident, patience=patience)

    def incidents(
        self, which: str = "open", *, since: datetime | None = None, limit: int | None = None
    ) -> list[Document]:
        """As `Office.incidents`."""
        now = self._parts.clock()
        return [summary_document(one, now) for one in self._parts.desk.list(which, since=since, limit=limit)]

    def names(self, which: str = "open", *, since: datetime | None = None) -> Sequence[str]:
        """As `Office.names`."""
        with self._parts.store.reading() as connection:
            return incidents.names(connection, Wanted(which=which, since=since))

    def keep_evidence(self, incident: str, file: Path, *, source: str, custody: str) -> Document:
        """As `Office.keep_evidence`."""
        desk = self._parts.desk
        desk.incident(incident)
        kept = kept_copy(file, self._parts.store.folder, incident)
        return written_down(desk, incident, kept, source=source, custody=custody, by=self._by)

    def evidence(self, incident: str, *, look: bool = False, only: str = "") -> list[Document]:
        """As `Office.evidence`."""
        return listed(self._parts.store.folder, self._parts.desk.incident(incident), look=look, only=only)

    def fetch_evidence(self, incident: str, sha256: str, target: Path) -> None:
        """As `Office.fetch_evidence`."""
        held = the_evidence(self._parts.desk.incident(incident), sha256)
        with content_of(self._parts.store.folder, incident, held) as content:
            save(iter(lambda: content.read(2**20), b""), target, held.sha256)

    def export(self, incident: str) -> Document:
        """As `Office.export`."""
        return exported(self._parts.desk, incident)

    def schedule(self) -> Schedule | None:
        """As `Office.schedule`."""
        return self._parts.desk.schedule()

    def set_schedule(self, schedule: Schedule) -> None:
        """As `Office.set_schedule`."""
        self._parts.desk.set_schedule(schedule, by=self._by)

    def change_duties(self, change: DutyChange) -> Schedule:
        """As `Office.change_duties`."""
        return self._parts.desk.change_duties(change, by=self._by)

    def take_calendar(self, content: bytes, asked: TakeCalendar) -> Document:
        """As `Office.take_calendar`."""
        return take_in(self._parts.desk, content, asked, by=self._by)

    def silence(self, request: MakeSilence) -> Document:
        """As `Office.silence`."""
        return self._parts.quieting.silence(request, by=self._by)

    def announce(self, request: AnnounceMaintenance) -> Document:
        """As `Office.announce`."""
        return self._parts.quieting.announce(request, by=self._by)

    def would_hold_back(self, request: MakeSilence | AnnounceMaintenance) -> list[Document]:
        """As `Office.would_hold_back`."""
        return alerts_document(self._parts.quieting.would_hold_back(request, by=self._by))

    def end_silence(self, name: str) -> Document:
        """As `Office.end_silence`."""
        return self._parts.quieting.end_silence(name, by=self._by)

    def end_maintenance(self, name: str) -> Document:
        """As `Office.end_maintenance`."""
        return self._parts.quieting.end_maintenance(name, by=self._by)

    def silences(self, *, past: bool = False) -> list[Document]:
        """As `Office.silences`."""
        return self._parts.quieting.silences(past=past)

    def maintenances(self, *, past: bool = False) -> list[Document]:
        """As `Office.maintenances`."""
        return self._parts.quieting.maintenances(past=past)

    def send_test_page(self, who: str | None) -> Document:
        """As `Office.send_test_page`."""
        return self.test_page(ask_for_contact_test(self._parts.desk, who or self._by))

    def test_page(self, name: str) -> Document:
        """As `Office.test_page`."""
        return contact_test_document(name, fates_of(self._parts.desk, name))

    def tell_change(self, request: TellChange) -> Document:
        """As `Office.tell_change`."""
        return change_document(self._parts.desk.tell_change(request, by=self._by))

    def changes(self) -> list[Document]:
        """As `Office.changes`."""
        return [change_document(one) for one in self._parts.desk.changes()]

    def take_scan(self, report: bytes, *, target: str = "", component: str = "") -> Document:
        """As `Office.take_scan`."""
        return self._parts.scanning.take(report, target=target, component=component)

    def findings(self, component: str | None = None, *, past: bool = False) -> list[Document]:
        """As `Office.findings`."""
        return self._parts.scanning.findings(component, past=past)

    def catalogue(self) -> Catalogue:
        """As `Office.catalogue`."""
        return self._parts.desk.catalogue()

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """As `Office.set_catalogue`."""
        self._parts.desk.set_catalogue(catalogue, by=self._by)

    def preview_ramp(self, incident: str, request: StartRamp) -> Document:
        """As `Office.preview_ramp`."""
        return self._parts.ramping.preview(incident, request)

    def start_ramp(self, incident: str, request: StartRamp) -> Document:
        """As `Office.start_ramp`."""
        return self._parts.ramping.start(incident, request, by=self._by)

    def ramp(self, incident: str) -> Document:
        """As `Office.ramp`."""
        return self._parts.ramping.document(incident)

    def direct_ramp(self, incident: str, direction: Direction, request: DirectRamp) -> Document:
        """As `Office.direct_ramp`."""
        return self._parts.ramping.direct(incident, direction, request, by=self._by)

    @property
    def address_book(self) -> LocalAddressBook:
        """As `Office.address_book`."""
        return LocalAddressBook(self._parts, self._by)

    def public_page(self) -> Document:
        """As `Office.public_page`."""
        return page_document(self._parts.page())

    def announce_work(self, request: AnnounceWork) -> Document:
        """As `Office.announce_work`."""
        return self._parts.planning.announce(request, by=self._by)

    def change_work(self, number: int, change: WorkChange, text: str) -> Document:
        """As `Office.change_work`."""
        return self._parts.planning.change(number, change, text, by=self._by)

    def planned_works(self, *, past: bool = False) -> list[Document]:
        """As `Office.planned_works`."""
        return self._parts.planning.works(past=past)

    def settle(self) -> Settled:
        """As `Office.settle`: one pass over what is due, where no server is there to do it."""
        until = time.monotonic() + self._patience
        try:
            with sole(self._parts.store.folder) as mine:
                if not mine:
                    return Settled(served=True)
                self._work(until)
                return Settled(served=False, waits=self._waiting())
        except ActinfError as error:
            return Settled(served=False, waits=(f"what is due was not looked after: {error}",))
        except OSError as error:
            return Settled(served=False, waits=(f"what is due was not looked after: {error.strerror or error}",))

    def close(self) -> None:
        """As `Office.close`."""
        # A channel that still has not answered ends with the process; its message is taken up by the next one.
        if not any(sender.is_alive() for sender in self._senders):
            self._parts.close()
        elif self._parts.pulse.anchoring is not None:
            self._parts.pulse.anchoring.close()

    def _work(self, until: float) -> None:
        parts = self._parts
        with parts.store.reading() as connection:
            left = outbox.is_left_under_way(connection)
        if left:
            parts.courier.begin()
        worked = self._while_time(until, parts.reception.digest)
        worked |= self._while_time(until, parts.pulse.once)
        worked |= bool(parts.pulse.audit())
        worked |= Reminding(parts.trying).once()
        self._senders = [
            threading.Thread(target=self._send, args=(route.channel, until), name=route.channel.name, daemon=True)
            for route in parts.courier.routes
        ]
        for sender in self._senders:
            sender.start()
        for sender in self._senders:
            sender.join(max(0.0, until - time.monotonic()))
        if worked:
            parts.keep_clock()
        self._page_trouble = self._write_page()

    def _write_page(self) -> str:
        """Write the status page where it says something new; what was in the way of it."""
        try:
            self._parts.writer.once()
        except PublishingError as error:
            return str(error)
        return ""

    def _send(self, channel: Channel, until: float) -> None:
        self._while_time(until, lambda: self._parts.courier.deliver(channel))

    @staticmethod
    def _while_time(until: float, work: Callable[[], bool]) -> bool:
        """Work until there is no more, or no time; whether there was any."""
        worked = False
        while time.monotonic() < until and work():
            worked = True
        return worked

    def _waiting(self) -> tuple[str, ...]:
        with self._parts.store.reading() as connection:
            waiting = outbox.waiting(connection)
        late = (self._page_trouble,) if self._page_trouble else ()
        return late + tuple(
            f"{'1 message waits' if count == 1 else f'{count} messages wait'} for {channel}"
            + (f" ({trouble})" if trouble else "")
            for channel, count, trouble in waiting
        )
