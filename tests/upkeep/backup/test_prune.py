"""What goes and what stays, whatever the ages are; and what others are told of what is there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.backup_archives import add_backup, add_log, empty_archive

from actinf.errors import BackupError, SettingError
from actinf.runtime.server_account import account_for
from actinf.upkeep.backup.archive import Archive
from actinf.upkeep.backup.prune import Keep, prune, removal
from actinf.upkeep.backup.restore import discarded
from actinf.upkeep.backup.telling import latest_status, write_metrics
from actinf.upkeep.backup.wal import segments

NOW = datetime.now(UTC)
TWO_WEEKS = Keep(days=14, count=2)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return empty_archive(tmp_path / "archive")


def names(archive: Archive) -> list[str]:
    return [backup.name for backup in archive.backups()]


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def test_what_is_old_goes_with_the_log_that_only_it_needed(archive: Archive) -> None:
    add_backup(archive, days_ago(30), segment=2)
    kept = [add_backup(archive, days_ago(10), segment=5), add_backup(archive, days_ago(1), segment=8)]
    add_log(archive, *range(1, 11))
    add_log(archive, 4, 5, timeline=2)
    (archive.wal / "000000010000000000000004.00000028.backup").touch()
    (archive.wal / "00000002.history").touch()
    going = prune(archive, TWO_WEEKS)
    assert len(going.backups) == 1
    assert names(archive) == [backup.name for backup in kept]
    assert {int(name[-8:], 16) for name in segments(archive.wal)} == set(range(5, 11))
    assert (archive.wal / "00000002.history").exists()
    assert not list(archive.wal.glob("*.backup"))


def test_the_newest_good_ones_stay_however_old(archive: Archive) -> None:
    for days in (90, 80, 70):
        add_backup(archive, days_ago(days))
    broken = add_backup(archive, days_ago(1), good=False)
    prune(archive, TWO_WEEKS)
    assert len(archive.good_backups()) == 2
    # It is younger than all good ones: it may be all that there is of the last days.
    assert broken.folder.exists()


def test_without_a_good_backup_nothing_goes(archive: Archive) -> None:
    add_backup(archive, days_ago(90), good=False)
    add_log(archive, 1, 2, 3)
    going = prune(archive, Keep(days=0, count=1))
    assert (going.backups, going.wal) == ((), ())


@pytest.mark.parametrize("ever_good", [False, True])
def test_of_nights_that_failed_only_the_last_takes_room(archive: Archive, ever_good: bool) -> None:
    """A copy each night, which nobody finished, and which no good one comes after."""
    good = [add_backup(archive, days_ago(9))] if ever_good else []
    failed = [add_backup(archive, days_ago(days), good=False) for days in (4, 3, 2)]
    failed[0].damaged_file.write_text("one byte\n")  # it was no good from the beginning
    assert prune(archive, TWO_WEEKS).backups == tuple(failed[:2])
    assert names(archive) == [backup.name for backup in [*good, failed[2]]]


def test_those_that_counted_once_stay_until_a_good_one_comes(archive: Archive) -> None:
    """They may be all that there is, and somebody may mend them."""
    for days in (4, 3):
        add_backup(archive, days_ago(days)).damaged_file.write_text("one byte\n")
    assert prune(archive, TWO_WEEKS).backups == ()


def test_what_is_damaged_goes_once_there_is_a_younger_good_one(archive: Archive) -> None:
    damaged = add_backup(archive, days_ago(2))
    damaged.damaged_file.write_text("one byte\n")
    assert prune(archive, TWO_WEEKS).backups == ()
    add_backup(archive, days_ago(1))
    assert [backup.name for backup in prune(archive, TWO_WEEKS).backups] == [damaged.name]


@given(
    ages=st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=8, unique_by=lambda one: one[0]),
    days=st.integers(0, 40),
    count=st.integers(1, 5),
)
def test_the_last_good_backup_and_its_log_always_stay(
    tmp_path_factory: pytest.TempPathFactory, ages: list[tuple[int, bool]], days: int, count: int
) -> None:
    archive = empty_archive(tmp_path_factory.mktemp("archive") / "a")
    for age, good in ages:
        add_backup(archive, days_ago(age), segment=100 - age, good=good)
    add_log(archive, *range(30, 105))
    before = archive.good_backups()
    prune(archive, Keep(days=days, count=count))
    after = archive.good_backups()
    assert after[-1:] == before[-1:]
    assert len(after) >= min(count, len(before))
    numbers = {int(name[-8:], 16) for name in segments(archive.wal)}
    for backup in after:
        assert set(range(100 - (NOW - datetime.fromisoformat(backup.manifest().taken_at)).days, 105)) <= numbers


def test_a_retention_that_would_remove_the_last_one_is_refused() -> None:
    with pytest.raises(SettingError, match="the last good one is never removed"):
        Keep(days=3, count=0)


def test_only_one_works_in_an_archive_at_a_time(archive: Archive) -> None:
    with archive.locked(), pytest.raises(BackupError, match="another `actinf backup` works in"), archive.locked():
        pass


def test_what_was_being_removed_when_the_machine_went_down_is_removed(archive: Archive) -> None:
    """Its name goes first: nothing else would ever find it again."""
    for folder in (archive.root / "base", archive.scratch):
        (folder / ".removed-20260801T021700Z-7" / "base").mkdir(parents=True)
    kept = add_backup(archive, days_ago(1))
    with archive.locked():
        assert sorted(path.name for path in (archive.root / "base").iterdir()) == [kept.name]
        assert list(archive.scratch.iterdir()) == []


def test_data_folders_that_were_being_removed_are_removed(tmp_path: Path) -> None:
    for name in ("main", ".removed-restored-20260801T021700Z-7"):
        (tmp_path / name / "base").mkdir(parents=True)
    (tmp_path / "main" / "PG_VERSION").write_text("18\n")
    assert discarded(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["main"]


def test_prometheus_is_told_of_the_newest_good_backup_and_of_every_state(archive: Archive) -> None:
    account = account_for(archive.root)
    write_metrics(archive, account)
    assert "timestamp" not in archive.metrics_file.read_text()
    good = add_backup(archive, days_ago(3))
    add_backup(archive, days_ago(2)).damaged_file.write_text("one byte\n")
    add_backup(archive, days_ago(1), good=False)
    write_metrics(archive, account)
    told = archive.metrics_file.read_text().splitlines()
    for state in ("good", "damaged", "unfinished"):
        assert f'actinf_backups{{state="{state}"}} 1' in told
    taken = datetime.fromisoformat(good.manifest().taken_at).timestamp()
    assert f"actinf_backup_last_success_timestamp_seconds {taken:.3f}" in told
    assert f"actinf_backup_last_verified_timestamp_seconds {taken:.3f}" in told
    assert "actinf_backup_last_size_bytes 65000000.000" in told
    assert archive.metrics_file.stat().st_mode & 0o444 == 0o444


def test_the_object_shows_the_newest_good_backup_and_without_one_the_newest(archive: Archive) -> None:
    assert latest_status(archive) is None
    bad = add_backup(archive, days_ago(3), good=False)
    status = latest_status(archive)
    assert status is not None
    assert (status["name"], status["verified"], status["state"]) == (
        bad.name, False, "unfinished: it was never verified",
    )  # fmt: skip
    good = add_backup(archive, days_ago(2))
    add_backup(archive, days_ago(1)).damaged_file.write_text("one byte\n")
    status = latest_status(archive)
    assert status is not None
    assert status == {
        "name": good.name,
        "verified": True,
        "state": "good",
        "takenAt": good.manifest().taken_at,
        "sizeBytes": 65_000_000,
        "sha256": "ab" * 32,
        "manifest": good.manifest().text(),
        "verifiedRestoreAt": good.verified_at,
    }
    assert removal(archive, TWO_WEEKS, NOW).backups == (bad,)
