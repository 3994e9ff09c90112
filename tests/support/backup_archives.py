"""Archives of backups that were never taken: folders, manifests and marks."""

import json
from datetime import UTC, datetime
from pathlib import Path

from actinf.upkeep.backup.archive import Archive, Backup
from actinf.upkeep.backup.manifest import Bytes, Manifest, TableContent
from actinf.upkeep.backup.wal import lsn_text, segment_name

SEGMENT = 2**24


def empty_archive(folder: Path) -> Archive:
    """An archive without anything."""
    archive = Archive(root=folder)
    for name in ("base", "wal", "restores", "scratch"):
        (folder / name).mkdir(parents=True)
    return archive


def add_backup(archive: Archive, moment: datetime, *, segment: int = 1, timeline: int = 1, good: bool = True) -> Backup:
    """A backup that begins at the start of a segment of the log."""
    moment = moment.astimezone(UTC)
    backup = Backup(folder=archive.root / "base" / moment.strftime("%Y%m%dT%H%M%SZ"))
    backup.base.mkdir(parents=True)
    manifest = Manifest(
        name=backup.name,
        taken_at=moment.isoformat(),
        server_version="18.0",
        system_identifier="7712703039998776990",
        timeline=timeline,
        start_lsn=lsn_text(segment * SEGMENT),
        consistent_lsn=lsn_text(segment * SEGMENT + 1000),
        wal_segment_bytes=SEGMENT,
        database="actinf",
        bytes=Bytes(size=65_000_000, files=1400, sha256="ab" * 32),
        tables={"steps": TableContent(rows=3, checksum="12")},
        critical_rows=3,
    )
    backup.manifest_file.write_text(manifest.text())
    if good:
        said = {"manifest_sha256": backup.manifest_sha256(), "verified_restore_at": moment.isoformat(), "seconds": 2.5}
        backup.verified_file.write_text(json.dumps(said))
    return backup


def add_log(archive: Archive, *numbers: int, timeline: int = 1) -> None:
    """Files of the log, by the numbers of their segments."""
    for number in numbers:
        (archive.wal / segment_name(timeline, number, SEGMENT)).touch()
