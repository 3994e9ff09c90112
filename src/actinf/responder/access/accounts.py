"""Accounts: who may use the server, as whom, and by which secret.

An account is a handle with a role.  Programs come with a key, people at the console with a password, for which they are
given a session; both act as the handle, which stands on timelines.
"""

from __future__ import annotations

import hmac
import re
import secrets
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from actinf.errors import RateLimited, SettingError, Unauthenticated
from actinf.responder.access.keys import Key, digest_of, new_key, prefix_of
from actinf.responder.access.passwords import Passwords
from actinf.responder.access.roles import Role
from actinf.responder.contacts.erasing import erase_contact
from actinf.responder.incident.event import Event, Recorded
from actinf.responder.incident.office_events import AccountRemoved, AccountSet, KeyMade, KeyRevoked, PasswordSet
from actinf.responder.store import accounts, office, rosters
from actinf.responder.store.accounts import AccountRow, KeyRow
from actinf.responder.store.database import Store

__all__ = ["HANDLE", "SESSION_LASTS", "Access", "Principal", "Session", "form_token"]

#: What a handle looks like; the same as that of somebody in a schedule.
HANDLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
#: A shift at most: whoever comes next signs in as themselves.
SESSION_LASTS = timedelta(hours=12)

#: So many wrong passwords in a row, and the next has to wait, twice as long each time.
_FREE_TRIES, _LONGEST_WAIT = 5, 300.0
_MOST_WATCHED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks.

    Attributes:
        handle: as whom they act.
        role: what they may do.
        security: whether they see what is private.
    """

    handle: str
    role: Role
    security: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that somebody signed in with.

    Attributes:
        token: what its cookie holds; only its digest is kept.
        principal: who signed in.
        ends_at: when they have to do so again.
    """

    token: str = field(repr=False)
    principal: Principal
    ends_at: datetime

    @property
    def form_token(self) -> str:
        """What each of its forms has to send along; another site cannot know it."""
        return form_token(self.token)


def form_token(token: str) -> str:
    """What the forms of a session have to send along."""
    return hmac.new(token.encode(), b"form", "sha256").hexdigest()


