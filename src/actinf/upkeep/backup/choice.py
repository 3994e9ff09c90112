"""Which backup is restored, and how far the log is followed from there."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from actinf.errors import BackupError, SettingError
from actinf.upkeep.backup.archive import Archive, Backup
from actinf.upkeep.backup.manifest import Manifest
from actinf.upkeep.backup.past import Restore, living_timeline
from actinf.upkeep.backup.wal import Timeline, history_of, lsn_of

__all__ = ["AtTime", "Choice", "Named", "Newest", "Plan", "planned"]

#: What was acknowledged so long before the chosen moment is there.
AT_MOST_LOST = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Newest:
    """As far as the log goes: the least is lost."""

    def __str__(self) -> str:
        return "the newest state that there is"


@dataclass(frozen=True, slots=True)
class AtTime:
    """The state of a moment.

    Attributes:
        moment: with its time zone.
    """

    moment: datetime

    def __post_init__(self) -> None:
        if self.moment.tzinfo is None:
            raise SettingError(f"{self.moment} has no time zone: write 2026-08-01T12:00:00Z, or …+02:00")
        if self.moment > datetime.now(UTC):
            raise SettingError(f"{self.moment.isoformat()} is still to come: give a moment that is past")

    def __str__(self) -> str:
        return f"the state of {self.moment.astimezone(UTC).isoformat()}"


@dataclass(frozen=True, slots=True)
class Named:
    """A backup as it is, and nothing that came after it.

    Attributes:
        name: of the backup.
    """

    name: str

    def __str__(self) -> str:
        return f"the backup {self.name} as it is"


Choice = Newest | AtTime | Named


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is restored.

    Attributes:
        backup: the backup to start from.
        timeline: that the log is followed on.
        choice: what was asked for.
    """

    backup: Backup
    timeline: Timeline
    choice: Choice


def planned(archive: Archive, choice: Choice, restores: list[Restore]) -> Plan:
    """Choose the backup.

    Args:
        archive: where it is.
        choice: what is asked for.
        restores: those that led to the data that is in use, the oldest first.

    Raises:
        BackupError: there is none for that.
    """
    if isinstance(choice, Named):
        backup = archive.backup(choice.name)
        if not backup.is_good:
            raise BackupError(f"the backup {backup.name} is not restored: it is {backup.state}")
        return Plan(backup=backup, timeline=history_of(backup.manifest().timeline, archive.wal), choice=choice)
    moment = choice.moment if isinstance(choice, AtTime) else None
    good = [(backup, backup.manifest()) for backup in archive.good_backups()]
    if not good:
        states = "; ".join(f"{backup.name} is {backup.state}" for backup in archive.backups()) or "there is none at all"
        raise BackupError(f"no backup in {archive.root} may be restored: {states}")
    number = living_timeline(restores, moment, otherwise=good[-1][1].timeline)
    timeline = history_of(number, archive.wal)
    fitting = [backup for backup, manifest in good if _leads_to(manifest, timeline, moment)]
    if not fitting:
        raise BackupError(
            f"no good backup leads to {choice}: the oldest is of {good[0][1].taken_at}, the newest of "
            f"{good[-1][1].taken_at}"
        )
    return Plan(backup=fitting[-1], timeline=timeline, choice=choice)


def _leads_to(manifest: Manifest, timeline: Timeline, moment: datetime | None) -> bool:
    early_enough = moment is None or datetime.fromisoformat(manifest.taken_at) <= moment
    return early_enough and timeline.passes(manifest.timeline, lsn_of(manifest.consistent_lsn))
