"""Whether contacts are reached: tried every so often, answered by a code that only they have, or said by hand."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from actinf.errors import NotFound, OutOfTurn
from actinf.responder.contacts.trial_page import put_contact_test
from actinf.responder.desk import Desk
from actinf.responder.oncall.wording import one_of, shown
from actinf.responder.store import contact_trials, contacts, rosters
from actinf.responder.store.contact_trials import Trial

__all__ = ["CODE", "Tried", "TryState", "Trying", "tried"]

#: Letters and digits that nobody takes for one another, read out over a telephone.
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_LENGTH, _GROUP = 12, 4
#: A code as it is sent, and as somebody may type it.
CODE = re.compile(r"[A-Za-z0-9 -]{12,20}")
#: In which an answer is waited for; and in which a code still counts.
_ANSWERS_WITHIN, _CODE_LASTS = timedelta(days=2), timedelta(days=14)


class TryState(StrEnum):
    """How it stands with a contact."""

    NEVER = "never tried"
    WAITS = "waits for an answer"
    REACHED = "reached"
    OVERDUE = "to be tried again"
    SILENT = "did not answer"
    FAILED = "not reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How it stands with a contact.

    Attributes:
        state: how.
        at: since when; None: it was never tried.
        due_at: when it is to be tried again, where it was reached; None: now, or an answer is waited for.
        basis: the number of the trial that says so; 0: none does.
    """

    state: TryState
    at: datetime | None = None
    due_at: datetime | None = None
    basis: int = 0

    @property
    def is_due(self) -> bool:
        """Whether it is to be tried now."""
        return self.state not in (TryState.REACHED, TryState.WAITS)

    def document(self) -> dict[str, Any]:
        """The same as a document."""
        return {
            "state": str(self.state),
            "due": self.is_due,
            "at": None if self.at is None else self.at.isoformat(timespec="seconds"),
            "due_at": None if self.due_at is None else self.due_at.isoformat(timespec="seconds"),
        }


def tried(trials: Sequence[Trial], now: datetime, every: timedelta) -> Tried:
    """How it stands with a contact, by its trials.

    Args:
        trials: of the contact, the latest first.
        now: the time.
        every: how long one that reached them counts.
    """
    if not trials:
        return Tried(state=TryState.NEVER)
    last = trials[0]
    if last.ended_at is None:
        waits = now < last.began_at + _ANSWERS_WITHIN
        return Tried(state=TryState.WAITS if waits else TryState.SILENT, at=last.began_at, basis=last.id)
    if not last.reached:
        return Tried(state=TryState.FAILED, at=last.ended_at, basis=last.id)
    due_at = last.ended_at + every
    state = TryState.REACHED if now < due_at else TryState.OVERDUE
    return Tried(state=state, at=last.ended_at, due_at=due_at, basis=last.id)


@dataclass(frozen=True, slots=True)
class Trying:
    """Tries whether contacts are reached.

    Attributes:
        desk: through which messages go out.
        every: how long a trial that reached somebody counts.
        address: of the console, for the link in the message; None: there is none.
    """

    desk: Desk
    every: timedelta
    address: str | None = None

    def standings(self) -> Mapping[str, Tried]:
        """How it stands with each contact."""
        with self.desk.store.reading() as connection:
            now, found = self.desk.clock(), contact_trials.trials(connection)
            return {
                handle: tried(found.get(handle, ()), now, self.every)
                for handle in contacts.names(connection, "contact")
            }

    def ask(self, handle: str, *, by: str) -> str:
        """Send a test with a code to somebody, on every way that pages would take; the name of the test.

        Raises:
            NotFound: nobody is called so.
            SettingError: no channel reaches them, or one was sent a moment ago.
        """
        with self.desk.store.writing() as connection:
            now = self.desk.clock()
            person = self.desk.announcer.known.person(connection, handle, rosters.schedule(connection))
            if person is None:
                known = contacts.names(connection, "contact")
                raise NotFound(f"no contact is called {shown(handle)}: expected {one_of(known, handle)}")
            code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
            spoken = "-".join(code[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))
            link = None if self.address is None else f"{self.address}/contacts/confirm/{code}"
            name = put_contact_test(self.desk, connection, person, now, answer=(spoken, link))
            contact_trials.begin(connection, handle, _digest(code), by=by, now=now)
            return name

    def confirm(self, code: str) -> str:
        """Take it that a test arrived, by its code; whose it was.

        Raises:
            NotFound: it is the code of none, or of one that is long over.
        """
        plain = re.sub(r"[^A-Z0-9]", "", code.upper())
        with self.desk.store.writing() as connection:
            now = self.desk.clock()
            found = contact_trials.of_code(connection, _digest(plain)) if CODE.fullmatch(code.strip()) else None
            if found is None or now > found.began_at + _CODE_LASTS:
                raise NotFound(
                    "no test has this code, or it is over: it stands in the message, twelve letters and digits"
                )
            contact_trials.end(connection, found.id, reached=True, by="", now=now)
            return found.handle

    def said(self, handle: str, *, reached: bool, by: str) -> None:
        """Write down by hand whether somebody was reached; it ends the test that waits, where one does.

        Raises:
            NotFound: no contact is called so.
            OutOfTurn: they would say so of themselves alone.
        """
        with self.desk.store.writing() as connection:
            now, known = self.desk.clock(), contacts.names(connection, "contact")
            if handle not in known:
                raise NotFound(f"no contact is called {shown(handle)}: expected {one_of(known, handle)}")
            latest = next(iter(contact_trials.trials(connection).get(handle, ())), None)
            if handle == by and (latest is None or latest.ended_at is not None):
                raise OutOfTurn(
                    f"no test to {handle} waits for an answer: send one first, so that it says more than who you are"
                )
            waits = latest is not None and latest.ended_at is None
            number = (
                latest.id
                if latest is not None and waits
                else contact_trials.begin(connection, handle, None, by=by, now=now)
            )
            contact_trials.end(connection, number, reached=reached, by=by, now=now)


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
