"""Whether a backup is what its manifest says: its bytes, and what it holds once it is restored."""

import json
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

from actinf.errors import BackupError
from actinf.runtime.durable_files import made_folder, written
from actinf.runtime.server_account import ServerAccount
from actinf.upkeep.backup.archive import Archive, Backup, refuse_lack_of_room, removed
from actinf.upkeep.backup.contents import contents, critical_rows
from actinf.upkeep.backup.live import told
from actinf.upkeep.backup.manifest import Manifest, bytes_of, differences
from actinf.upkeep.backup.private_server import MOST_WAL_BYTES, PrivateServer, control_data, private_server
from actinf.upkeep.backup.take import Say

__all__ = ["MOST_SECONDS_OF_RECOVERY", "checked", "compare_at_the_mark", "copy_files", "sweep", "verified"]

MOST_SECONDS_OF_RECOVERY = 7200.0


def verified(archive: Archive, backup: Backup, account: ServerAccount, binaries: Path, say: Say) -> float:
    """Restore a backup into a scratch server, compare, and mark it as good, or as damaged.

    Damaged is what is not as its manifest says.  A restore that fails for another reason, for lack of memory for
    example, says nothing about a backup that has the right bytes: it stays what it was.

    Args:
        archive: that it is in, locked by the caller.
        backup: which.
        account: that works in the archive.
        binaries: the folder of PostgreSQL's programs.
        say: is told what goes on.

    Returns:
        Seconds that the restore and the comparison took.

    Raises:
        BackupError: it is not what its manifest says, or could not be restored.
    """
    begun = time.monotonic()
    manifest = checked(backup, account, binaries, say)
    done = account.run(binaries / "pg_verifybackup", "--exit-on-error", "--quiet", backup.base)
    if done.returncode != 0:
        raise _damaged(backup, account, f"pg_verifybackup: {done.stderr.strip()}")
    sweep(archive.scratch)
    needed = manifest.bytes.size + MOST_WAL_BYTES
    refuse_lack_of_room(archive.scratch, needed, "restoring the backup into a scratch server")
    scratch = archive.scratch / backup.name
    try:
        copy_files(backup, scratch, account)
        with private_server(scratch, account, binaries, durable=False) as server:
            say("recovering the copy up to the mark, and comparing it with what the server held there")
            found = compare_at_the_mark(server, manifest)
    finally:
        removed(scratch)
    if found:
        raise _damaged(backup, account, "restored, it does not hold what it should: " + "; ".join(found))
    seconds = time.monotonic() - begun
    said = {
        "manifest_sha256": backup.manifest_sha256(),
        "verified_restore_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
    }
    written(backup.verified_file, json.dumps(said, indent=2) + "\n", account)
    backup.damaged_file.unlink(missing_ok=True)
    return seconds


def checked(backup: Backup, account: ServerAccount, binaries: Path, say: Say) -> Manifest:
    """Read every byte of a backup, and hold it against its manifest.

    Returns:
        The manifest.

    Raises:
        BackupError: something is missing, cut off or changed; it is marked as damaged.
    """
    say(f"reading every byte of the backup {backup.name}")
    if not backup.base.is_dir():
        raise _damaged(backup, account, f"the folder {backup.base} is missing")
    try:
        manifest = backup.manifest()
    except BackupError as error:
        raise _damaged(backup, account, str(error)) from None
    if backup.verified_file.exists() and not backup.has_its_manifest:
        raise _damaged(backup, account, "its manifest is not the one that was verified")
    try:
        found = bytes_of(backup.base)
    except OSError as error:
        raise _damaged(backup, account, f"{error.filename} cannot be read: {error.strerror}") from None
    if found != manifest.bytes:
        which = account.run(binaries / "pg_verifybackup", "--quiet", backup.base).stderr.strip().replace("\n", "; ")
        raise _damaged(
            backup,
            account,
            f"its {found.files:,} files of {found.size:,} bytes have the SHA-256 {found.sha256[:16]}…, expected "
            f"{manifest.bytes.files:,} files of {manifest.bytes.size:,} bytes with {manifest.bytes.sha256[:16]}…"
            + (f" ({which})" if which else ""),
        )
    identifier = control_data(backup.base, account, binaries)["Database system identifier"]
    if identifier != manifest.system_identifier:
        raise _damaged(
            backup, account, f"its files are of the system {identifier}, its manifest of {manifest.system_identifier}"
        )
    return manifest


def copy_files(backup: Backup, target: Path, account: ServerAccount) -> None:
    """Copy the files of a backup to a folder that a server may change.

    Raises:
        BackupError: they cannot be copied.
    """
    made_folder(target, account)
    done = account.run("/bin/cp", "-a", f"{backup.base}/.", target)
    if done.returncode != 0:
        raise BackupError(f"the backup {backup.name} cannot be copied to {target}: {done.stderr.strip()}")


def compare_at_the_mark(server: PrivateServer, manifest: Manifest) -> list[str]:
    """Recover a copy up to the mark, and compare what it holds there; the server then stands there, and only reads.

    Returns:
        What differs, a sentence each; empty: nothing does.

    Raises:
        BackupError: the copy does not recover.
    """
    server.recover(
        {
            "recovery_target_lsn": manifest.consistent_lsn,
            "recovery_target_inclusive": "off",  # what begins at the mark is after it
            "recovery_target_timeline": "current",
            "recovery_target_action": "pause",
        }
    )
    server.wait_until_paused(MOST_SECONDS_OF_RECOVERY)
    with told(), server.connected(manifest.database) as connection:
        said = differences(manifest.tables, contents(connection))
        critical = critical_rows(connection)
    if critical != manifest.critical_rows:
        said.append(f"critical_table has {critical} rows, expected {manifest.critical_rows}")
    return said


def sweep(folder: Path) -> None:
    """Remove what a run that was killed left in a folder of copies, its servers included."""
    for left in folder.iterdir():
        PrivateServer.end(left.resolve(), signal.SIGQUIT)
        removed(left)


def _damaged(backup: Backup, account: ServerAccount, why: str) -> BackupError:
    """Mark a backup as damaged; returns the error that says so."""
    why = " ".join(why.split())
    if backup.folder.is_dir():
        written(backup.damaged_file, f"{why}\nfound at {datetime.now(UTC).isoformat(timespec='seconds')}\n", account)
    return BackupError(f"the backup {backup.name} is damaged: {why}")
