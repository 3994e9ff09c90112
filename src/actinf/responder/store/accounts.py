"""Accounts, their keys and their sessions in the store."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from actinf.responder.store.database import moment_of, ticks

__all__ = [
    "AccountRow",
    "KeyRow",
    "account",
    "accounts",
    "add_key",
    "close_session",
    "close_sessions",
    "key",
    "keys",
    "open_session",
    "remove",
    "revoke",
    "session",
    "sessions",
    "set_account",
    "set_password",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """An account."""

    handle: str
    role: str
    security: bool
    password: str | None
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A key, without what is secret of it."""

    prefix: str
    handle: str
    digest: bytes
    purpose: str
    made_at: datetime
    ends_at: datetime | None
    revoked_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        """Whether it still lets in."""
        return self.revoked_at is None and (self.ends_at is None or now < self.ends_at)


def account(connection: sqlite3.Connection, handle: str) -> AccountRow | None:
    """An account; None: there is none."""
    row = connection.execute("SELECT * FROM account WHERE handle = ?", [handle]).fetchone()
    return None if row is None else _account(row)


def accounts(connection: sqlite3.Connection) -> list[AccountRow]:
    """All accounts, by handle."""
    return [_account(row) for row in connection.execute("SELECT * FROM account ORDER BY handle")]


def set_account(connection: sqlite3.Connection, handle: str, role: str, *, security: bool, now: datetime) -> None:
    """Make an account, or change its role."""
    connection.execute(
        "INSERT INTO account VALUES (?, ?, ?, NULL, ?) ON CONFLICT (handle) DO UPDATE SET role = excluded.role,"
        " security = excluded.security",
        [handle, role, security, ticks(now)],
    )


def set_password(connection: sqlite3.Connection, handle: str, hashed: str | None) -> None:
    """Change a password; whoever was signed in with the old one is not any more."""
    connection.execute("UPDATE account SET password = ? WHERE handle = ?", [hashed, handle])
    connection.execute("DELETE FROM session WHERE handle = ?", [handle])


def remove(connection: sqlite3.Connection, handle: str) -> bool:
    """End an account with its keys and sessions; whether there was one."""
    return connection.execute("DELETE FROM account WHERE handle = ?", [handle]).rowcount > 0


def add_key(connection: sqlite3.Connection, row: KeyRow) -> None:
    """Keep a new key."""
    connection.execute(
        "INSERT INTO api_key VALUES (?, ?, ?, ?, ?, ?, NULL)",
        [row.prefix, row.handle, row.digest, row.purpose, ticks(row.made_at), _ticks(row.ends_at)],
    )


def key(connection: sqlite3.Connection, prefix: str) -> KeyRow | None:
    """A key by its name; None: there is none."""
    row = connection.execute("SELECT * FROM api_key WHERE prefix = ?", [prefix]).fetchone()
    return None if row is None else _key(row)


def keys(connection: sqlite3.Connection) -> list[KeyRow]:
    """All keys, by whose they are."""
    return [_key(row) for row in connection.execute("SELECT * FROM api_key ORDER BY handle, made_at, prefix")]


def revoke(connection: sqlite3.Connection, prefix: str, now: datetime) -> bool:
    """End a key; whether there was one that had not ended."""
    done = connection.execute(
        "UPDATE api_key SET revoked_at = ? WHERE prefix = ? AND revoked_at IS NULL", [ticks(now), prefix]
    )
    return done.rowcount > 0


def open_session(connection: sqlite3.Connection, digest: bytes, handle: str, ends_at: datetime, now: datetime) -> None:
    """Begin a session; those that have ended are forgotten."""
    connection.execute("DELETE FROM session WHERE ends_at <= ?", [ticks(now)])
    connection.execute("INSERT INTO session VALUES (?, ?, ?)", [digest, handle, ticks(ends_at)])


def session(connection: sqlite3.Connection, digest: bytes, now: datetime) -> str | None:
    """Whose session it is; None: it has ended, or never was."""
    row = connection.execute(
        "SELECT handle FROM session WHERE digest = ? AND ends_at > ?", [digest, ticks(now)]
    ).fetchone()
    return None if row is None else row["handle"]


def close_session(connection: sqlite3.Connection, digest: bytes) -> None:
    """End a session."""
    connection.execute("DELETE FROM session WHERE digest = ?", [digest])


def close_sessions(connection: sqlite3.Connection, handle: str) -> int:
    """End all sessions of somebody; how many there were."""
    return connection.execute("DELETE FROM session WHERE handle = ?", [handle]).rowcount


def sessions(connection: sqlite3.Connection, handle: str, now: datetime) -> int:
    """With how many browsers somebody is signed in."""
    row = connection.execute("SELECT count(*) FROM session WHERE handle = ? AND ends_at > ?", [handle, ticks(now)])
    return int(row.fetchone()[0])


def _account(row: sqlite3.Row) -> AccountRow:
    return AccountRow(
        handle=row["handle"],
        role=row["role"],
        security=bool(row["security"]),
        password=row["password"],
        made_at=moment_of(row["made_at"]),
    )


def _key(row: sqlite3.Row) -> KeyRow:
    return KeyRow(
        prefix=row["prefix"],
        handle=row["handle"],
        digest=row["digest"],
        purpose=row["purpose"],
        made_at=moment_of(row["made_at"]),
        ends_at=None if row["ends_at"] is None else moment_of(row["ends_at"]),
        revoked_at=None if row["revoked_at"] is None else moment_of(row["revoked_at"]),
    )


def _ticks(moment: datetime | None) -> int | None:
    return None if moment is None else ticks(moment)
