"""The folder that backups and the write-ahead log are kept in.

    base/20260801T030000Z/base/          a copy of the server's files, with the log that makes it consistent
    base/20260801T030000Z/manifest.json  what it holds
    base/20260801T030000Z/VERIFIED       it was restored and compared: it counts
    base/20260801T030000Z/DAMAGED        it was, and differed: what was found
    wal/                                 every finished file of the log
    restores/                            what was done by each restore, and a log of each that was tried
    scratch/                             where backups are restored to be compared
    metrics.prom                         for Prometheus

What has neither mark was broken off, or is being taken.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from actinf.errors import BackupError, SettingError
from actinf.runtime.durable_files import made_folder
from actinf.runtime.server_account import ServerAccount, account_for
from actinf.upkeep.backup.manifest import Manifest

__all__ = ["Archive", "Backup", "account_in", "now_as_name", "refuse_lack_of_room", "removed", "swept"]

_NAME = re.compile(r"\d{8}T\d{6}Z")
_GOING = ".removed-"  # before the name of what is being removed
# What a disk keeps free, bytes, on a small one a tenth of it: the server that works on it must not stop for our sake.
_AT_LEAST_FREE = 2**30


def account_in(volume: Path, *folders: Path) -> ServerAccount:
    """The account that works in a volume: the owner of the first folder that is there.

    A volume itself often belongs to root, who lets a group write into it: what is made in it belongs to who makes it.

    Args:
        volume: the folder that others are in.
        folders: in it, which may be there.

    Raises:
        DatabaseError: one belongs to somebody else than this process, which is not root.
    """
    there = next((folder for folder in folders if folder.is_dir()), None)
    if there is not None:
        return account_for(there)
    return account_for(volume if os.geteuid() == 0 else volume / "what is not there yet")


def now_as_name() -> str:
    """The time as backups are named, in UTC: names sort as times do."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """The folder of one backup, and the marks in it.

    Attributes:
        folder: `base/NAME`.
    """

    folder: Path

    @property
    def name(self) -> str:
        """When it was begun, in UTC."""
        return self.folder.name

    @property
    def base(self) -> Path:
        """The copy of the server's files."""
        return self.folder / "base"

    @property
    def manifest_file(self) -> Path:
        """Where its manifest is."""
        return self.folder / "manifest.json"

    @property
    def verified_file(self) -> Path:
        """The mark of one that counts."""
        return self.folder / "VERIFIED"

    @property
    def damaged_file(self) -> Path:
        """The mark of one that was found wanting."""
        return self.folder / "DAMAGED"

    @property
    def is_good(self) -> bool:
        """Whether it was restored and compared, and nothing was found since."""
        return self.state == "good"

    @property
    def state(self) -> str:
        """Whether it counts, and if not, why, in one line."""
        if self.damaged_file.exists():
            said = self.damaged_file.read_text(encoding="utf-8", errors="replace").strip()
            return "damaged: " + (said.splitlines() or ["no reason was written down"])[0]
        if not self.verified_file.exists():
            return "unfinished: it was never verified"
        return "good" if self.has_its_manifest else "damaged: its manifest is not the one that was verified"

    @property
    def verified_at(self) -> str | None:
        """When it was last restored and compared, in ISO 8601; None: never."""
        try:
            said = json.loads(self.verified_file.read_text(encoding="utf-8"))
            return str(said["verified_restore_at"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @property
    def has_its_manifest(self) -> bool:
        """Whether its manifest is, to the byte, the one that was verified."""
        try:
            said = json.loads(self.verified_file.read_text(encoding="utf-8"))
            return bool(said["manifest_sha256"] == self.manifest_sha256())
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def manifest_sha256(self) -> str:
        """Of the file of its manifest.

        Raises:
            OSError: it cannot be read.
        """
        return hashlib.sha256(self.manifest_file.read_bytes()).hexdigest()

    def manifest(self) -> Manifest:
        """What it holds.

        Raises:
            BackupError: that is not to be read.
        """
        return Manifest.read(self.manifest_file)


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The folder, and what is in it.

    Attributes:
        root: the folder.
    """

    root: Path

    @property
    def wal(self) -> Path:
        """The files of the log."""
        return self.root / "wal"

    @property
    def restores(self) -> Path:
        """What was restored when."""
        return self.root / "restores"

    @property
    def scratch(self) -> Path:
        """Where backups are restored to be compared."""
        return self.root / "scratch"

    @property
    def metrics_file(self) -> Path:
        """What Prometheus is told."""
        return self.root / "metrics.prom"

    def prepared(self) -> ServerAccount:
        """Make what is missing of the folder; returns the account that works in it.

        Raises:
            SettingError: there is no such folder, or it cannot be written.
            DatabaseError: it belongs to somebody else.
        """
        if not self.root.is_dir():
            raise SettingError(
                f"the archive {self.root} is no folder: name the one that the server archives to (--archive, or "
                "ACTINF_POSTGRES_ARCHIVE)"
            )
        base = self.root / "base"
        account = account_in(self.root, base, self.wal)
        try:
            for folder in (base, self.wal, self.restores, self.scratch):
                made_folder(folder, account)
        except OSError as error:
            raise SettingError(f"the archive {self.root} cannot be written: {error.strerror}") from None
        return account

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else takes, verifies, restores or removes backups meanwhile.

        What somebody began to remove and did not end is removed first.

        Raises:
            BackupError: somebody does.
        """
        with (self.root / "lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupError(
                    f"another `actinf backup` works in {self.root}: wait until it has ended, and try again"
                ) from None
            for folder in (self.root / "base", self.scratch):
                swept(folder)
            yield

    def backups(self) -> list[Backup]:
        """All backups, the oldest first, finished or not."""
        folder = self.root / "base"
        if not folder.is_dir():
            return []
        names = sorted(entry.name for entry in folder.iterdir() if _NAME.fullmatch(entry.name) and entry.is_dir())
        return [Backup(folder=folder / name) for name in names]

    def good_backups(self) -> list[Backup]:
        """Those that count, the oldest first."""
        return [backup for backup in self.backups() if backup.is_good]

    def backup(self, name: str) -> Backup:
        """The backup of that name.

        Raises:
            BackupError: there is none.
        """
        found = next((backup for backup in self.backups() if backup.name == name), None)
        if found is None:
            known = ", ".join(backup.name for backup in self.backups()[-5:]) or "none"
            raise BackupError(f"there is no backup {name!r} in {self.root}; the newest are: {known}")
        return found

    def new_backup(self, account: ServerAccount) -> Backup:
        """The folder of a backup that begins now.

        Raises:
            BackupError: one began in the same second.
        """
        backup = Backup(folder=self.root / "base" / now_as_name())
        if backup.folder.exists():
            raise BackupError(f"the backup {backup.name} began this very second: try again")
        made_folder(backup.folder, account)
        return backup


def refuse_lack_of_room(folder: Path, needed: int, what: str) -> None:
    """Raise BackupError where a disk could not take what is to come.

    Args:
        folder: on that disk.
        needed: bytes.
        what: is to be written there, for the message.
    """
    disk = shutil.disk_usage(folder)
    kept = min(_AT_LEAST_FREE, disk.total // 10)
    if disk.free < needed + kept:
        raise BackupError(
            f"{what} needs {needed / 2**20:,.0f} MiB, and {kept / 2**20:,.0f} MiB are left to the server that works, "
            f"but the disk of {folder} has {disk.free / 2**20:,.0f} MiB free: make room (actinf backup prune, actinf "
            "backup discard), or give it a larger disk"
        )


def removed(folder: Path) -> None:
    """Remove a folder with all that is in it, its name first, so that half of it is never taken for the whole."""
    if folder.exists():
        going = folder.with_name(f"{_GOING}{folder.name}-{os.getpid()}")
        folder.rename(going)
        shutil.rmtree(going)


def swept(folder: Path) -> None:
    """Remove what `removed` was interrupted at; the caller sees to it that nobody removes anything there now."""
    if folder.is_dir():
        for left in folder.glob(f"{_GOING}*"):
            shutil.rmtree(left)
