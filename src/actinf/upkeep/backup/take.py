"""Copying a server that works, and writing down what it held.

A copy that is taken of files while they change means something only together with the log that was written meanwhile.
It is therefore recovered up to a *mark*, a place in the log after the end of the copying for which the server itself
said what its tables hold (see `contents`).  The copy brings the log up to there with it: it needs nothing else.
"""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import psycopg

from actinf.errors import BackupError
from actinf.runtime.durable_files import written
from actinf.runtime.server_account import ServerAccount
from actinf.upkeep.backup.archive import Archive, Backup, refuse_lack_of_room
from actinf.upkeep.backup.contents import Mark, contents, critical_rows, marked
from actinf.upkeep.backup.live import CONNECTION, Live, told
from actinf.upkeep.backup.manifest import Manifest, bytes_of
from actinf.upkeep.backup.private_server import MOST_WAL_BYTES, control_data
from actinf.upkeep.backup.wal import lsn_of, lsn_text, segment_name

__all__ = ["Say", "copied"]

#: Is told what goes on.
Say = Callable[[str], None]

_MOST_SECONDS_TO_ARCHIVE = 180.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Label:
    """Where recovery of a copy has to start."""

    start_lsn: int
    timeline: int

    @classmethod
    def read(cls, base: Path) -> "_Label":
        text = (base / "backup_label").read_text(encoding="utf-8", errors="replace")
        start = re.search(r"^START WAL LOCATION: ([0-9A-F]+/[0-9A-F]+)", text, re.MULTILINE)
        timeline = re.search(r"^START TIMELINE: (\d+)", text, re.MULTILINE)
        if start is None or timeline is None:
            raise BackupError(f"{base}/backup_label does not say where recovery starts: {text!r}")
        return cls(start_lsn=lsn_of(start[1]), timeline=int(timeline[1]))


def copied(archive: Archive, live: Live, account: ServerAccount, say: Say) -> Backup:
    """Copy a server, and write down what it held.  The copy does not count before it is verified.

    Args:
        archive: where to; it is locked by the caller.
        live: the server.
        account: that works in the archive.
        say: is told what goes on.

    Raises:
        BackupError: the copy is not to be had; the message says why.
    """
    with told(), live.connected() as connection:
        row = connection.execute(
            "SELECT (SELECT sum(pg_database_size(oid))::bigint FROM pg_database WHERE datallowconn), "
            "current_setting('server_version'), pg_size_bytes(current_setting('max_wal_size')), current_database()"
        ).fetchone()
    if row is None:
        raise BackupError("the server did not say how large it is")
    # While it is copied its log goes into the archive as well, and into the copy.
    needed = 2 * (row[0] + row[2]) + MOST_WAL_BYTES
    refuse_lack_of_room(archive.root, needed, "a backup and the copy of it that is restored")
    backup = archive.new_backup(account)
    say(f"copying the server's files to {backup.folder}")
    _copy_files(backup, live, account)
    label = _Label.read(backup.base)
    with told(), marked(live.url, parameters=CONNECTION) as mark:
        if mark.timeline != label.timeline:
            raise BackupError(
                f"the server went from timeline {label.timeline} to {mark.timeline} while it was copied: "
                "it was restored or promoted; take the backup again"
            )
        say(
            f"marked {lsn_text(mark.lsn)} at {mark.taken_at:%H:%M:%S.%f} UTC; "
            f"writers were held off for at most {1000 * mark.held_seconds:.1f} ms"
        )
        tables = contents(mark.snapshot)
        critical = critical_rows(mark.snapshot)
    control = control_data(backup.base, account, live.binaries)
    segment_bytes = int(control["Bytes per WAL segment"])
    _bring_log(archive, backup, label, mark, segment_bytes, live, account)
    manifest = Manifest(
        name=backup.name,
        taken_at=mark.taken_at.astimezone(UTC).isoformat(timespec="microseconds"),
        server_version=str(row[1]),
        system_identifier=control["Database system identifier"],
        timeline=label.timeline,
        start_lsn=lsn_text(label.start_lsn),
        consistent_lsn=lsn_text(mark.lsn),
        wal_segment_bytes=segment_bytes,
        database=str(row[3]),
        bytes=bytes_of(backup.base),
        tables=tables,
        critical_rows=critical,
    )
    written(backup.manifest_file, manifest.text(), account)
    return backup


def _copy_files(backup: Backup, live: Live, account: ServerAccount) -> None:
    done = account.run(
        *(live.binaries / "pg_basebackup", "--pgdata", backup.base, "--no-password"),
        *("--format=plain", "--wal-method=stream", "--checkpoint=fast", "--manifest-checksums=SHA256"),
        f"--label=actinf {backup.name}",
        environment=live.environment,
    )
    if done.returncode != 0:
        raise BackupError(
            f"pg_basebackup did not copy the server: {done.stderr.strip()}. The login needs REPLICATION and a line "
            "`host replication` in pg_hba.conf, and the server max_wal_senders of 2 or more"
        )


def _bring_log(
    archive: Archive,
    backup: Backup,
    label: _Label,
    mark: Mark,
    segment_bytes: int,
    live: Live,
    account: ServerAccount,
) -> None:
    """Put the log from the start of the copy to the mark into it, as the archive has it.

    What pg_basebackup streamed may break off within its last segment, and ends before the mark.  That the archive has
    all of it is worth knowing as well: points in time between backups depend on it.
    """
    # Without the right to ask for it, the server ends its segment by itself after its archive_timeout.
    with told(), live.connected() as connection, suppress(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT pg_switch_wal()")
    numbers = range(label.start_lsn // segment_bytes, (mark.written_up_to - 1) // segment_bytes + 1)
    deadline = time.monotonic() + _MOST_SECONDS_TO_ARCHIVE
    for name in (segment_name(label.timeline, number, segment_bytes) for number in numbers):
        source, target = archive.wal / name, backup.base / "pg_wal" / name
        while not source.exists():
            if time.monotonic() > deadline:
                raise BackupError(_why_not_archived(name, archive, live))
            time.sleep(_POLL_SECONDS)
        done = account.run("/bin/sh", "-c", 'cp "$0" "$1" && { sync "$1" 2>/dev/null || sync; }', source, target)
        if done.returncode != 0:
            raise BackupError(f"{source} cannot be copied into the backup: {done.stderr.strip()}")


def _why_not_archived(name: str, archive: Archive, live: Live) -> str:
    said = ""
    with told(), live.connected() as connection:
        row = connection.execute(
            "SELECT current_setting('archive_mode'), current_setting('archive_command'), last_archived_wal, "
            "last_failed_wal, last_failed_time FROM pg_stat_archiver"
        ).fetchone()
        if row is not None:
            said = (
                f"archive_mode is {row[0]}, archive_command is {row[1]!r}, the last file archived is {row[2]}, the "
                f"last that failed is {row[3]} ({row[4]})"
            )
    return (
        f"the server did not archive {name} to {archive.wal} within {_MOST_SECONDS_TO_ARCHIVE:.0f} s: {said}. A backup "
        "without its log cannot be restored: see the server's log for what the archive_command says"
    )
