"""A backup is what can be restored: with a real server, written to, killed, restored and compared."""

import os
import random
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from support.archiving_postgres import ArchivingServer
from support.backed_up import AGENT, BackedUp, add_steps, flip_a_byte, held, only_backup

from actinf.errors import BackupError, SettingError
from actinf.upkeep.backup.choice import AtTime, Named, Newest
from actinf.upkeep.backup.past import Restore
from actinf.upkeep.backup.private_server import MOST_WAL_BYTES
from actinf.upkeep.backup.restore import discarded, old_folders, switched_by
from actinf.upkeep.backup.verification import verified
from actinf.upkeep.backup.wal import segments
from actinf.upkeep.database.current import point_to

Restoring = Callable[..., Restore]


def steps(server: ArchivingServer) -> object:
    return server.ask("SELECT count(*) FROM steps")


def state_of(volume: Path) -> dict[str, bytes]:
    """Every byte of a volume."""
    return {str(path): path.read_bytes() for path in sorted(volume.rglob("*")) if path.is_file()}


def refused(restore: Restoring, twin: ArchivingServer, choice: object, match: str) -> None:
    """A restore that says why not, and touches nothing that is in use."""
    before = state_of(twin.volume)
    with pytest.raises(BackupError, match=match):
        restore(choice)
    assert state_of(twin.volume) == before


def test_a_backup_that_was_taken_under_load_is_good_and_holds_what_was_acknowledged(backed_up: BackedUp) -> None:
    manifest = backed_up.backup.manifest()
    assert backed_up.backup.state == "good"
    assert backed_up.acknowledged_before <= manifest.tables["steps"].rows <= backed_up.acknowledged_after
    assert manifest.tables["audit_head"].rows == 1
    assert manifest.tables["switches"].rows > 0


def test_after_random_writes_and_a_kill_a_backup_restores_to_what_its_manifest_says(
    twin: ArchivingServer, restore: Restoring
) -> None:
    twin.start()
    draw = random.Random(7)
    with twin.connected() as connection:
        add_steps(connection, 200, seed=7)
        connection.execute("DELETE FROM steps WHERE step %% 7 = %s", (draw.randrange(7),))
        connection.execute("UPDATE audit_head SET seq = 12345")
        connection.execute("TRUNCATE switches")
    twin.kill()
    backup = only_backup(twin)
    assert restore(Named(backup.name)).timeline == 2
    twin.start()
    assert held(twin) == backup.manifest().tables


def test_what_is_acknowledged_until_writers_stand_still_is_restored(twin: ArchivingServer, restore: Restoring) -> None:
    """The end of the log is read when nobody writes any more, and not before."""
    twin.start()

    def stand_still() -> None:
        with twin.connected() as connection:
            add_steps(connection, 20, seed=3)

    restore(Newest(), quiet=stand_still)
    expected = held(twin)
    twin.kill()
    twin.start()
    assert held(twin) == expected


def test_a_run_is_known_by_what_it_switched_to(twin: ArchivingServer, restore: Restoring) -> None:
    assert switched_by(twin.archive, twin.volume, "job 1") is None
    first = restore(Newest(), run="job 1")
    assert switched_by(twin.archive, twin.volume, "job 1") == first
    restore(Newest(), run="job 2")
    assert switched_by(twin.archive, twin.volume, "job 1") == first  # what is in use came of it
    assert switched_by(twin.archive, twin.volume, "") is None
    point_to(twin.volume, "main")
    assert switched_by(twin.archive, twin.volume, "job 1") is None


def test_the_newest_state_has_what_was_acknowledged_last_though_the_server_was_killed(
    twin: ArchivingServer, restore: Restoring
) -> None:
    twin.start()
    with twin.connected() as connection:
        add_steps(connection, 50)
    expected = held(twin)
    twin.kill()
    restore(Newest())
    twin.start()
    assert held(twin) == expected
    assert twin.ask("SELECT pg_is_in_recovery()") is False


