"""Removing backups that are old, and the log that no backup needs; never the last good backup."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from actinf.errors import SettingError
from actinf.upkeep.backup.archive import Archive, Backup, removed
from actinf.upkeep.backup.wal import lsn_of, segment_number

__all__ = ["Keep", "Removal", "prune", "removal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """What is kept.

    Attributes:
        days: good backups that are younger.
        count: so many of the newest good ones, however old; at least 1.
    """

    days: float
    count: int

    def __post_init__(self) -> None:
        if self.days < 0 or self.count < 1:
            raise SettingError(
                f"days={self.days:g} and count={self.count} are no retention: expected 0 days or more, and 1 backup or "
                "more, for the last good one is never removed"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What goes.

    Attributes:
        backups: the oldest first.
        wal: names of files of the log.
    """

    backups: tuple[Backup, ...]
    wal: tuple[str, ...]


def removal(archive: Archive, keep: Keep, now: datetime) -> Removal:
    """What would be removed.

    A backup that is damaged or was broken off goes once there is a good one that is younger: until then it may be the
    best that there is.  Of those that never counted, one a night where nights fail, the newest alone may be.  Of the
    log goes what is older than the start of the oldest good backup that is kept, on whatever timeline; without any good
    backup, nothing.

    Raises:
        BackupError: the manifest of a good backup cannot be read.
    """
    good = archive.good_backups()
    never_counted = [backup for backup in archive.backups() if not backup.verified_file.exists()]
    if not good:
        return Removal(backups=tuple(never_counted[:-1]), wal=())
    youngest = {backup.name for backup in good[-keep.count :]}
    too_old = (now.astimezone(UTC) - timedelta(days=keep.days)).strftime("%Y%m%dT%H%M%SZ")
    old = [backup for backup in good if backup.name not in youngest and backup.name < too_old]
    bad = [backup for backup in archive.backups() if not backup.is_good and backup.name < good[-1].name]
    going = {backup.name for backup in [*old, *bad, *never_counted[:-1]]}
    kept = [backup.manifest() for backup in good if backup.name not in going]
    first = min(lsn_of(manifest.start_lsn) // manifest.wal_segment_bytes for manifest in kept)
    wal = []
    for file in sorted(archive.wal.iterdir()):
        number = segment_number(file.name, kept[0].wal_segment_bytes)
        if number is not None and number < first:
            wal.append(file.name)
    return Removal(backups=tuple(backup for backup in archive.backups() if backup.name in going), wal=tuple(wal))


def prune(archive: Archive, keep: Keep) -> Removal:
    """Remove what `removal` says; the archive is locked by the caller.

    Raises:
        BackupError: the manifest of a good backup cannot be read.
        OSError: something cannot be removed.
    """
    going = removal(archive, keep, datetime.now(UTC))
    # Backups first: the log of one that is still there is there as well, whatever interrupts this.
    for backup in going.backups:
        removed(backup.folder)
    for name in going.wal:
        (archive.wal / name).unlink()
    return going
