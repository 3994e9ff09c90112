"""What others are told of the backups: Prometheus by a file, the cluster by an object."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from actinf.errors import BackupError
from actinf.runtime.durable_files import written
from actinf.runtime.server_account import ServerAccount
from actinf.upkeep.backup.archive import Archive

__all__ = ["latest_status", "write_metrics"]

_STATES = ("good", "damaged", "unfinished")


def latest_status(archive: Archive) -> Mapping[str, Any] | None:
    """What the object `latest-backup` says: the newest good backup; without any, the newest; None: there is none.

    A backup whose manifest cannot be read has a name and nothing else to say.
    """
    backup = next(reversed([*archive.backups()[-1:], *archive.good_backups()]), None)
    if backup is None:
        return None
    status: dict[str, Any] = {"name": backup.name, "verified": backup.is_good, "state": backup.state}
    try:
        manifest = backup.manifest()
    except BackupError:
        return status
    status |= {
        "takenAt": manifest.taken_at,
        "sizeBytes": manifest.bytes.size,
        "sha256": manifest.bytes.sha256,
        "manifest": manifest.text(),
    }
    if backup.verified_at is not None:
        status["verifiedRestoreAt"] = backup.verified_at
    return status


def write_metrics(archive: Archive, account: ServerAccount) -> None:
    """Write how the backups stand, in Prometheus' text form, for the adapter beside the database to serve."""
    backups = archive.backups()
    lines = [
        "# HELP actinf_backups Backups in the archive, by state.",
        "# TYPE actinf_backups gauge",
    ]
    states = [backup.state.partition(":")[0] for backup in backups]
    lines += [f'actinf_backups{{state="{state}"}} {states.count(state)}' for state in _STATES]
    good = [backup for backup in backups if backup.is_good]
    if good:
        manifest = good[-1].manifest()
        verified = max(backup.verified_at or "" for backup in good)
        lines += _gauge(
            "actinf_backup_last_success_timestamp_seconds",
            "The moment whose state the newest good backup holds.",
            _seconds(manifest.taken_at),
        )
        lines += _gauge(
            "actinf_backup_last_verified_timestamp_seconds",
            "When a backup was last restored and compared.",
            _seconds(verified) if verified else 0.0,
        )
        lines += _gauge("actinf_backup_last_size_bytes", "Size of the newest good backup.", float(manifest.bytes.size))
    written(archive.metrics_file, "\n".join(lines) + "\n", account)


def _gauge(name: str, meaning: str, value: float) -> list[str]:
    return [f"# HELP {name} {meaning}", f"# TYPE {name} gauge", f"{name} {value:.3f}"]


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
