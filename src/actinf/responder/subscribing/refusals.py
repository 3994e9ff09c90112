"""Refusals of a mail server, and whose fault they are: the mailbox's, or ours who send.

Who takes no mail from us says so to everybody, and often in the words in which others say that there is no such
mailbox.  Subscribers who were paused because of that would never hear of us again.  So a refusal counts against a
mailbox only where its code says that it is one of the mailbox, or where nothing else makes it likely that it is ours.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from actinf.responder.channels import neutral
from actinf.responder.subscribing.mails import Outcome, Waiting

__all__ = ["MANY", "Became", "Refusal", "Refusals", "Whose", "refusal", "refusal_of_mail"]

#: So many different addresses that are refused in the same words are no coincidence.
MANY = 5
#: How long words are remembered, and how long ago a mail was taken that shows that the server takes ours, seconds.
_LATELY = 600.0
#: Words that are remembered at once: who says others each time is not understood by them.
_MOST = 1000
#: Addresses that are remembered as gone; of one that is forgotten it is found out anew.
_MOST_GONE = 10_000

#: RFC 3463: what is wrong with the address or the mailbox, but for 5.1.7 and 5.1.8, which are about the sender's; with
#: us, with the system, or with what we do.
_OF_MAILBOX = re.compile(r"5\.(1\.([0-6]|10)|2\.[0-2])(?!\d)")
_OF_US = re.compile(r"5\.(1\.[78]|3\.\d+|5\.\d+|7\.\d+)(?!\d)")
#: Where it stands: at the beginning, or at the end as qmail has it, "no mailbox here by that name. (#5.1.1)".
_HAS_CODE = re.compile(r"\A#?(5\.\d{1,3}\.\d{1,3})(?!\d)|\(#(5\.\d{1,3}\.\d{1,3})\)\Z")
#: What is said without such a code by who takes no mail from us, or none for others than their own.
_SAID_OF_US = re.compile(r"relay|authenticat|denied|block|polic|spam|not permitted", re.IGNORECASE)
#: Numbers of queues, times and addresses of machines; not the code that a text begins with.
_NUMBERS = re.compile(r"(?<![\w.#])(?!5\.\d+\.\d+\b)[\w.:-]*\d[\w.:-]*")
#: Answers to RCPT that may mean the mailbox; all others do not. 556: its domain takes no mail at all (RFC 7504).
_PERHAPS_MAILBOX = (550, 551, 552, 553, 554)
_NO_MAIL_AT_ALL = 556


class Whose(Enum):
    """Whose fault a refusal is, by its code."""

    MAILBOX = "mailbox"
    OURS = "ours"
    MAIL = "mail"  # what it says, or who sends it: said after all of it, and not of whom it is for
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A server takes no mail for an address, or not this mail, for good.

    Attributes:
        whose: fault that is, by its code.
        words: in which it was said, without the address and numbers: the same for each address that they are said of.
    """

    whose: Whose
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """What became of a mail that was handed over: an outcome, or a refusal, of which that is yet to be found."""

    mail: Waiting
    what: Outcome | Refusal


@dataclass(slots=True)
class _Alike:
    """Addresses that were refused in the same words: lately, and since a mail was taken last."""

    said_at: float = 0.0
    lately: set[str] = field(default_factory=set)
    in_a_row: set[str] = field(default_factory=set)


def refusal(code: int, said: bytes, to: str) -> Refusal:
    """What a server says to RCPT for an address, where it refuses for good.

    Args:
        code: 500 or more.
        said: what stands behind it.
        to: the address.
    """
    text = said.decode("utf-8", "replace").strip()
    found = _HAS_CODE.search(text)
    enhanced = "" if found is None else found[1] or found[2]
    if _OF_MAILBOX.match(enhanced):
        whose = Whose.MAILBOX
    elif enhanced:
        whose = Whose.OURS if _OF_US.match(enhanced) else Whose.UNCLEAR
    elif code == _NO_MAIL_AT_ALL:
        whose = Whose.MAILBOX
    else:
        is_ours = code not in _PERHAPS_MAILBOX or _SAID_OF_US.search(text.replace(to, ""))
        whose = Whose.OURS if is_ours else Whose.UNCLEAR
    return Refusal(whose=whose, words=_words(code, text, to))


def refusal_of_mail(code: int, said: bytes, to: str) -> Refusal:
    """What a server says to a whole mail that it refuses for good; as `refusal`."""
    return Refusal(whose=Whose.MAIL, words=_words(code, said.decode("utf-8", "replace").strip(), to))