def test_a_moment_is_found_in_the_timeline_that_was_in_use_then(twin: ArchivingServer, restore: Restoring) -> None:
    twin.start()
    before_it_went_wrong = _moment_after(twin, lambda connection: add_steps(connection, 20, seed=1))
    good = held(twin)
    went_wrong = _moment_after(twin, lambda connection: connection.execute("DELETE FROM steps"))
    twin.stop()

    restore(AtTime(before_it_went_wrong))
    twin.start()
    assert held(twin) == good
    later = _moment_after(twin, lambda connection: add_steps(connection, 5, seed=2))
    better = held(twin)
    _moment_after(twin, lambda connection: add_steps(connection, 5, seed=3))
    twin.stop()

    # What went wrong is no longer in the past of the server, and yet it was the truth at that moment.
    restore(AtTime(went_wrong))
    twin.start()
    assert steps(twin) == 0
    twin.stop()

    restore(AtTime(later))
    twin.start()
    assert held(twin) == better


def _moment_after(server: ArchivingServer, change: Callable[[psycopg.Connection], object]) -> datetime:
    """Change something; returns a moment after it, and before all that comes next."""
    with server.connected() as connection:
        change(connection)
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
    time.sleep(0.01)
    moment: datetime = row[0]
    return moment


def test_a_moment_after_the_last_commit_is_the_end_of_the_log(twin: ArchivingServer, restore: Restoring) -> None:
    twin.start()
    moment = _moment_after(twin, lambda connection: add_steps(connection, 3))
    expected = held(twin)
    twin.stop()
    restore(AtTime(moment))
    twin.start()
    assert held(twin) == expected


def test_without_the_data_a_moment_that_the_archive_does_not_reach_is_refused(
    twin: ArchivingServer, restore: Restoring
) -> None:
    moment = datetime.now(UTC)
    shutil.rmtree(twin.volume / "main")
    for name in segments(twin.archive.wal):
        os.utime(twin.archive.wal / name, (moment.timestamp() - 61,) * 2)
    refused(restore, twin, AtTime(moment), "more than 60 s before")
    expected = only_backup(twin).manifest().tables["steps"].rows
    restore(Newest())
    twin.start()
    assert int(str(steps(twin))) >= expected


def test_moments_that_make_no_sense_are_refused(twin: ArchivingServer, restore: Restoring) -> None:
    with pytest.raises(SettingError, match="no time zone"):
        AtTime(datetime(2026, 8, 1))
    with pytest.raises(SettingError, match="still to come"):
        AtTime(datetime.now(UTC) + timedelta(hours=1))
    refused(restore, twin, AtTime(datetime(2001, 1, 1, tzinfo=UTC)), "no good backup leads to the state of 2001-01-01")


@pytest.mark.parametrize("part", ["base/global/pg_control", "base/pg_wal/*", "base/base/*/2619", "manifest.json"])
def test_one_flipped_byte_is_reported_and_never_restored(twin: ArchivingServer, restore: Restoring, part: str) -> None:
    backup = only_backup(twin)
    file = max(file for file in backup.folder.glob(part) if file.is_file())
    flip_a_byte(file, at=-200)
    refused(restore, twin, Newest(), f"{backup.name} is damaged: ")
    assert not backup.is_good
    assert backup.state.startswith("damaged: ")
    # From now on it is not even looked at.
    refused(restore, twin, Newest(), "no backup in .* may be restored")
    refused(restore, twin, Named(backup.name), "is damaged")


def test_one_flipped_byte_in_a_fresh_copy_keeps_it_from_ever_being_good(twin: ArchivingServer) -> None:
    backup = only_backup(twin)
    backup.verified_file.unlink()
    account = twin.archive.prepared()
    file = next(file for file in backup.base.glob("base/*/1259") if file.stat().st_size)
    flip_a_byte(file)
    with pytest.raises(BackupError, match="1259"):
        verified(twin.archive, backup, account, twin.binaries, print)
    assert not backup.verified_file.exists()
    flip_a_byte(file)
    verified(twin.archive, backup, account, twin.binaries, print)
    assert backup.state == "good"


