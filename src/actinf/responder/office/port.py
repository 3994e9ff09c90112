"""What an office is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.changing import TellChange
from actinf.responder.duties import DutyChange
from actinf.responder.office.address_book import AddressBook
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.publishing.requests import AnnounceWork, WorkChange
from actinf.responder.quiet.requests import AnnounceMaintenance, MakeSilence
from actinf.responder.ramp.requests import Direction, DirectRamp, StartRamp
from actinf.responder.taking_in import TakeCalendar
from actinf.responder.verbs import OpenIncident, Verb

__all__ = ["Document", "Office", "Settled"]

#: An incident as `actinf.responder.documents` writes it.
Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of that which was due.

    Attributes:
        served: whether a server looks after it, now and later; else only the next command does.
        waits: what has not gone out, one sentence for each channel.
    """

    served: bool
    waits: tuple[str, ...] = ()


class Office(Protocol):
    """Takes what is to be done with incidents and the schedule, for one person.

    Every method raises errors of `actinf.errors`: NoSuchIncident, OutOfTurn, SettingError for what was asked;
    StoreError, ServiceError for what cannot be reached.
    """

    def open(self, request: OpenIncident) -> Document:
        """Open an incident; all of it."""
        ...

    def act(self, incident: str, verb: Verb) -> Document:
        """Do something with an incident, given by its whole id; all of the one that it goes on as."""
        ...

    def incident(self, name: str) -> Document:
        """All of an incident, given by its whole id."""
        ...

    def advice(self, incident: str, *, patience: float) -> Document:
        """What to look at next, as `actinf.responder.advising.advice` writes it.

        Args:
            incident: its whole id.
            patience: seconds that the advice is waited for; where there is none by then, the document says so.
        """
        ...

    def incidents(
        self, which: str = "open", *, since: datetime | None = None, limit: int | None = None
    ) -> list[Document]:
        """Summaries of incidents, the most severe first, then the newest.

        Args:
            which: "open", "resolved" or "all".
            since: only those that were opened then or later.
            limit: so many at most; None: all.
        """
        ...

    def names(self, which: str = "open", *, since: datetime | None = None) -> Sequence[str]:
        """The ids of such incidents, in any order; far cheaper than what is to be said of them."""
        ...

    def keep_evidence(self, incident: str, file: Path, *, source: str, custody: str) -> Document:
        """Take a file as evidence; the event that says so.

        Args:
            incident: its whole id.
            file: what is copied.
            source: where it comes from.
            custody: who has it and why, in free words.
        """
        ...

    def evidence(self, incident: str, *, look: bool = False, only: str = "") -> list[Document]:
        """The files of evidence of an incident, each with who has it and with its `state`.

        Args:
            incident: its whole id.
            look: read each file; its state is then intact, missing, altered or removed, and else None.
            only: the name, or the beginning of the SHA-256, of the one that is wanted; empty: all.
        """
        ...

    def fetch_evidence(self, incident: str, sha256: str, target: Path) -> None:
        """Copy a file of evidence into a new file, once it was found to be what was taken.

        Args:
            incident: its whole id.
            sha256: of the file, all of it.
            target: a file that is not there yet.
        """
        ...

    def export(self, incident: str) -> Document:
        """An incident with its chain of MACs and its list of evidence, as `actinf.responder.record.export` makes it."""
        ...

    def schedule(self) -> Schedule | None:
        """The schedule that holds; None: none was ever set."""
        ...

    def set_schedule(self, schedule: Schedule) -> None:
        """Let a schedule hold from now on."""
        ...

    def change_duties(self, change: DutyChange) -> Schedule:
        """Let an exception to the rotation hold, or end; the schedule as it stands afterwards."""
        ...

    def take_calendar(self, content: bytes, asked: TakeCalendar) -> Document:
        """Take a calendar of shifts into the schedule; what comes of it.

        Args:
            content: of the file, iCalendar.
            asked: how.
        """
        ...

    def silence(self, request: MakeSilence) -> Document:
        """Make a silence; it, with the alerts that fire and that it is for."""
        ...

    def announce(self, request: AnnounceMaintenance) -> Document:
        """Announce a window of maintenance; it, with the alerts that fire and that it is for, where it goes on."""
        ...

    def would_hold_back(self, request: MakeSilence | AnnounceMaintenance) -> list[Document]:
        """The alerts of the last seven days that it would be for; nothing is made."""
        ...

    def end_silence(self, name: str) -> Document:
        """End a silence, given by its number, with the alerts that it held back."""
        ...

    def end_maintenance(self, name: str) -> Document:
        """End a window of maintenance for good, with the alerts that it held back."""
        ...

    def silences(self, *, past: bool = False) -> list[Document]:
        """The silences that hold, and where wanted those that are over."""
        ...

    def maintenances(self, *, past: bool = False) -> list[Document]:
        """The windows of maintenance that go on or will, and where wanted those that are over."""
        ...

    def send_test_page(self, who: str | None) -> Document:
        """Send a test page to somebody, else to who acts: its name, and what became of it in each channel."""
        ...

    def test_page(self, name: str) -> Document:
        """What became of a test page."""
        ...

    def tell_change(self, request: TellChange) -> Document:
        """Tell of a change to the system."""
        ...

    def changes(self) -> list[Document]:
        """The changes of the last seven days, the newest first."""
        ...

    def take_scan(self, report: bytes, *, target: str = "", component: str = "") -> Document:
        """Take the report of a scanner; how many findings there are, of each scan that it holds.

        Args:
            report: in SARIF 2.1.0.
            target: what was scanned; "": what the report says.
            component: the part of the system that it is; "": the one that is called as the target is.
        """
        ...

    def findings(self, component: str | None = None, *, past: bool = False) -> list[Document]:
        """What scanners found, the worst first; only that of a component, where one is given.

        Args:
            component: the part, by any of its names.
            past: what was accepted in the scanner, or is gone, as well.
        """
        ...

    def catalogue(self) -> Catalogue:
        """The catalogue of parts that holds."""
        ...

    def set_catalogue(self, catalogue: Catalogue) -> None:
        """Let a catalogue hold from now on."""
        ...

    def preview_ramp(self, incident: str, request: StartRamp) -> Document:
        """What a ramp would do, with the cluster as it stands, and why it would not begin; nothing is changed."""
        ...

    def start_ramp(self, incident: str, request: StartRamp) -> Document:
        """Begin a ramp; all of it."""
        ...

    def ramp(self, incident: str) -> Document:
        """The latest ramp of an incident."""
        ...

    def direct_ramp(self, incident: str, direction: Direction, request: DirectRamp) -> Document:
        """Say to the latest ramp of an incident what it is to do; all of it."""
        ...

    @property
    def address_book(self) -> AddressBook:
        """Contacts and vendors."""
        ...

    def public_page(self) -> Document:
        """All that is public now, as `actinf.responder.publishing.page.page_document` writes it."""
        ...

    def announce_work(self, request: AnnounceWork) -> Document:
        """Tell the public of planned work; it, as `actinf.responder.publishing.planning` writes it."""
        ...

    def change_work(self, number: int, change: WorkChange, text: str) -> Document:
        """Begin, end or cancel planned work before its time; it afterwards."""
        ...

    def planned_works(self, *, past: bool = False) -> list[Document]:
        """The planned work that is to come or goes on, and where wanted what is over."""
        ...

    def settle(self) -> Settled:
        """See to it that what is due goes out; takes a few seconds at most, and raises nothing."""
        ...

    def close(self) -> None:
        """Let go of what is held."""
        ...
