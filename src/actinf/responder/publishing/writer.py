"""Writes the page whenever it says something else, and often enough that readers see it is alive."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from actinf.errors import PublishingError
from actinf.responder.publishing.page import PublicPage, page_document
from actinf.responder.publishing.reading import Reader
from actinf.responder.publishing.site import Site
from actinf.responder.store import notes, notices, works
from actinf.responder.store.database import Store, moment_of, ticks

__all__ = ["FRESH", "Render", "Writer", "Written", "known_since", "written"]

_LOG = logging.getLogger(__name__)

#: Makes files of a page: contents by relative paths.
Render = Callable[[PublicPage], Mapping[str, bytes]]

#: So often a server writes the page that says what it said before: an old one is one that nobody looks after.
FRESH = timedelta(seconds=60)
#: The note that says since when there is a page, and that of what was last written.
_SINCE, _WRITTEN = "status page since", "status page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was last done with the page.

    Attributes:
        digest: of what it says; empty: it was never written.
        erasures: how often something had been erased by then.
        at: when it was written last; None: never.
        trouble: why it could not be written since; empty: nothing was in the way.
    """

    digest: str = ""
    erasures: int = 0
    at: datetime | None = None
    trouble: str = ""


@dataclass(slots=True)
class Writer:
    """Writes the page; for one process at a time, and in it one thread.

    Attributes:
        store: from which it is read.
        clock: the time, UTC.
        reader: reads it.
        render: makes files of it.
        site: where they go.
        shown: is told how long it took from an update to the page that shows it.
        at: when this process wrote it last, in seconds since 1970; 0: it has not.
    """

    store: Store
    clock: Callable[[], datetime]
    reader: Reader
    render: Render
    site: Site
    shown: Callable[[timedelta], None] = lambda waited: None  # noqa: ARG005
    _looked: tuple[int, str] = (-1, "")
    _fresh_until: float = 0.0
    at: float = 0.0

    def once(self, *, keeps_fresh: bool = False) -> bool:
        """Write the page where it says something else than what was written.

        Args:
            keeps_fresh: also where it says the same, and was written a while ago.

        Returns:
            Whether it was written.

        Raises:
            PublishingError: it cannot be; that is noted, too.
        """
        is_stale = keeps_fresh and time.monotonic() >= self._fresh_until
        with self.store.reading() as connection:
            now = self.clock()
            span = f"{now:%Y-%m-%d} {works.next_turn(connection, now)} {self.reader.takes_subscriptions()}"
            looked = (notices.last_event(connection), span)
            if looked == self._looked and not is_stale:
                return False
            before, erasures = written(connection), notices.erasures(connection)
            since = known_since(connection)
            page = self.reader.page(connection, now=now, known_since=since or now)
        digest = _digest(page)
        is_new = digest != before.digest or erasures != before.erasures or bool(before.trouble)
        if is_new or is_stale or not self.site.link.exists():
            self._write(page, replace(before, digest=digest, erasures=erasures, at=now, trouble=""), before, since)
        self._looked = looked
        return is_new or is_stale

    def _write(self, page: PublicPage, after: Written, before: Written, since: datetime | None) -> None:
        try:
            self.site.write(self._rendered(page), forget=after.erasures != before.erasures)
        except PublishingError as error:
            if str(error) != before.trouble:
                _LOG.error("%s", error)
                with self.store.writing() as connection:
                    _note(connection, replace(before, trouble=str(error)))
            raise
        self.at = page.written_at.timestamp()
        self._fresh_until = time.monotonic() + FRESH.total_seconds()
        with self.store.writing() as connection:
            _note(connection, after)
            if since is None:
                notes.put(connection, _SINCE, str(ticks(page.written_at)))
        self._tell(page, before)

    def _rendered(self, page: PublicPage) -> Mapping[str, bytes]:
        try:
            return self.render(page)
        except Exception as error:  # noqa: BLE001 -- handed in from elsewhere: it must not stop an incident
            _LOG.exception("the status page could not be rendered")
            raise PublishingError(f"the status page cannot be rendered: {type(error).__name__}: {error}") from None

    def _tell(self, page: PublicPage, before: Written) -> None:
        for notice in (*page.current, *page.past):
            newest = notice.updates[0].at
            if before.at is not None and newest > before.at:
                self.shown(self.clock() - newest)


def written(connection: sqlite3.Connection) -> Written:
    """What was last done with the page."""
    noted = notes.get(connection, _WRITTEN)
    if noted is None:
        return Written()
    said = json.loads(noted)
    return Written(
        digest=said["digest"],
        erasures=said["erasures"],
        at=None if said["at"] is None else moment_of(said["at"]),
        trouble=said["trouble"],
    )


def _note(connection: sqlite3.Connection, done: Written) -> None:
    at = None if done.at is None else ticks(done.at)
    said = {"digest": done.digest, "erasures": done.erasures, "at": at, "trouble": done.trouble}
    notes.put(connection, _WRITTEN, json.dumps(said))


def known_since(connection: sqlite3.Connection) -> datetime | None:
    """Since when there is a page; None: it was never written."""
    noted = notes.get(connection, _SINCE)
    return None if noted is None else moment_of(int(noted))


def _digest(page: PublicPage) -> str:
    """Of what the page says; that time goes on makes no other page of it, but a new day does."""
    said = page_document(page)
    del said["written_at"]
    for one in said["components"]:
        del one["days"], one["uptime"]
    return hashlib.sha256(json.dumps([said, f"{page.written_at:%Y-%m-%d}"]).encode()).hexdigest()
