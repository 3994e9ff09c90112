"""Mails that wait: each update of the page is put in once for each subscriber, and taken out when it was sent."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from actinf.responder.publishing.page import Notice, NoticeUpdate, PublicPage
from actinf.responder.store.database import moment_of, ticks
from actinf.responder.subscribing.subscribers import Subscribers

__all__ = ["MOST_NOT_TAKEN", "MOST_REFUSED", "NEWS_FOR", "Content", "Link", "Mails", "Outcome", "Waiting"]

#: What is older is no news, and is not mailed.
NEWS_FOR = timedelta(hours=24)
#: Mails in a row that are refused for ever until somebody is not mailed any more.
MOST_REFUSED = 5
#: Tries of a mail that the server does not take, whoever it is for: a sender whom it does not know yet may be known to
#: it soon, and no other update may wait for long behind one that it never takes.
MOST_NOT_TAKEN = 4
_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))

#: The address at which an update stands.
Link = Callable[[PublicPage, Notice, NoticeUpdate], str]


class Outcome(Enum):
    """What became of a mail that was handed over."""

    SENT = "sent"
    REFUSED = "refused"  # there is no such mailbox
    NOT_TAKEN = "not taken"  # the server will not take this mail, whoever it is for
    LATER = "later"
    UNTRIED = "untried"  # the server was not reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a mail says of an update, as the page said it then.

    Attributes:
        notice: key of the notice, by which its mails stand together.
        title, state, text: of it, and of the update; title and text as the page says them now.
        affected: the names of its components, by commas; may be empty.
        impact: how they work.
        at: when it was published.
        link: where it stands.
        service, home: the name of the service, and the address of its page.
    """

    notice: str
    title: str
    state: str
    text: str
    affected: str
    impact: str
    at: str
    link: str
    service: str
    home: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A mail that is to go out.

    Attributes:
        number: of it, never given twice.
        address: to whom.
        subscriber: who it is; None: somebody who asked, and is asked back.
        asking: who asked, and when; None: a subscriber.
        update: key of the update; None: none.
        content: what it says; None: that somebody asked.
    """

    number: int
    address: str
    subscriber: str | None
    asking: tuple[str, datetime] | None
    update: str | None
    content: Content | None


class Mails:
    """The mails in the file of the subscribers.

    Args:
        subscribers: whom they are for.
    """

    def __init__(self, subscribers: Subscribers):
        self._subscribers = subscribers
        self._file = subscribers.file

    def put_in(self, page: PublicPage, link: Link, now: datetime) -> int:
        """Put in the mails of all updates that are news; those that were put in before are not again.

        Mails that wait say what the page says now: what was erased from it goes out no more.

        Args:
            page: as it is now.
            link: says where an update stands.
            now: the time.

        Returns:
            How many mails.

        Raises:
            StoreError: the file cannot be written.
        """
        with self._file.reading() as connection:
            told = {row["key"]: row["content"] for row in connection.execute("SELECT key, content FROM told")}
        news = []
        reworded = []
        for notice, update in _updates(page):
            if update.key in told:
                content = Content(**json.loads(told[update.key]))
                if (content.title, content.text) != (notice.title, update.text):
                    content = replace(content, title=notice.title, text=update.text)
                    reworded.append((json.dumps(asdict(content)), update.key))
            elif update.at > now - NEWS_FOR:
                news.append((notice, update))
        if not news and not reworded:
            return 0
        names = {one.key: one.name for one in page.components}
        count = 0
        with self._subscribers.writing() as connection:
            connection.executemany("UPDATE told SET content = ? WHERE key = ?", reworded)
            for notice, update in sorted(news, key=lambda one: one[1].at):
                affected = ", ".join(names[key] for key in notice.components if key in names)
                content = _content(page, notice, update, affected, link(page, notice, update))
                count += _put_in(connection, update, notice.components, content, now)
        return count

    def take(self, most: int, under_way: Collection[int], now: datetime) -> list[Waiting]:
        """The next mails, those first that somebody waits for, and to each subscriber one at a time.

        Args:
            most: how many.
            under_way: numbers of those that are being sent.
            now: the time.
        """
        found: list[Waiting] = []
        with self._file.reading() as connection:
            rows = connection.execute(
                """
                SELECT mail.number, mail.subscriber, mail.pending, mail.told, told.content, pending.asked_at,
                       coalesce(subscriber.address, pending.address) AS address
                FROM mail LEFT JOIN subscriber ON subscriber.id = mail.subscriber
                LEFT JOIN pending ON pending.id = mail.pending LEFT JOIN told ON told.key = mail.told
                WHERE mail.due <= ? AND NOT EXISTS (
                    SELECT 1 FROM mail AS earlier
                    WHERE earlier.subscriber = mail.subscriber AND earlier.number < mail.number
                )
                ORDER BY mail.priority, mail.number LIMIT ?
                """,
                [ticks(now), most + len(under_way)],
            )
            for row in rows:
                if row["number"] not in under_way and len(found) < most:
                    found.append(_waiting(row))
        return found

    def settle(self, outcomes: Sequence[tuple[int, Outcome]], now: datetime) -> None:
        """Write down what became of mails.

        Args:
            outcomes: of each, by its number; one that is not there any more is passed over.
            now: the time.

        Raises:
            StoreError: the file cannot be written; nothing is.
        """
        with self._subscribers.writing() as connection:
            for number, outcome in outcomes:
                _settle(connection, number, outcome, now)

    def give_up(self, now: datetime) -> int:
        """Take out what could not be sent in time: by now it is no news; how many."""
        with self._subscribers.writing() as connection:
            return connection.execute("DELETE FROM mail WHERE ends < ?", [ticks(now)]).rowcount


def _updates(page: PublicPage) -> Iterator[tuple[Notice, NoticeUpdate]]:
    for notice in (*page.current, *page.planned, *page.past):
        for update in notice.updates:
            yield notice, update


def _content(page: PublicPage, notice: Notice, update: NoticeUpdate, affected: str, link: str) -> Content:
    return Content(
        notice=notice.key,
        title=notice.title,
        state=update.state.value,
        text=update.text,
        affected=affected,
        impact=notice.impact.value,
        at=update.at.isoformat(),
        link=link,
        service=page.name,
        home=page.url or "",
    )


def _put_in(
    connection: sqlite3.Connection, update: NoticeUpdate, components: Sequence[str], content: Content, now: datetime
) -> int:
    """Put in the mails of an update for those who wanted to hear of it when it was published."""
    new = connection.execute(
        "INSERT INTO told (key, at, content) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [update.key, ticks(update.at), json.dumps(asdict(content))],
    )
    if new.rowcount == 0:
        return 0
    return connection.execute(
        """
        INSERT INTO mail (subscriber, told, priority, due, ends)
        SELECT id, ?, 1, ?, ? FROM subscriber
        WHERE paused = 0 AND since <= ? AND (
            components = '[]' OR ? = '[]' OR EXISTS (
                SELECT 1 FROM json_each(components) AS own JOIN json_each(?) AS its ON own.value = its.value
            )
        )
        """,
        [
            update.key,
            ticks(now),
            ticks(update.at + NEWS_FOR),
            ticks(update.at),
            *[json.dumps(list(components))] * 2,
        ],
    ).rowcount


def _settle(connection: sqlite3.Connection, number: int, outcome: Outcome, now: datetime) -> None:
    row = connection.execute("SELECT subscriber, tries, ends FROM mail WHERE number = ?", [number]).fetchone()
    if row is None:  # whoever it was for has left
        return
    if outcome is Outcome.UNTRIED:
        return
    if outcome is Outcome.LATER or (outcome is Outcome.NOT_TAKEN and row["tries"] + 1 < MOST_NOT_TAKEN):
        due = ticks(now + _PAUSES[min(row["tries"], len(_PAUSES) - 1)])
        connection.execute("UPDATE mail SET tries = tries + 1, due = ? WHERE number = ?", [due, number])
        return
    connection.execute("DELETE FROM mail WHERE number = ?", [number])
    if outcome is Outcome.SENT:
        connection.execute("UPDATE subscriber SET refused = 0 WHERE id = ? AND refused > 0", [row["subscriber"]])
    if outcome is Outcome.REFUSED and row["subscriber"] is not None:
        connection.execute(
            "UPDATE subscriber SET refused = refused + 1, paused = refused + 1 >= ? WHERE id = ?",
            [MOST_REFUSED, row["subscriber"]],
        )
        connection.execute(
            "DELETE FROM mail WHERE subscriber = (SELECT id FROM subscriber WHERE id = ? AND paused = 1)",
            [row["subscriber"]],
        )


def _waiting(row: sqlite3.Row) -> Waiting:
    asking = (row["pending"], moment_of(row["asked_at"])) if row["pending"] is not None else None
    return Waiting(
        number=row["number"],
        address=row["address"],
        subscriber=row["subscriber"],
        asking=asking,
        update=row["told"],
        content=Content(**json.loads(row["content"])) if row["content"] is not None else None,
    )
