"""Copies of the store, taken while it works, and put in its place again.

A copy counts as a backup once it was read back: whole, and what was written.  Restoring writes into the file that is
there, so that a command which has it open sees the restored store and not one that was moved away; what was there
before is kept in a folder beside.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from actinf.errors import SettingError, StoreError
from actinf.responder.incident.events import Erased
from actinf.responder.keeping import evidence
from actinf.responder.keeping.evidence import Copied
from actinf.responder.record.anchoring import SYSTEM, anchor_path, anchors_of
from actinf.responder.record.verification import RESTORED, Verdict, verify
from actinf.responder.store import notes
from actinf.responder.store.database import FILE, KEY, Store
from actinf.responder.store.lock import sole
from actinf.responder.store.sqlite_file import close_to_others
from actinf.runtime.anchor import Anchor, AnchorWriter
from actinf.runtime.chain import moment
from actinf.runtime.durable_files import synced_folder
from actinf.runtime.key_file import read_key_file

__all__ = ["Backup", "Restored", "back_up", "broken", "key_beside", "restore"]

_PATIENCE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that was read back.

    Attributes:
        path: of the file.
        key: of the key beside it; None: it was not asked for.
        size: bytes.
        verdict: what verifying it found: nothing wrong.
        evidence: what was copied of the files of evidence, into the folder `FILE.evidence`.
    """

    path: Path
    key: Path | None
    size: int
    verdict: Verdict
    evidence: Copied


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A store that was put in place.

    Attributes:
        verdict: what verifying it found.
        before: the folder with what was there before; None: there was nothing.
        lost: events that were in the store before and are not in this one; None: that one could not be read.
        erased: incidents whose texts were erased after the backup was taken, and are back.
        evidence: files of evidence that were brought back.
        lacking: files of evidence that neither the backup nor the store has as they were taken.
    """

    verdict: Verdict
    before: Path | None
    lost: int | None
    erased: tuple[str, ...]
    evidence: int
    lacking: tuple[str, ...]


def key_beside(file: Path) -> Path:
    """Where the key of a backup is, if it is beside it."""
    return file.with_name(f"{file.name}.key")


def broken(connection: sqlite3.Connection) -> list[str]:
    """What SQLite finds wrong with a store; nothing: it is whole."""
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
        found += [
            f"a row of {row[0]} belongs to no row of {row[2]}" for row in connection.execute("PRAGMA foreign_key_check")
        ]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [one for one in found if one != "ok"]


def back_up(store: Store, target: Path, *, with_key: bool) -> Backup:
    """Copy a store, as it is at one moment, while others write to it; it is there once it was read back.

    Args:
        store: what is copied.
        target: a file that is not there yet.
        with_key: whether the key goes beside it: who has both can read all and write any history.

    Files of evidence go into a folder beside it, `evidence_beside`: those that an attempt before has copied are there.

    Raises:
        SettingError: the file is there, or its folder is not.
        StoreError: it cannot be written, the store itself is not what was written, or a file of evidence is missing or
            altered.
    """
    key = key_beside(target) if with_key else None
    for path in (target, key):
        if path is not None and path.exists():
            raise SettingError(f"{path} is there already: a backup never replaces one; give another name")
    if not target.parent.is_dir():
        raise SettingError(f"there is no folder {target.parent} for the backup")
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        anchors = anchors_of(store.folder, store.key)  # before the copy: what they say is in it
        store.copy_to(partial)
        with closing(sqlite3.connect(partial)) as copy:
            copy.row_factory = sqlite3.Row
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, and none beside it
            wrong = broken(copy)
            verdict = verify(copy, store.key, anchors)
            kept = [] if wrong or not verdict.good else evidence.items(copy)
        wrong += map(str, verdict.wrong)
        if wrong:
            raise StoreError(f"the copy is not what was written, and so most likely the store is not: {wrong[0]}")
        copied = evidence.copy(store.folder, kept, evidence.evidence_beside(target))
        _synced(partial)
        if key is not None:
            _write_key(key, store.key)
        partial.replace(target)
        synced_folder(target.parent)
    except OSError as error:
        raise StoreError(f"the backup cannot be written to {target}: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)
    return Backup(path=target, key=key, size=target.stat().st_size, verdict=verdict, evidence=copied)


def restore(folder: Path, file: Path, now: datetime, *, without_evidence: bool = False) -> Restored:
    """Put a backup in the place of the store.

    Messages that it holds as not sent may have gone out after it was taken: they go out marked as possible duplicates.

    Args:
        folder: of the store.
        file: the backup, with its key beside it, or the key in the folder.
        now: the time.
        without_evidence: restore also where files of evidence are missing or altered.

    Raises:
        SettingError: there is no such file, or no key.
        StoreError: a server runs, or the backup is broken.
    """
    if not file.is_file():
        raise SettingError(f"there is no backup {file}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with sole(folder, patience=_PATIENCE) as mine:
        if not mine:
            raise StoreError(f"a server works with the store in {folder}: stop it before another is put in its place")
        try:
            return _restored(folder, file, now, without_evidence=without_evidence)
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{file} cannot be put in place: {error}") from None
        except OSError as error:
            raise StoreError(f"{file} cannot be put in place in {folder}: {error.strerror}") from None


def _restored(folder: Path, file: Path, now: datetime, *, without_evidence: bool) -> Restored:
    staging = folder / ".restoring"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    try:
        key = _key_of(folder, file)
        shutil.copyfile(file, staging / FILE)
        _write_key(staging / KEY, key)
        staged = Store(staging)  # brings it to this release
        try:
            with staged.reading() as connection:
                wrong = broken(connection)
                verdict = verify(connection, key, None)
                kept = [] if wrong or not verdict.good else evidence.items(connection)
            wrong += map(str, verdict.wrong)
            if wrong:
                raise StoreError(f"{file} is broken, and nothing was changed: {wrong[0]}")
            lacking = evidence.lacking(folder, kept, evidence.evidence_beside(file))
            if lacking and not without_evidence:
                raise StoreError(_without(file, lacking))
            before, is_readable = _put_aside(folder, now)
            aside = before if before is not None else _aside(folder, now)
            brought = evidence.bring_back(folder, kept, evidence.evidence_beside(file), aside / "evidence")
            lost, erased = _taken_over(staged, before if is_readable else None, file, now)
        finally:
            staged.close()
        _put_in_place(staging / FILE, folder / FILE)
        anchored = _agreed(folder, key, before)
        if not (folder / KEY).exists() or (folder / KEY).read_text("ascii").strip() != key.hex():
            (staging / KEY).replace(folder / KEY)
        _anchor_anew(folder, key, anchored, now)
        synced_folder(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Restored(verdict=verdict, before=before, lost=lost, erased=erased, evidence=brought, lacking=tuple(lacking))


def _without(file: Path, lacking: Sequence[str]) -> str:
    more = f", and {len(lacking) - 5} more" if len(lacking) > 5 else ""
    return (
        f"evidence is missing or altered in {evidence.evidence_beside(file)}, and nothing was changed: "
        f"{', '.join(lacking[:5])}{more}. Put that folder beside the backup, or restore --without-evidence"
    )


def _key_of(folder: Path, file: Path) -> bytes:
    beside = key_beside(file)
    return read_key_file(
        beside if beside.exists() else folder / KEY,
        needed_for="the timelines",
        missing=f"put responder.key of the store that was backed up there, or beside the backup as {beside.name}",
    )


def _put_aside(folder: Path, now: datetime) -> tuple[Path | None, bool]:
    """Keep what is there; where it is kept, and whether it can be read."""
    held = [path for path in (folder / FILE, folder / KEY, anchor_path(folder)) if path.exists()]
    if not held:
        return None, False
    aside = _aside(folder, now)
    aside.mkdir(mode=0o700)
    is_readable = (folder / FILE).exists()
    try:
        if is_readable:
            close_to_others(aside / FILE)
            with closing(sqlite3.connect(folder / FILE)) as old, closing(sqlite3.connect(aside / FILE)) as copy:
                old.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
                is_readable = not broken(copy)
    except sqlite3.DatabaseError:
        is_readable = False
    if not is_readable:
        for suffix in ("", "-wal", "-shm"):
            (aside / f"{FILE}{suffix}").unlink(missing_ok=True)
            if (folder / f"{FILE}{suffix}").exists():
                (folder / f"{FILE}{suffix}").rename(aside / f"{FILE}{suffix}")
    for path in held:
        if path.name != FILE:
            shutil.copy2(path, aside / path.name)
    synced_folder(folder)
    return aside, is_readable


def _aside(folder: Path, now: datetime) -> Path:
    return folder / f"before-restore-{now:%Y%m%dT%H%M%S%f}Z"


def _taken_over(staged: Store, before: Path | None, file: Path, now: datetime) -> tuple[int | None, tuple[str, ...]]:
    """Write down in the restored store that it was; what it lacks of the one before: events, and erasures."""
    lost, days, erased = None, [], []
    with staged.writing() as connection:
        head = connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0]
        if before is not None:
            with closing(sqlite3.connect(before / FILE)) as old:
                lost = max(0, old.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0] - head)
                days = old.execute("SELECT day, last FROM day").fetchall()
                erased = old.execute(
                    "SELECT DISTINCT incident FROM event WHERE kind = ? AND seq > ? ORDER BY incident",
                    [Erased.kind, head],
                ).fetchall()
        # A number that was given once names that incident for ever, also where it is only in mails and rooms by now.
        connection.executemany(
            "INSERT INTO day VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET last = max(last, excluded.last)",
            [tuple(one) for one in days],
        )
        connection.execute("UPDATE outbox SET perhaps_twice = 1 WHERE state IN ('waits', 'under way')")
        lacks = f", and lacks {lost} events of the store before" if lost else ""
        notes.put(connection, RESTORED, f"restored {now:%Y-%m-%d %H:%M} UTC from {file.name}{lacks}")
        known = {row["id"] for row in connection.execute("SELECT id FROM incident")}
    staged.settle()
    return lost, tuple(name for (name,) in erased if name in known)


def _put_in_place(copy: Path, target: Path) -> None:
    close_to_others(target)
    with closing(sqlite3.connect(copy)) as source, closing(sqlite3.connect(target, timeout=_PATIENCE)) as live:
        source.backup(live)
        live.execute("PRAGMA journal_mode = WAL")
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _synced(target)


def _agreed(folder: Path, key: bytes, before: Path | None) -> Anchor | None:
    """The last anchor with which the restored store agrees."""
    held = anchors_of(before, key) if before is not None else None
    with closing(sqlite3.connect(folder / FILE)) as connection:
        for anchor in reversed(held.anchors if held is not None else ()):
            row = connection.execute("SELECT mac FROM event WHERE seq = ?", [anchor.seq]).fetchone()
            if row is not None and row[0].hex() == anchor.mac:
                return anchor
    return None


def _anchor_anew(folder: Path, key: bytes, agreed: Anchor | None, now: datetime) -> None:
    """Begin new anchors, with the last with which the store agrees and one of its end; the old ones lie aside."""
    anchor_path(folder).unlink(missing_ok=True)
    with closing(sqlite3.connect(folder / FILE)) as connection:
        head = connection.execute("SELECT seq, mac FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    writer = AnchorWriter(anchor_path(folder), key, private=True)
    if not writer.open():
        return
    if agreed is not None:
        writer.write(agreed)
    if head is not None and (agreed is None or agreed.seq < head[0]):
        writer.write(Anchor(seq=head[0], mac=head[1].hex(), time=moment(now), system=SYSTEM, follows=True))
    writer.close()


def _write_key(path: Path, key: bytes) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())


def _synced(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
