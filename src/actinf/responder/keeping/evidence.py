"""Files of evidence of a whole store: copied beside its backup, brought back with it, and held against the timelines.

Beside `FILE` they are in `FILE.evidence/INCIDENT/NAME`.  A file never changes, so what a backup before in the same
folder has is linked and not copied again; it is no link to the store's own file, which somebody may write to.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from actinf.errors import StoreError
from actinf.responder.incident.events import EvidenceKept
from actinf.responder.incident.state import Evidence
from actinf.responder.record.evidence import digest_of, folder_of, path_in, state_of
from actinf.responder.store import incidents
from actinf.runtime.durable_files import synced_folder

__all__ = ["Copied", "Item", "bring_back", "copy", "evidence_beside", "items", "lacking", "wrong_in"]

_AT_ONCE = 1 << 20
_SUFFIX = ".evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file of evidence that has to be there."""

    incident: str
    held: Evidence

    def __str__(self) -> str:
        return f"{self.held.name} of {self.incident}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was copied.

    Attributes:
        files: how many are beside the backup.
        size: bytes of them.
        new: how many of them no backup in the same folder had.
    """

    files: int
    size: int
    new: int


def evidence_beside(file: Path) -> Path:
    """Where the evidence of a backup is, if there is any."""
    return file.with_name(f"{file.name}{_SUFFIX}")


def items(connection: sqlite3.Connection) -> list[Item]:
    """The files of evidence that have to be there, by what the timelines say."""
    found = connection.execute(
        "SELECT DISTINCT incident FROM event WHERE kind = ? ORDER BY incident", [EvidenceKept.kind]
    )
    return [
        Item(incident=row[0], held=held)
        for row in found.fetchall()
        for held in incidents.incident(connection, row[0]).evidence
        if held.removed_at is None
    ]


def wrong_in(store: Path, wanted: Sequence[Item]) -> Iterator[str]:
    """What is wrong with the files of a store, a sentence each; all of them are read."""
    for item in wanted:
        state = state_of(store, item.incident, item.held)
        if state != "intact":
            yield f"evidence {item} is {state}: expected a file with the SHA-256 {item.held.sha256}"


def copy(store: Path, wanted: Sequence[Item], target: Path) -> Copied:
    """Copy the files of evidence; those that are there already, and are what was taken, are left.

    Args:
        store: the folder of the store.
        wanted: what has to be there.
        target: the folder beside the backup.

    Raises:
        StoreError: one is missing or altered; the others were copied.
        OSError: the target cannot be written.
    """
    before = [one for one in sorted(target.parent.glob(f"*{_SUFFIX}"), reverse=True) if one != target and one.is_dir()]
    wrong, size, new = [], 0, 0
    for item in wanted:
        source = path_in(folder_of(store, item.incident), item.held)
        if source is None or digest_of(source) != item.held.sha256:
            wrong.append(f"{item} is {'missing' if source is None else 'altered'}")
            continue
        place = Path(item.incident) / source.name
        size += item.held.size
        if _is_it(target / place, item.held):
            continue
        _make_room(target / place)
        if not any(_linked(one / place, target / place, item.held) for one in before):
            _copy(source, target / place, item.held.sha256)
            new += 1
        synced_folder((target / place).parent)
    if wrong:
        more = f", and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise StoreError(
            f"evidence is not what was taken, and there is no backup: {'; '.join(wrong[:5])}{more}. Put back what an "
            "earlier backup has, in FILE.evidence; what is to be gone: actinf incident evidence remove"
        )
    return Copied(files=len(wanted), size=size, new=new)


def lacking(store: Path, wanted: Sequence[Item], backup: Path) -> list[str]:
    """What neither the store nor the backup has as it was taken, a few words each."""
    return [
        str(item)
        for item in wanted
        if _good_in(folder_of(store, item.incident), item.held) is None
        and _good_in(backup / item.incident, item.held) is None
    ]


def bring_back(store: Path, wanted: Sequence[Item], backup: Path, aside: Path) -> int:
    """Copy from a backup what a store lacks; how many files.

    Args:
        store: the folder of the store.
        wanted: what has to be there; what the backup has not either is passed over.
        backup: the folder beside the backup.
        aside: where a file goes that stands in the way, and is not what was taken.
    """
    brought = 0
    for item in wanted:
        folder = folder_of(store, item.incident)
        source = _good_in(backup / item.incident, item.held)
        if source is None or _good_in(folder, item.held) is not None:
            continue
        target = folder / source.name
        if os.path.lexists(target):
            (aside / item.incident).mkdir(mode=0o700, parents=True, exist_ok=True)
            target.rename(aside / item.incident / target.name)
        _make_room(target)
        _copy(source, target, item.held.sha256)
        synced_folder(target.parent)
        brought += 1
    return brought


def _good_in(folder: Path, held: Evidence) -> Path | None:
    """Where a file is in the folder of its incident, as it was taken; None: it is not."""
    path = path_in(folder, held)
    return path if path is not None and _is_it(path, held) else None


def _is_it(path: Path, held: Evidence) -> bool:
    if path.is_symlink() or not path.is_file() or path.stat().st_size != held.size:
        return False
    return digest_of(path) == held.sha256


def _make_room(path: Path) -> None:
    path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.unlink(missing_ok=True)


def _linked(before: Path, target: Path, held: Evidence) -> bool:
    """Link to the copy of an earlier backup; False: it has none that is good, or the disk cannot."""
    if not _is_it(before, held):
        return False
    try:
        os.link(before, target)
    except OSError:
        return False
    return True


def _copy(source: Path, target: Path, sha256: str) -> None:
    partial, digest = target.with_name(f".{target.name[:100]}.partial"), hashlib.sha256()
    try:
        with (
            source.open("rb") as content,
            os.fdopen(os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as into,
        ):
            while part := content.read(_AT_ONCE):
                digest.update(part)
                into.write(part)
            into.flush()
            os.fsync(into.fileno())
        if digest.hexdigest() != sha256:
            raise StoreError(f"{source} changed while it was copied: look, actinf incident evidence verify")
        shutil.copystat(source, partial)
        partial.chmod(0o400)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