class Refusals:
    """Finds out whose fault refusals are, from what became of other mails; for one thread.

    Args:
        counted: seconds that have passed, by a clock that nobody sets.
    """

    def __init__(self, counted: Callable[[], float] = time.monotonic):
        self._counted = counted
        self._alike: dict[str, _Alike] = {}
        self._waiting: list[tuple[Waiting, Refusal]] = []
        self._taken_at = float("-inf")
        #: Addresses of which it was said that they are not there: since a mail was taken last, and before one was.
        self._said_gone: set[str] = set()
        self._gone: set[str] = set()
        #: What the server says to everybody, where it takes no mail from us; empty: it does, as far as is known.
        self.refuses_us = ""

    @property
    def numbers(self) -> set[int]:
        """Of the mails of which it is yet to be found."""
        return {mail.number for mail, _ in self._waiting}

    def sifted(self, became: Iterable[Became]) -> list[tuple[int, Outcome]]:
        """What became of mails, as far as that is known by now, with those that waited for it."""
        self._forget()
        found: list[tuple[int, Outcome]] = []
        for one in became:
            if isinstance(one.what, Refusal):
                found += self._refused(one.mail, one.what)
                continue
            found.append((one.mail.number, one.what))
            if one.what is Outcome.SENT:
                found += self._taken()
                self._gone.discard(one.mail.address)
        return found

    def rest(self) -> list[tuple[int, Outcome]]:
        """What became of those that wait, now that there is no other mail that could tell more."""
        waiting, self._waiting = self._waiting, []
        return [_settled(mail, said, takes_ours=self._takes_ours) for mail, said in waiting]

    @property
    def _takes_ours(self) -> bool:
        return self._counted() - self._taken_at < _LATELY

    def _refused(self, mail: Waiting, said: Refusal) -> list[tuple[int, Outcome]]:
        if said.whose is Whose.MAIL:
            return [(mail.number, Outcome.NOT_TAKEN)]
        is_strange = mail.subscriber is None
        if is_strange and said.whose is Whose.MAILBOX:
            return [(mail.number, Outcome.REFUSED)]  # anybody may type what is no address
        if said.whose is Whose.MAILBOX:
            if mail.address in self._gone and self._takes_ours:
                return [(mail.number, Outcome.REFUSED)]  # said again, and others were taken meanwhile
            self._said_gone.add(mail.address)
        alike = self._alike.setdefault(said.words, _Alike())
        alike.said_at = self._counted()
        if not is_strange:
            alike.lately.add(mail.address)
            alike.in_a_row.add(mail.address)
        if _are_many(alike.in_a_row, said):
            self.refuses_us = said.words
        if self.refuses_us == said.words or (said.whose is Whose.UNCLEAR and len(alike.lately) >= MANY):
            held = [one for one, other in self._waiting if other.words == said.words]
            self._waiting = [pair for pair in self._waiting if pair[1].words != said.words]
            return [(one.number, Outcome.LATER) for one in (*held, mail)]
        if said.whose is Whose.OURS:
            return [(mail.number, Outcome.LATER)]
        self._waiting.append((mail, said))
        return []

    def _taken(self) -> list[tuple[int, Outcome]]:
        """The server takes a mail of ours: it is the mailbox that it refuses, where it says so."""
        self._taken_at, self.refuses_us = self._counted(), ""
        self._gone |= self._said_gone
        self._said_gone.clear()
        for alike in self._alike.values():
            alike.in_a_row.clear()
        found = [_settled(mail, said, takes_ours=True) for mail, said in self._waiting if said.whose is Whose.MAILBOX]
        self._waiting = [pair for pair in self._waiting if pair[1].whose is not Whose.MAILBOX]
        return found

    def _forget(self) -> None:
        since = self._counted() - _LATELY
        self._alike = {words: one for words, one in self._alike.items() if one.said_at >= since}
        if len(self._alike) > _MOST:
            self._alike.clear()
        if len(self._gone) > _MOST_GONE:
            self._gone.clear()


def _are_many(in_a_row: Sequence[str] | set[str], said: Refusal) -> bool:
    """Whether so many are refused, and none is taken, that it is us."""
    # Of one domain all mailboxes may be gone, where their server says that they are.
    domains = {one.rpartition("@")[2].lower() for one in in_a_row}
    return len(in_a_row) >= MANY and (said.whose is not Whose.MAILBOX or len(domains) > 1)


def _settled(mail: Waiting, said: Refusal, *, takes_ours: bool) -> tuple[int, Outcome]:
    is_mailbox = said.whose is Whose.MAILBOX or (said.whose is Whose.UNCLEAR and takes_ours)
    return mail.number, Outcome.REFUSED if is_mailbox else Outcome.LATER


def _words(code: int, text: str, to: str) -> str:
    """What was said, without what is of one address or one conversation alone."""
    name, _, domain = to.rpartition("@")
    for part in (to, domain, name):
        text = re.sub(rf"(?<![\w.]){re.escape(part)}(?![\w])", "…", text, flags=re.IGNORECASE) if part else text
    return f"{code} {neutral.line(_NUMBERS.sub('#', text), 160)}"
