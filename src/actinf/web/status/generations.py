"""The files of a site, held in memory and looked after on the disk.

What is served is one generation of the site, all of it: whoever asks for a page and then for its style gets both of
the same.  A disk that hangs or lost the folder takes nothing from what was read, and no address leads to a file that
is not of the site.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MOST_BYTES", "Generation", "Page", "Site"]

_LOG = logging.getLogger(__name__)

#: Of all files of a site; one that is larger is not taken.
MOST_BYTES = 64 * 2**20
_MOST_FILES = 20_000
_EVERY = 0.5
_TYPES = {
    ".atom": "application/atom+xml",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".json": "application/json",
    ".png": "image/png",
    ".rss": "application/rss+xml",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml; charset=utf-8",
}
_TYPES_OF_FEEDS = {
    "rss.xml": "application/rss+xml; charset=utf-8",
    "atom.xml": "application/atom+xml; charset=utf-8",
    "feed.json": "application/feed+json",
}
_PROBES = ("", "index.html", "status.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A file of the site.

    Attributes:
        body: its bytes.
        etag: names its content.
        modified: when it was written, seconds since 1970.
        media_type: what it is.
    """

    body: bytes
    etag: str
    modified: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Generation:
    """All files of the site at one time.

    Attributes:
        pages: by their path in the folder.
    """

    pages: Mapping[str, Page]


class Site:
    """A folder, looked at twice a second by a thread of its own.

    Args:
        folder: of the site, or a link to it; it need not be there yet.
        changed: called, by that thread, when another generation is there.
    """

    def __init__(self, folder: Path, changed: Callable[[], None] = lambda: None):
        self.folder = folder
        self.current: Generation | None = None
        self.trouble = ""
        self._changed = changed
        self._looked_at = time.monotonic()
        self._seen: object = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="site", daemon=True)

    def start(self) -> None:
        """Look at it, and go on doing so."""
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ending.set()
        self._thread.join(1.0)

    @property
    def seconds_unseen(self) -> float:
        """How long ago the folder was looked at: long, where the disk hangs."""
        return time.monotonic() - self._looked_at

    def look(self) -> None:
        """Read the site, where it is not the one that was read; what was read stays where it cannot be."""
        try:
            folder = self.folder.resolve(strict=True)
            seen = (folder, *(_mark(folder / name) for name in _PROBES))
            if seen != self._seen:
                read = _read(folder)
                # A folder that was replaced while it was read is read again: its successor is there already.
                if seen != (self.folder.resolve(strict=True), *(_mark(folder / name) for name in _PROBES)):
                    return
                if not read.pages:
                    raise FileNotFoundError(2, "it has no files", str(folder))
                self.current, self._seen = read, seen
                self._tell("")
                self._changed()
            else:
                self._tell("")
        except OSError as error:
            self._tell(f"the site {self.folder} cannot be read: {error.strerror}")
        finally:
            self._looked_at = time.monotonic()

    def _run(self) -> None:
        while not self._ending.wait(_EVERY):
            try:
                self.look()
            except Exception:  # noqa: BLE001 -- the edge of a thread: what was read is served on
                _LOG.exception("the site could not be looked at")

    def _tell(self, trouble: str) -> None:
        if trouble != self.trouble and trouble and self.current is not None:
            _LOG.warning("%s; what was read before is served", trouble)
        self.trouble = trouble


def _mark(path: Path) -> tuple[int, int, int] | None:
    """What changes where a file does."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _read(folder: Path) -> Generation:
    """All files of a folder: no links, nothing that is no file, and no more than there is room for."""
    pages: dict[str, Page] = {}
    room = MOST_BYTES
    for place, _, names in os.walk(folder, followlinks=False):
        for name in sorted(names):
            path = Path(place) / name
            relative = path.relative_to(folder).as_posix()
            if any(part.startswith(".") for part in relative.split("/")) or len(pages) >= _MOST_FILES:
                continue
            page = _page(path, room)
            if page is not None:
                pages[relative] = page
                room -= len(page.body)
    return Generation(pages)


def _page(path: Path, room: int) -> Page | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        _LOG.warning("%s is not served: %s", path, error.strerror)
        return None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return None
        if status.st_size > room:
            _LOG.warning("%s is not served: the site has more than %d MiB", path, MOST_BYTES // 2**20)
            return None
        body = file.read(room)
    media_type = _TYPES_OF_FEEDS.get(path.name) or _TYPES.get(path.suffix.lower(), "application/octet-stream")
    etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    return Page(body=body, etag=etag, modified=int(status.st_mtime), media_type=media_type)
