"""The subscribers of the status page, in a file of their own: who gets what, who asked to, and who left.

Whoever leaves is erased; a keyed digest is kept, by which a list that is read in later does not bring them back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from actinf.errors import RateLimited, StoreError, SubscriptionRefused
from actinf.responder.store.database import moment_of, ticks
from actinf.responder.store.sqlite_file import SqliteFile
from actinf.responder.subscribing.addresses import mailbox_of, mailbox_told, network_of
from actinf.responder.subscribing.schema import STEPS
from actinf.responder.subscribing.tokens import VALID_FOR, Tokens, Use
from actinf.runtime.key_file import make_key_file, read_key_file

__all__ = ["FILE", "KEY", "Bounds", "Subscriber", "Subscribers"]

#: The files in the folder of the page.
FILE, KEY = "subscribers.db", "subscribers.key"
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_MEND = "move it away: then nobody is subscribed any more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much strangers can have mailed.

    Attributes:
        network: first mails an hour that one network, /24 or /64, can ask for.
        together: first mails an hour that all of them can.
        waiting: those who asked and did not say yes yet, at once.
    """

    network: int = 10
    together: int = 500
    waiting: int = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Somebody who gets mails.

    Attributes:
        id: of them, the same for the same address for ever.
        address: that they are mailed at.
        components: keys of the parts that they want to hear of; empty: all.
        since: when they agreed.
        agreed: how.
        refused: mails in a row that their server did not take.
        paused: whether they are not mailed any more because of that.
    """

    id: str
    address: str
    components: tuple[str, ...]
    since: datetime
    agreed: str
    refused: int
    paused: bool


class Subscribers:
    """The file and its key.

    Args:
        folder: of the page, which exists.
        bounds: for strangers.

    Raises:
        StoreError: it cannot be used.
        SettingError: the key is none.
    """

    def __init__(self, folder: Path, bounds: Bounds = Bounds()):
        try:
            make_key_file(folder / KEY)
        except OSError as error:
            raise StoreError(f"subscribers cannot be kept in {folder}: {error.strerror}") from None
        key = read_key_file(folder / KEY, needed_for="the links in mails", missing="put the file back")
        self._key = key
        self._bounds = bounds
        self.tokens = Tokens(key)
        self.file = SqliteFile(folder / FILE, STEPS, mend=_MEND)

    # ------------------------------------------------------------------------------------------- asked by strangers

    def ask(self, typed: str, components: Iterable[str], client: str, now: datetime) -> None:
        """Somebody typed an address: it is sent one mail, unless it was lately.  Nothing tells whether it was known.

        Args:
            typed: the address.
            components: keys of the parts that they want to hear of; empty: all.
            client: the address that they ask from.
            now: the time.

        Raises:
            SubscriptionRefused: it is no address.
            RateLimited: too much was asked from that network, or together.
            StoreError: it cannot be kept.
        """
        address, network = mailbox_told(typed), network_of(client)
        digest = self.tokens.digest(mailbox_of(address))
        with self.writing() as connection:
            self._refuse_too_much(connection, network, now)
            lately = connection.execute(
                "SELECT 1 FROM asked WHERE mailbox = ? AND at > ?", [digest, ticks(now - _DAY)]
            ).fetchone()
            connection.execute(
                "INSERT INTO asked (at, mailbox, network) VALUES (?, ?, ?)", [ticks(now), digest, network]
            )
            if lately is not None:
                return
            identity = secrets.token_hex(16)
            connection.execute(
                "INSERT INTO pending (id, address, components, asked_at) VALUES (?, ?, ?, ?)",
                [identity, address, json.dumps(sorted(set(components))), ticks(now)],
            )
            connection.execute(
                "INSERT INTO mail (pending, priority, due, ends) VALUES (?, 0, ?, ?)",
                [identity, ticks(now), ticks(now + _DAY)],
            )

    def asked(self, token: str, now: datetime) -> tuple[str, ...]:
        """The parts that whoever follows the link of the first mail asked for; empty: all.

        Raises:
            SubscriptionRefused: the link is none, or over.
        """
        identity = self.tokens.read(Use.CONFIRM, token, now)
        with self.file.reading() as connection:
            row = connection.execute(
                "SELECT components FROM pending WHERE id = ? UNION ALL SELECT components FROM subscriber "
                "WHERE confirmed_as = ?",
                [identity, identity],
            ).fetchone()
        if row is None:
            raise _used()
        return _listed(row["components"])

    def confirm(self, token: str, now: datetime) -> None:
        """They said yes: from now on they are mailed.  Said once more, it changes nothing.

        Raises:
            SubscriptionRefused: the link is none, or over, or they left since.
            StoreError: it cannot be kept.
        """
        identity = self.tokens.read(Use.CONFIRM, token, now)
        with self.writing() as connection:
            row = connection.execute("SELECT address, components FROM pending WHERE id = ?", [identity]).fetchone()
            if row is None:
                known = connection.execute("SELECT 1 FROM subscriber WHERE confirmed_as = ?", [identity]).fetchone()
                if known is None:
                    raise _used()
                return
            self._put(connection, row["address"], row["components"], "said yes to a mail", now, confirmed_as=identity)
            connection.execute("DELETE FROM pending WHERE id = ?", [identity])
            connection.execute("DELETE FROM gone WHERE mailbox = ?", [self.tokens.digest(mailbox_of(row["address"]))])

    def staying(self, token: str, now: datetime) -> Subscriber | None:
        """Who would leave by a link; None: they have left.

        Raises:
            SubscriptionRefused: the link is none.
        """
        return self.subscriber(self.tokens.read(Use.LEAVE, token, now))

    def leave(self, token: str, now: datetime) -> None:
        """They want no more mails: they are erased.  Said once more, it changes nothing.

        Raises:
            SubscriptionRefused: the link is none.
            StoreError: it cannot be done.
        """
        identity = self.tokens.read(Use.LEAVE, token, now)
        with self.writing() as connection:
            row = connection.execute("SELECT address FROM subscriber WHERE id = ?", [identity]).fetchone()
            if row is None:
                return
            self._erase(connection, identity, row["address"], now)
        self.file.settle()  # the log of the file has the address still

    # -------------------------------------------------------------------------------------------- by who runs this

    def add(self, typed: str, components: Iterable[str], agreed: str, now: datetime) -> bool:
        """Subscribe somebody who agreed elsewhere.

        Args:
            typed: their address.
            components: as of `ask`.
            agreed: how they did, for whoever asks later.
            now: the time.

        Returns:
            Whether they are subscribed; who left is not brought back by others.

        Raises:
            SubscriptionRefused: it is no address.
            StoreError: it cannot be kept.
        """
        address = mailbox_told(typed)
        with self.writing() as connection:
            digest = self.tokens.digest(mailbox_of(address))
            if connection.execute("SELECT 1 FROM gone WHERE mailbox = ?", [digest]).fetchone() is not None:
                return False
            self._put(connection, address, json.dumps(sorted(set(components))), agreed, now, confirmed_as=None)
        return True

    def remove(self, typed: str, now: datetime) -> bool:
        """Erase somebody, as if they had left.

        Returns:
            Whether anything was known of them.
        """
        address = mailbox_told(typed)
        identity = self._identity(address)
        with self.writing() as connection:
            known = connection.execute("SELECT 1 FROM subscriber WHERE id = ?", [identity]).fetchone()
            asked = connection.execute("DELETE FROM pending WHERE lower(address) = ?", [address.lower()]).rowcount
            self._erase(connection, identity, address, now)
        self.file.settle()
        return known is not None or asked > 0

    def subscriber(self, identity: str) -> Subscriber | None:
        """A subscriber; None: there is none."""
        with self.file.reading() as connection:
            row = connection.execute("SELECT * FROM subscriber WHERE id = ?", [identity]).fetchone()
        return _subscriber(row) if row is not None else None

    def all(self) -> Iterator[Subscriber]:
        """All of them, by their addresses."""
        with self.file.reading() as connection:
            rows = connection.execute("SELECT * FROM subscriber ORDER BY lower(address)").fetchall()
        yield from map(_subscriber, rows)

    def counts(self) -> dict[str, int]:
        """How many there are: `confirmed`, of them `paused`, `waiting` for a yes, and mails `unsent`."""
        with self.file.reading() as connection:
            row = connection.execute(
                "SELECT count(*), coalesce(sum(paused), 0), (SELECT count(*) FROM pending), "
                "(SELECT count(*) FROM mail) FROM subscriber"
            ).fetchone()
        return dict(zip(("confirmed", "paused", "waiting", "unsent"), map(int, row), strict=True))

    def leaving(self, identity: str) -> str:
        """The token by which a subscriber leaves, which is good for ever."""
        return self.tokens.made(Use.LEAVE, identity, None)

    def confirming(self, identity: str, asked_at: datetime) -> str:
        """The token by which somebody who asked says yes."""
        return self.tokens.made(Use.CONFIRM, identity, asked_at + VALID_FOR)

    def tidy(self, now: datetime) -> None:
        """Forget those who did not say yes in time, and what was asked and told long ago."""
        with self.writing() as connection:
            connection.execute("DELETE FROM pending WHERE asked_at < ?", [ticks(now - VALID_FOR)])
            connection.execute("DELETE FROM asked WHERE at < ?", [ticks(now - _DAY)])
            connection.execute("DELETE FROM told WHERE at < ?", [ticks(now - 2 * _DAY)])
        self.file.settle()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write; all of it is there afterwards, or nothing.

        Raises:
            StoreError: it cannot be written, because the disk is full, say.
        """
        with self.file.writing() as connection:
            try:
                yield connection
            except sqlite3.OperationalError as error:
                raise StoreError(f"the subscribers in {self.file.path} cannot be written: {error}") from None

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    # -------------------------------------------------------------------------------------------------------- parts

    def _refuse_too_much(self, connection: sqlite3.Connection, network: str, now: datetime) -> None:
        since = ticks(now - _HOUR)
        here = connection.execute(
            "SELECT count(*) FROM asked WHERE network = ? AND at > ?", [network, since]
        ).fetchone()
        if here[0] >= self._bounds.network:
            raise RateLimited("too many addresses were typed from your network within an hour: try later", 3600.0)
        all_of_them = connection.execute("SELECT count(*) FROM asked WHERE at > ?", [since]).fetchone()
        waiting = connection.execute("SELECT count(*) FROM pending").fetchone()
        if all_of_them[0] >= self._bounds.together or waiting[0] >= self._bounds.waiting:
            raise RateLimited("too many people subscribe at the moment: try in an hour", 3600.0)

    def _put(
        self,
        connection: sqlite3.Connection,
        address: str,
        components: str,
        agreed: str,
        now: datetime,
        *,
        confirmed_as: str | None,
    ) -> None:
        connection.execute(
            "INSERT INTO subscriber (id, address, components, since, agreed, confirmed_as) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET address = excluded.address, components = excluded.components, "
            "since = CASE paused WHEN 1 THEN excluded.since ELSE since END, agreed = excluded.agreed, "
            "confirmed_as = excluded.confirmed_as, refused = 0, paused = 0",
            [self._identity(address), address, components, ticks(now), agreed, confirmed_as],
        )

    def _erase(self, connection: sqlite3.Connection, identity: str, address: str, now: datetime) -> None:
        connection.execute("DELETE FROM subscriber WHERE id = ?", [identity])  # with the mails that wait for them
        connection.execute(
            "INSERT INTO gone (mailbox, at) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [self.tokens.digest(mailbox_of(address)), ticks(now)],
        )

    def _identity(self, address: str) -> str:
        """Of a subscriber: a link to leave is good for ever, also after they left and came back."""
        return hmac.new(self._key, f"subscriber\0{address.lower()}".encode(), hashlib.sha256).hexdigest()[:32]


def _subscriber(row: sqlite3.Row) -> Subscriber:
    return Subscriber(
        id=row["id"],
        address=row["address"],
        components=_listed(row["components"]),
        since=moment_of(row["since"]),
        agreed=row["agreed"],
        refused=row["refused"],
        paused=bool(row["paused"]),
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _used() -> SubscriptionRefused:
    return SubscriptionRefused("this link was used before, or has expired: subscribe once more to get a new one")
