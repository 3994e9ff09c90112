"""What can happen to the office: who may use the server, who is on call, what there is, and what is silenced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from actinf.responder.incident.event import Event, personal

__all__ = [
    "AccountRemoved",
    "AccountSet",
    "CatalogueSet",
    "KeyMade",
    "KeyRevoked",
    "PasswordSet",
    "ScheduleSet",
    "SilenceEnded",
    "SilenceMade",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSet(Event):
    """Somebody may use the server from now on, or may do something else there."""

    kind: ClassVar[str] = "account"
    handle: str = personal()
    role: str
    security: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordSet(Event):
    """An account has another password; `digest` is the SHA-256 of its hash."""

    kind: ClassVar[str] = "password"
    handle: str = personal()
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRemoved(Event):
    """An account ended, with its keys."""

    kind: ClassVar[str] = "account removed"
    handle: str = personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMade(Event):
    """An account has a key more; `digest` is its SHA-256."""

    kind: ClassVar[str] = "key"
    prefix: str
    handle: str = personal()
    digest: str
    purpose: str = personal()
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked(Event):
    """A key lets nobody in any more."""

    kind: ClassVar[str] = "key revoked"
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSet(Event):
    """Others are on call; `change` is "set" or a kind of exception, `digest` its SHA-256."""

    kind: ClassVar[str] = "schedule"
    change: str
    what: str = personal()
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueSet(Event):
    """The parts of the system have other names, kinds or duties; `digest` is the catalogue's SHA-256."""

    kind: ClassVar[str] = "catalogue"
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceMade(Event):
    """Alerts are kept from being told; `what` is "silence 3" or "maintenance 3", `when` in words."""

    kind: ClassVar[str] = "silenced"
    what: str
    matchers: tuple[str, ...]
    private: bool
    when: str
    text: str = personal()


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceEnded(Event):
    """A silence, or a window of maintenance, was ended by hand."""

    kind: ClassVar[str] = "silence ended"
    what: str
