"""Files that are kept as evidence: copied beside the store, with their SHA-256, and never changed there."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from actinf.errors import SettingError, StoreError
from actinf.responder.channels.neutral import line
from actinf.responder.desk import Desk
from actinf.responder.documents import event_document
from actinf.responder.incident import decisions

__all__ = ["Kept", "folder_of", "kept_copy", "kept_stream", "written_down"]

_AT_ONCE = 1 << 20
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file as it is kept.

    Attributes:
        name: in the folder of its incident.
        sha256: of its content, 64 hexadecimal digits.
        size: bytes.
        path: where it is.
    """

    name: str
    sha256: str
    size: int
    path: Path


def folder_of(store: Path, incident: str) -> Path:
    """Where the evidence of an incident is kept."""
    return store / "evidence" / incident


def kept_copy(file: Path, store: Path, incident: str) -> Kept:
    """Copy a file to the evidence of an incident.

    Args:
        file: what is copied; it stays where it is.
        store: the folder of the store.
        incident: the incident's id, of one that exists.

    Raises:
        SettingError: it is no file that can be read.
        StoreError: there is no room for it.
    """
    if not file.is_file():
        raise SettingError(f"{file} is {'a folder' if file.is_dir() else 'not there'}: expected a file")
    try:
        with file.open("rb") as content:
            return kept_stream(content, file.name, store, incident)
    except PermissionError as error:
        raise SettingError(f"{file} cannot be read: {error.strerror}") from None


def kept_stream(content: IO[bytes], name: str, store: Path, incident: str) -> Kept:
    """As `kept_copy`, of what is read from a stream, under a name that whoever sends it chose."""
    folder = folder_of(store, incident)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(prefix=".kept-", dir=folder)  # with rights for its owner alone
    except OSError as error:
        raise StoreError(f"evidence cannot be kept in {folder}: {error.strerror}") from None
    try:
        digest, size = hashlib.sha256(), 0
        with os.fdopen(handle, "wb") as copy:
            while part := content.read(_AT_ONCE):
                digest.update(part)
                copy.write(part)
                size += len(part)
            copy.flush()
            os.fsync(copy.fileno())
        Path(beside).chmod(0o400)
        path = _placed(Path(beside), folder, _file_name(name), digest.hexdigest())
    except OSError as error:
        raise StoreError(f"evidence cannot be kept in {folder}: {error.strerror}") from None
    finally:
        Path(beside).unlink(missing_ok=True)
    return Kept(name=path.name, sha256=digest.hexdigest(), size=size, path=path)


def written_down(desk: Desk, incident: str, kept: Kept, *, source: str, custody: str, by: str) -> dict[str, Any]:
    """Let a file that is kept stand on the timeline; the event, as a document.

    Args:
        desk: of the store beside which it is kept.
        incident: the incident's id.
        kept: the file.
        source: where it comes from.
        custody: who has it, and why.
        by: the handle of who took it.
    """
    events = decisions.keep_evidence(name=kept.name, sha256=kept.sha256, size=kept.size, source=source, custody=custody)
    after = desk.act(incident, lambda _: events, by=by)
    return event_document(desk.timeline(incident)[after.number - 1])


def _placed(copy: Path, folder: Path, name: str, sha256: str) -> Path:
    """Give a copy its name; where that is taken by another content, one with a number."""
    stem, suffix = Path(name).stem, Path(name).suffix
    number = 1
    while True:
        path = folder / (name if number == 1 else f"{stem}-{number}{suffix}")
        try:
            os.link(copy, path)
        except FileExistsError:
            with path.open("rb") as held:
                if hashlib.file_digest(held, "sha256").hexdigest() == sha256:
                    return path
            number += 1
        else:
            return path


def _file_name(name: str) -> str:
    """One part of a path, whatever was sent."""
    plain = line(name.replace("\\", "/").rpartition("/")[2].replace("\0", ""), _LONGEST_NAME).lstrip(".").strip()
    return plain or "file"