class Access:
    """Lets people and programs in.

    Args:
        store: where accounts are.
        clock: the time.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime]):
        self._store = store
        self._clock = clock
        self._failures: dict[str, tuple[int, datetime]] = {}
        self._guard = threading.Lock()
        self._passwords = Passwords()

    # ----------------------------------------------------------------------------------------------- keeping accounts

    def set_account(self, handle: str, role: Role, *, security: bool = False, by: str) -> None:
        """Make an account, or change its role; its keys and sessions have the new one at once.

        Args:
            handle: whose.
            role: what they may do.
            security: whether they see what is private.
            by: the handle of who does it, for the log.

        Raises:
            SettingError: the handle is none.
        """
        _require_handle(handle)
        with self._store.writing() as connection:
            accounts.set_account(connection, handle, role, security=security, now=self._clock())
            self._log(connection, AccountSet(handle=handle, role=role, security=security), by)

    def set_password(self, handle: str, password: str, *, by: str) -> None:
        """Give an account a password, or a new one; whoever is signed in has to do so again.

        Raises:
            SettingError: there is no such account, or it is no good password.
        """
        hashed = self._passwords.hashed(password)
        with self._store.writing() as connection:
            _require_account(accounts.account(connection, handle), handle)
            accounts.set_password(connection, handle, hashed)
            self._log(connection, PasswordSet(handle=handle, digest=office.digest_of(hashed)), by)

    def remove(self, handle: str, *, by: str) -> None:
        """End an account, its keys, its sessions and its contact; what it did stays on record.

        The contact of somebody in the schedule stays until they are taken out of it.

        Raises:
            SettingError: there is none.
        """
        with self._store.writing() as connection:
            if not accounts.remove(connection, handle):
                _require_account(None, handle)
            self._log(connection, AccountRemoved(handle=handle), by)
            schedule = rosters.schedule(connection)
            if schedule is None or handle not in schedule.people:  # whoever is on call is still to be reached
                erase_contact(connection, self._store.key, handle, by=by, now=self._clock())
        self._store.settle()

    def accounts(self) -> list[AccountRow]:
        """All accounts."""
        with self._store.reading() as connection:
            return accounts.accounts(connection)

    def create_key(self, handle: str, purpose: str = "", *, days: int | None = None, by: str) -> Key:
        """A new key of an account.

        Args:
            handle: whose.
            purpose: what it is for.
            days: after which it ends; None: never.
            by: the handle of who makes it, for the log.

        Raises:
            SettingError: there is no such account.
        """
        key, now = new_key(), self._clock()
        row = KeyRow(
            prefix=key.prefix,
            handle=handle,
            digest=digest_of(key.text),
            purpose=purpose,
            made_at=now,
            ends_at=None if days is None else now + timedelta(days=days),
            revoked_at=None,
        )
        with self._store.writing() as connection:
            _require_account(accounts.account(connection, handle), handle)
            accounts.add_key(connection, row)
            event = KeyMade(
                prefix=row.prefix, handle=handle, digest=row.digest.hex(), purpose=purpose, ends_at=row.ends_at
            )
            self._log(connection, event, by)
        return key

    def keys(self) -> list[KeyRow]:
        """All keys, also those that have ended."""
        with self._store.reading() as connection:
            return accounts.keys(connection)

    def revoke_key(self, prefix: str, *, by: str) -> None:
        """End a key at once.

        Raises:
            SettingError: there is none of that name that had not ended.
        """
        with self._store.writing() as connection:
            if not accounts.revoke(connection, prefix, self._clock()):
                raise SettingError(f"no valid key is called {prefix!r}: actinf respond keys list shows all")
            self._log(connection, KeyRevoked(prefix=prefix), by)

    def log(self, *, since: datetime | None = None) -> list[Recorded]:
        """What was changed of accounts, keys and the schedule, in order, with who did it."""
        with self._store.reading() as connection:
            return office.log(connection, since=since)

    def _log(self, connection: sqlite3.Connection, event: Event, by: str) -> None:
        office.record(connection, self._store.key, event, by=by, now=self._clock())

    # ------------------------------------------------------------------------------------------------- letting in

    def of_handle(self, handle: str) -> Principal | None:
        """Who has an account under a handle, once something else has shown that it is they; None: nobody."""
        with self._store.reading() as connection:
            found = accounts.account(connection, handle)
        return None if found is None else _principal(found)

    def of_key(self, text: str) -> Principal:
        """Whose key it is.

        Raises:
            Unauthenticated: it is none, has ended, or was revoked.
        """
        prefix = prefix_of(text)
        if prefix is None:
            raise Unauthenticated("the key has not the form of one: expected ar_…, as actinf respond keys create shows")
        with self._store.reading() as connection:
            key = accounts.key(connection, prefix)
            found = None if key is None else accounts.account(connection, key.handle)
        if key is None or found is None or not hmac.compare_digest(key.digest, digest_of(text)):
            raise Unauthenticated("the key is not known here: make one with actinf respond keys create")
        if not key.is_valid(self._clock()):
            how = "was revoked" if key.revoked_at is not None else f"ended at {key.ends_at:%Y-%m-%d %H:%M} UTC"
            raise Unauthenticated(f"the key {prefix} {how}: make a new one with actinf respond keys create")
        return _principal(found)

    def sign_in(self, handle: str, password: str) -> Session:
        """Begin a session.

        Raises:
            Unauthenticated: there is no such account with such a password.
            RateLimited: too many were tried.
        """
        now = self._clock()
        found = self._proved(handle, password, now)
        if found is None:
            raise Unauthenticated("no account has this handle and this password: check both")
        token, ends_at = secrets.token_urlsafe(32), now + SESSION_LASTS
        with self._store.writing() as connection:
            accounts.open_session(connection, digest_of(token), handle, ends_at, now)
        return Session(token=token, principal=_principal(found), ends_at=ends_at)

    def change_password(self, handle: str, old: str, new: str) -> Session:
        """Give oneself another password; every session ends, but for the new one that is returned.

        Raises:
            SettingError: the old one is not right, or the new one is none, or the same.
            RateLimited: too many were tried.
        """
        if old == new:
            raise SettingError("the new password is the old one: choose another")
        if self._proved(handle, old, self._clock()) is None:
            raise SettingError("the old password is not right: nothing was changed")
        self.set_password(handle, new, by=handle)
        return self.sign_in(handle, new)

    def sign_out_everywhere(self, handle: str) -> int:
        """End all sessions of somebody; how many there were."""
        with self._store.writing() as connection:
            return accounts.close_sessions(connection, handle)

    def sessions(self, handle: str) -> int:
        """With how many browsers somebody is signed in."""
        with self._store.reading() as connection:
            return accounts.sessions(connection, handle, self._clock())

    def _proved(self, handle: str, password: str, now: datetime) -> AccountRow | None:
        """The account whose password it is; None: it is of none."""
        self._require_patience(handle, now)
        with self._store.reading() as connection:
            found = accounts.account(connection, handle)
        if not self._passwords.fits(password, found.password if found is not None else None):
            self._note_failure(handle, now)
            return None
        with self._guard:
            self._failures.pop(handle, None)
        return found

    def of_session(self, token: str) -> Principal | None:
        """Whose session it is; None: it has ended, or never was."""
        with self._store.reading() as connection:
            handle = accounts.session(connection, digest_of(token), self._clock())
            found = None if handle is None else accounts.account(connection, handle)
        return None if found is None else _principal(found)

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._store.writing() as connection:
            accounts.close_session(connection, digest_of(token))

    def _require_patience(self, handle: str, now: datetime) -> None:
        with self._guard:
            failed, last = self._failures.get(handle, (0, now))
        if failed < _FREE_TRIES:
            return
        wait = min(2.0 ** min(failed - _FREE_TRIES, 20), _LONGEST_WAIT) - (now - last).total_seconds()
        if wait > 0:
            raise RateLimited(
                f"too many wrong passwords for this account: try again in {wait:.0f} s", retry_after=max(1.0, wait)
            )

    def _note_failure(self, handle: str, now: datetime) -> None:
        with self._guard:
            if len(self._failures) >= _MOST_WATCHED:
                self._failures.pop(next(iter(self._failures)))
            failed, _ = self._failures.pop(handle, (0, now))
            self._failures[handle] = (failed + 1, now)


def _principal(row: AccountRow) -> Principal:
    return Principal(handle=row.handle, role=Role(row.role), security=row.security)


def _require_handle(handle: str) -> None:
    if HANDLE.fullmatch(handle) is None:
        raise SettingError(
            f"{handle!r} is no handle: expected at most 64 small letters, digits, '.', '_' and '-', the first a letter "
            "or a digit"
        )


def _require_account(found: AccountRow | None, handle: str) -> None:
    if found is None:
        raise SettingError(f"there is no account {handle!r}: make one with actinf respond accounts set {handle[:64]}")
