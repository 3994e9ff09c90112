"""Files that are kept as evidence: copied beside the store, with their SHA-256, and never changed there."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from actinf.errors import EvidenceAltered, SettingError, StoreError
from actinf.responder.channels.neutral import line
from actinf.responder.desk import Desk
from actinf.responder.documents import event_document, evidence_document
from actinf.responder.incident import decisions
from actinf.responder.incident.event import ERASED, Event
from actinf.responder.incident.state import Evidence, Incident
from actinf.runtime.durable_files import synced_folder

__all__ = [
    "Kept",
    "content_of",
    "digest_of",
    "folder_of",
    "kept_copy",
    "kept_stream",
    "listed",
    "path_in",
    "removed",
    "save",
    "state_of",
    "written_down",
]

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
        # Before the timeline says that it is there, the disk has its name, too, and those of new folders.
        for one in (folder, folder.parent, store):
            synced_folder(one)
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


def removed(desk: Desk, incident: str, evidence: str, reason: str, *, by: str) -> Incident:
    """Delete a file of evidence, and write that down first; the incident as it stands afterwards.

    Raises:
        NoSuchEvidence: there is none of that name or SHA-256.
        StoreError: it is written down, and the file cannot be deleted.
    """
    path: Path | None = None

    def events(before: Incident) -> tuple[Event, ...]:
        nonlocal path
        path = path_in(folder_of(desk.store.folder, incident), decisions.the_evidence(before, evidence))
        return decisions.remove_evidence(before, evidence, reason)

    after = desk.act(incident, events, by=by)
    try:
        if path is not None:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path} stays, and cannot be deleted ({error.strerror}): delete it by hand") from None
    return after


def path_in(folder: Path, held: Evidence) -> Path | None:
    """Where a file of evidence is in the folder of its incident; None: it is gone.

    Whether it is what was taken is not looked at.
    """
    path = folder / held.name
    if held.name == Path(held.name).name and _is_file(path):
        return path
    if held.name != ERASED or not folder.is_dir():
        return None
    # Its name was erased: its content tells which it is.
    return next((one for one in sorted(folder.iterdir()) if _is_file(one) and digest_of(one) == held.sha256), None)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@contextmanager
def content_of(store: Path, incident: str, held: Evidence) -> Iterator[IO[bytes]]:
    """A file of evidence, opened, once it was found to be what was taken.

    Raises:
        EvidenceAltered: it is gone, or is not what was taken.
    """
    path = path_in(folder_of(store, incident), held)
    if path is None:
        raise EvidenceAltered(
            f"{held.name} of {incident} is gone from {folder_of(store, incident)}: put back the file whose SHA-256 is "
            f"{held.sha256}, from a backup"
        )
    try:
        content = path.open("rb")
    except OSError as error:
        raise EvidenceAltered(f"{held.name} of {incident} cannot be read from {path}: {error.strerror}") from None
    with content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != held.sha256:
            raise EvidenceAltered(
                f"{held.name} of {incident} is not what was taken: its SHA-256 is {found}, expected {held.sha256}; put "
                "back the one from a backup"
            )
        content.seek(0)
        yield content


def state_of(store: Path, incident: str, held: Evidence) -> str:
    """How a file of evidence stands, all of it read: "intact", "missing", "altered" or "removed"."""
    if held.removed_at is not None:
        return "removed"
    if path_in(folder_of(store, incident), held) is None:
        return "missing"
    try:
        with content_of(store, incident, held):
            return "intact"
    except EvidenceAltered:
        return "altered"


def listed(store: Path, incident: Incident, *, look: bool = False, only: str = "") -> list[dict[str, Any]]:
    """The files of evidence of an incident, as documents with a `state`.

    Args:
        store: the folder of the store.
        incident: as it stands.
        look: read each; else the state is None.
        only: the name, or the beginning of the SHA-256, of the one that is wanted; empty: all.

    Raises:
        NoSuchEvidence: there is none that `only` means.
    """
    wanted = (decisions.the_evidence(incident, only),) if only else incident.evidence
    return [
        {**evidence_document(held), "state": state_of(store, incident.id, held) if look else None} for held in wanted
    ]


def save(parts: Iterable[bytes], target: Path, sha256: str) -> None:
    """Write what arrives into a new file, which is there only where all of it is what was taken.

    Args:
        parts: the content.
        target: a file that is not there yet.
        sha256: of the content.

    Raises:
        SettingError: the file is there, or cannot be written.
        EvidenceAltered: it did not arrive as it was taken.
    """
    if os.path.lexists(target):
        raise SettingError(f"{target} is there already: evidence replaces nothing; give another file with --to")
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    digest = hashlib.sha256()
    try:
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            for part in parts:
                digest.update(part)
                file.write(part)
        if digest.hexdigest() != sha256:
            raise EvidenceAltered(
                f"it arrived with the SHA-256 {digest.hexdigest()}, expected {sha256}: fetch it again"
            )
        partial.rename(target)
    except OSError as error:
        raise SettingError(f"{target} cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


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