def test_a_backup_that_restores_to_other_rows_than_the_server_had_is_never_good(twin: ArchivingServer) -> None:
    backup = only_backup(twin)
    backup.verified_file.unlink()
    rows = backup.manifest().tables["steps"].rows
    text = backup.manifest_file.read_text()
    backup.manifest_file.write_text(text.replace(f'"rows": {rows}', f'"rows": {rows + 1}'))
    with pytest.raises(BackupError, match=f"table steps has {rows:,} rows, expected {rows + 1:,}"):
        verified(twin.archive, backup, twin.archive.prepared(), twin.binaries, print)
    assert backup.state.startswith("damaged: restored, it does not hold what it should")
    assert list(twin.archive.scratch.iterdir()) == []


def test_a_backup_that_is_cut_off_or_missing_stops_before_anything_is_touched(
    twin: ArchivingServer, restore: Restoring
) -> None:
    backup = only_backup(twin)
    refused(restore, twin, Named("20010101T000000Z"), "no backup '20010101T000000Z'")
    file = max(backup.base.glob("base/*/*"), key=lambda file: file.stat().st_size)
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    refused(restore, twin, Newest(), "is damaged: its .* files of .* bytes have the SHA-256")
    backup.damaged_file.unlink()
    shutil.rmtree(backup.base)
    refused(restore, twin, Newest(), "is missing")


def test_a_backup_of_another_cluster_is_refused_until_it_is_meant(twin: ArchivingServer, restore: Restoring) -> None:
    shutil.rmtree(twin.volume / "main")
    twin.make_cluster()
    refused(restore, twin, Newest(), "is of the cluster .*--replace-foreign")
    restore(Newest(), replace_foreign=True)
    twin.start()
    assert int(str(steps(twin))) > 0


def test_a_restore_works_a_second_time_and_keeps_what_was_before(twin: ArchivingServer, restore: Restoring) -> None:
    left = twin.volume / "restored-20260101T000000Z.unfinished"
    shutil.copytree(twin.volume / "main" / "global", left / "global")
    first = restore(Newest())
    assert not left.exists()
    second = restore(Newest())
    assert (first.timeline, second.timeline, second.before_folder) == (2, 3, first.folder)
    assert [folder.name for folder in old_folders(twin.volume)] == ["main", first.folder]
    twin.start()
    discarded(twin.volume)
    assert [file.parent.name for file in twin.volume.glob("*/PG_VERSION")] == [second.folder]
    assert twin.ask("SELECT count(*) FROM steps WHERE agent_id = '" + str(AGENT) + "'") == steps(twin)


def test_a_restore_leaves_room_to_the_server_that_works(
    twin: ArchivingServer, restore: Restoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its disk filled by the restore of a copy, it would stop; and the data may grow by all of the log."""
    twin.start()
    with twin.connected() as connection:
        for seed in range(5):
            add_steps(connection, 5, seed=seed)
            connection.execute("SELECT pg_switch_wal()")
    twin.stop()
    backup = only_backup(twin)
    free = backup.manifest().bytes.size + MOST_WAL_BYTES + 2**30 + 2**20
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(20 * 2**30, 20 * 2**30 - free, free))
    refused(restore, twin, Newest(), "1,024 MiB are left to the server that works")
    restore(Named(backup.name))


def test_a_file_of_the_log_that_is_missing_or_damaged_is_no_end_of_the_log(
    twin: ArchivingServer, restore: Restoring
) -> None:
    twin.start()
    for seed in range(4):
        with twin.connected() as connection:
            add_steps(connection, 20, seed=seed)
            connection.execute("SELECT pg_switch_wal()")
    twin.stop()
    shutil.rmtree(twin.volume / "main")  # or the log in it would help out
    files = sorted(segments(twin.archive.wal))
    victim = twin.archive.wal / files[-3]
    content = victim.read_bytes()
    flip_a_byte(victim, at=600)
    refused(restore, twin, Newest(), f"in segment {int(files[-3][-8:], 16)} of .*that file is damaged")
    victim.unlink()
    refused(restore, twin, Newest(), f"{victim.name} is missing, but later files")
    victim.write_bytes(content)
    victim.chmod(0o644)
    restore(Newest())
    twin.start()
    assert int(str(steps(twin))) >= 80
